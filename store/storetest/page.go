package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testPages(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	gone := store.PageRecord{Key: "a", Gone: true}
	other := rec("b", "one", "3")
	other.API = gatehouse.APIGraph
	for _, step := range []struct {
		name    string
		records []store.PageRecord
		want    store.PageResult
		events  []string
	}{
		{"new", []store.PageRecord{rec("a", "one", "1"), rec("b", "one", "1")}, store.PageResult{Rows: 2, Created: 2, First: 1, Last: 2}, []string{"created a 1", "created b 1"}},
		{"same", []store.PageRecord{rec("a", "one", "1"), rec("b", "one", "1")}, store.PageResult{Rows: 2, Unchanged: 2}, nil},
		{"noise", []store.PageRecord{rec("a", "one", "2")}, store.PageResult{Rows: 1, Unchanged: 1, Noisy: 1}, nil},
		{"change", []store.PageRecord{rec("a", "two", "2"), rec("b", "one", "1")}, store.PageResult{Rows: 2, Updated: 1, Unchanged: 1, First: 3, Last: 3}, []string{"updated a 2"}},
		{"back", []store.PageRecord{rec("a", "one", "2")}, store.PageResult{Rows: 1, Updated: 1, First: 4, Last: 4}, []string{"updated a 3"}},
		{"another door", []store.PageRecord{other}, store.PageResult{Rows: 1, Unchanged: 1, Noisy: 1}, nil},
		{"gone", []store.PageRecord{gone}, store.PageResult{Rows: 1, Removed: 1, First: 5, Last: 5}, []string{"removed a 4"}},
		{"gone still", []store.PageRecord{gone, {Key: "never", Gone: true}}, store.PageResult{Rows: 2, Unchanged: 2}, nil},
		{"anew", []store.PageRecord{rec("a", "one", "2")}, store.PageResult{Rows: 1, Created: 1, First: 6, Last: 6}, []string{"created a 5"}},
		{"empty", nil, store.PageResult{}, nil},
	} {
		before := must(f.s.LastEvent(t.Context()))(t)
		if got := f.commit(run, step.records...); got != step.want {
			t.Errorf("%s: got %+v, want %+v", step.name, got, step.want)
		}
		var events []string
		for e, err := range f.s.Events(t.Context(), before, store.EventFilter{}, 0) {
			events = append(events, short(must(e, err)(t)))
		}
		if diff := cmp.Diff(step.events, events); diff != "" {
			t.Errorf("%s: events (-want +got)\n%s", step.name, diff)
		}
	}
	a := must(f.s.Record(t.Context(), f.integration, alerts, "a"))(t)
	if want := rec("a", "one", "2"); !bytes.Equal(a.Document, want.Document) || a.Content != want.Content || a.Whole != want.Whole || a.Version != 5 || a.Gone() {
		t.Errorf("got %+v", a)
	}
	if b := must(f.s.Record(t.Context(), f.integration, alerts, "b"))(t); b.API != gatehouse.APIGraph || b.Version != 1 || !bytes.Equal(b.Document, other.Document) {
		t.Errorf("got %+v", b)
	}
	ended := must(f.s.EndRun(t.Context(), run, store.RunEnd{Calls: 7}))(t)
	want := gatehouse.SyncRun{ID: run.ID, Attempt: 1, Integration: f.integration, Stream: alerts, Mode: gatehouse.SyncFull, Pages: 10, Rows: 13, Created: 3, Updated: 2, Unchanged: 7, Removed: 1, Calls: 7}
	want.Started, want.Ended = ended.Started, ended.Ended
	if ended != want || ended.Open() {
		t.Errorf("run: got %+v, want %+v", ended, want)
	}
}

// Without hashes the document itself is compared.
func testRepeats(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	bare := func(key, document string) store.PageRecord {
		return store.PageRecord{Key: key, Document: []byte(document)}
	}
	got := f.commit(run, bare("a", "1"), bare("b", "1"), bare("a", "2"), bare("a", "3"), bare("", "4"), bare("c\x00", "5"), bare("\xff", "6"))
	want := store.PageResult{Rows: 7, Created: 2, Unchanged: 2, Repeated: 2, SetAside: 3, First: 1, Last: 2}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if r := must(f.s.Record(t.Context(), f.integration, alerts, "a"))(t); string(r.Document) != "3" || r.Version != 1 {
		t.Errorf("the last one does not count: %+v", r)
	}
	if got := f.commit(run, bare("a", "9"), bare("a", "3")); got.Updated != 0 || got.Unchanged != 2 {
		t.Errorf("there and back within a page: got %+v", got)
	}
	items := f.aside()
	if len(items) != 3 {
		t.Errorf("%d set aside, want 3", len(items))
	}
	for _, item := range items {
		if !strings.Contains(item.Error, "key") {
			t.Errorf("got %+v", item)
		}
	}
}

func testSetAside(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	f.finish(f.begin(alerts), rec("a", "one", ""), rec("b", "one", ""), rec("c", "one", ""))
	run := f.begin(alerts)
	broken := []store.SetAside{{Key: "a", Raw: []byte("{"), Error: "bad\xff\x00"}, {Key: "a", Raw: []byte("{"), Error: "bad"}}
	for range 2 {
		must(f.s.CommitPage(t.Context(), store.Page{Run: run, Records: []store.PageRecord{rec("b", "one", "")}, SetAside: broken, Complete: true}))(t)
	}
	if items := f.aside(); len(items) != 1 || items[0].Times != 2 || string(items[0].Raw) != "{" || items[0].Key != "a" {
		t.Errorf("got %+v", items)
	}
	swept := must(f.s.FinishSweep(t.Context(), run, nil))(t)
	if r := must(f.s.Record(t.Context(), f.integration, alerts, "a"))(t); swept.Removed != 1 || r.Gone() {
		t.Errorf("the sweep removed %d, and a record that was set aside: %v", swept.Removed, r.Gone())
	}
	f.commit(run, rec("a", "two", ""))
	if n := len(f.aside()); n != 0 {
		t.Errorf("%d still set aside after the record came well", n)
	}
	many := make([]store.SetAside, 50)
	for i := range many {
		many[i] = store.SetAside{Raw: []byte(strings.Repeat("x", i)), Error: "bad"}
	}
	must(f.s.CommitPage(t.Context(), store.Page{Run: run, SetAside: many}))(t)
	if n := len(f.aside()); n != len(many) {
		t.Errorf("%d of %d set aside", n, len(many))
	}
}

// aside reads what was set aside of the alerts.
func (f *fixture) aside() (items []store.SetAsideItem) {
	f.t.Helper()
	for item, err := range f.s.SetAside(context.Background(), f.integration, alerts) {
		items = append(items, must(item, err)(f.t))
	}
	return items
}

func testAllOrNone(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	water := time.Date(2026, 11, 23, 4, 5, 6, 123456000, time.UTC)
	page := store.Page{Run: run, Records: []store.PageRecord{rec("a", "one", "")}, Checkpoint: &gatehouse.Checkpoint{Phase: "pages", Watermark: water, State: []byte(`{"n":1}`)}, Calls: 3}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.s.CommitPage(canceled, page); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := must(f.s.Count(t.Context(), f.integration, alerts))(t); n != 0 || len(f.events(store.EventFilter{})) != 0 {
		t.Errorf("half a page was written: %d records", n)
	}
	must(f.s.CommitPage(t.Context(), page))(t)
	c := must(f.s.Checkpoint(t.Context(), f.integration, alerts))(t)
	if c.Phase != "pages" || !c.Watermark.Equal(water) || string(c.State) != `{"n":1}` || c.Moved.IsZero() {
		t.Errorf("got %+v", c)
	}
	f.commit(run) // no checkpoint given: it stays
	if again := must(f.s.Checkpoint(t.Context(), f.integration, alerts))(t); !cmp.Equal(c, again) {
		t.Errorf("got %+v, want %+v", again, c)
	}
	if none := must(f.s.Checkpoint(t.Context(), f.integration, devices))(t); !cmp.Equal(none, gatehouse.Checkpoint{}) {
		t.Errorf("got %+v", none)
	}
}

func testFence(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	first := f.begin(alerts)
	f.commit(first, rec("a", "one", ""))
	resumed := must(f.s.ResumeRun(t.Context(), f.integration, alerts))(t)
	if resumed.ID != first.ID || resumed.Attempt != 2 || resumed.Rows != 1 {
		t.Errorf("got %+v", resumed)
	}
	refused := func(name string, run gatehouse.SyncRun) {
		t.Helper()
		if _, err := f.s.CommitPage(t.Context(), store.Page{Run: run, Records: []store.PageRecord{rec("z", "one", "")}}); !errors.Is(err, store.ErrRunOver) {
			t.Errorf("%s commits: got %v", name, err)
		}
		if _, err := f.s.FinishSweep(t.Context(), run, nil); !errors.Is(err, store.ErrRunOver) {
			t.Errorf("%s sweeps: got %v", name, err)
		}
		if _, err := f.s.EndRun(t.Context(), run, store.RunEnd{}); !errors.Is(err, store.ErrRunOver) {
			t.Errorf("%s ends: got %v", name, err)
		}
	}
	refused("the first worker", first)
	f.commit(resumed, rec("b", "one", ""))
	second := f.begin(alerts)
	refused("the older run", resumed)
	f.begin(devices) // another stream is another matter
	f.commit(second, rec("c", "one", ""))
	must(f.s.EndRun(t.Context(), second, store.RunEnd{Error: "because"}))(t)
	refused("the ended run", second)
	if _, err := f.s.ResumeRun(t.Context(), f.integration, alerts); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := f.s.BeginRun(t.Context(), "nobody", alerts, gatehouse.SyncFull); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := f.s.Record(t.Context(), f.integration, alerts, "z"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a refused page was written: %v", err)
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
