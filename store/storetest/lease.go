package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testLeases(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	for _, step := range []struct {
		name, holder string
		ttl          time.Duration
		want         bool
	}{
		{"free", "one", time.Hour, true},
		{"renewed", "one", time.Hour, true},
		{"taken", "two", time.Hour, false},
		{"cut short by its holder", "one", -time.Hour, true},
		{"run out", "two", time.Hour, true},
		{"lost", "one", time.Hour, false},
	} {
		if got := must(f.s.Lease(t.Context(), f.integration, step.holder, step.ttl))(t); got != step.want {
			t.Errorf("%s: got %t", step.name, got)
		}
	}
	for _, holder := range []string{"one", "two"} {
		must(0, f.s.ReleaseLease(t.Context(), f.integration, holder))(t)
		if got := must(f.s.Lease(t.Context(), f.integration, "three", time.Hour))(t); got != (holder == "two") {
			t.Errorf("after %s gave it back: got %t", holder, got)
		}
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

// A record that comes through another door makes an event only when what both
// doors know has changed.
func testDoors(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	through := func(api gatehouse.API, says, common string) store.PageRecord {
		r := rec("a", says, "")
		r.API = api
		if common != "" {
			r.Common = gatehouse.HashOf([]byte(common))
		}
		return r
	}
	for _, step := range []struct {
		name   string
		record store.PageRecord
		want   store.PageResult
	}{
		{"new", through(gatehouse.APIMDE, "one", "x"), store.PageResult{Rows: 1, Created: 1, First: 1, Last: 1}},
		{"another door", through(gatehouse.APIGraph, "1", "x"), store.PageResult{Rows: 1, Unchanged: 1, Noisy: 1}},
		{"the same door", through(gatehouse.APIGraph, "1", "x"), store.PageResult{Rows: 1, Unchanged: 1}},
		{"changed where the other does not see", through(gatehouse.APIGraph, "2", "x"), store.PageResult{Rows: 1, Updated: 1, First: 2, Last: 2}},
		{"back through the first", through(gatehouse.APIMDE, "one", "x"), store.PageResult{Rows: 1, Unchanged: 1, Noisy: 1}},
		{"changed on the way", through(gatehouse.APIGraph, "3", "y"), store.PageResult{Rows: 1, Updated: 1, First: 3, Last: 3}},
		{"what is common is said otherwise", through(gatehouse.APIGraph, "3", "z"), store.PageResult{Rows: 1, Unchanged: 1, Noisy: 1}},
		{"a door without it", through(gatehouse.APIMDE, "3", ""), store.PageResult{Rows: 1, Unchanged: 1, Noisy: 1}},
	} {
		if got := f.commit(run, step.record); got != step.want {
			t.Errorf("%s: got %+v, want %+v", step.name, got, step.want)
		}
	}
	if r := must(f.s.Record(t.Context(), f.integration, alerts, "a"))(t); r.API != gatehouse.APIMDE {
		t.Errorf("got %+v", r)
	}
}
