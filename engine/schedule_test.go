package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
)

func at(day int) time.Time { return time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC) }

// An interval is a promise: what is read in time is due again within it, and not
// much sooner.
func TestAfterSuccess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.Float64Range(0, 0.999).Draw(t, "random")
		interval := time.Duration(rapid.Int64Range(int64(time.Second), int64(30*24*time.Hour)).Draw(t, "interval"))
		took := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "took"))
		now := at(1).Add(took)
		s := schedule{now: func() time.Time { return now }, random: func() float64 { return random }}
		next := s.afterSuccess(at(1), interval)
		if next.Before(now) || (took < interval*8/10 && (next.After(at(1).Add(interval)) || next.Before(at(1).Add(interval*8/10)))) {
			t.Fatalf("interval %s, took %s: next %s", interval, took, next.Sub(at(1)))
		}
	})
}

func TestAfterFailure(t *testing.T) {
	t.Parallel()
	now := at(2)
	s := schedule{now: func() time.Time { return now }, random: func() float64 { return 0 }}
	for name, step := range map[string]struct {
		since time.Time
		v     Verdict
		want  time.Duration
	}{
		"at first":          {now, Verdict{}, 15 * time.Second},
		"after a minute":    {now.Add(-time.Minute), Verdict{}, time.Minute},
		"after a day":       {at(1), Verdict{}, 15 * time.Minute},
		"as Microsoft asks": {at(1), Verdict{Wait: 40 * time.Minute}, 40 * time.Minute},
		"a limit":           {at(1), Verdict{State: gatehouse.StreamThrottled}, time.Minute},
	} {
		if got := s.afterFailure(step.since, step.v).Sub(now); got != step.want {
			t.Errorf("%s: got %s, want %s", name, got, step.want)
		}
	}
}

func TestSetRight(t *testing.T) {
	t.Parallel()
	s := schedule{now: func() time.Time { return at(5) }}
	in := func(day int, more time.Duration) gatehouse.StreamHealth {
		d := at(day).Add(more)
		return gatehouse.StreamHealth{LastAttempt: d, NextAttempt: d.Add(time.Hour), FailingSince: d, Detour: gatehouse.Detour{Since: d, Retry: d.Add(time.Hour)}}
	}
	for _, h := range []gatehouse.StreamHealth{in(4, 0), in(5, time.Minute), {}} {
		if got := s.setRight(h); got != h {
			t.Errorf("%+v became %+v", h, got)
		}
	}
	if got := s.setRight(in(6, 0)); !got.NextAttempt.IsZero() || !got.FailingSince.Equal(at(5)) || !got.Detour.Since.Equal(at(5)) || !got.Detour.Retry.Equal(at(5)) {
		t.Errorf("got %+v", got)
	}
}

func TestMostUrgent(t *testing.T) {
	t.Parallel()
	s := schedule{now: func() time.Time { return at(5) }, random: func() float64 { return 0 }}
	sources := []Source{{Stream: "slow", Interval: 24 * time.Hour}, {Stream: "quick", Interval: time.Minute}, {Stream: "later", Interval: time.Second}}
	next := map[gatehouse.Stream]time.Time{"later": at(6)}
	for _, step := range []struct {
		name string
		done gatehouse.Stream
		want gatehouse.Stream
	}{{"never read", "", "quick"}, {"the quick one is due again", "quick", "slow"}, {"only that one is due", "slow", "quick"}} {
		if step.done != "" {
			next[step.done] = at(4)
		}
		if step.done == "slow" {
			next[step.done] = at(7)
		}
		if got := s.mostUrgent(sources, next); got == nil || got.Stream != step.want {
			t.Errorf("%s: got %+v, want %s", step.name, got, step.want)
		}
	}
	if got := earliest(sources, next, at(9)); !got.Equal(at(4)) {
		t.Errorf("got %s", got)
	}
	next["quick"] = at(8)
	if got := s.mostUrgent(sources, next); got != nil {
		t.Errorf("got %+v, want none", got)
	}
}

func TestThin(t *testing.T) {
	t.Parallel()
	for _, step := range []struct {
		held, upstream int64
		want           bool
	}{{0, -1, false}, {5, 10, false}, {0, 11, true}, {99_000, 100_000, false}, {98_000, 100_000, true}, {10, 5, false}} {
		if got := thin(step.held, step.upstream); got != step.want {
			t.Errorf("%d of %d: got %t", step.held, step.upstream, got)
		}
	}
}
