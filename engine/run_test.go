package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
)

func sqlite(t *testing.T) store.Options {
	t.Helper()
	return store.Options{Path: filepath.Join(t.TempDir(), "x.db")}
}

// A reading that begins from its start after it broke off is a new run: a record
// that only the broken attempt has seen, and that is gone since, is removed.
func TestBeginsAnew(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s, id, u, e := stage(t, o, 40)
		u.anew = true
		syncNow(t, e, id)
		u.fail[2] = errUpstream
		syncNow(t, e, id)
		delete(u.rows, "0005") // of the first page, which the broken attempt has seen
		syncNow(t, e, id)
		holds(t, s, id, u)
		if got := events(t, s, id); got[gatehouse.EventRemoved] != 1 || u.resumed != 0 {
			t.Errorf("got %v, resumed %d", got, u.resumed)
		}
	})
}

// So it is where a reading of changes reads everything in their place.
func TestChangesBeginAnew(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		id, u := add(t, s, "contoso"), newUpstream(40)
		u.anew = true
		whole := func(ctx context.Context, r engine.Request) error {
			r.Mode = gatehouse.SyncFull
			return u.read(ctx, r)
		}
		e := engine.New(s, both{{Stream: "things", API: gatehouse.APIMDE, Read: whole, Next: gatehouse.SyncDelta}}, engine.Options{})
		syncNow(t, e, id)
		u.fail[2] = errUpstream
		syncNow(t, e, id)
		delete(u.rows, "0005")
		syncNow(t, e, id)
		holds(t, s, id, u)
		if last, err := s.Runs(t.Context(), id, "things", 1); err != nil || last[0].Mode != gatehouse.SyncDelta {
			t.Errorf("got %+v, %v", last, err)
		}
	})
}

// The checkpoint of a run that was given up in its midst is not taken for one of the
// next run, whatever the clocks of those who work on them say.
func TestCheckpointOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		now := time.Now()
		o.Now = func() time.Time { return now }
		s, id, u, e := stage(t, o, 60)
		u.fail[4] = errReplaced
		syncNow(t, e, id)
		now = now.Add(-time.Hour)
		u.anew, u.fail[2] = true, errUpstream
		syncNow(t, e, id)
		now = now.Add(time.Minute)
		syncNow(t, e, id)
		holds(t, s, id, u)
		if got := events(t, s, id); u.resumed != 0 || got[gatehouse.EventRemoved] != 0 {
			t.Errorf("resumed %d, got %v", u.resumed, got)
		}
	})
}

// A door that is changed while the first reading through another one is interrupted
// does not go on at the checkpoint of that.
func TestDoorChangedInTheFirstReading(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s, id, u, e := stage(t, o, 100)
		ctx, cancel := context.WithCancel(t.Context())
		err := e.Sync(ctx, id, nil, func(p engine.Progress) {
			if p.Run.Pages == 3 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		u.api = gatehouse.APIGraph
		syncNow(t, e, id)
		holds(t, s, id, u)
		if h := health(t, s, id); u.resumed != 0 || h.API != gatehouse.APIGraph {
			t.Errorf("resumed %d, got %+v", u.resumed, h)
		}
	})
}

// What Microsoft counts behind one door is not held against what another one shows.
func TestCountOfAnotherDoor(t *testing.T) {
	t.Parallel()
	s, id, u, _ := stage(t, sqlite(t), 30)
	source := engine.Source{Stream: "things", API: gatehouse.APIGraph, Read: func(ctx context.Context, r engine.Request) error {
		emit := r.Emit
		r.Emit = func(p gatehouse.Page) error {
			if p.Upstream = 30; r.API == gatehouse.APIMDE {
				p.Upstream = -1
			}
			return emit(p)
		}
		return u.read(ctx, r)
	}}
	syncNow(t, engine.New(s, both{source}, engine.Options{}), id)
	if h := health(t, s, id); h.State != gatehouse.StreamHealthy || h.Upstream != 30 {
		t.Errorf("got %+v", h)
	}
	for n := range 20 {
		delete(u.rows, fmt.Sprintf("%04d", n))
	}
	source.API = gatehouse.APIMDE
	syncNow(t, engine.New(s, both{source}, engine.Options{}), id)
	if h := health(t, s, id); h.State != gatehouse.StreamHealthy || h.Upstream != -1 || h.Held != 10 {
		t.Errorf("got %+v", h)
	}
}

// Runs that come to nothing are forgotten as well.
func TestFailedRunsAreForgotten(t *testing.T) {
	t.Parallel()
	s := openStore(t, sqlite(t))
	id, u := add(t, s, "contoso"), newUpstream(40)
	e := engine.New(s, u, engine.Options{KeepRuns: 3, Random: func() float64 { return 0 }})
	for range 10 {
		u.fail[1] = errReplaced
		syncNow(t, e, id)
	}
	if runs, err := s.Runs(t.Context(), id, "things", 100); err != nil || len(runs) != 3 {
		t.Errorf("%d runs are kept, %v", len(runs), err)
	}
}

// both are two sources of one connector.
type both []engine.Source

func (b both) Connect(context.Context, gatehouse.Integration) (engine.Connection, error) {
	return engine.Connection{Sources: b}, nil
}

func (both) Explain(err error) engine.Verdict {
	v := engine.Verdict{State: gatehouse.StreamUpstream, Owner: "microsoft", Mend: "wait"}
	if errors.Is(err, errGone) {
		v.Reason, v.Elsewhere = "it answers 410", time.Second
	}
	return v
}

var errGone = errors.New("gone")

// A long reading that can be interrupted gives way to what is due, and goes on
// behind it where it was.
func TestGivesWay(t *testing.T) {
	t.Parallel()
	s := openStore(t, sqlite(t))
	long, short := newUpstream(100), newUpstream(10)
	id := add(t, s, "contoso")
	var order []gatehouse.Stream
	note := func(name gatehouse.Stream, read func(context.Context, engine.Request) error) func(context.Context, engine.Request) error {
		return func(ctx context.Context, r engine.Request) error {
			order = append(order, name)
			return read(ctx, r)
		}
	}
	sources := both{
		{Stream: "long", API: gatehouse.APIMDE, Read: note("long", long.read), Interval: time.Minute, Long: true},
		{Stream: "short", API: gatehouse.APIMDE, Read: note("short", short.read), Interval: time.Hour},
	}
	syncNow(t, engine.New(s, sources, engine.Options{Slice: time.Hour}), id)
	if want := []gatehouse.Stream{"short", "long"}; !slices.Equal(order, want) {
		t.Errorf("read %v, want %v", order, want)
	}
	// Now the long one is taken first, and there is no time at all.
	order, sources[0].Long = nil, false
	syncNow(t, engine.New(s, sources, engine.Options{Slice: time.Nanosecond}), id)
	if want := []gatehouse.Stream{"long", "short", "long"}; !slices.Equal(order, want) || long.resumed != 1 || long.pages != 19 {
		t.Errorf("read %v, want %v; resumed %d, %d pages", order, want, long.resumed, long.pages)
	}
	all, err := s.Health(t.Context(), id)
	if err != nil || len(all) != 2 || all[0].State != gatehouse.StreamHealthy || all[0].Held != 100 {
		t.Errorf("got %+v, %v", all, err)
	}
}

// doors are two doors to the same rows, the first of which may fail.
type doors struct {
	*upstream

	gone  bool
	both  bool // the second fails as well
	asked []gatehouse.API
}

func (d *doors) read(ctx context.Context, r engine.Request) error {
	d.asked = append(d.asked, r.API)
	if d.gone && r.API == gatehouse.APIMDE || d.both {
		return errGone
	}
	return d.upstream.read(ctx, r)
}

// A door that fails by itself is left for the next one, which the health says, and
// is tried again now and then.
func TestDetour(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	o := sqlite(t)
	o.Now = clock
	s := openStore(t, o)
	d := &doors{upstream: newUpstream(30)}
	id := add(t, s, "contoso")
	source := engine.Source{
		Stream: "things", API: gatehouse.APIMDE, Read: d.read, Interval: time.Hour, Next: gatehouse.SyncIncremental,
		Others: []engine.Door{{API: gatehouse.APIGraph}},
	}
	sync := func(source engine.Source) gatehouse.StreamHealth {
		d.asked = nil
		syncNow(t, engine.New(s, both{source}, engine.Options{Now: clock}), id)
		now = now.Add(10 * time.Minute)
		return health(t, s, id)
	}
	sync(source)
	d.gone = true
	if h := sync(source); h.State != gatehouse.StreamUpstream || h.API != gatehouse.APIMDE {
		t.Errorf("the first failure: got %+v", h)
	}
	h := sync(source)
	if h.State != gatehouse.StreamDegraded || h.API != gatehouse.APIGraph || !strings.Contains(h.Reason, "reads through graph since mde fails") || !strings.Contains(h.Reason, "410") || !h.FailingSince.IsZero() {
		t.Errorf("the second: got %+v", h)
	}
	if sync(source); !slices.Equal(d.asked, []gatehouse.API{gatehouse.APIGraph}) {
		t.Errorf("on the detour it asked %v", d.asked)
	}
	now = now.Add(2 * time.Hour)
	if h := sync(source); h.API != gatehouse.APIGraph || !slices.Equal(d.asked, []gatehouse.API{gatehouse.APIMDE, gatehouse.APIGraph}) {
		t.Errorf("tried again: asked %v, got %+v", d.asked, h)
	}
	if last := d.reads[len(d.reads)-1]; last != gatehouse.SyncIncremental {
		t.Errorf("a try made the other door read %s", last)
	}
	now, d.gone = now.Add(25*time.Hour), false
	if h := sync(source); h.API != gatehouse.APIMDE || h.State != gatehouse.StreamHealthy || h.Detour != (gatehouse.Detour{}) {
		t.Errorf("it answers again: got %+v", h)
	}
	if got := events(t, s, id); got[gatehouse.EventCreated] != 30 || len(got) != 1 {
		t.Errorf("false events: %v", got)
	}
	d.gone, source.Others = true, nil // as when the user has chosen the door
	for range 3 {
		if h := sync(source); h.API != gatehouse.APIMDE || h.State != gatehouse.StreamUpstream || h.Detour != (gatehouse.Detour{}) {
			t.Errorf("without another door: got %+v", h)
		}
	}
}

// When the door of a detour fails as well, the first is tried with each attempt, and
// taken as soon as it answers.
func TestBothDoorsFail(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	o := sqlite(t)
	o.Now = func() time.Time { return now }
	s := openStore(t, o)
	d := &doors{upstream: newUpstream(30), gone: true}
	id := add(t, s, "contoso")
	source := engine.Source{Stream: "things", API: gatehouse.APIMDE, Read: d.read, Interval: time.Hour, Others: []engine.Door{{API: gatehouse.APIGraph}}}
	sync := func() gatehouse.StreamHealth {
		now, d.asked = now.Add(20*time.Minute), nil
		syncNow(t, engine.New(s, both{source}, engine.Options{Now: o.Now}), id)
		return health(t, s, id)
	}
	sync()
	if h := sync(); h.API != gatehouse.APIGraph || h.State != gatehouse.StreamDegraded {
		t.Fatalf("it is on no detour: %+v", h)
	}
	d.both = true
	for n, want := range [][]gatehouse.API{{gatehouse.APIGraph}, {gatehouse.APIMDE, gatehouse.APIGraph}, {gatehouse.APIMDE, gatehouse.APIGraph}} {
		if h := sync(); h.State != gatehouse.StreamUpstream || !slices.Equal(d.asked, want) {
			t.Errorf("%d: asked %v, got %+v", n, d.asked, h)
		}
	}
	d.gone, d.both = false, false
	if h := sync(); h.API != gatehouse.APIMDE || h.State != gatehouse.StreamHealthy || h.Detour != (gatehouse.Detour{}) {
		t.Errorf("the first answers: got %+v", h)
	}
}

// What a door cannot show is not removed for not being seen.
func TestStays(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		id, u := add(t, s, "contoso"), newUpstream(30)
		u.rows["0003"] = "old"
		source := engine.Source{Stream: "things", API: gatehouse.APIMDE, Read: u.read}
		syncNow(t, engine.New(s, both{source}, engine.Options{}), id)
		source.API, u.api = gatehouse.APIGraph, gatehouse.APIGraph
		source.Stays = func(document []byte) bool { return string(document) == `"old"` }
		delete(u.rows, "0003")
		delete(u.rows, "0004")
		for range 2 {
			syncNow(t, engine.New(s, both{source}, engine.Options{}), id)
			if got := events(t, s, id); got[gatehouse.EventRemoved] != 1 || health(t, s, id).Held != 29 {
				t.Errorf("got %v", got)
			}
		}
	})
}

// A database that goes away at the end of a reading, when its run is closed and its
// health is kept, is waited for.
func TestDatabaseAwayAtTheEnd(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t, pgtest.Options{})
	address, err := pg.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := openStore(t, store.Options{DatabaseURL: address})
	id, u := add(t, s, "contoso"), newUpstream(30)
	back := make(chan error, 1)
	err = engine.New(s, u, engine.Options{}).Sync(t.Context(), id, nil, func(p engine.Progress) {
		if !p.Run.Complete || p.Done {
			return
		}
		if err := pg.Kill(); err != nil {
			t.Error(err)
		}
		time.AfterFunc(300*time.Millisecond, func() { back <- pg.Run(context.Background()) })
	})
	if err != nil {
		t.Errorf("the reading ended with %v", err)
	}
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	holds(t, s, id, u)
	if h := health(t, s, id); h.State != gatehouse.StreamHealthy {
		t.Errorf("got %+v", h)
	}
}
