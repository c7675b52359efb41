package engine_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/store"
)

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

// What failed is read at once when the settings are changed, by this process or by
// another one, and not at the end of its pause.
func TestSettingsChangeAfterAFailure(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		w := newWatched()
		id := add(t, s, "contoso")
		now := time.Now()
		must(t, s.PutHealth(t.Context(), gatehouse.StreamHealth{
			Integration: id, Stream: "things", State: gatehouse.StreamUnauthorized, API: gatehouse.APIMDE,
			FailingSince: now.Add(-time.Hour), LastAttempt: now, NextAttempt: now.Add(10 * time.Minute),
		}))
		w.each["contoso"] = newUpstream(5)
		start(t, o, seat{w, "one", 0})
		eventually(t, func() bool {
			job := 0
			err := s.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM river_job WHERE state = 'scheduled'").Scan(&job)
			return err == nil && job == 1 // until the end of the pause
		})
		i, err := s.Integration(t.Context(), id)
		must(t, err)
		must(t, s.UpdateIntegration(t.Context(), i))
		within(t, 15*time.Second, func() bool { return health(t, s, id).State == gatehouse.StreamHealthy })
	})
}

// always is an upstream that is due again as soon as it was read, on a clock that each
// reading moves by ten minutes.
type always struct {
	mu       sync.Mutex
	now      time.Time
	connects int
}

func (a *always) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *always) Connect(context.Context, gatehouse.Integration) (engine.Connection, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.connects++
	return engine.Connection{Sources: []engine.Source{{Stream: "things", API: gatehouse.APIMDE, Interval: time.Minute, Read: a.read}}}, nil
}

func (a *always) read(_ context.Context, r engine.Request) error {
	a.mu.Lock()
	a.now = a.now.Add(10 * time.Minute)
	a.mu.Unlock()
	return r.Emit(gatehouse.Page{Checkpoint: &gatehouse.Checkpoint{}, Complete: true})
}

func (*always) Explain(err error) engine.Verdict { return (*upstream)(nil).Explain(err) }

// An integration that always has something to read is connected anew now and then, so
// that what was granted meanwhile is found.
func TestBusyIntegration(t *testing.T) {
	t.Parallel()
	o := sqlite(t)
	s, a := openStore(t, o), &always{now: time.Now()}
	add(t, s, "contoso")
	jobs, err := engine.NewRiver(t.Context(), s, engine.RiverOptions{Poll: 100 * time.Millisecond})
	must(t, err)
	e := engine.New(s, a, engine.Options{Now: a.clock})
	must(t, e.Start(t.Context(), jobs))
	within(t, 15*time.Second, func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.connects > 1
	})
	must(t, e.Stop(t.Context()))
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
