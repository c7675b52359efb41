package server

import (
	"sync"

	"github.com/gatehouse-sec/gatehouse/api"
)

// How much one caller may ask at once, so that none keeps all others waiting.
const (
	requestsAtOnce = 50
	liveAtOnceEach = 16 // feeds and other answers that take as long as their reader
)

// crowd counts what is under way for each caller.
type crowd struct {
	mu    sync.Mutex
	under map[crowdKey]int
}

// crowdKey is one kind of request of one caller.
type crowdKey struct {
	who     string
	streams bool
}

// enter counts a request in, and returns what counts it out; a problem when the
// caller has too many.
func (c *crowd) enter(who string, streams bool) (leave func(), p *api.Problem) {
	most := requestsAtOnce
	if streams {
		most = liveAtOnceEach
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under == nil {
		c.under = map[crowdKey]int{}
	}
	k := crowdKey{who, streams}
	if c.under[k] >= most {
		return nil, newProblem(api.CodeRateLimited, "this key has too many requests under way", "wait for the answer to one of them")
	}
	c.under[k]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.under[k]--; c.under[k] == 0 {
			delete(c.under, k)
		}
	}, nil
}
