package emulator

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of fault.
const (
	// FaultThrottle answers 429, whatever is left of the budget. See Fault.Body, RetryAfter and Date.
	FaultThrottle FaultKind = "throttle"
	// FaultServerError answers 5xx. See Fault.Status.
	FaultServerError FaultKind = "server-error"
	// FaultLatency answers after Fault.Delay on the emulator's clock.
	FaultLatency FaultKind = "latency"
	// FaultDroppedConnection closes the connection without an answer.
	FaultDroppedConnection FaultKind = "dropped-connection"
	// FaultExpiredToken answers 401, and the token of that call is never good again.
	FaultExpiredToken FaultKind = "expired-token"
	// FaultForeignLink puts another host into @odata.nextLink.
	FaultForeignLink FaultKind = "foreign-link"
	// FaultPlainLink makes @odata.nextLink an http link.
	FaultPlainLink FaultKind = "plain-link"
	// FaultRepeatedLink makes @odata.nextLink the page that was just read.
	FaultRepeatedLink FaultKind = "repeated-link"
	// FaultMalformedLink drops the names of the parameters of @odata.nextLink, as seen in 2022: following it loses the
	// filter.
	FaultMalformedLink FaultKind = "malformed-link"
	// FaultTruncatedBody breaks the connection halfway through the body.
	FaultTruncatedBody FaultKind = "truncated-body"
	// FaultCutBody ends the body halfway, and in good order, so that only its text shows that something is missing.
	FaultCutBody FaultKind = "cut-body"
	// FaultNamelessRow sends the first row of a list without its id.
	FaultNamelessRow FaultKind = "nameless-row"
	// FaultExpiredLink refuses a download as one whose link has expired.
	FaultExpiredLink FaultKind = "expired-link"
	// FaultExpandError answers 500 to calls with $expand, and to no others.
	FaultExpandError FaultKind = "expand-error"
	// FaultEmptyPage makes a page of a list empty, with a nextLink that goes on where it stood. Calls with $top have no
	// nextLink, but in Graph, and are spared.
	FaultEmptyPage FaultKind = "empty-page"
	// FaultSnapshotGone answers a further page or a file of an export as if a newer snapshot had taken the place of the
	// one it belongs to.
	FaultSnapshotGone FaultKind = "snapshot-gone"
	// FaultEmptyDownload answers a download with 200 and nothing.
	FaultEmptyDownload FaultKind = "empty-download"
	// FaultLostAnswer keeps back the answer to a write that took effect: the connection is closed, or Fault.Status is
	// answered, such as 504. FaultDroppedConnection and FaultServerError strike before a write takes effect.
	FaultLostAnswer FaultKind = "lost-answer"
	// FaultLateAction keeps the machine action that a call begins from the list, and 404 by its id, for Fault.Delay.
	FaultLateAction FaultKind = "late-action"
	// FaultFailedAction lets the machine action that a call begins end as Failed.
	FaultFailedAction FaultKind = "failed-action"
)

// faultKinds lists the kinds, with the doors each one can strike.
func faultKinds() map[FaultKind][]string {
	api := []string{apiMDE, apiXDR, apiGraph}
	all := []string{apiMDE, apiXDR, apiGraph, apiBlob, apiLogin}
	return map[FaultKind][]string{
		FaultThrottle: all, FaultServerError: all, FaultLatency: all, FaultDroppedConnection: all,
		FaultExpiredToken: api, FaultForeignLink: api, FaultPlainLink: api, FaultRepeatedLink: api, FaultMalformedLink: api,
		FaultTruncatedBody: all, FaultCutBody: all, FaultNamelessRow: api,
		FaultExpandError: api, FaultEmptyPage: api, FaultSnapshotGone: {apiMDE, apiBlob},
		FaultExpiredLink: {apiBlob}, FaultEmptyDownload: {apiBlob},
		FaultLostAnswer: api, FaultLateAction: {apiMDE}, FaultFailedAction: {apiMDE},
	}
}

// Fault is one thing that goes wrong, and when. Without Probability and Calls it strikes every call.
type Fault struct {
	// Kind is what goes wrong. Required.
	Kind FaultKind
	// Route is where: a route as Stats names it, such as "GET /api/machines"; or a door: mde, xdr, graph, blob
	// (downloads), login. Default: every route of the three APIs, and downloads for the kinds that only they know.
	Route string
	// Probability is the share of calls it strikes, between 0 and 1.
	Probability float64
	// Calls are the calls it strikes, by number: 3 is the third call to the route since the faults were set.
	Calls []int
	// Limit is how often it strikes each route at most. Default: 0, without end.
	Limit int
	// Status is the status of FaultServerError, by default 500, and of FaultLostAnswer, by default none: the connection
	// is closed.
	Status int
	// RetryAfter is sent with FaultThrottle and FaultServerError, in seconds, rounded up. Default: 1 s for a 429, none
	// for a 5xx; a negative one is none.
	RetryAfter time.Duration
	// Date sends Retry-After as an HTTP date.
	Date bool
	// Body is the body of FaultThrottle. Default: both in turn.
	Body ThrottleBody
	// Delay is the time of FaultLatency and of FaultLateAction. Default: 10 s.
	Delay time.Duration
}

// Faults is a plan of what goes wrong. Two runs with the same plan and the same calls to each route go wrong alike,
// however the calls to different routes interleave.
type Faults struct {
	// Seed decides where a Probability strikes. Default: the seed of Options.
	Seed uint64
	// Skew is how far the emulator's clock is ahead of the true one: in Date, in the times of tokens and in the times
	// it checks assertions against.
	Skew time.Duration
	// List are the faults.
	List []Fault
}

// plan is a running plan of faults.
type plan struct {
	faults Faults
	mu     sync.Mutex
	calls  map[string]int // calls seen, by fault and route
	hits   map[string]int
}

// newPlan checks the faults and fills in their defaults.
func newPlan(f Faults, seed uint64, known func(route string) bool) (*plan, error) {
	if f.Seed == 0 {
		f.Seed = seed
	}
	f.List = slices.Clone(f.List)
	for i := range f.List {
		one := &f.List[i]
		doors, ok := faultKinds()[one.Kind]
		switch {
		case !ok:
			return nil, fmt.Errorf("emulator: fault %d: unknown kind %q", i+1, one.Kind)
		case one.Probability < 0 || one.Probability > 1:
			return nil, fmt.Errorf("emulator: fault %d: probability %v is not between 0 and 1", i+1, one.Probability)
		case one.Route != "" && !slices.Contains(doors, one.Route) && !known(one.Route):
			return nil, fmt.Errorf("emulator: fault %d: no route %q for %s", i+1, one.Route, one.Kind)
		}
		one.complete()
	}
	return &plan{faults: f, calls: map[string]int{}, hits: map[string]int{}}, nil
}

// complete fills in the defaults.
func (f *Fault) complete() {
	if f.Status == 0 && f.Kind != FaultLostAnswer {
		f.Status = http.StatusInternalServerError
	}
	if f.Delay == 0 {
		f.Delay = 10 * time.Second
	}
	if f.RetryAfter == 0 && f.Kind == FaultThrottle {
		f.RetryAfter = time.Second
	}
}

// concerns tells whether the fault can strike a route.
func (f *Fault) concerns(rt *route) bool {
	doors := faultKinds()[f.Kind]
	switch {
	case !slices.Contains(doors, rt.api):
		return false
	case f.Route == "":
		return rt.api != apiLogin && (rt.api != apiBlob || len(doors) == 1)
	}
	return f.Route == rt.api || strings.EqualFold(f.Route, rt.name())
}

// applies tells whether the fault can strike a request. It counts only those.
func (f *Fault) applies(rt *route, r *http.Request) bool {
	switch f.Kind {
	case FaultLostAnswer:
		return rt.writes()
	case FaultLateAction, FaultFailedAction:
		return rt.begins()
	case FaultExpandError:
	default:
		return true
	}
	for name := range r.URL.Query() {
		if strings.EqualFold(name, "$expand") {
			return true
		}
	}
	return false
}

// strikes counts a call to a route and returns the faults that strike it, by kind.
func (p *plan) strikes(rt *route, r *http.Request) map[FaultKind]Fault {
	if len(p.faults.List) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	hit := map[FaultKind]Fault{}
	for i, f := range p.faults.List {
		if !f.concerns(rt) || !f.applies(rt, r) {
			continue
		}
		key := fmt.Sprint(i, " ", rt.name())
		p.calls[key]++
		if f.Limit > 0 && p.hits[key] >= f.Limit || !p.decides(f, key, p.calls[key]) {
			continue
		}
		p.hits[key]++
		hit[f.Kind] = f
	}
	return hit
}

// decides tells whether a fault strikes the nth call to a route: a pure function of the seed and these.
func (p *plan) decides(f Fault, key string, n int) bool {
	if slices.Contains(f.Calls, n) || len(f.Calls) == 0 && f.Probability == 0 {
		return true
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%d %s %d", p.faults.Seed, key, n))
	return float64(binary.BigEndian.Uint64(digest[:8])>>11)/(1<<53) < f.Probability
}

// retryAfter sets the header of a fault's answer.
func (f *Fault) retryAfter(h http.Header, now time.Time) {
	if f.RetryAfter <= 0 {
		return
	}
	whole := (f.RetryAfter + time.Second - 1).Truncate(time.Second)
	if f.Date {
		h.Set("Retry-After", now.Add(whole).UTC().Format(http.TimeFormat))
		return
	}
	h.Set("Retry-After", fmt.Sprint(int(whole.Seconds())))
}

// interfere plays the faults that come before a call is looked at. A reply ends the call.
func (s *Server) interfere(c *call, rt *route, hit map[FaultKind]Fault) *reply {
	if f, ok := hit[FaultLatency]; ok {
		s.stats.fault(f.Kind)
		if s.clock.Sleep(c.r.Context(), f.Delay) != nil {
			panic(http.ErrAbortHandler) // the client is gone
		}
	}
	if f, ok := hit[FaultDroppedConnection]; ok {
		s.stats.fault(f.Kind)
		panic(http.ErrAbortHandler)
	}
	for _, kind := range []FaultKind{FaultServerError, FaultExpandError, FaultThrottle, FaultExpiredLink, FaultEmptyDownload} {
		f, ok := hit[kind]
		if !ok {
			continue
		}
		s.stats.fault(kind)
		r := s.faultReply(c, rt, f)
		return &r
	}
	return nil
}

// faultReply is the answer of a fault that takes the place of the real one.
func (s *Server) faultReply(c *call, rt *route, f Fault) reply {
	var r reply
	switch f.Kind {
	case FaultThrottle:
		s.stats.throttled(rt)
		r = throttled(rt.api, excess{limit: max(rt.perMinute, 1), span: time.Minute, wait: f.RetryAfter}, s.limits.body(f.Body))
		r.header.Del("Retry-After")
		if b, err := s.readBearer(c.r); err == nil && f.RetryAfter > 0 {
			s.limits.told(rt, budgetKey(rt, b), s.clock.Now().Add(f.RetryAfter))
		}
	case FaultExpiredLink:
		return blobError(http.StatusForbidden, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.", expiredDetail(c.now))
	case FaultEmptyDownload:
		return reply{header: http.Header{"Content-Type": {"application/gzip"}}}
	default:
		r = serverError(rt.api, f.Status)
	}
	if rt.api == apiLogin {
		code := map[bool]int{true: 90055, false: 90033}[f.Kind == FaultThrottle]
		r = s.refused(c, refuse(code))
	}
	if r.header == nil {
		r.header = http.Header{}
	}
	f.retryAfter(r.header, c.now)
	return r
}

// serverError is a 5xx: Microsoft's envelope without a message for 500, and a gateway's page for the others.
func serverError(api string, status int) reply {
	if status == http.StatusInternalServerError && api != apiBlob {
		return fail(status, "InternalServerError", "")
	}
	text := fmt.Sprintf("<html><head><title>%d %s</title></head><body><h1>%s</h1></body></html>", status, http.StatusText(status), http.StatusText(status))
	return reply{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: rawBody(text)}
}

// snapshotGone is the answer to whoever comes back to a snapshot that is no more.
func snapshotGone(api string) reply {
	if api == apiBlob {
		return blobError(http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.", "")
	}
	return refuseExport(odataErrorf("The $skiptoken is not valid or its snapshot is gone; start again from the first page."))
}
