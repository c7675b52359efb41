package storetest

import (
	"sync"
	"time"
)

// clock is one that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// newClock stands at a time until it is moved: far ahead, so that what runs by the
// database's own clock lies before it on whatever day the tests are run.
func newClock() *clock { return &clock{now: time.Date(2100, 1, 2, 3, 0, 0, 0, time.UTC)} }

// Now reads it.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// move moves it.
func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
