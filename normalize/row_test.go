package normalize

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/golden"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// inventoryStream is one stream of the inventory with what its tests need.
type inventoryStream struct {
	mapping   mapping
	normalize func(Input) (ocsf.Event, error)
	types     map[gatehouse.API]any // documented members
}

// inventoryInput is the input of a record in the tests: the time and the id are
// those that the mirror would give.
func inventoryInput(raw []byte, api gatehouse.API) Input {
	return Input{
		Raw: raw, API: api, Kind: gatehouse.EventCreated, Integration: "contoso", TenantID: "11111111-2222-3333-4444-555555555555",
		Time: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC), EventID: "0123456789abcdef0123456789abcdef",
	}
}

// mustHold normalizes a record and fails unless the event is sound and has all
// that the record says.
func mustHold(t testing.TB, s inventoryStream, in Input) ocsf.Event {
	t.Helper()
	event, err := s.normalize(in)
	if err != nil {
		t.Fatalf("%v\n%s", err, in.Raw)
	}
	for _, v := range ocsf.Validate(event) {
		t.Errorf("%s\n%s\n%s", v, in.Raw, event.AppendJSON(nil))
	}
	for _, lost := range lostOf(t, in.Raw, event.AppendJSON(nil)) {
		t.Errorf("%s is lost\n%s\n%s", lost, in.Raw, event.AppendJSON(nil))
	}
	return event
}

// lostOf lists the leaves of a record that are neither in the event nor under
// unmapped. A text of blanks says nothing, and the number of an update gets KB in
// front.
func lostOf(t testing.TB, raw, line []byte) []string {
	t.Helper()
	var record, event map[string]any
	for from, to := range map[*[]byte]*map[string]any{&raw: &record, &line: &event} {
		d := json.NewDecoder(strings.NewReader(string(*from)))
		d.UseNumber()
		if err := d.Decode(to); err != nil {
			t.Fatalf("%v\n%s", err, *from)
		}
	}
	left := map[string]string{}
	eachLeaf(event["unmapped"], "", func(path, text string) { left[path] = text })
	delete(event, "unmapped")
	delete(event, "raw_data")
	said := map[string]bool{}
	var all []string
	eachLeaf(event, "", func(_, text string) {
		said[bare(text)] = true
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,()", r) }) {
			said[bare(part)] = true
		}
		all = append(all, bare(text))
	})
	everything := strings.Join(all, "\n")
	var lost []string
	eachLeaf(record, "", func(path, text string) {
		if kept, ok := left[path]; ok && kept == text || isAnnotation(path) || text == "1" && said["true"] || text == "0" && said["false"] || bare(text) == "" || said["kb"+text] || said[bare(saidAs(text))] || (len(bare(text)) > 3 || !ocsf.ValidHostname(text)) && strings.Contains(everything, bare(text)) {
			return
		}
		lost = append(lost, path+"="+text)
	})
	return lost
}

// saidAs is how OCSF says a word that it has another one for.
func saidAs(text string) string {
	words := map[string]string{
		"64-bit": "64", "32-bit": "32", "ethernet": "wired", "wireless80211": "wireless", "informational": "info", "workstation": "desktop",
	}
	if w, ok := words[strings.ToLower(text)]; ok {
		return w
	}
	if when := parseTime(text); !when.IsZero() {
		return fmt.Sprint(when.UnixMilli())
	}
	return text
}

// bare is a text by its letters and digits alone.
func bare(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_:", r) {
			return -1
		}
		return r
	}, strings.TrimSuffix(text, ".0")))
}

// eachLeaf calls f for each text, number and boolean.
func eachLeaf(v any, path string, f func(path, text string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, item := range v {
			eachLeaf(item, path+"."+name, f)
		}
	case []any:
		for i, item := range v {
			eachLeaf(item, fmt.Sprintf("%s[%d]", path, i), f)
		}
	case nil:
	default:
		f(path, fmt.Sprint(v))
	}
}

// goldenEvent holds the event of a fixture against its golden file.
func goldenEvent(t *testing.T, s inventoryStream, api gatehouse.API, name string) {
	t.Helper()
	base := filepath.Join("testdata", "inventory", name)
	raw, err := os.ReadFile(base + ".json")
	if err != nil {
		t.Fatal(err)
	}
	line := jsontext.Value(mustHold(t, s, inventoryInput(raw, api)).AppendJSON(nil))
	if err := line.Indent(jsontext.WithIndent("  ")); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, base+".golden", append(line, '\n'))
}
