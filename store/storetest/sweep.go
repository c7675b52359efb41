package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testSweep(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	f.finish(f.begin(alerts), rec("a", "one", ""), rec("b", "one", ""), rec("c", "one", ""), rec("d", "one", ""))
	f.finish(f.begin(devices), rec("a", "one", ""))
	run := f.begin(alerts)
	f.commit(run, rec("a", "one", ""), rec("b", "two", ""))
	if r, err := f.s.FinishSweep(t.Context(), run, nil); !errors.Is(err, store.ErrIncomplete) || r.Removed != 0 {
		t.Errorf("a truncated sweep: got %+v, %v", r, err)
	}
	run = must(f.s.ResumeRun(t.Context(), f.integration, alerts))(t)
	f.finish(run, rec("c", "one", "noise"))
	for i, want := range []store.SweepResult{{Removed: 1, First: 7, Last: 7}, {}} {
		if got := must(f.s.FinishSweep(t.Context(), run, nil))(t); got != want {
			t.Errorf("sweep %d: got %+v, want %+v", i, got, want)
		}
	}
	want := []string{"created a 1", "created b 1", "created c 1", "created d 1", "updated b 2", "removed d 2"}
	if diff := cmp.Diff(want, shorts(f.events(store.EventFilter{Streams: []gatehouse.Stream{alerts}}))); diff != "" {
		t.Error(diff)
	}
	if n := must(f.s.Count(t.Context(), f.integration, devices))(t); n != 1 {
		t.Error("the sweep reached another stream")
	}
	ended := must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
	if !ended.Complete || !ended.Swept || ended.Removed != 1 {
		t.Errorf("got %+v", ended)
	}
}

// A worker that loses its run in mid-sweep stops, and the next one ends it.
func testSweepCut(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	const n = 3500
	f := open(t, fresh(t))
	records := make([]store.PageRecord, n)
	for i := range records {
		records[i] = rec(fmt.Sprintf("k%05d", i), "one", "")
	}
	f.finish(f.begin(alerts), records...)
	run := f.begin(alerts)
	f.finish(run, records[0])
	asked := 0
	agree := func(c store.SweepCount) error { //nolint:unparam // a guard
		asked++
		c.Unswept = 0 // the first run never was
		if want := (store.SweepCount{Held: n, Missing: n - 1, Rows: 1}); c != want {
			t.Errorf("got %+v, want %+v", c, want)
		}
		return nil
	}
	over := make(chan error, 1)
	go func() {
		_, err := f.s.FinishSweep(t.Context(), run, agree)
		over <- err
	}()
	for must(f.s.LastEvent(t.Context()))(t) == n {
		continue // until the first batch is removed
	}
	run = must(f.s.ResumeRun(t.Context(), f.integration, alerts))(t)
	if err := <-over; err != nil && !errors.Is(err, store.ErrRunOver) {
		t.Errorf("got %v", err)
	}
	must(f.s.FinishSweep(t.Context(), run, agree))(t)
	if got := must(f.s.Count(t.Context(), f.integration, alerts))(t); got != 1 || asked != 1 {
		t.Errorf("%d records left, the guard asked %d times", got, asked)
	}
	if got := len(f.events(store.EventFilter{Kinds: []gatehouse.EventKind{gatehouse.EventRemoved}})); got != n-1 {
		t.Errorf("%d removed events, want %d", got, n-1)
	}
}

func testSweepGuard(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	var records []store.PageRecord
	for i := range 300 {
		records = append(records, rec(fmt.Sprint(i), "one", ""))
	}
	f.finish(f.begin(alerts), records...)
	run := f.begin(alerts)
	f.finish(run, records[:100]...)
	if _, err := f.s.FinishSweep(t.Context(), run, nil); !errors.Is(err, store.ErrImplausible) {
		t.Errorf("two thirds gone: got %v", err)
	}
	run = f.begin(alerts)
	must(f.s.CommitPage(t.Context(), store.Page{Run: run, Records: records[:299], SetAside: []store.SetAside{{Raw: []byte("?"), Error: "bad"}}, Complete: true}))(t)
	if _, err := f.s.FinishSweep(t.Context(), run, nil); !errors.Is(err, store.ErrImplausible) {
		t.Errorf("one missing and one unknown: got %v", err)
	}
	if n := must(f.s.Count(t.Context(), f.integration, alerts))(t); n != 300 {
		t.Errorf("%d records left of 300", n)
	}
	run = f.begin(alerts)
	f.finish(run, records[:200]...)
	if got := must(f.s.FinishSweep(t.Context(), run, nil))(t); got.Removed != 100 {
		t.Errorf("got %+v", got)
	}
	if n := len(f.aside()); n != 0 {
		t.Error("what did not come again is still set aside")
	}
}

// What is spared stays, unchanged, and the rest of what is missing goes.
func testSpare(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	var records []store.PageRecord
	for i := range 2400 {
		says := "goes"
		if i%3 == 0 {
			says = "stays"
		}
		records = append(records, rec(fmt.Sprintf("%04d", i), says, ""))
	}
	f.finish(f.begin(alerts), records...)
	run := f.begin(alerts)
	f.finish(run, records[:9]...)
	stays := func(document []byte) bool { return bytes.Contains(document, []byte("stays")) }
	for _, want := range []int64{797, 0} {
		if n := must(f.s.Spare(t.Context(), run, stays))(t); n != want {
			t.Errorf("%d spared, want %d", n, want)
		}
	}
	anyway := func(store.SweepCount) error { return nil }
	if swept := must(f.s.FinishSweep(t.Context(), run, anyway))(t); swept.Removed != 1594 {
		t.Errorf("got %+v", swept)
	}
	if r := must(f.s.Record(t.Context(), f.integration, alerts, "2397"))(t); r.Gone() || r.Version != 1 {
		t.Errorf("got %+v", r)
	}
	must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
	if _, err := f.s.Spare(t.Context(), run, stays); !errors.Is(err, store.ErrRunOver) {
		t.Errorf("got %v", err)
	}
}
