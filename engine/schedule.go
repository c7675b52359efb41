package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// The times of a source that does not say.
const (
	defaultInterval  = 15 * time.Minute
	defaultReconcile = 7 * 24 * time.Hour
)

// The pauses after a failure.
const (
	shortestPause = 15 * time.Second
	longestPause  = 15 * time.Minute
	throttlePause = time.Minute // when nobody says how long the limit lasts
	offPause      = time.Hour   // until a stream that is off is looked at again
)

// spread is the part of a pause by which it may be shorter, so that what failed
// or began together does not come back together. It is never longer: an interval
// is a promise.
const spread = 0.1

// headroom is the part of an interval that is left for the job queue to notice
// that a source is due, and for a worker to come free.
const headroom = 0.02

// schedule decides when streams are read.
type schedule struct {
	now    func() time.Time
	random func() float64
}

// jittered makes a pause up to a tenth shorter.
func (s schedule) jittered(d time.Duration) time.Duration {
	return d - time.Duration(float64(d)*spread*s.random())
}

// afterSuccess is when a stream is read again that was read at start.
func (s schedule) afterSuccess(start time.Time, interval time.Duration) time.Time {
	next := start.Add(s.jittered(interval) - time.Duration(float64(interval)*headroom))
	if now := s.now(); next.Before(now) {
		return now
	}
	return next
}

// afterFailure is when a stream is read again that fails since since. The pause
// grows as long as it has been failing, which doubles it every time; a time that
// Microsoft asks for is kept to the end.
func (s schedule) afterFailure(since time.Time, v Verdict) time.Time {
	now := s.now()
	switch {
	case v.Wait > 0:
		// Later is fine, sooner is not.
		return now.Add(v.Wait + time.Duration(float64(time.Second)*s.random()))
	case v.State == gatehouse.StreamThrottled:
		return now.Add(throttlePause)
	}
	pause := min(max(now.Sub(since), shortestPause), longestPause)
	return now.Add(s.jittered(pause))
}

// setRight brings back what of the health of a stream lies in the future since the
// clock was set back: the stream is due, and so is a try of the door that failed.
func (s schedule) setRight(h gatehouse.StreamHealth) gatehouse.StreamHealth {
	now := s.now().UTC()
	if !h.LastAttempt.After(now.Add(clocksDiffer)) {
		return h
	}
	h.NextAttempt = time.Time{}
	for _, t := range []*time.Time{&h.FailingSince, &h.Detour.Since, &h.Detour.Retry} {
		if t.After(now) {
			*t = now
		}
	}
	return h
}

// mostUrgent returns the due source that has waited longest; nil when none is
// due. Those that were never read come first, the quick ones before the slow, and
// at last those that take long.
func (s schedule) mostUrgent(sources []Source, next map[gatehouse.Stream]time.Time) *Source {
	now := s.now()
	var due []*Source
	for i := range sources {
		if !next[sources[i].Stream].After(now) {
			due = append(due, &sources[i])
		}
	}
	if len(due) == 0 {
		return nil
	}
	return slices.MinFunc(due, func(a, b *Source) int {
		if c := next[a.Stream].Compare(next[b.Stream]); c != 0 {
			return c
		}
		if a.Long != b.Long {
			if a.Long {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Interval, b.Interval)
	})
}

// earliest is when the first of the sources is due.
func earliest(sources []Source, next map[gatehouse.Stream]time.Time, otherwise time.Time) time.Time {
	first := otherwise
	for i, src := range sources {
		if at := next[src.Stream]; i == 0 || at.Before(first) {
			first = at
		}
	}
	return first
}
