package store

import (
	"sync"
	"time"
)

// estimates remembers for a while how many rows a condition has, so that the
// same filter is not counted with every page of a list.
type estimates struct {
	mu   sync.Mutex
	held map[string]estimate
}

// estimate is what was counted.
type estimate struct {
	n     int
	until time.Time
}

// Bounds of what is remembered.
const (
	estimateFor = 30 * time.Second
	estimateMax = 4096
)

// get returns what was counted a moment ago.
func (e *estimates) get(key string, now time.Time) (int, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	h, ok := e.held[key]
	return h.n, ok && now.Before(h.until)
}

// put remembers a count. When there are too many all are forgotten: they are
// soon counted again.
func (e *estimates) put(key string, n int, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held == nil || len(e.held) >= estimateMax {
		e.held = map[string]estimate{}
	}
	e.held[key] = estimate{n: n, until: now.Add(estimateFor)}
}
