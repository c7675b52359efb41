package rest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// However calls come and however long they take, the service never sees more in
// a window than the limit, and all calls are made.
func TestBudgetHoldsBothWindows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		op := opThing
		op.PerMinute = rapid.IntRange(1, 6).Draw(rt, "per minute")
		op.PerHour = rapid.IntRange(op.PerMinute, 30).Draw(rt, "per hour")
		calls := rapid.IntRange(1, 60).Draw(rt, "calls")
		workers := rapid.IntRange(1, 4).Draw(rt, "workers")
		delays := rapid.SliceOfN(rapid.IntRange(0, 20_000), calls, calls).Draw(rt, "delays in ms")
		var counted []time.Time
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
				mu.Lock()
				at := len(counted)
				delay := time.Duration(delays[at%calls]) * time.Millisecond
				counted = append(counted, time.Time{})
				mu.Unlock()
				// The service counts a call at some time between sending and answer.
				pauseFor(delay / 2)
				mu.Lock()
				counted[at] = time.Now()
				mu.Unlock()
				pauseFor(delay / 2)
				return reply(200, `{"id":"x"}`)
			}, func(o *Options) { o.MaxWait = 24 * time.Hour })
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := w; i < calls; i += workers {
						if _, err := Get[thing](t.Context(), c, Request{Operation: op, Vars: []string{"x"}}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
		if len(counted) != calls {
			rt.Fatalf("%d calls of %d", len(counted), calls)
		}
		assertWindow(rt, counted, op.PerMinute, time.Minute)
		assertWindow(rt, counted, op.PerHour, time.Hour)
	})
}

// pauseFor lets synctest's clock go on.
func pauseFor(d time.Duration) { _ = pause(context.Background(), d, nil) }

func assertWindow(t *rapid.T, moments []time.Time, limit int, length time.Duration) {
	for _, from := range moments {
		n := 0
		for _, at := range moments {
			if !at.Before(from) && at.Before(from.Add(length)) {
				n++
			}
		}
		if n > limit {
			t.Fatalf("%d calls within %s, limit %d", n, length, limit)
		}
	}
}

func TestBudgetIsSpentToTheFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op := opThing
		op.PerMinute, op.PerHour = 10, 100
		c, s, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) },
			func(o *Options) { o.MaxWait = time.Hour })
		for range 21 {
			if _, err := Get[thing](t.Context(), c, Request{Operation: op, Vars: []string{"x"}}); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.arrived[20].Sub(s.arrived[0]); got != 2*time.Minute {
			t.Errorf("the 21st call left after %s, want exactly 2m", got)
		}
	})
}

func TestBudgetLongerThanMaxWaitIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op := opThing
		op.PerMinute, op.PerHour = 0, 2
		c, s, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) })
		start := time.Now()
		var err error
		for range 3 {
			_, err = Get[thing](t.Context(), c, Request{Operation: op, Vars: []string{"x"}})
		}
		wantErr(t, err, ErrThrottled)
		var e *Error
		if !errors.As(err, &e) || e.RetryAfter != time.Hour || len(s.seen) != 2 || time.Since(start) != 0 {
			t.Errorf("%v after %s and %d calls", err, time.Since(start), len(s.seen))
		}
	})
}

func TestBudgetWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op := opThing
		op.PerMinute = 1
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := Get[thing](ctx, c, Request{Operation: op, Vars: []string{"x"}})
		wantErr(t, err, nil)
		_, err = Get[thing](ctx, c, Request{Operation: op, Vars: []string{"x"}})
		wantErr(t, err, context.DeadlineExceeded)
	})
}

func TestBudgetsAreSharedByRoute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op := opThing
		op.PerMinute = 1
		other := op
		other.Path = "/api/other/{id}"
		third, fourth := op, other
		third.Limit, fourth.Limit = "both", "both"
		shared := NewBudgets()
		answer := func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) }
		one, _, _ := begin(t, answer, func(o *Options) { o.Budgets = shared })
		two, _, _ := begin(t, answer, func(o *Options) { o.Budgets = shared; o.MaxWait = -1 })
		for _, step := range []struct {
			c    *Client
			op   Operation
			want error
		}{{one, op, nil}, {two, op, ErrThrottled}, {two, other, nil}, {two, third, nil}, {two, fourth, ErrThrottled}} {
			_, err := Get[thing](t.Context(), step.c, Request{Operation: step.op, Vars: []string{"x"}})
			wantErr(t, err, step.want)
		}
	})
}
