package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testEvents(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	other := must(f.s.AddIntegration(t.Context(), gatehouse.Integration{Name: "fabrikam"}))(t)
	a, d := f.begin(alerts), f.begin(devices)
	o := must(f.s.BeginRun(t.Context(), other.ID, alerts, gatehouse.SyncDelta))(t)
	for i := range 700 {
		key := fmt.Sprint(i)
		f.commit([]gatehouse.SyncRun{a, d, o}[i%3], rec(key, "one", ""))
	}
	f.commit(a, rec("0", "two", ""), store.PageRecord{Key: "3", Gone: true})
	for _, tt := range []struct {
		name   string
		filter store.EventFilter
		want   int
	}{
		{"all", store.EventFilter{}, 702},
		{"integration", store.EventFilter{Integration: f.integration}, 469},
		{"stream", store.EventFilter{Streams: []gatehouse.Stream{alerts}}, 469},
		{"both", store.EventFilter{Integration: f.integration, Streams: []gatehouse.Stream{alerts}}, 236},
		{"kind", store.EventFilter{Kinds: []gatehouse.EventKind{gatehouse.EventUpdated, gatehouse.EventRemoved}}, 2},
		{"kind of a stream", store.EventFilter{Kinds: []gatehouse.EventKind{gatehouse.EventCreated}, Integration: other.ID}, 233},
		{"nothing", store.EventFilter{Integration: "nobody"}, 0},
	} {
		all := f.events(tt.filter)
		if len(all) != tt.want {
			t.Errorf("%s: %d events, want %d", tt.name, len(all), tt.want)
		}
		checkOrder(t, tt.name, all)
		checkSteps(t, f, tt.filter, all)
	}
	first := f.events(store.EventFilter{})[0]
	if first.ID != gatehouse.EventID(f.integration, alerts, "0", 1) || len(first.ID) != 32 || first.Time.IsZero() || first.Number != 1 {
		t.Errorf("got %+v", first)
	}
}

// checkOrder looks for numbers that do not rise and ids that are there twice.
func checkOrder(t *testing.T, name string, events []gatehouse.Event) {
	t.Helper()
	ids := map[string]bool{}
	for i, e := range events {
		if i > 0 && e.Number <= events[i-1].Number || ids[e.ID] {
			t.Errorf("%s: %+v is out of order or there twice", name, e)
		}
		ids[e.ID] = true
	}
}

// checkSteps reads the same events a few at a time.
func checkSteps(t *testing.T, f *fixture, filter store.EventFilter, want []gatehouse.Event) {
	t.Helper()
	var got []gatehouse.Event
	after := int64(0)
	for {
		n := 0
		for e, err := range f.s.Events(t.Context(), after, filter, 150) {
			got = append(got, must(e, err)(t))
			after = e.Number
			n++
		}
		if n < 150 {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in steps (-whole +steps)\n%s", diff)
	}
}

// A reader that follows the log sees every event though many write at once.
func testTail(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	const writers, pages, size = 6, 15, 5
	o := fresh(t)
	f := open(t, o)
	second := must(store.Open(t.Context(), o))(t) // stands for another process
	defer func() { must(0, second.Close())(t) }()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			s := []*store.Store{f.s, second}[w%2]
			run, err := s.BeginRun(context.Background(), f.integration, gatehouse.Stream(fmt.Sprint("s", w)), gatehouse.SyncFull)
			for p := 0; p < pages && err == nil; p++ {
				var records []store.PageRecord
				for r := range size {
					records = append(records, rec(fmt.Sprint(p, ".", r), "one", ""))
				}
				_, err = s.CommitPage(context.Background(), store.Page{Run: run, Records: records})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	after := int64(0)
	for last := false; ; {
		select {
		case <-done:
			last = true
		default:
		}
		for e, err := range f.s.Events(t.Context(), after, store.EventFilter{}, 0) {
			if must(e, err)(t); e.Number != after+1 {
				t.Fatalf("event %d came after %d", e.Number, after)
			}
			after = e.Number
		}
		if last {
			break
		}
	}
	if after != writers*pages*size {
		t.Errorf("the reader saw %d events of %d", after, writers*pages*size)
	}
	must(0, VerifyNumbers(t.Context(), f.s))(t)
}
