package engine_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/store"
)

// must ends a test at an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

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
		within(t, 4*time.Minute, done(2)) // rescued, after half a minute
	})
}

// New settings are taken up by whoever works with the old ones, in mid run.
func TestSettingsChangeInMidRun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		w := newWatched()
		u := newUpstream(600)
		w.each["contoso"] = u
		id := add(t, s, "contoso")
		u.onPage = func(page int) {
			if page != 3 || len(u.reads) > 1 {
				return
			}
			i, err := s.Integration(t.Context(), id)
			if err != nil {
				t.Error(err)
			}
			u.mu.Lock()
			u.api = gatehouse.APIGraph // as an account makes of it that is read anew
			u.mu.Unlock()
			i.API = gatehouse.APIGraph
			if err := s.UpdateIntegration(t.Context(), i); err != nil {
				t.Error(err)
			}
		}
		start(t, o, seat{w, "one", 100 * time.Millisecond})
		eventually(t, func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.done["contoso"] > 0
		})
		if n := u.handed(); n >= 60 {
			t.Errorf("the old settings were used for %d pages", n)
		}
		within(t, 3*time.Minute, func() bool {
			all, err := s.Health(t.Context(), id)
			return err == nil && len(all) == 1 && all[0].API == gatehouse.APIGraph && all[0].State == gatehouse.StreamHealthy
		})
		holds(t, s, id, u)
		if got := events(t, s, id); got[gatehouse.EventCreated] != 600 || len(got) != 1 {
			t.Errorf("got %v", got)
		}
	})
}

// handed is how many pages were handed out.
func (u *upstream) handed() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.pages
}

// An integration that is paused in mid run is left alone by whoever works on it,
// asked for by hand or not.
func TestPausedInMidRun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		w := newWatched()
		u := newUpstream(1000)
		w.each["contoso"] = u
		id := add(t, s, "contoso")
		u.onPage = func(page int) {
			if page != 3 {
				return
			}
			if err := s.SetIntegrationState(context.Background(), id, gatehouse.IntegrationPaused); err != nil {
				t.Error(err)
			}
		}
		e := engine.New(s, seat{w, "one", 100 * time.Millisecond}, engine.Options{Lease: 2 * time.Second})
		err := e.Sync(t.Context(), id, nil, nil)
		if n := u.handed(); err == nil || n >= 100 {
			t.Errorf("%d pages were read, %v", n, err)
		}
		// Asked for by hand, a paused one is read.
		u.mu.Lock()
		u.onPage = nil
		u.mu.Unlock()
		must(t, engine.New(s, u, engine.Options{}).Sync(t.Context(), id, nil, nil))
		holds(t, s, id, u)
	})
}

// An integration that is removed in mid run, and added again under the same name,
// leaves nothing of the first in the second.
func TestRemovedInMidRun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		w := newWatched()
		w.each["contoso"] = newUpstream(1000)
		first := add(t, s, "contoso")
		start(t, o, seat{w, "one", 20 * time.Millisecond})
		eventually(t, func() bool { return w.each["contoso"].handed() > 3 })
		must(t, s.RemoveIntegration(t.Context(), first))
		second := add(t, s, "contoso")
		within(t, 2*time.Minute, func() bool {
			all, err := s.Health(t.Context(), second)
			return err == nil && len(all) == 1 && all[0].State == gatehouse.StreamHealthy
		})
		holds(t, s, second, w.each["contoso"])
		if got := events(t, s, second); got[gatehouse.EventCreated] != 1000 || len(got) != 1 {
			t.Errorf("got %v", got)
		}
		if got := events(t, s, first); len(got) != 0 {
			t.Errorf("got %v of the one that was removed", got)
		}
		all, err := s.Health(t.Context(), "")
		if err != nil || len(all) != 1 {
			t.Errorf("got %+v, %v", all, err)
		}
	})
}

// Two processes share one SQLite file, as sync beside serve does: both work, and
// neither repeats what the other does.
func TestProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	shared(t, store.Options{Path: filepath.Join(t.TempDir(), "x.db")}, 2, func([]*process) {})
}

// A process that is suspended past its lease, and wakes when others have gone on
// with its work, writes nothing and disturbs nobody.
func TestSuspendedProcess(t *testing.T) {
	t.Parallel()
	o := store.Options{DatabaseURL: server.Database(t)}
	shared(t, o, 2, func(all []*process) {
		victim := all[0]
		eventually(t, func() bool { return victim.count("page") > 2 })
		must(t, victim.cmd.Process.Signal(syscall.SIGSTOP))
		asleep := victim.count("page")
		eventually(t, func() bool { return all[1].count("TWICE") > 0 }) // the other has taken over
		must(t, victim.cmd.Process.Signal(syscall.SIGCONT))
		eventually(t, func() bool { return victim.count("page") > asleep })
	})
}

// shared lets processes mirror some integrations on one database, in which something
// happens, and looks at what they have made.
func shared(t *testing.T, o store.Options, processes int, happens func([]*process)) {
	t.Helper()
	s := openStore(t, o)
	const rows = 300
	var ids []string
	for _, name := range []string{"a", "b", "c", "d"} {
		ids = append(ids, add(t, s, name))
	}
	c := child{Path: o.Path, URL: o.DatabaseURL, Rows: rows, Witness: t.TempDir()}
	var all []*process
	for range processes {
		all = append(all, startProcess(t, c))
	}
	happens(all)
	within(t, 3*time.Minute, func() bool {
		h, err := s.Health(t.Context(), "")
		healthy := 0
		for _, one := range h {
			if one.State == gatehouse.StreamHealthy {
				healthy++
			}
		}
		return err == nil && healthy == len(ids)
	})
	u := newUpstream(rows)
	for _, id := range ids {
		holds(t, s, id, u)
		if got := events(t, s, id); got[gatehouse.EventCreated] != rows || len(got) != 1 {
			t.Errorf("got %v", got)
		}
		runs, err := s.Runs(t.Context(), id, "things", 10)
		if err != nil || len(runs) != 1 || runs[0].Rows != rows {
			t.Errorf("got %+v, %v", runs, err)
		}
	}
	for n, p := range all {
		if p.count("FAILED") > 0 {
			t.Errorf("process %d: %v", n, p.said)
		}
	}
	if all[0].count("enter") == 0 || all[1].count("enter") == 0 {
		t.Errorf("one has done it all: %d and %d sessions", all[0].count("enter"), all[1].count("enter"))
	}
}

// What belongs to integrations that are there no more spoils no metrics.
func TestMetricsOfTheRemoved(t *testing.T) {
	t.Parallel()
	s := openStore(t, sqlite(t))
	id, u := add(t, s, "contoso"), newUpstream(3)
	syncNow(t, engine.New(s, u, engine.Options{}), id)
	for _, gone := range []string{"one", "two"} {
		if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO mirrors (integration_id, stream) VALUES ($1, 'things')", gone); err != nil {
			t.Fatal(err)
		}
	}
	r := prometheus.NewPedanticRegistry()
	must(t, r.Register(engine.NewMetrics(s)))
	families, err := r.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() == "gatehouse_stream_records" && len(f.GetMetric()) != 1 {
			t.Errorf("got %v", f)
		}
	}
}

// A removal that broke off is brought to its end by whoever runs next.
func TestRemovalThatBrokeOff(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		w := newWatched()
		w.each["contoso"], w.each["fabrikam"] = newUpstream(5), newUpstream(5)
		syncNow(t, engine.New(s, w.each["contoso"], engine.Options{}), add(t, s, "contoso"))
		left := add(t, s, "fabrikam")
		if _, err := s.DB().ExecContext(t.Context(), "UPDATE integrations SET state = 'removing' WHERE name = 'contoso'"); err != nil {
			t.Fatal(err)
		}
		start(t, o, seat{w, "one", 0})
		eventually(t, func() bool {
			all, err := s.Integrations(t.Context())
			return err == nil && len(all) == 1 && all[0].ID == left
		})
		eventually(t, func() bool {
			h, err := s.Health(t.Context(), "")
			return err == nil && len(h) == 1 && h[0].Integration == left && h[0].State == gatehouse.StreamHealthy
		})
	})
}
