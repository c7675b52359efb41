package rest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// codeBudget is the Code of an Error that we raised ourselves.
const codeBudget = "ClientBudget"

// Budgets keep the calls of one application in one tenant inside Microsoft's
// limits: two sliding windows for each route, spent before a request leaves.
// Clients of the same application and tenant should share one. Safe for
// concurrent use.
type Budgets struct {
	mu     sync.Mutex
	routes map[string]*budget
}

// NewBudgets returns budgets of which nothing is spent.
func NewBudgets() *Budgets { return &Budgets{routes: map[string]*budget{}} }

// of returns the budget of a route, made at its first use.
func (b *Budgets) of(op Operation) *budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := string(op.API) + " " + op.String()
	r := b.routes[key]
	if r == nil {
		r = &budget{perMinute: op.PerMinute, perHour: op.PerHour, changed: make(chan struct{})}
		b.routes[key] = r
	}
	return r
}

// Left tells how many calls of a route could leave now, and when there is none how
// long until the next one can. A route without limits has -1. It spends nothing.
func (b *Budgets) Left(op Operation) (calls int, wait time.Duration) {
	return b.of(op).left(time.Now())
}

// budget is the log of one route. A call is counted as "in flight" from before
// it leaves until its answer begins, and at the time of its answer from then
// on: the service has counted it at some time in between, so that by its clock
// no window ever holds more than the limit.
type budget struct {
	perMinute, perHour int

	mu       sync.Mutex
	answered []time.Time // rising; nothing older than an hour
	inFlight int
	blocked  time.Time     // no call before: the service said so
	changed  chan struct{} // closed and renewed when a call returns
}

// waitError tells that the route's budget is spent for longer than the caller
// wants to wait.
type waitError struct{ wait time.Duration }

func (e *waitError) Error() string {
	return fmt.Sprintf("the rate limit of this route is spent for another %s", e.wait.Round(time.Second))
}

// spend waits for room in both windows and takes it. It returns at once with a
// [*waitError] when the wait would be longer than most, and else says to onWait
// once how long it will be as far as is known.
func (b *budget) spend(ctx context.Context, most time.Duration, onWait func(time.Duration)) (waited time.Duration, err error) {
	start := time.Now()
	for first := true; ; first = false {
		wait, changed := b.take(time.Now())
		if wait == 0 {
			return time.Since(start), nil
		}
		if time.Since(start)+wait > most {
			return time.Since(start), &waitError{wait}
		}
		if first {
			onWait(wait)
		}
		if err := pause(ctx, wait, changed); err != nil {
			return time.Since(start), err
		}
	}
}

// take takes a call when there is room and returns zero; else how long until the
// next try, which the return of a call in flight, announced by changed, may make
// longer.
func (b *budget) take(now time.Time) (wait time.Duration, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := b.wait(now); d > 0 {
		return d, b.changed
	}
	b.inFlight++
	return 0, nil
}

// wait tells how long until the route takes another call. The lock is held.
func (b *budget) wait(now time.Time) time.Duration {
	b.forget(now)
	return max(b.blocked.Sub(now), b.room(now, b.perHour, time.Hour), b.room(now, b.perMinute, time.Minute), 0)
}

// left tells how many calls could leave now, -1 for any number, or how long until
// the next one can.
func (b *budget) left(now time.Time) (calls int, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait := b.wait(now); wait > 0 {
		return 0, wait
	}
	calls = -1
	for _, w := range []struct {
		limit  int
		length time.Duration
	}{{b.perHour, time.Hour}, {b.perMinute, time.Minute}} {
		if w.limit <= 0 {
			continue
		}
		free := w.limit - len(b.inside(now, w.length)) - b.inFlight
		if calls < 0 || free < calls {
			calls = free
		}
	}
	return calls, 0
}

// inside returns the calls of the log that a window still counts.
func (b *budget) inside(now time.Time, length time.Duration) []time.Time {
	first, _ := slices.BinarySearchFunc(b.answered, now.Add(-length), func(t, bound time.Time) int {
		if t.After(bound) {
			return 1
		}
		return -1
	})
	return b.answered[first:]
}

// room tells how long until one window takes another call. A call in flight
// counts from its answer on, so that behind it there is no room for the whole
// length of the window.
func (b *budget) room(now time.Time, limit int, length time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	inside := b.inside(now, length)
	over := len(inside) + b.inFlight + 1 - limit
	switch {
	case over <= 0:
		return 0
	case over <= len(inside):
		return max(inside[over-1].Add(length).Sub(now), 1)
	}
	return length
}

// forget drops what no window counts any more. A route without limits needs no
// log at all.
func (b *budget) forget(now time.Time) {
	bound := now.Add(-time.Hour)
	n := 0
	for n < len(b.answered) && !b.answered[n].After(bound) {
		n++
	}
	b.answered = slices.Delete(b.answered, 0, n)
}

// settle ends a call that spend took: it counts from now on by its answer.
func (b *budget) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight--
	if b.perMinute > 0 || b.perHour > 0 {
		b.answered = append(b.answered, time.Now())
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// block corrects the budget after a 429: nothing leaves before the wait is over.
func (b *budget) block(wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := time.Now().Add(wait); until.After(b.blocked) {
		b.blocked = until
	}
}

// pause waits for d (for ever when d is negative), for changed or for the end
// of ctx, whichever comes first. Only the last is an error.
func pause(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	var fired <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		fired = timer.C
	}
	select {
	case <-fired:
		return nil
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
