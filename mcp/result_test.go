package mcp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse/api"
)

// Letters that cannot be seen do not reach a model unseen.
func TestVisible(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"invoice\u202efdp.exe":   "invoice<U+202E>fdp.exe",
		"a\U000e0041b\u200bc":    "a<U+E0041>b<U+200B>c",
		"Müller Ωmega – ok \t":   "Müller Ωmega – ok \t",
		"soft\u00adhyphen\u0085": "soft<U+00AD>hyphen<U+0085>",
	} {
		if got := visible(given); got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}

// Whatever a record says, a result is one JSON object in which it is a value.
func TestEncodeKeepsTextInside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		text, err := encode(map[string]any{"note": outsideNote, "rows": [][]any{{name}}})
		var out struct {
			Note string     `json:"note"`
			Rows [][]string `json:"rows"`
		}
		if err != nil || json.Unmarshal(text, &out) != nil {
			t.Fatalf("%q: %s, %v", name, text, err)
		}
		if out.Note != outsideNote || len(out.Rows) != 1 || len(out.Rows[0]) != 1 {
			t.Fatalf("%q has changed the result: %s", name, text)
		}
		if strings.ContainsFunc(string(text), unseen) {
			t.Fatalf("%q is not all visible: %q", name, text)
		}
	})
}

// FuzzArguments reads what a client sends.
func FuzzArguments(f *testing.F) {
	params := kindTool(api.ActionKind{Name: "isolate", Target: "device", Parameters: []api.ActionParameter{{Name: "type", Kind: "enum", Values: []string{"Full"}}}}).params
	for _, seed := range []string{`{}`, `null`, `{"devices":"a","comment":"b","dry_run":"true","wait_seconds":"3"}`, `{"devices":[1,null,{}]}`, `[`, `{"type":"full","type":"x"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := argumentsOf(params, raw)
		if err != nil {
			var p *api.Problem
			if !errors.As(err, &p) || p.Code == "" || p.Mend == "" {
				t.Fatalf("%s: %v", raw, err)
			}
			return
		}
		if a.text("comment") == "" || len(a.texts("devices")) == 0 || a.integer("wait_seconds", 0) > 45 {
			t.Fatalf("%s is taken as %v", raw, a)
		}
	})
}

func TestArguments(t *testing.T) {
	t.Parallel()
	params := deviceResource().list().params
	a, err := argumentsOf(params, json.RawMessage(`{"risk":"high","limit":"7","count":"true","seen_since":"2026-11-01","name":null}`))
	if err != nil || a.texts("risk")[0] != "High" || a.integer("limit", 0) != 7 || !a.flag("count") || a["name"] != nil {
		t.Errorf("the arguments are %v, %v", a, err)
	}
	for given, want := range map[string]string{
		`{"risk":"huge"}`: "none of None", `{"limit":1000}`: "not from 1 to 200", `{"limit":1.5}`: "no whole number", `{"what":1}`: "use name, risk",
		`{"count":"maybe"}`: "no boolean", `[]`: "no JSON object", `{"seen_since":{}}`: "no string",
	} {
		if _, err := argumentsOf(params, json.RawMessage(given)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", given, err, want)
		}
	}
	q := deviceResource().query(arguments{"risk": []string{"High", "a,b"}, "seen_since": "2026-11-01"})
	if strings.Join(q.Filter, " ") != `risk[in]High,a\,b lastSeen[ge]2026-11-01` {
		t.Errorf("the filters are %q", q.Filter)
	}
}

func TestAges(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{-time.Second: "0s", 5 * time.Second: "5s", 90 * time.Minute: "90m", 5 * time.Hour: "5h", 72 * time.Hour: "3d"} {
		if got := age(d); got != want {
			t.Errorf("%s is shown as %s, want %s", d, got, want)
		}
	}
}

// The same member is found in the shape of each API.
func TestColumns(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"mde":   `{"computerDnsName":"pc-1","healthStatus":"Active","machineTags":["a","b"],"evidence":[{"entityType":"File","fileName":"x.exe"},{}]}`,
		"graph": `{"DeviceName":"pc-1","SensorHealthState":"Active","DeviceManualTags":["a","b"],"evidence":[{"entityType":"File","fileDetails":{"fileName":"x.exe"}}]}`,
	} {
		r := api.Record{ID: "1", Raw: json.RawMessage(raw)}
		device := pick(deviceResource().columns, r, documentOf(r))
		if device["name"] != "pc-1" || device["health"] != "Active" || len(device["tags"].([]any)) != 2 || device["risk"] != nil {
			t.Errorf("%s: the device is %v", name, device)
		}
		alert := pick(alertResource().more, r, documentOf(r))
		if list, _ := alert["evidence"].([]any); len(list) != 1 || list[0].(map[string]any)["file"] != "x.exe" {
			t.Errorf("%s: the alert is %v", name, alert)
		}
	}
	long := brief(strings.Repeat("ä", 1000)).(string)
	if len([]rune(long)) > longestText+50 || !strings.HasSuffix(long, "shows all)") {
		t.Errorf("a long text is %q", long)
	}
}
