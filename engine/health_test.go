package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
)

// broken is a connector that has a defect.
type broken struct{ *upstream }

func (broken) Connect(context.Context, gatehouse.Integration) (engine.Connection, error) {
	panic("oh")
}

// A defect in the making of a connection, or in what says what stays, ends neither the
// process nor the work on others, and shows.
func TestDefects(t *testing.T) {
	t.Parallel()
	s, id, u, e := stage(t, sqlite(t), 10)
	syncNow(t, e, id)
	delete(u.rows, "0003")
	for name, c := range map[string]engine.Connector{
		"connect": broken{u},
		"stays":   both{{Stream: "things", API: gatehouse.APIMDE, Read: u.read, Stays: func([]byte) bool { panic("oh") }}},
	} {
		syncNow(t, engine.New(s, c, engine.Options{}), id)
		if h := health(t, s, id); h.State != gatehouse.StreamUpstream || h.Owner != "gatehouse" || !strings.Contains(h.Reason, "oh") || h.Held != 10 {
			t.Errorf("%s: got %+v", name, h)
		}
	}
	if runs, err := s.Runs(t.Context(), id, "things", 10); err != nil || len(runs) != 2 || runs[0].Open() {
		t.Errorf("the run that cannot be swept is not given up: %+v, %v", runs, err)
	}
	syncNow(t, e, id)
	holds(t, s, id, u)
}

// The end of a credential is told ahead of time, and behind it as long as its last
// token works.
func TestExpiry(t *testing.T) {
	t.Parallel()
	s, id, u, e := stage(t, sqlite(t), 10)
	for left, want := range map[time.Duration]string{
		30 * 24 * time.Hour: "", 76 * time.Hour: "the credential ends in 3 days, on ", 90 * time.Minute: "the credential ends in 1 hours, on ",
		-time.Minute: "the credential has ended on ",
	} {
		u.expires = time.Now().Add(left)
		syncNow(t, e, id)
		h := health(t, s, id)
		if state := gatehouse.StreamDegraded; !strings.HasPrefix(h.Reason, want) || (h.State == state) != (want != "") {
			t.Errorf("%s: got %+v", left, h)
		}
	}
}

// How often a stream changes is kept from reading to reading.
func TestRhythmIsKept(t *testing.T) {
	t.Parallel()
	s, id, u, e := stage(t, sqlite(t), 10)
	for n, want := range []int64{1, 1, 2, 2} {
		if n == 2 {
			delete(u.rows, "0003")
		}
		syncNow(t, e, id)
		if h := health(t, s, id); h.Rhythm.Changes != want || h.Rhythm.Since.IsZero() || (h.Rhythm.Silence > 0) != (want > 1) {
			t.Errorf("reading %d: got %+v", n, h.Rhythm)
		}
	}
}
