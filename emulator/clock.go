package emulator

import (
	"context"
	"sync"
	"time"
)

// Clock is where the emulator takes its time from and how it waits.
type Clock interface {
	// Now is the present moment.
	Now() time.Time
	// Sleep waits for a duration or until the context ends, and then returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

var (
	_ Clock = SystemClock{}
	_ Clock = (*FakeClock)(nil)
)

// SystemClock is the clock of the machine.
type SystemClock struct{}

// Now is the present moment.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep waits for a duration or until the context ends.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FakeClock stands still until it is advanced. It is safe for concurrent use.
type FakeClock struct {
	mu       sync.Mutex
	now      time.Time
	sleepers map[chan struct{}]time.Time // and when each one wakes
	changed  chan struct{}               // closed when a sleeper comes
	auto     bool
}

// NewFakeClock makes a clock that stands at the given moment.
func NewFakeClock(start time.Time) *FakeClock {
	return &FakeClock{now: start, sleepers: map[chan struct{}]time.Time{}, changed: make(chan struct{})}
}

// AutoAdvance makes every Sleep return at once, with the clock moved on by as much.
func (c *FakeClock) AutoAdvance() *FakeClock {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.auto = true
	return c
}

// Now is the moment the clock stands at.
func (c *FakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on and wakes whoever slept until then.
func (c *FakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(d)
}

func (c *FakeClock) advance(d time.Duration) {
	c.now = c.now.Add(d)
	for ch, at := range c.sleepers {
		if !at.After(c.now) {
			close(ch)
			delete(c.sleepers, ch)
		}
	}
}

// Sleep waits until the clock has been advanced by a duration or the context ends.
func (c *FakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	if c.auto || d <= 0 {
		c.advance(max(d, 0))
		c.mu.Unlock()
		return ctx.Err()
	}
	ch := make(chan struct{})
	c.sleepers[ch] = c.now.Add(d)
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.sleepers, ch)
		c.mu.Unlock()
		return ctx.Err()
	}
}

// BlockUntil waits until at least n goroutines sleep on the clock, or the context ends.
func (c *FakeClock) BlockUntil(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		enough, changed := len(c.sleepers) >= n, c.changed
		c.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
