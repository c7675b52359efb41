package rest

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestShare(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{0: 0, 1: 1, 2: 1, 3: 2, 5: 4, 10: 8, 20: 16, 45: 36, 100: 80, 1500: 1200} {
		if got := share(limit); got != want {
			t.Errorf("of %d: got %d, want %d", limit, got, want)
		}
	}
}

// mixed is one call of a property: who makes it, when, and how long it takes.
type mixed struct {
	scheduled   bool
	begin, took time.Duration
}

// Whoever calls, however long it takes: no window holds more than its limit, no
// window more scheduled calls than their share, and every call is made.
func TestSharesHoldInBothWindows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		op := opThing
		op.PerMinute = rapid.IntRange(1, 8).Draw(rt, "per minute")
		op.PerHour = rapid.IntRange(op.PerMinute, 40).Draw(rt, "per hour")
		calls := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) mixed {
			return mixed{
				scheduled: rapid.Bool().Draw(t, "scheduled"),
				begin:     time.Duration(rapid.IntRange(0, 600).Draw(t, "begin")) * time.Second,
				took:      time.Duration(rapid.IntRange(0, 20_000).Draw(t, "took")) * time.Millisecond,
			}
		}), 1, 60).Draw(rt, "calls")
		all, planned := makeCalls(t, op, calls)
		if len(all) != len(calls) {
			rt.Fatalf("%d calls of %d", len(all), len(calls))
		}
		assertWindow(rt, all, op.PerMinute, time.Minute)
		assertWindow(rt, all, op.PerHour, time.Hour)
		assertWindow(rt, planned, share(op.PerMinute), time.Minute)
		assertWindow(rt, planned, share(op.PerHour), time.Hour)
	})
}

// makeCalls makes calls and returns when the service has counted them, all and the
// scheduled ones.
func makeCalls(t *testing.T, op Operation, calls []mixed) (all, planned []time.Time) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		c, _, _ := begin(t, func(_ int, r *http.Request) (*http.Response, error) {
			took, _ := r.Context().Value(mixed{}).(time.Duration)
			pauseFor(took / 2)
			mu.Lock()
			all = append(all, time.Now())
			if classOf(r.Context()) == scheduled {
				planned = append(planned, time.Now())
			}
			mu.Unlock()
			pauseFor(took / 2)
			return reply(200, `{"id":"x"}`)
		}, func(o *Options) { o.MaxWait = 48 * time.Hour })
		var wg sync.WaitGroup
		for _, call := range calls {
			wg.Go(func() {
				ctx := context.WithValue(t.Context(), mixed{}, call.took)
				if call.scheduled {
					ctx = Scheduled(ctx, "")
				}
				pauseFor(call.begin)
				if _, err := Get[thing](ctx, c, Request{Operation: op, Vars: []string{"x"}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
	return all, planned
}

// A synchronisation that spends all it may does not hold up whoever waits for an
// answer, and the other way round.
func TestNeitherClassStarves(t *testing.T) {
	t.Parallel()
	for name, busy := range map[string]class{"a person behind a synchronisation": scheduled, "a synchronisation behind persons": interactive} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, limit := range []int{2, 5, 100} {
				if waited := waitBehind(t, busy, limit); waited > map[class]time.Duration{scheduled: 0, interactive: time.Minute}[busy] {
					t.Errorf("at %d a minute: waited %s", limit, waited)
				}
			}
		})
	}
}

// waitBehind returns how long a call waits while those of the other class never end.
func waitBehind(t *testing.T, busy class, limit int) (waited time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		op := opThing
		op.PerMinute, op.PerHour = limit, 0
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) },
			func(o *Options) { o.MaxWait = time.Hour })
		many, stop := context.WithCancel(t.Context())
		alone := Scheduled(t.Context(), "")
		if busy == scheduled {
			many, alone = Scheduled(many, ""), t.Context()
		}
		var wg sync.WaitGroup
		for range 3 * limit {
			wg.Go(func() {
				for many.Err() == nil {
					_, _ = Get[thing](many, c, Request{Operation: op, Vars: []string{"x"}})
				}
			})
		}
		pauseFor(10*time.Minute + time.Second)
		start := time.Now()
		if _, err := Get[thing](alone, c, Request{Operation: op, Vars: []string{"x"}}); err != nil {
			t.Error(err)
		}
		waited = time.Since(start)
		stop()
		wg.Wait()
	})
	return waited
}

func TestLeftKnowsTheShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op, budgets := opThing, NewBudgets()
		op.PerMinute, op.PerHour = 10, 100
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) },
			func(o *Options) { o.Budgets = budgets })
		for n := range 8 {
			if got, _ := budgets.LeftScheduled(op); got != 8-n {
				t.Errorf("after %d calls: %d left", n, got)
			}
			_, err := Get[thing](Scheduled(t.Context(), ""), c, Request{Operation: op, Vars: []string{"x"}})
			wantErr(t, err, nil)
		}
		calls, wait := budgets.LeftScheduled(op)
		if all, _ := budgets.Left(op); calls != 0 || wait != time.Minute || all != 2 {
			t.Errorf("%d calls for the schedule in %s, %d in all", calls, wait, all)
		}
		op.Path, op.PerMinute, op.PerHour = "/api/unlimited", 0, 0
		if calls, wait := budgets.LeftScheduled(op); calls != -1 || wait != 0 {
			t.Errorf("without limits: %d, %s", calls, wait)
		}
	})
}

// A worker is named in every request of its work, in no other, and only by what
// belongs in a header.
func TestWorkerIsNamed(t *testing.T) {
	t.Parallel()
	c, s, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) },
		func(o *Options) { o.UserAgent = "Contoso/1" })
	for name, want := range map[string]string{"w-1.a": "Contoso/1 Gatehouse/" + version + " worker/w-1.a", "a\r\nX: y/z": "Contoso/1 Gatehouse/" + version + " worker/aXyz", "": "Contoso/1 Gatehouse/" + version} {
		_, err := Get[thing](Scheduled(t.Context(), name), c, Request{Operation: opThing, Vars: []string{"x"}})
		wantErr(t, err, nil)
		if got := s.seen[len(s.seen)-1].UserAgent(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
	wantErr(t, err, nil)
	if got := s.seen[len(s.seen)-1].UserAgent(); strings.Contains(got, "worker/") {
		t.Errorf("got %q", got)
	}
}
