package normalize

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

func TestEdgesOfFindings(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, raw := range []string{
		`{}`,
		`{"id":null,"severity":null,"status":null,"evidence":null,"comments":null,"mitreTechniques":null,"alerts":null}`,
		`{"id":"a","severity":"Apocalyptic","status":"Pondered","classification":"Perhaps","determination":"Moon"}`,
		`{"id":7,"incidentId":"7","evidence":[null,{},7,"x",[{}]],"alerts":[null,{},7,"x"],"comments":{"a":1}}`,
		`{"id":"a","evidence":[{"entityType":"Ip","ipAddress":""},{"entityType":"Process","processId":null,"processCommandLine":"x"},{"entityType":"File","sha1":"zz"}]}`,
		`{"id":"a","evidence":[{"@odata.type":"#microsoft.graph.security.ipEvidence","ipAddress":""},{"@odata.type":"#microsoft.graph.security.deviceEvidence"}]}`,
		`{"id":"a","createdDateTime":"2026-01-01","createdTime":"0001-01-01T00:00:00Z","alertCreationTime":"yesterday","assignedTo":""}`,
		`{"id":"\u00e9\"\\","title":"\ud83d\ude00","\u0069ncidentId":3}`,
	} {
		for stream, s := range findingStreams() {
			for _, api := range s.apis {
				event := prove(t, s.f, Input{Raw: jsontext.Value(raw), API: api, Time: now, EventID: "e1", TenantID: "t"})
				if *event.Common().Time != ocsf.TimestampOf(now) {
					t.Errorf("%s %s: time %v", stream, api, *event.Common().Time)
				}
			}
		}
	}
}

func TestFindingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{``, `null`, `[]`, `7`, `{`, `{"id":1}{}`, `{"id":"a"}`, `{"alertCreationTime":"2026-01-01T00:00:00Z","createdTime":"2026-01-01T00:00:00Z","createdDateTime":"2026-01-01T00:00:00Z"}`} {
		for stream, s := range findingStreams() {
			for _, api := range s.apis {
				if event, err := s.f(Input{Raw: jsontext.Value(raw), API: api}); err == nil {
					t.Errorf("%s %s: %q became %v", stream, api, raw, event)
				}
			}
		}
	}
}

func TestActivityOfAnAlert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   gatehouse.EventKind
		status string
		want   ocsf.FindingActivityID
	}{
		{gatehouse.EventCreated, "New", ocsf.FindingActivityCreate},
		{gatehouse.EventCreated, "Resolved", ocsf.FindingActivityCreate},
		{gatehouse.EventUpdated, "InProgress", ocsf.FindingActivityUpdate},
		{gatehouse.EventUpdated, "resolved", ocsf.FindingActivityClose},
		{gatehouse.EventRemoved, "New", ocsf.FindingActivityClose},
	} {
		raw := `{"id":"a","lastUpdateTime":"2026-01-02T03:04:05.1Z","status":"` + c.status + `"}`
		event := prove(t, Alert, Input{Raw: jsontext.Value(raw), API: gatehouse.APIMDE, Kind: c.kind})
		if got := event.(*ocsf.DetectionFinding).ActivityID; got != c.want {
			t.Errorf("%s %s: %v, want %v", c.kind, c.status, got, c.want)
		}
	}
}

func fuzzFinding(f *testing.F, stream string) {
	f.Helper()
	s := findingStreams()[stream]
	for _, api := range s.apis {
		raw, err := os.ReadFile(filepath.Join("testdata", stream, string(api)+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"id":"a","evidence":[{"entityType":"Ip"},[],{}],"alerts":[{"alertId":1}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, api := range s.apis {
			in := Input{Raw: raw, API: api, Time: time.Unix(1_777_000_000, 0), EventID: "e", Kind: gatehouse.EventUpdated, WithRaw: true}
			event, err := s.f(in)
			if err != nil {
				continue
			}
			if line, violations := (ocsf.Validator{}).Append(nil, event); len(violations) > 0 || !jsontext.Value(line).IsValid() {
				t.Errorf("%v\n%s", violations, line)
			}
		}
	})
}

func FuzzAlert(f *testing.F)    { fuzzFinding(f, "alerts") }
func FuzzIncident(f *testing.F) { fuzzFinding(f, "incidents") }
