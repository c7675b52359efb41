package emulator

import (
	"maps"
	"sync"
)

// Stats is what has happened since the start. Routes are named by verb and path, such as "GET /api/machines/{id}".
type Stats struct {
	// Seed and FaultSeed are the seeds in use: the data of a run and the faults of a run come again with them.
	Seed, FaultSeed uint64
	// Requests counts the requests of each route, refused ones included.
	Requests map[string]int
	// Throttled counts the 429 of each route.
	Throttled map[string]int
	// Statuses counts the answers by status.
	Statuses map[int]int
	// Unknown counts the requests that found no route, by verb and path.
	Unknown map[string]int
	// Tokens counts the access tokens issued.
	Tokens int
	// TokenErrors counts the refusals of Entra by AADSTS number.
	TokenErrors map[int]int
	// Faults counts the faults that struck, by kind.
	Faults map[FaultKind]int
	// Violations counts what a good client never does, by what it is: a call before Retry-After was over, a token sent
	// to a host that must not see it, an undocumented query option, a malformed link followed, a wrong audience.
	Violations map[string]int
	// OverBudget counts the calls of each route that went over the budget of their application, by the emulator's own
	// count: a client that keeps to Microsoft's limits has none. Those that a fault throttled are not among them.
	OverBudget map[string]int
	// Overlaps counts, by tenant and client id with a slash between, the calls that began while a call of another worker
	// was under way, Handovers the calls that came from another worker than the one before. A worker is what the header
	// X-Gatehouse-Worker names, or a product worker/NAME in User-Agent; calls of no worker do not count.
	Overlaps, Handovers map[string]int
	// Bytes is the size of all bodies sent, as they went over the wire.
	Bytes int64
}

// counters is Stats while it is counted.
type counters struct {
	mu sync.Mutex
	s  Stats
}

func newCounters(seed uint64) *counters {
	return &counters{s: Stats{
		Seed: seed, Requests: map[string]int{}, Throttled: map[string]int{}, Statuses: map[int]int{}, Unknown: map[string]int{},
		TokenErrors: map[int]int{}, Faults: map[FaultKind]int{}, Violations: map[string]int{}, OverBudget: map[string]int{},
	}}
}

func (c *counters) do(f func(s *Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.s)
}

func (c *counters) token()                { c.do(func(s *Stats) { s.Tokens++ }) }
func (c *counters) tokenError(code int)   { c.do(func(s *Stats) { s.TokenErrors[code]++ }) }
func (c *counters) fault(kind FaultKind)  { c.do(func(s *Stats) { s.Faults[kind]++ }) }
func (c *counters) violation(what string) { c.do(func(s *Stats) { s.Violations[what]++ }) }
func (c *counters) throttled(rt *route)   { c.do(func(s *Stats) { s.Throttled[rt.name()]++ }) }
func (c *counters) overBudget(rt *route)  { c.do(func(s *Stats) { s.OverBudget[rt.name()]++ }) }
func (c *counters) request(name string)   { c.do(func(s *Stats) { s.Requests[name]++ }) }
func (c *counters) unknown(name string)   { c.do(func(s *Stats) { s.Unknown[name]++ }) }

func (c *counters) answer(status int, bytes int64) {
	c.do(func(s *Stats) {
		s.Statuses[status]++
		s.Bytes += bytes
	})
}

// snapshot copies the numbers.
func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.s
	s.Requests, s.Throttled, s.Unknown = maps.Clone(s.Requests), maps.Clone(s.Throttled), maps.Clone(s.Unknown)
	s.Statuses, s.TokenErrors = maps.Clone(s.Statuses), maps.Clone(s.TokenErrors)
	s.Faults, s.Violations = maps.Clone(s.Faults), maps.Clone(s.Violations)
	s.OverBudget = maps.Clone(s.OverBudget)
	return s
}
