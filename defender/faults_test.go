package defender_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// reading is one list of the SDK with the ids that it must give.
type reading struct {
	name string
	read func(stage) iter.Seq2[string, error]
	want func(emulator.Truth) []string
	door []string // the doors its calls go through
}

// keys turns the items of a list into their ids.
func keys[T any](list iter.Seq2[T, error], id func(T) string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for item, err := range list {
			if !yield(id(item), err) {
				return
			}
		}
	}
}

func readings() []reading {
	rowID := func(r defender.SoftwareVulnerability) string { return r.ID }
	rows := func(t emulator.Truth) (want []string) {
		t.EachVulnerabilityRow(func(id string) bool { want = append(want, id); return true })
		return want
	}
	return []reading{
		{
			"machines", func(s stage) iter.Seq2[string, error] {
				return keys(s.client.Machines.List(s.ctx(), nil), machineID)
			},
			func(t emulator.Truth) []string { return t.Devices }, []string{"mde"},
		},
		{
			"filtered machines", func(s stage) iter.Seq2[string, error] {
				return keys(s.client.Machines.List(s.ctx(), &defender.Query{Filter: "healthStatus ne 'None'"}), machineID)
			},
			func(t emulator.Truth) []string { return t.Devices }, []string{"mde"},
		},
		{
			"machines by top", func(s stage) iter.Seq2[string, error] {
				return keys(s.client.Machines.List(s.ctx(), &defender.Query{Top: 1000}), machineID)
			},
			func(t emulator.Truth) []string { return t.Devices }, []string{"mde"},
		},
		{
			"small pages of machines", func(s stage) iter.Seq2[string, error] {
				return keys(s.client.Machines.List(s.ctx(), &defender.Query{PageSize: 7}), machineID)
			},
			func(t emulator.Truth) []string { return t.Devices }, []string{"mde"},
		},
		{
			"incidents", func(s stage) iter.Seq2[string, error] {
				return keys(s.client.Incidents.List(s.ctx(), &defender.Query{PageSize: 15}), func(i defender.Incident) string { return itoa(i.IncidentID) })
			}, incidentIDs, []string{"xdr"},
		},
		{
			"export pages", func(s stage) iter.Seq2[string, error] {
				return keys(s.client.SoftwareVulnerabilities.List(s.ctx(), &defender.ExportQuery{PageSize: 200}), rowID)
			}, rows, []string{"mde"},
		},
		{
			"export files", func(s stage) iter.Seq2[string, error] {
				return keys(s.client.SoftwareVulnerabilities.Export(s.ctx(), nil), rowID)
			}, rows, []string{"mde", "blob"},
		},
	}
}

// incidentIDs are the ids of all incidents, newest first.
func incidentIDs(t emulator.Truth) (want []string) {
	documents, err := t.Documents("incidents", "xdr")
	if err != nil {
		return []string{err.Error()}
	}
	for id := range documents {
		want = append(want, id)
	}
	return want
}

// named are the errors that a list may end with.
func named(err error) bool {
	for _, kind := range []error{
		defender.ErrThrottled, defender.ErrUnauthorized, defender.ErrUnreachable, defender.ErrTruncated, defender.ErrNextLink,
		defender.ErrChanged, defender.ErrLinkExpired, defender.ErrEmptyDownload, defender.ErrSnapshotReplaced, defender.ErrCursorExpired,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	var e *defender.Error
	return errors.As(err, &e) && e.StatusCode >= 500
}

// outcome is how a list must end under a fault.
type outcome struct {
	fault emulator.Fault
	door  string
	want  map[string]error // by the name of the reading; absent: whole, without an error
}

// TestFaults plays each fault on each list, once at the second call and then at
// each: a list that can be saved is whole, and one that cannot ends with the error
// that says why. Never does it end early in silence.
func TestFaults(t *testing.T) {
	t.Parallel()
	links := map[string]error{
		"machines": defender.ErrNextLink, "filtered machines": defender.ErrNextLink, "export pages": defender.ErrNextLink,
	}
	first := func(kind emulator.FaultKind) emulator.Fault { return emulator.Fault{Kind: kind, Calls: []int{1, 2}} }
	tests := []outcome{
		{first(emulator.FaultThrottle), "mde", nil},
		{first(emulator.FaultServerError), "mde", nil},
		{first(emulator.FaultDroppedConnection), "mde", nil},
		{first(emulator.FaultTruncatedBody), "mde", nil},
		{first(emulator.FaultCutBody), "mde", nil},
		{emulator.Fault{Kind: emulator.FaultExpiredToken, Calls: []int{1, 3}}, "mde", nil},
		{emulator.Fault{Kind: emulator.FaultForeignLink}, "mde", links},
		{emulator.Fault{Kind: emulator.FaultPlainLink}, "mde", links},
		{emulator.Fault{Kind: emulator.FaultRepeatedLink}, "mde", links},
		// Rebuilt from our own query where there is a $skip.
		{emulator.Fault{Kind: emulator.FaultMalformedLink}, "mde", map[string]error{"export pages": defender.ErrNextLink}},
		{first(emulator.FaultThrottle), "xdr", nil},
		{first(emulator.FaultServerError), "xdr", nil},
		{first(emulator.FaultTruncatedBody), "xdr", nil},
		{first(emulator.FaultCutBody), "xdr", nil},
		{emulator.Fault{Kind: emulator.FaultExpiredToken, Calls: []int{1, 3}}, "xdr", nil},
		{first(emulator.FaultTruncatedBody), "blob", nil},
		{first(emulator.FaultCutBody), "blob", nil},
		{first(emulator.FaultDroppedConnection), "blob", nil},
		{first(emulator.FaultServerError), "blob", nil},
		{first(emulator.FaultEmptyDownload), "blob", nil},
		{first(emulator.FaultExpiredLink), "blob", nil},
		{emulator.Fault{Kind: emulator.FaultEmptyDownload}, "blob", map[string]error{"export files": defender.ErrEmptyDownload}},
	}
	for _, tt := range tests {
		for _, r := range readings() {
			if !slices.Contains(r.door, tt.door) {
				continue
			}
			t.Run(fmt.Sprintf("%s of %s for %s", tt.fault.Kind, tt.door, r.name), func(t *testing.T) {
				t.Parallel()
				s := raise(t, emulator.Size{Devices: 45, Incidents: 32, AlertsPerIncident: 1, VulnerabilityRows: 160, PageSize: 20})
				s.testing = t
				fault := tt.fault // which other readings have, too
				fault.Route = tt.door
				if err := s.SetFaults(emulator.Faults{List: []emulator.Fault{fault}}); err != nil {
					t.Fatal(err)
				}
				got, err := listed(r.read(s))
				if want := tt.want[r.name]; !errors.Is(err, want) || want == nil && err != nil {
					t.Fatalf("got error %v, want %v", err, want)
				}
				want := r.want(s.Truth(s.TenantID))
				if err != nil {
					want = want[:len(got)]
				}
				if !slices.Equal(got, want) {
					t.Error(cmp.Diff(want, got))
				}
				noViolations(t, s)
			})
		}
	}
}

// TestFaultStorm mixes the faults by chance, from several seeds.
func TestFaultStorm(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		for _, r := range readings() {
			t.Run(fmt.Sprintf("%s, seed %d", r.name, seed+1), func(t *testing.T) {
				t.Parallel()
				s := raise(t, emulator.Size{Devices: 45, Incidents: 32, AlertsPerIncident: 1, VulnerabilityRows: 160, PageSize: 20})
				s.testing = t
				storm := emulator.Faults{Seed: seed + 1, List: []emulator.Fault{
					{Kind: emulator.FaultThrottle, Probability: 0.1},
					{Kind: emulator.FaultServerError, Probability: 0.1, Status: 503},
					{Kind: emulator.FaultDroppedConnection, Probability: 0.1},
					{Kind: emulator.FaultTruncatedBody, Probability: 0.1},
					{Kind: emulator.FaultCutBody, Probability: 0.1},
					{Kind: emulator.FaultExpiredToken, Probability: 0.05},
					{Kind: emulator.FaultMalformedLink, Probability: 0.05},
					{Kind: emulator.FaultTruncatedBody, Probability: 0.15, Route: "blob"},
					{Kind: emulator.FaultExpiredLink, Probability: 0.1},
					{Kind: emulator.FaultEmptyDownload, Probability: 0.1},
				}}
				if err := s.SetFaults(storm); err != nil {
					t.Fatal(err)
				}
				got, err := listed(r.read(s))
				want := r.want(s.Truth(s.TenantID))
				if err != nil && !named(err) {
					t.Errorf("an error without a name: %v", err)
				}
				if err != nil {
					t.Logf("%d of %d: %v", len(got), len(want), err)
					want = want[:min(len(got), len(want))]
				}
				if !slices.Equal(got, want) {
					t.Error(cmp.Diff(want, got))
				}
				noViolations(t, s)
			})
		}
	}
}

// A token that is not good any more is asked for anew though the clock of the
// service is hours ahead.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 5, Alerts: -1})
	s.testing = t
	if err := s.SetFaults(emulator.Faults{Skew: 4 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	if n := len(sdktest.Collect(t, s.client.Machines.List(t.Context(), nil))); n != 5 {
		t.Errorf("%d machines", n)
	}
}

func listed(list iter.Seq2[string, error]) (got []string, err error) {
	for id, err := range list {
		if err != nil {
			return got, err
		}
		got = append(got, id)
	}
	return got, nil
}

// noViolations holds that the client did nothing that a good one does not do.
func noViolations(t *testing.T, s stage) {
	t.Helper()
	for what, n := range s.Stats().Violations {
		t.Errorf("%d times: %s", n, what)
	}
	for route := range s.Stats().Unknown {
		t.Errorf("unknown route %s", route)
	}
}
