package emulator

import (
	"maps"
	"net/http"
	"strings"
	"sync"
)

// workerHeader names the worker that makes a call. A client that wants to show that its workers never work on the same
// integration at once sends it; Microsoft knows nothing of it.
const workerHeader = "X-Gatehouse-Worker"

// crew watches which worker works on which integration, an application of a tenant.
type crew struct {
	mu        sync.Mutex
	under     map[string]map[string]int // calls under way, by integration and worker
	last      map[string]string         // the worker of the newest call
	overlaps  map[string]int
	handovers map[string]int
}

func newCrew() *crew {
	return &crew{under: map[string]map[string]int{}, last: map[string]string{}, overlaps: map[string]int{}, handovers: map[string]int{}}
}

// workerOf names the worker of a request; empty is none.
func workerOf(r *http.Request) string {
	if name := r.Header.Get(workerHeader); name != "" {
		return name
	}
	for product := range strings.FieldsSeq(r.UserAgent()) {
		if name, ok := strings.CutPrefix(product, "worker/"); ok {
			return name
		}
	}
	return ""
}

// enter notes the begin of a call and returns what notes its end.
func (c *crew) enter(integration, worker string) func() {
	if worker == "" {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.under[integration]
	if calls == nil {
		calls = map[string]int{}
		c.under[integration] = calls
	}
	if len(calls) > 1 || len(calls) == 1 && calls[worker] == 0 {
		c.overlaps[integration]++
	}
	if before, ok := c.last[integration]; ok && before != worker {
		c.handovers[integration]++
	}
	c.last[integration] = worker
	calls[worker]++
	return func() { c.exit(integration, worker) }
}

// exit notes the end of a call.
func (c *crew) exit(integration, worker string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under[integration][worker]--; c.under[integration][worker] == 0 {
		delete(c.under[integration], worker)
	}
}

// counts copies the numbers.
func (c *crew) counts() (overlaps, handovers map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.overlaps), maps.Clone(c.handovers)
}

// leave ends a call: its worker is free, and what waited for the answer happens.
func (s *Server) leave(c *call, rt *route) {
	if c.leave != nil {
		c.leave()
	}
	if c.tenant != nil {
		c.tenant.answered(rt.name(), c.now)
	}
}
