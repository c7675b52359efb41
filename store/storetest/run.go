package storetest

import (
	"errors"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testRuns(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	for range 5 {
		must(f.s.EndRun(t.Context(), f.begin(alerts), store.RunEnd{}))(t)
	}
	f.begin(devices)
	open := f.begin(alerts)
	if got := must(f.s.Runs(t.Context(), f.integration, alerts, 3))(t); len(got) != 3 || got[0].ID != open.ID || !got[0].Open() || got[1].Open() {
		t.Errorf("got %+v", got)
	}
	if n := must(f.s.TrimRuns(t.Context(), f.integration, alerts, 2))(t); n != 4 {
		t.Errorf("%d runs forgotten, want 4", n)
	}
	if got := must(f.s.Runs(t.Context(), f.integration, alerts, 9))(t); len(got) != 2 {
		t.Errorf("%d runs left, want 2", len(got))
	}
	f.commit(open, rec("a", "one", ""))
}

func testReset(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	must(f.s.CommitPage(t.Context(), store.Page{Run: run, Records: []store.PageRecord{rec("a", "one", "")}, Checkpoint: &gatehouse.Checkpoint{Phase: "p"}}))(t)
	must(0, f.s.ResetCheckpoint(t.Context(), f.integration, alerts))(t)
	if c := must(f.s.Checkpoint(t.Context(), f.integration, alerts))(t); c.Phase != "" {
		t.Errorf("got %+v", c)
	}
	if _, err := f.s.CommitPage(t.Context(), store.Page{Run: run}); !errors.Is(err, store.ErrRunOver) {
		t.Errorf("got %v", err)
	}
	if got := f.commit(f.begin(alerts), rec("a", "one", "")); got.Unchanged != 1 {
		t.Errorf("got %+v", got)
	}
	if err := f.s.ResetCheckpoint(t.Context(), f.integration, devices); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func testLastRun(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	if _, err := f.s.LastRun(t.Context(), f.integration, alerts, gatehouse.SyncFull); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	full := f.begin(alerts)
	f.finish(full)
	must(f.s.EndRun(t.Context(), full, store.RunEnd{}))(t)
	for range 3 {
		run := must(f.s.BeginRun(t.Context(), f.integration, alerts, gatehouse.SyncDelta))(t)
		must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
	}
	must(f.s.TrimRuns(t.Context(), f.integration, alerts, 1))(t)
	got := must(f.s.LastRun(t.Context(), f.integration, alerts, gatehouse.SyncFull))(t)
	if got.ID != full.ID || !got.Complete {
		t.Errorf("got %+v", got)
	}
}
