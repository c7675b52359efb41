package engine_test

import (
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/store"
)

// A clock that was ten hours ahead and is set right leaves nothing unread for those
// ten hours: not what was to be read, not the job, not the queue whose leader died.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		w := newWatched()
		w.each["waits"], w.each["worked"] = newUpstream(5), newUpstream(5)
		ids := map[string]string{"waits": add(t, s, "waits"), "worked": add(t, s, "worked")}
		done := func(n int) func() bool {
			return func() bool {
				w.mu.Lock()
				defer w.mu.Unlock()
				return w.done["waits"] >= n && w.done["worked"] >= n
			}
		}
		first := start(t, o, seat{w, "first", 0})
		eventually(t, done(1))
		must(t, first.Stop(t.Context()))
		ahead := time.Now().Add(10 * time.Hour)
		for _, id := range ids {
			h := health(t, s, id)
			h.LastSuccess, h.LastAttempt, h.NextAttempt = ahead, ahead, ahead.Add(time.Hour)
			must(t, s.PutHealth(t.Context(), h))
		}
		later := "now() + interval '10 hours'"
		if o.DatabaseURL == "" {
			later = "datetime('now', 'subsec', '+10 hours')"
		}
		for _, change := range []string{
			"UPDATE river_job SET state = 'scheduled', scheduled_at = " + later,
			// One was at work when the machine went down.
			"UPDATE river_job SET state = 'running', attempt = 1, attempted_at = " + later + " WHERE id = (SELECT MAX(id) FROM river_job)",
			"INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('the dead', " + later + ", " + later + ")",
		} {
			if _, err := s.DB().ExecContext(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		start(t, o, seat{w, "second", 0})
		eventually(t, done(2))
		eventually(t, func() bool { // a leader that lives brings back what is put back from now on
			var leader string
			err := s.DB().QueryRowContext(t.Context(), "SELECT leader_id FROM river_leader").Scan(&leader)
			return err == nil && leader != "the dead"
		})
	})
}
