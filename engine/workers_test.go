package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/store"
)

// watched is an upstream for many integrations that sees when two work on one.
type watched struct {
	mu    sync.Mutex
	by    map[string]string // integration to worker
	seen  map[string]map[string]bool
	twice []string
	done  map[string]int
	each  map[string]*upstream
}

// seat is how one worker sees a watched upstream.
type seat struct {
	*watched

	worker string
	slow   time.Duration // for each page
}

func (s seat) Connect(_ context.Context, i gatehouse.Integration) (engine.Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.each[i.Name]
	return engine.Connection{Sources: []engine.Source{{Stream: "things", API: u.api, Interval: time.Hour, Read: func(ctx context.Context, r engine.Request) error {
		s.enter(i.Name)
		defer s.leave(i.Name)
		emit := r.Emit
		r.Emit = func(p gatehouse.Page) error {
			select {
			case <-time.After(s.slow):
			case <-ctx.Done():
				return ctx.Err()
			}
			return emit(p)
		}
		return u.read(ctx, r)
	}}}}, nil
}

func (s seat) Explain(err error) engine.Verdict { return (*upstream)(nil).Explain(err) }

func (s seat) enter(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, busy := s.by[name]; busy {
		s.twice = append(s.twice, fmt.Sprint(name, " by ", other, " and ", s.worker))
	}
	s.by[name] = s.worker
	if s.seen[name] == nil {
		s.seen[name] = map[string]bool{}
	}
	s.seen[name][s.worker] = true
}

func (s seat) leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, name)
	s.done[name]++
}

func newWatched() *watched {
	return &watched{by: map[string]string{}, seen: map[string]map[string]bool{}, done: map[string]int{}, each: map[string]*upstream{}}
}

// start starts a worker with a store of its own, as another process has it.
func start(t *testing.T, o store.Options, c engine.Connector) *engine.Engine {
	t.Helper()
	s := openStore(t, o)
	jobs, err := engine.NewRiver(t.Context(), s, engine.RiverOptions{DatabaseURL: o.DatabaseURL, Poll: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(s, c, engine.Options{Lease: 2 * time.Second, Scan: 200 * time.Millisecond, Workers: 4})
	if err := e.Start(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := e.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Many workers share the integrations, and never work on one at once; what one
// lets go of, another takes up.
func TestWorkers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		const integrations = 12
		s, w := openStore(t, o), newWatched()
		ids := map[string]string{}
		for n := range integrations {
			name := fmt.Sprint("tenant", n)
			w.each[name] = newUpstream(50)
			ids[name] = add(t, s, name)
		}
		workers := 3
		if o.DatabaseURL == "" {
			workers = 1 // one process has the file
		}
		first := start(t, o, seat{w, "worker0", 20 * time.Millisecond})
		for n := 1; n < workers; n++ {
			start(t, o, seat{w, fmt.Sprint("worker", n), 20 * time.Millisecond})
		}
		healthy := func() int {
			n := 0
			all, err := s.Health(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range all {
				if h.State == gatehouse.StreamHealthy {
					n++
				}
			}
			return n
		}
		if workers > 1 {
			eventually(t, func() bool { return healthy() > 2 })
			if err := first.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, func() bool { return healthy() == integrations })
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.twice) > 0 {
			t.Errorf("worked on twice: %v", w.twice)
		}
		for name, id := range ids {
			holds(t, s, id, w.each[name])
			if got := events(t, s, id); got[gatehouse.EventCreated] != 50 || len(got) != 1 {
				t.Errorf("%s: got %v", name, got)
			}
		}
	})
}

// A worker that hangs past its lease loses the run: another goes on with it, and
// the hung one writes nothing more.
func TestHungWorker(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		id := add(t, s, "contoso")
		run, err := s.BeginRun(t.Context(), id, "things", gatehouse.SyncFull)
		if err != nil {
			t.Fatal(err)
		}
		if held, err := s.Lease(t.Context(), id, "hung", 500*time.Millisecond); !held || err != nil {
			t.Fatal(held, err)
		}
		u := newUpstream(50)
		eventually(t, func() bool { return engine.New(s, u, engine.Options{}).Sync(t.Context(), id, nil, nil) == nil })
		if _, err := s.CommitPage(t.Context(), store.Page{Run: run}); err == nil {
			t.Error("the hung worker went on writing")
		}
		holds(t, s, id, u)
	})
}

// A paused integration is left alone, and one that is added or active again is
// taken up by whoever runs.
func TestPauseAndAdd(t *testing.T) {
	t.Parallel()
	s := openStore(t, store.Options{Path: filepath.Join(t.TempDir(), "x.db")})
	w := newWatched()
	w.each["paused"], w.each["late"] = newUpstream(5), newUpstream(5)
	paused := add(t, s, "paused")
	if err := s.SetIntegrationState(t.Context(), paused, gatehouse.IntegrationPaused); err != nil {
		t.Fatal(err)
	}
	jobs, err := engine.NewRiver(t.Context(), s, engine.RiverOptions{Poll: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(s, seat{w, "one", 0}, engine.Options{Scan: 100 * time.Millisecond})
	if err := e.Start(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	finished := func(name string) func() bool {
		return func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.done[name] > 0
		}
	}
	add(t, s, "late")
	eventually(t, finished("late"))
	if finished("paused")() {
		t.Error("a paused integration was worked on")
	}
	if err := s.SetIntegrationState(t.Context(), paused, gatehouse.IntegrationActive); err != nil {
		t.Fatal(err)
	}
	eventually(t, finished("paused"))
	if err := e.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
