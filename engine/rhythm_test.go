package engine

import (
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// TestQuiet: a stream that was never silent for longer than a weekend is told when it
// is silent for three, and one that seldom changes is not.
func TestQuiet(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		every func(time.Time) bool // hours with a change
		days  int
		told  time.Duration // silence behind which it is; 0 means not within 60 days
	}{
		"always":         {func(time.Time) bool { return true }, 30, 25 * time.Hour},
		"not for a week": {func(time.Time) bool { return true }, 7, 0},
		"in work hours": {func(n time.Time) bool {
			return n.Weekday() >= time.Monday && n.Weekday() <= time.Friday && n.Hour() >= 8 && n.Hour() < 18
		}, 29, 7 * day},
		"each third day": {func(n time.Time) bool { return n.YearDay()%3 == 0 && n.Hour() == 0 }, 30, 9*day + time.Hour},
		"a few times":    {func(n time.Time) bool { return n.YearDay()%20 == 0 && n.Hour() == 0 }, 80, 0},
		"a long gap fades": {func(n time.Time) bool {
			return n.YearDay() < 5 || n.YearDay() > 15
		}, 90, 2*day + time.Hour},
	} {
		h := gatehouse.StreamHealth{}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for range c.days * 24 {
			if c.every(now) {
				h.Rhythm, h.LastChange = rhythm(h.Rhythm, h.LastChange, now), now
			}
			if got := quiet(h, now); got != 0 {
				t.Errorf("%s: told on %s behind %s", name, now, got)
			}
			now = now.Add(time.Hour)
		}
		var told time.Duration
		for silent := time.Duration(0); silent < 60*day && told == 0; silent += time.Hour {
			told = quiet(h, h.LastChange.Add(silent))
		}
		if told.Truncate(day) != c.told.Truncate(day) {
			t.Errorf("%s: told behind %s, want %s; %+v", name, told, c.told, h.Rhythm)
		}
	}
}

// TestRhythmOfAClock: a change that seems to come before the last one is none.
func TestRhythmOfAClock(t *testing.T) {
	t.Parallel()
	was := gatehouse.Rhythm{Since: at(1), Changes: 3, Silence: time.Hour}
	for _, next := range []time.Time{at(4), at(3), {}} {
		if got := rhythm(was, at(4), next); got != was {
			t.Errorf("%s: got %+v", next, got)
		}
	}
}
