package normalize_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/normalize"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// stage is a generated tenant and both SDKs.
type stage struct {
	mde   *defender.Client
	graph *graph.Client
}

// raiseTenant starts an emulator with one tenant of a size.
func raiseTenant(t testing.TB, size emulator.Size) stage {
	t.Helper()
	tenant := emulated.Start(t, emulator.Options{Size: size})
	tenant.Allow(t, emulator.MirrorRoles()...)
	return stage{mde: tenant.Defender(t, defender.Options{}), graph: tenant.Graph(t, graph.Options{})}
}

// mapped is an event and its line.
type mapped struct {
	event ocsf.Event
	line  []byte
}

// mapAll maps records in all kinds of event and refuses violations.
func mapAll[T any](t *testing.T, api gatehouse.API, f func(normalize.Input) (ocsf.Event, error), list iter.Seq2[T, error], raw func(T) jsontext.Value) (all []mapped) {
	t.Helper()
	for item, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []gatehouse.EventKind{gatehouse.EventUpdated, gatehouse.EventRemoved, gatehouse.EventCreated} {
			event, err := f(normalize.Input{Raw: raw(item), API: api, Kind: kind, WithRaw: kind == gatehouse.EventRemoved})
			if err != nil {
				t.Fatal(err)
			}
			line, violations := ocsf.Validator{}.Append(nil, event)
			if len(violations) > 0 {
				t.Fatalf("%v\n%s\n%s", violations, raw(item), line)
			}
			if kind == gatehouse.EventCreated {
				all = append(all, mapped{event, line})
			}
		}
	}
	return all
}

// TestAlertsAgree holds the two forms of one alert against each other.
func TestAlertsAgree(t *testing.T) {
	t.Parallel()
	s := raiseTenant(t, emulator.Size{Devices: 40, Alerts: 300})
	mde := mapAll(t, gatehouse.APIMDE, normalize.Alert, s.mde.Alerts.List(t.Context(), &defender.Query{Expand: []string{"evidence"}}), func(a defender.Alert) jsontext.Value { return a.Raw })
	byID := map[string]mapped{}
	for _, m := range mapAll(t, gatehouse.APIGraph, normalize.Alert, s.graph.Alerts.List(t.Context(), nil), func(a graph.Alert) jsontext.Value { return a.Raw }) {
		byID[m.event.(*ocsf.DetectionFinding).FindingInfo.UID] = m
	}
	if len(mde) != 300 || len(byID) != 300 {
		t.Fatalf("%d and %d alerts", len(mde), len(byID))
	}
	for _, m := range mde {
		id := m.event.(*ocsf.DetectionFinding).FindingInfo.UID
		a, b := shared(t, m.line), shared(t, byID[id].line)
		shared := 0
		disagree("", a, b, &shared, func(path string) { t.Errorf("%s: %s", id, path) })
		if shared < 20 {
			t.Errorf("%s: only %d values in common", id, shared)
		}
	}
}

// shared is an event without what only one API can know: its own names for
// evidence, what is unmapped, observables (which follow from the rest), evidence of
// the device and of the related user.
func shared(t *testing.T, line []byte) map[string]any {
	t.Helper()
	var event map[string]any
	if err := json.Unmarshal(line, &event); err != nil {
		t.Fatal(err)
	}
	delete(event, "unmapped")
	delete(event, "observables")
	delete(event["metadata"].(map[string]any), "log_provider")
	if info := event["finding_info"].(map[string]any); slices.Contains([]any{"builtInMl", "scheduledAlerts", "nrtAlerts"}, info["data_sources"].([]any)[0]) {
		delete(info, "data_sources") // Graph tells detections apart that are one for the other API
	}
	evidences, _ := event["evidences"].([]any)
	var kept []any
	for _, e := range evidences {
		e := e.(map[string]any)
		if e["device"] == nil && e["name"] != "relatedUser" {
			delete(e, "name")
			kept = append(kept, e)
		}
	}
	event["evidences"] = kept
	return event
}

// disagree reports every path at which both have a value, and not the same.
func disagree(path string, a, b any, shared *int, report func(string)) {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			report(path)
		}
		for k, v := range a {
			if path == ".device" && (k == "type" || k == "type_id") {
				continue // follows from the platform, which one API does not say
			}
			if other, both := b[k]; both {
				disagree(path+"."+k, v, other, shared, report)
			}
		}
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) && !strings.HasSuffix(path, ".hashes") { // one API knows more digests, and puts them last
			report(fmt.Sprintf("%s: lengths %d and %d", path, len(a), len(b)))
			return
		}
		for i := range min(len(a), len(b)) {
			disagree(fmt.Sprintf("%s[%d]", path, i), a[i], b[i], shared, report)
		}
	default:
		*shared++
		if a != b {
			report(fmt.Sprintf("%s: %v and %v", path, a, b))
		}
	}
}

// TestIncidentsOfATenant maps the incidents of a generated tenant.
func TestIncidentsOfATenant(t *testing.T) {
	t.Parallel()
	s := raiseTenant(t, emulator.Size{Devices: 40, Alerts: 300})
	xdr := mapAll(t, gatehouse.APIXDR, normalize.Incident, s.mde.Incidents.List(t.Context(), nil), func(i defender.Incident) jsontext.Value { return i.Raw })
	bare := mapAll(t, gatehouse.APIGraph, normalize.Incident, s.graph.Incidents.List(t.Context(), nil), func(i graph.Incident) jsontext.Value { return i.Raw })
	full := mapAll(t, gatehouse.APIGraph, normalize.Incident, s.graph.Incidents.List(t.Context(), &graph.Query{ExpandAlerts: true}), func(i graph.Incident) jsontext.Value { return i.Raw })
	if len(xdr) == 0 || len(xdr) != len(bare) || len(xdr) != len(full) {
		t.Errorf("%d, %d and %d incidents", len(xdr), len(bare), len(full))
	}
	findings := 0
	for _, i := range full {
		findings += len(i.event.(*ocsf.IncidentFinding).FindingInfoList)
	}
	if findings != 300 {
		t.Errorf("%d alerts in the incidents, want all 300", findings)
	}
}
