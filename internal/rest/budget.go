package rest

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// codeBudget is the Code of an Error that we raised ourselves.
const codeBudget = "ClientBudget"

// Budgets keep the calls of one application in one tenant inside Microsoft's
// limits: two sliding windows for each route, or for those that share a limit,
// spent before a request leaves.
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
	key := op.limit()
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
	return b.of(op).left(time.Now(), interactive)
}

// LeftScheduled is [Budgets.Left] for scheduled work, which may not spend all.
func (b *Budgets) LeftScheduled(op Operation) (calls int, wait time.Duration) {
	return b.of(op).left(time.Now(), scheduled)
}

// budget is the log of one route. A call is counted as "in flight" from before
// it leaves until its answer begins, and at the time of its answer from then
// on: the service has counted it at some time in between, so that by its clock
// no window ever holds more than the limit.
//
// Scheduled calls spend at most their share of each window, so that a call which
// somebody waits for finds room. It goes the other way too: while a scheduled call
// waits that has had none of a window yet, the last call of that window is its.
type budget struct {
	perMinute, perHour int

	mu        sync.Mutex
	all       spending
	scheduled spending      // its part of all
	waiting   int           // scheduled calls that wait for room
	blocked   time.Time     // no call before: the service said so
	changed   chan struct{} // closed and renewed when more may leave
}

// window is one of the two limits of a route.
type window struct {
	limit  int
	length time.Duration
}

// windows returns the limits that there are.
func (b *budget) windows() []window {
	windows := make([]window, 0, 2)
	for _, w := range [...]window{{b.perHour, time.Hour}, {b.perMinute, time.Minute}} {
		if w.limit > 0 {
			windows = append(windows, w)
		}
	}
	return windows
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
	start, class := time.Now(), classOf(ctx)
	for first := true; ; first = false {
		wait, changed := b.take(time.Now(), class)
		if wait == 0 {
			return time.Since(start), nil
		}
		if time.Since(start)+wait > most || !patient(ctx, wait) {
			return time.Since(start), &waitError{wait}
		}
		if first {
			onWait(wait)
			defer b.queue(class)()
		}
		if err := pause(ctx, wait, changed); err != nil {
			return time.Since(start), err
		}
	}
}

// queue notes that a call waits for room, and returns what notes that it does so
// no longer.
func (b *budget) queue(c class) (leave func()) {
	if c != scheduled {
		return func() {}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.waiting--; b.waiting == 0 {
			b.announce() // what was kept for it is free
		}
	}
}

// take takes a call when there is room and returns zero; else how long until the
// next try, which the return of a call in flight, announced by changed, may make
// longer.
func (b *budget) take(now time.Time, c class) (wait time.Duration, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := b.wait(now, c); d > 0 {
		return d, b.changed
	}
	b.all.inFlight++
	if c == scheduled {
		b.scheduled.inFlight++
	}
	return 0, nil
}

// wait tells how long until the route takes another call. The lock is held.
func (b *budget) wait(now time.Time, c class) time.Duration {
	b.all.forget(now)
	b.scheduled.forget(now)
	wait := max(b.blocked.Sub(now), 0)
	kept := c == interactive && b.waiting > 0 && b.withinShare(now) == 0
	for _, w := range b.windows() {
		if kept && w.limit > 1 && b.scheduled.spent(now, w.length) == 0 {
			w.limit--
		}
		wait = max(wait, b.all.room(now, w.limit, w.length))
	}
	if c == scheduled {
		wait = max(wait, b.withinShare(now))
	}
	return wait
}

// withinShare tells how long until the share of scheduled work takes another call.
func (b *budget) withinShare(now time.Time) (wait time.Duration) {
	for _, w := range b.windows() {
		wait = max(wait, b.scheduled.room(now, share(w.limit), w.length))
	}
	return wait
}

// left tells how many calls could leave now, -1 for any number, or how long until
// the next one can.
func (b *budget) left(now time.Time, c class) (calls int, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait := b.wait(now, c); wait > 0 {
		return 0, wait
	}
	calls = -1
	for _, w := range b.windows() {
		free := w.limit - b.all.spent(now, w.length)
		if c == scheduled {
			free = min(free, share(w.limit)-b.scheduled.spent(now, w.length))
		}
		if calls < 0 || free < calls {
			calls = free
		}
	}
	return calls, 0
}

// settle ends a call that spend took: it counts from now on by its answer.
func (b *budget) settle(c class) {
	b.mu.Lock()
	defer b.mu.Unlock()
	limited := b.perMinute > 0 || b.perHour > 0
	b.all.settle(limited)
	if c == scheduled {
		b.scheduled.settle(limited)
	}
	b.announce()
}

// announce lets everybody who waits look again. The lock is held.
func (b *budget) announce() {
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
	defer waited(ctx, time.Now())
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
