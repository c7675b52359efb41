package server

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// rateWindow is how long a limit counts.
const rateWindow = time.Minute

// rates count the requests of each caller, in windows of a minute that begin with
// the first request.
type rates struct {
	limit int // less than 0: none
	now   func() time.Time

	mu      sync.Mutex
	windows map[string]*rateCount
}

// rateCount is the window of one caller.
type rateCount struct {
	since time.Time
	made  int
}

func newRates(limit int, now func() time.Time) *rates {
	return &rates{limit: limit, now: now, windows: map[string]*rateCount{}}
}

// take counts a request and says what is left and when the window ends. The
// request may go on when ok.
func (r *rates) take(who string) (left int, reset time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	w := r.windows[who]
	if w == nil || now.Sub(w.since) >= rateWindow {
		r.forget(now)
		w = &rateCount{since: now}
		r.windows[who] = w
	}
	reset = w.since.Add(rateWindow).Sub(now)
	if w.made >= r.limit {
		return 0, reset, false
	}
	w.made++
	return r.limit - w.made, reset, true
}

// forget drops the windows that are over, now and then.
func (r *rates) forget(now time.Time) {
	const many = 1024
	if len(r.windows) < many {
		return
	}
	for who, w := range r.windows {
		if now.Sub(w.since) >= rateWindow {
			delete(r.windows, who)
		}
	}
}

// spend counts a request of the caller, says in the headers what is left, and
// reports whether it may go on. The headers are those of the IETF's draft
// "RateLimit header fields for HTTP", revision 10.
func (s *Server) spend(h http.Header, who string) bool {
	if s.rates.limit < 0 {
		return true
	}
	left, reset, ok := s.rates.take(who)
	seconds := int((reset + time.Second - 1) / time.Second)
	h.Set("Ratelimit-Policy", fmt.Sprintf(`"key";q=%d;w=%d`, s.rates.limit, int(rateWindow/time.Second)))
	h.Set("Ratelimit", fmt.Sprintf(`"key";r=%d;t=%d`, left, seconds))
	if !ok {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	return ok
}
