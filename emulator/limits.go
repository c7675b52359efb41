package emulator

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// ThrottleBody chooses between the two bodies of a 429 that are known of MDE.
type ThrottleBody int

const (
	// ThrottleAlternate sends the one and the other in turn. The default.
	ThrottleAlternate ThrottleBody = iota
	// ThrottleNumeric sends code "429" and the quota in words, as recorded from advanced hunting in 2021.
	ThrottleNumeric
	// ThrottleNamed sends code TooManyRequests, as Microsoft's table of error codes has it.
	ThrottleNamed
)

// slidingWindow is an exact sliding window: the moments of the calls that were let through.
type slidingWindow struct {
	span  time.Duration
	limit int
	calls []time.Time // oldest first, never more than limit
}

// wait tells how long until another call fits; zero is now.
func (w *slidingWindow) wait(now time.Time) time.Duration {
	old := 0
	for old < len(w.calls) && now.Sub(w.calls[old]) >= w.span {
		old++
	}
	w.calls = w.calls[old:]
	if len(w.calls) < w.limit {
		return 0
	}
	return w.calls[0].Add(w.span).Sub(now)
}

// budget is what may be spent on one route, or on those that share a limit.
type budget struct {
	windows []*slidingWindow
	quiet   map[string]time.Time // by route: until then the client was told to wait
}

// excess is a refused call: which limit, and how long to wait.
type excess struct {
	limit int
	span  time.Duration
	wait  time.Duration
}

// limiter keeps every budget.
type limiter struct {
	mu      sync.Mutex
	budgets map[string]*budget
	always  map[string]bool // routes that are throttled whatever is left
	bodies  uint64
}

// alwaysWait is the Retry-After of a route that is throttled for good.
const alwaysWait = time.Minute

// spend takes one call out of the budget, or tells why not. A refused call spends nothing. early tells that the client
// came back before it was told to.
func (l *limiter) spend(rt *route, key string, now time.Time) (refused *excess, early bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.budgets[key]
	if !ok {
		b = newBudget(rt)
		l.budgets[key] = b
	}
	early = now.Before(b.quiet[rt.name()])
	if l.always[rt.name()] {
		b.quiet[rt.name()] = now.Add(alwaysWait)
		return &excess{limit: rt.perMinute, span: time.Minute, wait: alwaysWait}, early
	}
	var worst excess // when both windows are full, the longer wait is the true one
	for _, w := range b.windows {
		if wait := w.wait(now); wait > worst.wait {
			worst = excess{limit: w.limit, span: w.span, wait: wait}
		}
	}
	if worst.wait > 0 {
		b.quiet[rt.name()] = now.Add(worst.wait)
		return &worst, early
	}
	for _, w := range b.windows {
		w.calls = append(w.calls, now)
	}
	return nil, early
}

// throttledForGood tells whether a route is throttled whatever is left.
func (l *limiter) throttledForGood(rt *route) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.always[rt.name()]
}

// told notes that a client was told to wait for another reason than its budget.
func (l *limiter) told(rt *route, key string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.budgets[key]
	if !ok {
		b = newBudget(rt)
		l.budgets[key] = b
	}
	b.quiet[rt.name()] = until
}

// newBudget makes the windows of a route.
func newBudget(rt *route) *budget {
	b := &budget{quiet: map[string]time.Time{}}
	if rt.perHour > 0 {
		b.windows = append(b.windows, &slidingWindow{span: time.Hour, limit: rt.perHour})
	}
	if rt.perMinute > 0 {
		b.windows = append(b.windows, &slidingWindow{span: time.Minute, limit: rt.perMinute})
	}
	return b
}

// body chooses the body of the next 429.
func (l *limiter) body(want ThrottleBody) ThrottleBody {
	if want != ThrottleAlternate {
		return want
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bodies++
	if l.bodies%2 == 1 {
		return ThrottleNumeric
	}
	return ThrottleNamed
}

// throttled is a 429. Retry-After is in whole seconds, rounded up, so that a client that obeys is never early.
func throttled(api string, e excess, body ThrottleBody) reply {
	seconds := int((e.wait + time.Second - 1) / time.Second)
	var r reply
	switch {
	case api == apiGraph:
		r = fail(http.StatusTooManyRequests, "TooManyRequests", "Please retry again later.")
	case body == ThrottleNumeric:
		r = fail(http.StatusTooManyRequests, "429", fmt.Sprintf("API calls quota exceeded! maximum allowed %d per %s", e.limit, hms(e.span)))
	default:
		// The code is Microsoft's, the text is ours: none is recorded.
		r = fail(http.StatusTooManyRequests, "TooManyRequests", fmt.Sprintf("Too many requests. The quota of requests resets in %d seconds.", seconds))
	}
	r.header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	return r
}

// hms prints a span as hh:mm:ss.
func hms(d time.Duration) string {
	s := int(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// budgetKey is whom a budget belongs to: Microsoft counts per application, tenant and route. Hunting is counted per tenant,
// whoever asks, and the security API of Graph by what is asked for and not by route.
func budgetKey(rt *route, b bearer) string {
	switch {
	case rt.hunts():
		return b.tenant.id + " " + rt.name()
	case rt.quota != "":
		return b.tenant.id + " " + b.app.clientID + " " + rt.quota
	}
	return b.tenant.id + " " + b.app.clientID + " " + rt.name()
}

// overBudget refuses a call that goes over its budget.
func (s *Server) overBudget(rt *route, b bearer) *reply {
	if s.noLimits {
		return nil
	}
	now := s.clock.Now() // not the skewed one: a skew set in mid-run must not empty or fill a window
	e, early := s.limits.spend(rt, budgetKey(rt, b), now)
	if early {
		s.stats.violation("called before Retry-After was over")
	}
	if e == nil {
		return nil
	}
	s.stats.throttled(rt)
	if !s.limits.throttledForGood(rt) {
		s.stats.overBudget(rt)
	}
	r := throttled(rt.api, *e, s.limits.body(s.throttleBody))
	return &r
}
