package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
)

// server is the PostgreSQL of this package's tests.
var server pgtest.Shared

func TestMain(m *testing.M) {
	if child, is := childOf(); is {
		os.Exit(child.run())
	}
	os.Exit(server.Run(m))
}

// onEach runs a test on each database.
func onEach(t *testing.T, test func(*testing.T, store.Options)) {
	t.Helper()
	for name, fresh := range map[string]func() store.Options{
		"sqlite":   func() store.Options { return store.Options{Path: filepath.Join(t.TempDir(), "gatehouse.db")} },
		"postgres": func() store.Options { return store.Options{DatabaseURL: server.Database(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh())
		})
	}
}

// must ends a test at an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openStore(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func add(t testing.TB, s *store.Store, name string) string {
	t.Helper()
	i, err := s.AddIntegration(context.Background(), gatehouse.Integration{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return i.ID
}

// health is how the one stream fares.
func health(t testing.TB, s *store.Store, id string) gatehouse.StreamHealth {
	t.Helper()
	all, err := s.Health(context.Background(), id)
	if err != nil || len(all) != 1 {
		t.Fatalf("got %+v, %v", all, err)
	}
	return all[0]
}

// events counts the events by kind.
func events(t testing.TB, s *store.Store, id string) map[gatehouse.EventKind]int {
	t.Helper()
	n := map[gatehouse.EventKind]int{}
	for e, err := range s.Events(context.Background(), 0, store.EventFilter{Integration: id}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n[e.Kind]++
	}
	return n
}

// holds compares the mirror with upstream, row by row.
func holds(t testing.TB, s *store.Store, id string, u *upstream) {
	t.Helper()
	n := 0
	for r, err := range s.Records(context.Background(), id, "things", store.RecordQuery{Documents: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; string(r.Document) != `"`+u.value(r.Key)+`"` {
			t.Errorf("%s holds %s", r.Key, r.Document)
		}
	}
	if n != len(u.rows) {
		t.Errorf("%d records held, want %d", n, len(u.rows))
	}
}

func syncNow(t testing.TB, e *engine.Engine, id string) {
	t.Helper()
	if err := e.Sync(context.Background(), id, nil, nil); err != nil {
		t.Fatal(err)
	}
}

func TestRunToItsEnd(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s, id, u, e := stage(t, o, 45)
		syncNow(t, e, id)
		holds(t, s, id, u)
		h := health(t, s, id)
		if h.State != gatehouse.StreamHealthy || h.Calls != 5 || h.Floor != 5 || h.Held != 45 || h.Upstream != 45 || h.API != gatehouse.APIMDE || h.LastSuccess.IsZero() {
			t.Errorf("got %+v", h)
		}
		if d := time.Until(h.NextAttempt); d < 50*time.Minute || d > time.Hour {
			t.Errorf("comes again in %s", d)
		}
		syncNow(t, e, id)
		if got := events(t, s, id); got[gatehouse.EventCreated] != 45 || len(got) != 1 {
			t.Errorf("got %v", got)
		}
		delete(u.rows, "0007")
		u.rows["0008"] = "two"
		syncNow(t, e, id)
		holds(t, s, id, u)
		if got := events(t, s, id); got[gatehouse.EventRemoved] != 1 || got[gatehouse.EventUpdated] != 1 {
			t.Errorf("got %v", got)
		}
	})
}

// A reading that ends early removes nothing, and says so.
func TestTruncated(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s, id, u, e := stage(t, o, 40)
		syncNow(t, e, id)
		whole := u.rows
		u.rows, u.cut = map[string]string{"0000": "one"}, true
		syncNow(t, e, id)
		if h := health(t, s, id); h.State != gatehouse.StreamDegraded || h.Held != 40 || h.Reason == "" {
			t.Errorf("got %+v", h)
		}
		u.rows, u.cut = whole, false
		u.fail[2] = errUpstream
		syncNow(t, e, id)
		if h := health(t, s, id); h.State != gatehouse.StreamUpstream || h.Held != 40 || h.FailingSince.IsZero() || h.Mend != "mend it" || h.Calls != 2 {
			t.Errorf("got %+v", h)
		}
		delete(u.rows, "0039")
		syncNow(t, e, id) // resumes
		if h := health(t, s, id); h.State != gatehouse.StreamHealthy || h.Held != 39 || !h.FailingSince.IsZero() || u.resumed != 1 {
			t.Errorf("got %+v, resumed %d", h, u.resumed)
		}
		if got := events(t, s, id); got[gatehouse.EventRemoved] != 1 || got[gatehouse.EventCreated] != 40 {
			t.Errorf("got %v", got)
		}
	})
}

// A sweep that would remove too much is refused, and says so.
func TestImplausible(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]map[string]string{"most": {"0000": "one"}, "all": {}} {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		s, id, u, e := stage(t, store.Options{Path: filepath.Join(t.TempDir(), "x.db"), Now: clock}, 300)
		u.perPage = 100
		syncNow(t, e, id)
		u.rows = left
		for range 3 {
			now = now.Add(7 * time.Hour)
			syncNow(t, e, id)
			if h := health(t, s, id); h.State != gatehouse.StreamDegraded || h.Held != 300 || h.Owner != "you" {
				t.Errorf("%s: got %+v", name, h)
			}
		}
		// Who says the same for a day is believed.
		for range 2 {
			now = now.Add(7 * time.Hour)
			syncNow(t, e, id)
		}
		if h := health(t, s, id); h.State != gatehouse.StreamHealthy || h.Held != int64(len(left)) {
			t.Errorf("%s, after a day: got %+v", name, h)
		}
	}
}

// A run that was read whole by a process that died is swept by the next one, which
// does not take it for news: the stream is read again at once.
func TestOldReading(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		o.Now = func() time.Time { return now }
		s := openStore(t, o)
		id, u := add(t, s, "contoso"), newUpstream(10)
		run, err := s.BeginRun(t.Context(), id, "things", gatehouse.SyncFull)
		if err == nil {
			_, err = s.CommitPage(t.Context(), store.Page{Run: run, Complete: true, Checkpoint: &gatehouse.Checkpoint{}})
		}
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(50 * time.Minute)
		e := engine.New(s, u, engine.Options{Now: o.Now})
		syncNow(t, e, id)
		if h := health(t, s, id); h.NextAttempt.After(now.Add(10*time.Minute)) || len(u.reads) != 0 || h.Upstream != -1 {
			t.Errorf("what was read %s ago counts as new: %+v", 50*time.Minute, h)
		}
		syncNow(t, e, id)
		holds(t, s, id, u)
	})
}

func TestModes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s, id, u, e := stage(t, store.Options{Path: filepath.Join(t.TempDir(), "x.db"), Now: clock}, 30)
	u.next = gatehouse.SyncIncremental
	full, incremental := gatehouse.SyncFull, gatehouse.SyncIncremental
	steps := []struct {
		name string
		do   func()
		want gatehouse.SyncMode
	}{
		{"at first", func() {}, full},
		{"then", func() {}, incremental},
		{"a day later", func() { now = now.Add(24 * time.Hour) }, incremental},
		{"a week later", func() { now = now.Add(7 * 24 * time.Hour) }, full},
		{"behind it", func() {}, incremental},
		{"through another door", func() { u.api = gatehouse.APIGraph }, full},
		{"through the same", func() {}, incremental},
		{"when the clock is set back behind that", func() { now = now.Add(-9 * 24 * time.Hour) }, full},
		{"and then", func() {}, incremental},
		{"a week later, cut", func() { now, u.cut = now.Add(7*24*time.Hour), true }, full},
		{"behind a full one that came to nothing", func() { u.cut = false }, full},
	}
	for _, step := range steps {
		step.do()
		syncNow(t, e, id)
		if got := u.reads[len(u.reads)-1]; got != step.want {
			t.Errorf("%s: read %s, want %s", step.name, got, step.want)
		}
	}
	if got := events(t, s, id); got[gatehouse.EventCreated] != 30 || len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// Whatever goes wrong with one integration, its state says so and the others go
// on.
func TestStates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		for name, step := range map[string]struct {
			spoil func(*upstream)
			want  gatehouse.StreamState
		}{
			"refused":  {func(u *upstream) { u.refuse = os.ErrPermission }, gatehouse.StreamUnauthorized},
			"off":      {func(u *upstream) { u.off = &engine.Verdict{Owner: "you", Reason: "r", Mend: "m"} }, gatehouse.StreamOff},
			"broken":   {func(u *upstream) { u.fail[1] = errUpstream }, gatehouse.StreamUpstream},
			"panicked": {func(u *upstream) { u.onPage = func(int) { panic("oh") } }, gatehouse.StreamUpstream},
			"sound":    {func(*upstream) {}, gatehouse.StreamHealthy},
		} {
			id, u := add(t, s, name), newUpstream(20)
			step.spoil(u)
			syncNow(t, engine.New(s, u, engine.Options{}), id)
			h := health(t, s, id)
			if well := step.want == gatehouse.StreamHealthy; h.State != step.want || h.NextAttempt.IsZero() || (h.Mend == "") != well || (h.Reason == "") != well {
				t.Errorf("%s: got %+v", name, h)
			}
		}
		id, u := add(t, s, "withdrawn"), newUpstream(20)
		e := engine.New(s, u, engine.Options{})
		syncNow(t, e, id)
		u.off = &engine.Verdict{Owner: "you", Reason: "r", Mend: "m"}
		syncNow(t, e, id)
		if h := health(t, s, id); h.State != gatehouse.StreamForbidden || h.FailingSince.IsZero() || h.Held != 20 {
			t.Errorf("withdrawn: got %+v", h)
		}
	})
}

// Whoever stops in mid run finishes the page, and the next goes on there.
func TestStopAndResume(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		id, u := add(t, s, "contoso"), newUpstream(100)
		ctx, cancel := context.WithCancel(t.Context())
		e := engine.New(s, u, engine.Options{})
		err := e.Sync(ctx, id, nil, func(p engine.Progress) {
			if p.Run.Pages == 3 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		before := u.pages
		if n, err := s.Count(t.Context(), id, "things"); err != nil || n < 30 || n == 100 {
			t.Fatalf("%d records held, %v", n, err)
		}
		syncNow(t, e, id)
		holds(t, s, id, u)
		if u.resumed != 1 || before+u.pages < 10 || u.pages > 11 {
			t.Errorf("resumed %d, %d pages and %d pages", u.resumed, before, u.pages)
		}
		if got := events(t, s, id); got[gatehouse.EventCreated] != 100 || len(got) != 1 {
			t.Errorf("got %v", got)
		}
	})
}

func TestBusy(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		id, u := add(t, s, "contoso"), newUpstream(10)
		if held, err := s.Lease(t.Context(), id, "another", time.Hour); !held || err != nil {
			t.Fatal(held, err)
		}
		err := engine.New(s, u, engine.Options{}).Sync(t.Context(), id, nil, nil)
		if !errors.Is(err, engine.ErrBusy) || u.pages != 0 {
			t.Errorf("got %v, %d pages", err, u.pages)
		}
	})
}
