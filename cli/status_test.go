package cli

import (
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// The exit status tells whether somebody has to look: when a stream fails, always;
// when it is read, only if it is ours or the user's to mend.
func TestNeedsSomebody(t *testing.T) {
	t.Parallel()
	const you, microsoft, ours, nobody = "you", "microsoft", "gatehouse", "nobody"
	for state, owners := range map[gatehouse.StreamState]map[string]bool{
		gatehouse.StreamPending:      {"": false},
		gatehouse.StreamHealthy:      {nobody: false},
		gatehouse.StreamOff:          {you: false},
		gatehouse.StreamPaused:       {you: false},
		gatehouse.StreamDegraded:     {you: true, ours: true, microsoft: false, nobody: false},
		gatehouse.StreamThrottled:    {nobody: false},
		gatehouse.StreamUnauthorized: {you: true},
		gatehouse.StreamForbidden:    {you: true},
		gatehouse.StreamUpstream:     {microsoft: true, you: true, nobody: true, ours: true},
		gatehouse.StreamStorage:      {you: true},
	} {
		for owner, want := range owners {
			s := streamStatus{StreamHealth: gatehouse.StreamHealth{State: state, Owner: owner}}
			if got := s.needsSomebody(); got != want {
				t.Errorf("%s, owner %q: got %v", state, owner, got)
			}
		}
	}
}

// A stream that Microsoft answers with an error of its own is a finding, and the
// rows are printed all the same.
func TestStatusOfAnUpstreamError(t *testing.T) {
	t.Parallel()
	for state, want := range map[gatehouse.StreamState]int{gatehouse.StreamUpstream: exitFindings, gatehouse.StreamThrottled: exitOK} {
		env := seededMirror(t, 1)
		withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
			all, err := held.Integrations(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = held.PutHealth(t.Context(), gatehouse.StreamHealth{
				Integration: all[0].ID, Stream: "alerts", State: state, Owner: "microsoft", Reason: "500 from the service",
			})
			if err != nil {
				t.Fatal(err)
			}
		})
		status, stdout, stderr := runOnce(t, env, "status", "--output", "csv")
		if status != want || !strings.Contains(stdout, string(state)) {
			t.Errorf("%s: %d, want %d\n%s%s", state, status, want, stdout, stderr)
		}
	}
}
