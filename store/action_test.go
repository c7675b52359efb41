package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// A step of one target among many writes the row of that one alone.
func TestSaveActionWritesWhatChanged(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, sqliteOptions(t))
	all, err := s.Integrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	many := newSteps(t, s, all[0].ID, 500)
	written := func() (n int64) {
		if err := s.DB().QueryRowContext(context.Background(), "SELECT total_changes()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := written()
	many.step(t)
	if n := written() - before; n != 1 {
		t.Errorf("%d rows written for what no state has changed of, want 1: the action", n)
	}
	before = written()
	many.a.Targets[7].State, many.a.Targets[7].EndedAt = gatehouse.ActionSucceeded, time.Unix(1, 0)
	many.step(t)
	if n := written() - before; n != 4 { // the action, the target, the counter of events and the event
		t.Errorf("%d rows written for one target that has ended, want 4", n)
	}
}
