package rest

import (
	"slices"
	"time"
)

// spending is the log of the calls of a route.
type spending struct {
	answered []time.Time // rising; nothing older than an hour
	inFlight int
}

// inside returns the calls of the log that a window still counts.
func (s *spending) inside(now time.Time, length time.Duration) []time.Time {
	first, _ := slices.BinarySearchFunc(s.answered, now.Add(-length), func(t, bound time.Time) int {
		if t.After(bound) {
			return 1
		}
		return -1
	})
	return s.answered[first:]
}

// spent is how many calls count in a window.
func (s *spending) spent(now time.Time, length time.Duration) int {
	return len(s.inside(now, length)) + s.inFlight
}

// room tells how long until one window takes another call. A call in flight
// counts from its answer on, so that behind it there is no room for the whole
// length of the window.
func (s *spending) room(now time.Time, limit int, length time.Duration) time.Duration {
	inside := s.inside(now, length)
	over := len(inside) + s.inFlight + 1 - limit
	switch {
	case over <= 0:
		return 0
	case over <= len(inside):
		return max(inside[over-1].Add(length).Sub(now), 1)
	}
	return length
}

// forget drops what no window counts any more.
func (s *spending) forget(now time.Time) {
	bound := now.Add(-time.Hour)
	n := 0
	for n < len(s.answered) && !s.answered[n].After(bound) {
		n++
	}
	s.answered = slices.Delete(s.answered, 0, n)
}

// settle counts a call by its answer. A route without limits needs no log at all.
func (s *spending) settle(limited bool) {
	s.inFlight--
	if limited {
		s.answered = append(s.answered, time.Now())
	}
}
