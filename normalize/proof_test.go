package normalize

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// normalizer is what this package exports, once for each stream.
type normalizer func(Input) (ocsf.Event, error)

// reporter is a test, or one run of a property.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// prove maps a record and holds the event against the schema and against the
// record: no violation, no leaf lost.
func prove(t reporter, f normalizer, in Input) ocsf.Event {
	t.Helper()
	event, err := f(in)
	if err != nil {
		t.Fatalf("%v\n%s", err, in.Raw)
	}
	line, violations := ocsf.Validator{}.Append(nil, event)
	for _, v := range violations {
		t.Errorf("%s %s: %s\n%s", in.API, in.Kind, v, line)
	}
	if lost := lostLeaves(in.Raw, line); len(lost) > 0 {
		t.Errorf("%s %s: lost %v\n%s\n%s", in.API, in.Kind, lost, in.Raw, line)
	}
	return event
}

// lostLeaves lists the leaves of a record that are not in the event: not as they
// are, not as a time in milliseconds, not as a word of our tables, and not as the
// beginning or the end of a path.
func lostLeaves(raw, event []byte) []string {
	held := map[string]bool{}
	leaves(event, func(_, text string) { held[text] = true })
	var lost []string
	leaves(raw, func(path, text string) {
		if text != "" && !isAnnotation(path) && !held[text] && !translatedIn(held, text) && !joinedIn(held, text) {
			lost = append(lost, path+"="+text)
		}
	})
	return lost
}

// isAnnotation tells whether a leaf is how Graph says the type of the member
// beside it, which is no leaf of the record.
func isAnnotation(path string) bool {
	subject, ok := strings.CutSuffix(path[strings.LastIndexByte(strings.TrimSuffix(path, "@odata.type"), '.')+1:], "@odata.type")
	return ok && subject != ""
}

func translatedIn(held map[string]bool, text string) bool {
	candidates := []string{
		strings.TrimSpace(text), canonical(sensors, text), canonical(determinations, text), strings.ToLower(text),
		strings.TrimSuffix(text, ".0"), caption(severities, text), caption(alertStatuses, text), caption(incidentStatuses, text),
		caption(verdicts, text), caption(evidenceVerdicts, text), caption(registryTypes, text), caption(risks, text), caption(interfaces, text),
		caption(integrities, text), caption(scopes, text), caption(logonTypes, text), caption(authProtocols, text),
	}
	if ms := ocsf.TimestampOf(parseTime(text)); ms != 0 {
		candidates = append(candidates, strconv.FormatInt(int64(ms), 10))
	}
	if text == "0" || text == "1" { // how Graph writes false and true
		candidates = append(candidates, strconv.FormatBool(text == "1"))
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		candidates = append(candidates, strconv.FormatFloat(f, 'f', -1, 64))
	}
	for _, c := range candidates {
		if c != "" && held[c] {
			return true
		}
	}
	return false
}

// caption is what OCSF calls a word of ours.
func caption[T interface {
	~int64
	Caption() string
}](table []word[T], text string) string {
	if id, other := translate(table, text); other == "" && text != "" {
		return id.Caption()
	}
	return ""
}

func joinedIn(held map[string]bool, text string) bool {
	for h := range held {
		if strings.HasPrefix(h, text+`\`) || strings.HasSuffix(h, `\`+text) {
			return true
		}
	}
	return false
}

// leaves calls f for every text, number and truth in a JSON value, with its path.
func leaves(raw []byte, f func(path, text string)) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&v) == nil {
		walk("", v, f)
	}
}

func walk(path string, v any, f func(path, text string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, m := range v {
			walk(path+"."+k, m, f)
		}
	case []any:
		for i, m := range v {
			walk(fmt.Sprintf("%s[%d]", path, i), m, f)
		}
	case nil:
	default:
		f(path, fmt.Sprint(v))
	}
}

// randomInput draws a record of the shape of a Go type of the SDK: every member
// null, missing or of its type, and members that nobody knows.
func randomInput(t *rapid.T, api gatehouse.API, of any, more ...func(*rapid.T, map[string]any)) Input {
	record := randomObject(t, reflect.TypeOf(of))
	for _, f := range more {
		f(t, record)
	}
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Raw: raw, API: api, Kind: rapid.SampledFrom([]gatehouse.EventKind{"", gatehouse.EventCreated, gatehouse.EventUpdated, gatehouse.EventRemoved}).Draw(t, "kind"),
		Time: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), EventID: "0123456789abcdef0123456789abcdef", WithRaw: rapid.Bool().Draw(t, "raw"),
	}
	if rapid.Bool().Draw(t, "tenant") {
		in.TenantID = "b3c1b5fc-828c-45fa-a1e1-10d74f6d6e9c"
	}
	in.WithRaw = false // or every leaf would be found
	return in
}

func randomObject(t *rapid.T, of reflect.Type) map[string]any {
	object := map[string]any{}
	if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
		object["brandNew"] = map[string]any{"deep": []any{1, nil, "x-new", true}}
	}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || name == "" || !f.IsExported() {
			continue
		}
		switch rapid.IntRange(0, 9).Draw(t, "there") {
		case 0:
		case 1:
			object[name] = nil
		default:
			object[name] = randomValue(t, f.Type)
		}
	}
	return object
}

func randomValue(t *rapid.T, of reflect.Type) any {
	switch {
	case of == reflect.TypeFor[jsontext.Value]():
		return map[string]any{"k-" + randomText(t): randomText(t)}
	case of.Kind() == reflect.Struct && of.NumField() == 1 && of.Field(0).Type == reflect.TypeFor[time.Time]():
		return randomTime(t)
	case of.Kind() == reflect.Struct && len(membersOf(of, "")) > 0:
		return randomObject(t, of)
	case of.Kind() == reflect.Slice:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			list = append(list, randomValue(t, of.Elem()))
		}
		return list
	case of.Kind() == reflect.Int64, of.Kind() == reflect.Int:
		return rapid.OneOf(rapid.Int64Range(0, 99), rapid.Int64Range(0, math.MaxInt32)).Draw(t, "n")
	case of.Kind() == reflect.Float64:
		return float64(rapid.IntRange(0, 1000).Draw(t, "f")) / 10
	case of.Kind() == reflect.Bool:
		return rapid.Bool().Draw(t, "b")
	default:
		return randomText(t)
	}
}

// randomTime draws a time as Microsoft writes it.
func randomTime(t *rapid.T) string {
	return "20" + strconv.Itoa(rapid.IntRange(10, 37).Draw(t, "year")) + "-03-04T05:06:07" +
		rapid.SampledFrom([]string{"", ".1", ".12", ".123", ".1234", ".12345", ".123456", ".1234567", ".0000000"}).Draw(t, "digits") +
		rapid.SampledFrom([]string{"", "Z", "+00:00"}).Draw(t, "zone")
}

// randomText draws words of Microsoft, values of all formats, and nonsense.
func randomText(t *rapid.T) string {
	if rapid.Bool().Draw(t, "plain") {
		return rapid.StringMatching(`[a-z]{3}[0-9]{6}`).Draw(t, "text")
	}
	return rapid.SampledFrom([]string{
		"", " ", "New", "InProgress", "Resolved", "active", "redirected", "awaitingAction", "High", "low", "UnSpecified", "Other", "Unknown", "unknownFutureValue",
		"TruePositive", "falsePositive", "InformationalExpectedActivity", "SecurityTesting", "InsufficientData", "NotAvailable",
		"File", "Process", "User", "Ip", "Url", "Registry", "MailBox", "Execution", "CredentialAccess", "T1059.001", "T1003", "T9999",
		"10.1.2.3", "fe80::1", "999.1.1.1", "https://example.com/a?b=c", "not a url", "ada@contoso.example", "CONTOSO", "host-1.contoso.example",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", `C:\Windows\System32`, "/usr/bin", "cmd.exe",
		"HKEY_LOCAL_MACHINE", `SOFTWARE\Run`, "a \"quoted\" \\ text\nwith \u00e9 and \u65e5", "0", "12", "true", "2024-01-02", "0001-01-01T00:00:00Z", "00155d001122",
	}).Draw(t, "word")
}

// withAlerts gives an incident alerts.
func withAlerts(of any) func(*rapid.T, map[string]any) {
	return func(t *rapid.T, record map[string]any) {
		record["alerts"] = randomValue(t, reflect.SliceOf(reflect.TypeOf(of)))
	}
}
