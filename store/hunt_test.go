package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// A hunt that cannot be read is set aside, and the one behind it runs.
func TestUnreadableHunt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Options) {
		s, _ := opened(t, fresh(t))
		for n, id := range []string{"hunt_1", "hunt_2"} {
			h := gatehouse.Hunt{ID: id, Name: id, Query: "x", Schedule: "1h", Enabled: true, NextRun: time.Unix(int64(n)+1, 0)}
			if _, err := s.AddHunt(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.DB().ExecContext(t.Context(), "UPDATE hunts SET body = $1 WHERE id = 'hunt_1'", []byte("{")); err != nil {
			t.Fatal(err)
		}
		if h, _, err := s.ClaimHunt(t.Context(), "one", time.Minute); h != nil || !errors.Is(err, store.ErrUnreadable) {
			t.Errorf("got %+v, %v", h, err)
		}
		if h, _, err := s.ClaimHunt(t.Context(), "one", time.Minute); err != nil || h == nil || h.ID != "hunt_2" {
			t.Errorf("the one behind it: %+v, %v", h, err)
		}
		if _, n, err := s.Unreadable(t.Context()); err != nil || n != 1 {
			t.Errorf("%d are set aside, %v", n, err)
		}
	})
}
