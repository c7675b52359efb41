package emulator

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// replays remembers what may be used once only, until it would not count any more.
type replays struct {
	mu   sync.Mutex
	seen map[string]time.Time // and until when it counts
}

// first tells whether a thing is used for the first time, and notes it.
func (r *replays) first(id string, now, until time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]time.Time{}
	}
	for old, end := range r.seen {
		if now.After(end) {
			delete(r.seen, old)
		}
	}
	if _, used := r.seen[id]; used {
		return false
	}
	r.seen[id] = until
	return true
}

// ids numbers things with GUIDs that a seed decides.
type ids struct {
	seed uint64
	n    atomic.Uint64
}

// next is another GUID.
func (i *ids) next() string {
	return derivedGUID("id", fmt.Sprint(i.seed), fmt.Sprint(i.n.Add(1)))
}
