package app_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// What many integrations on one process may cost.
const (
	manyMB = 400
	// afterDue is how long the job queue may take to notice that an integration is
	// due, and a worker to come free.
	afterDue = 15 * time.Second
)

// rounds counts how often each stream of each integration was read.
type rounds struct {
	interval map[gatehouse.Stream]time.Duration
	want     map[gatehouse.Stream]int // readings that are waited for
	total    int                      // integrations

	mu      sync.Mutex
	last    map[string]time.Time // start of the last reading, by integration and stream
	times   map[string]int
	reached int
	done    chan struct{}
	got     attendance
}

// attendance is what a child has measured of many integrations.
type attendance struct {
	Reads      int
	Unhealthy  map[string]int // readings by stream, state and reason
	Late       int            // readings that came later than their interval
	VeryLate   int            // and later than the queue may take
	Longest    time.Duration  // how late the latest was
	First, All time.Duration  // until everything was read once, and as often as waited for
	Peak       float64        // MB
}

func newRounds(integrations int, streams []stream.Stream, want func(stream.Stream) int) *rounds {
	r := &rounds{
		interval: map[gatehouse.Stream]time.Duration{}, want: map[gatehouse.Stream]int{}, total: integrations,
		last: map[string]time.Time{}, times: map[string]int{}, done: make(chan struct{}), got: attendance{Unhealthy: map[string]int{}},
	}
	for _, s := range streams {
		r.interval[s.Name], r.want[s.Name] = s.Interval, want(s)
	}
	return r
}

// see counts a reading that has ended.
func (r *rounds) see(begun time.Time, p app.Progress) {
	if !p.Done {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got.Reads++
	if p.Health.State != gatehouse.StreamHealthy {
		r.got.Unhealthy[fmt.Sprint(p.Run.Stream, " ", p.Health.State, " ", p.Health.Reason)]++
		return
	}
	who := p.Integration.ID + " " + string(p.Run.Stream)
	start := time.Now().Add(-p.Elapsed)
	if before, ok := r.last[who]; ok {
		late := start.Sub(before) - r.interval[p.Run.Stream]
		r.got.Longest = max(r.got.Longest, late)
		if late > 0 {
			r.got.Late++
		}
		if late > afterDue {
			r.got.VeryLate++
		}
	}
	r.last[who] = start
	if len(r.last) == r.total*len(r.want) && r.got.First == 0 {
		r.got.First = time.Since(begun)
	}
	if r.times[who]++; r.times[who] != r.want[p.Run.Stream] {
		return
	}
	if r.reached++; r.reached == r.total*len(r.want) {
		r.got.All = time.Since(begun)
		close(r.done)
	}
}

// TestProofMany lets one process mirror many integrations and holds what that
// costs in memory, that every one is read in time, and that no budget is exceeded.
func TestProofMany(t *testing.T) {
	if c, ok := ordered[child](t); ok {
		mirrorMany(t, c)
		return
	}
	if !proofsInFull() {
		t.Parallel()
	}
	n := 20
	if proofsInFull() {
		n = 1000
	}
	var specs []emulator.TenantSpec
	var access []emulator.TenantAccess
	for i := range n {
		spec, a := allowed(i+1, emulator.Size{Devices: 8, Alerts: 8, Actions: 3, Software: 10, VulnerabilityRows: 60, Events: -1})
		specs, access = append(specs, spec), append(access, a)
	}
	e := emulate(t, emulator.Options{Tenants: specs})
	var got attendance
	inChild(t, e, access, &got)
	stats := e.Stats()
	calls := 0
	for _, n := range stats.Requests {
		calls += n
	}
	table(t, "Many integrations on one process:",
		[]any{"integrations", "readings", "calls", "all read once, s", "and again, s", "late", "later than the queue may be", "longest, s", "over budget", "throttled", "peak MB"},
		[]any{n, got.Reads, calls, got.First.Seconds(), got.All.Seconds(), got.Late, got.VeryLate, got.Longest.Seconds(), len(stats.OverBudget), len(stats.Throttled), got.Peak})
	if len(stats.OverBudget) > 0 || len(stats.Violations) > 0 || len(got.Unhealthy) > 0 {
		t.Errorf("over budget %v, violations %v, unhealthy %v", stats.OverBudget, stats.Violations, got.Unhealthy)
	}
	if proofsInFull() && (got.Peak > manyMB || got.VeryLate > 0) {
		t.Errorf("peak of %.0f MB, at most %d MB; %d readings too late, by up to %s", got.Peak, manyMB, got.VeryLate, got.Longest)
	}
}

// often is the interval of the streams that are waited for a second time.
const often = 5 * time.Minute

// mirrorMany mirrors many integrations in a process of its own.
func mirrorMany(t *testing.T, c child) {
	streams := stream.All()
	if !proofsInFull() {
		for i := range streams {
			if streams[i].Interval <= often {
				streams[i].Interval = 2 * time.Second
			}
		}
	}
	r := newRounds(len(c.Access), streams, func(s stream.Stream) int {
		if s.Interval <= often {
			return 2
		}
		return 1
	})
	var begun time.Time
	a := c.open(t, app.Options{Streams: streams, Progress: func(p app.Progress) { r.see(begun, p) }})
	for i, access := range c.Access {
		added(t, a, newIntegration(fmt.Sprint("tenant", i), access))
	}
	begun = time.Now()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	select {
	case <-r.done:
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		t.Fatalf("%d of %d streams were read as often as they should: %+v", r.reached, r.total*len(r.want), r.got)
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got.Peak = peakMB(t)
	c.report(t, r.got)
}
