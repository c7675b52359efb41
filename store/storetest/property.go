package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// testProperty runs random sequences of runs, pages, restarts and sweeps and
// compares what is kept with a model. Each sequence has its own integration in
// one database.
func testProperty(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o := fresh(t)
	f := open(t, o)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		i, err := f.s.AddIntegration(context.Background(), gatehouse.Integration{Name: fmt.Sprint("rapid", n)})
		if err != nil {
			rt.Fatal(err)
		}
		m := &machine{o: o, f: f, integration: i.ID, held: map[string]*modelRecord{}}
		rt.Repeat(map[string]func(*rapid.T){
			"begin":   m.begin,
			"page":    m.page,
			"sweep":   m.sweep,
			"restart": m.restart,
			"zombie":  m.zombie,
			"crash":   m.crash,
			"":        m.check,
		})
	})
	must(0, VerifyNumbers(context.Background(), f.s))(t)
}

// modelRecord is a record as the model knows it.
type modelRecord struct {
	page    store.PageRecord
	version int64
	gone    bool
	run     int64 // that saw it last
}

// machine drives a store and a model side by side.
type machine struct {
	o           store.Options
	f           *fixture
	integration string

	held       map[string]*modelRecord
	events     []string
	run        gatehouse.SyncRun
	complete   bool
	old        gatehouse.SyncRun // one that is over
	checkpoint string
}

func (m *machine) begin(t *rapid.T) {
	run, err := m.f.s.BeginRun(context.Background(), m.integration, alerts, gatehouse.SyncFull)
	if err != nil {
		t.Fatal(err)
	}
	m.old, m.run, m.complete = m.run, run, false
}

// draw makes a page of few keys and few contents, so that everything happens.
func (m *machine) draw(t *rapid.T) store.Page {
	p := store.Page{Run: m.run, Complete: rapid.Bool().Draw(t, "complete")}
	for range rapid.IntRange(0, 6).Draw(t, "rows") {
		key := rapid.SampledFrom([]string{"a", "b", "c", "d", "é"}).Draw(t, "key")
		if rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
			p.Records = append(p.Records, store.PageRecord{Key: key, Gone: true})
			continue
		}
		p.Records = append(p.Records, rec(key, rapid.SampledFrom([]string{"1", "2"}).Draw(t, "says"), rapid.SampledFrom([]string{"", "n"}).Draw(t, "noise")))
	}
	if rapid.Bool().Draw(t, "moves") {
		p.Checkpoint = &gatehouse.Checkpoint{Phase: fmt.Sprint(rapid.IntRange(0, 99).Draw(t, "phase"))}
	}
	return p
}

func (m *machine) page(t *rapid.T) {
	if m.run.ID == 0 {
		t.Skip("no run")
	}
	p := m.draw(t)
	if _, err := m.f.s.CommitPage(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	m.complete = m.complete || p.Complete
	if p.Checkpoint != nil {
		m.checkpoint = p.Checkpoint.Phase
	}
	last := map[string]int{}
	for i, r := range p.Records {
		last[r.Key] = i
	}
	for i, r := range p.Records {
		if last[r.Key] == i {
			m.apply(r)
		}
	}
}

// apply is the rule of a record, said a second time and simply.
func (m *machine) apply(r store.PageRecord) {
	h := m.held[r.Key]
	lives := h != nil && !h.gone
	switch {
	case r.Gone && !lives:
		return
	case r.Gone:
		m.event(h, r.Key, "removed")
		h.gone = true
		return
	case !lives:
		if h == nil {
			h = &modelRecord{}
			m.held[r.Key] = h
		}
		m.event(h, r.Key, "created")
	case h.page.Content != r.Content:
		m.event(h, r.Key, "updated")
	}
	h.page, h.gone, h.run = r, false, m.run.ID
}

func (m *machine) event(h *modelRecord, key, kind string) {
	h.version++
	m.events = append(m.events, fmt.Sprint(kind, " ", key, " ", h.version))
}

func (m *machine) sweep(t *rapid.T) {
	if m.run.ID == 0 {
		t.Skip("no run")
	}
	_, err := m.f.s.FinishSweep(context.Background(), m.run, nil)
	if !m.complete {
		if !errors.Is(err, store.ErrIncomplete) {
			t.Fatalf("got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c", "d", "é"} {
		if h := m.held[key]; h != nil && !h.gone && h.run < m.run.ID {
			m.event(h, key, "removed")
			h.gone = true
		}
	}
	run, err := m.f.s.EndRun(context.Background(), m.run, store.RunEnd{})
	if err != nil || !run.Swept {
		t.Fatalf("got %+v, %v", run, err)
	}
	m.old, m.run = m.run, gatehouse.SyncRun{}
}

// restart closes the store, opens it again and goes on with the run.
func (m *machine) restart(t *rapid.T) {
	if err := m.f.s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), m.o)
	if err != nil {
		t.Fatal(err)
	}
	m.f.s = s
	if m.run.ID == 0 {
		return
	}
	run, err := s.ResumeRun(context.Background(), m.integration, alerts)
	if err != nil || run.ID != m.run.ID || run.Complete != m.complete {
		t.Fatalf("got %+v, %v", run, err)
	}
	m.old, m.run = m.run, run
}

// zombie commits for a run that is over.
func (m *machine) zombie(t *rapid.T) {
	if m.old.ID == 0 {
		t.Skip("none is over")
	}
	p := m.draw(t)
	p.Run = m.old
	if _, err := m.f.s.CommitPage(context.Background(), p); !errors.Is(err, store.ErrRunOver) {
		t.Fatalf("got %v", err)
	}
}

// crash breaks a page off.
func (m *machine) crash(t *rapid.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.f.s.CommitPage(ctx, m.draw(t)); err == nil {
		t.Fatal("a canceled page was committed")
	}
}

// check compares the store with the model.
func (m *machine) check(t *rapid.T) {
	ctx := context.Background()
	var got []string
	for e, err := range m.f.s.Events(ctx, 0, store.EventFilter{Integration: m.integration}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, short(e))
	}
	if diff := cmp.Diff(m.events, got); diff != "" {
		t.Fatalf("events (-model +store)\n%s", diff)
	}
	seen := map[string]bool{}
	for r, err := range m.f.s.Records(ctx, m.integration, alerts, store.RecordQuery{Removed: true, Documents: true}) {
		if err != nil {
			t.Fatal(err)
		}
		h := m.held[r.Key]
		if seen[r.Key] = true; h == nil || r.Version != h.version || r.Gone() != h.gone || r.Content != h.page.Content || string(r.Document) != string(h.page.Document) {
			t.Fatalf("record %+v, model %+v", r, h)
		}
	}
	c, err := m.f.s.Checkpoint(ctx, m.integration, alerts)
	if err != nil || c.Phase != m.checkpoint || len(seen) != len(m.held) {
		t.Fatalf("checkpoint %+v (%v), model %q; %d records, model %d", c, err, m.checkpoint, len(seen), len(m.held))
	}
}
