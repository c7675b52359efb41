package engine

import (
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// The measures of what is usual.
const (
	quietFloor  = 24 * time.Hour      // a shorter silence is never told
	quietTimes  = 3                   // so many times the longest silence of late
	quietNeeds  = 5                   // changes before anything is usual,
	quietWatch  = 8 * 24 * time.Hour  // and days, so that a weekend was among them
	quietMemory = 30 * 24 * time.Hour // in which a silence fades to a third
)

// rhythm is how often a stream changes, when the change that was the last one was
// followed by another.
func rhythm(was gatehouse.Rhythm, last, next time.Time) gatehouse.Rhythm {
	if !next.After(last) {
		return was
	}
	if was.Changes++; was.Changes == 1 {
		was.Since = next
		return was
	}
	gap := next.Sub(last)
	fading := max(0, 1-gap.Hours()/quietMemory.Hours())
	was.Silence = max(gap, time.Duration(float64(was.Silence)*fading))
	return was
}

// quiet returns for how long nothing has changed when that is longer than usual,
// and 0 otherwise.
func quiet(h gatehouse.StreamHealth, now time.Time) time.Duration {
	silence, r := now.Sub(h.LastChange), h.Rhythm
	if r.Changes < quietNeeds || h.LastChange.Sub(r.Since) < quietWatch || silence <= max(quietFloor, quietTimes*r.Silence) {
		return 0
	}
	return silence
}
