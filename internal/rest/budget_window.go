package rest

import (
	"time"
)

// Window is what is left of the limits of one route.
type Window struct {
	// Minute and Hour are how many calls could still leave in the window that ends
	// now; -1 where there is no limit.
	Minute, Hour int
	// Blocked is until when the service has asked for silence; zero when it has
	// not.
	Blocked time.Time
}

// Window tells what is left of each limit of a route. It spends nothing.
func (b *Budgets) Window(op Operation) Window {
	return b.of(op).window(time.Now())
}

// window tells what is left.
func (b *budget) window(now time.Time) Window {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all.forget(now)
	left := func(limit int, length time.Duration) int {
		if limit <= 0 {
			return -1
		}
		return max(limit-b.all.spent(now, length), 0)
	}
	w := Window{Minute: left(b.perMinute, time.Minute), Hour: left(b.perHour, time.Hour)}
	if b.blocked.After(now) {
		w.Blocked = b.blocked
	}
	return w
}
