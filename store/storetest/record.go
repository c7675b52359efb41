package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testRecords(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	var records []store.PageRecord
	keys := []string{"Z", "a", "ä", "_", "Ab", "aB", "z z", "'\"\\<>&"} // order and quoting differ in many a collation
	for i := range 1200 {
		keys = append(keys, fmt.Sprintf("k%d", i))
	}
	var truth store.Digest
	for _, k := range keys {
		r := rec(k, "one", "")
		records = append(records, r)
		truth.Add(k, r.Content)
	}
	heavy := rec("heavy", "one", "")
	heavy.Document = bytes.Repeat([]byte("x"), 9<<20)
	truth.Add(heavy.Key, heavy.Content)
	f.commit(run, append(records, heavy)...)
	f.commit(run, rec("gone", "one", ""))
	f.commit(run, store.PageRecord{Key: "gone", Gone: true})
	keys = append(keys, "heavy")
	slices.Sort(keys)
	list := func(q store.RecordQuery) (got []string) {
		for r, err := range f.s.Records(t.Context(), f.integration, alerts, q) {
			got = append(got, must(r, err)(t).Key)
			if q.Documents != (len(r.Document) > 0) {
				t.Errorf("%s: a document of %d bytes", r.Key, len(r.Document))
			}
		}
		return got
	}
	if !slices.Equal(list(store.RecordQuery{}), keys) || !slices.Equal(list(store.RecordQuery{Documents: true}), keys) {
		t.Error("the list is not every key in its order")
	}
	if got := list(store.RecordQuery{After: keys[699], Limit: 520}); !slices.Equal(got, keys[700:min(1220, len(keys))]) {
		t.Errorf("a part of the list: %d keys", len(got))
	}
	if got := list(store.RecordQuery{Removed: true}); len(got) != len(keys)+1 {
		t.Errorf("with the removed one: %d keys", len(got))
	}
	if got := must(f.s.Digest(t.Context(), f.integration, alerts))(t); got != truth {
		t.Errorf("got %+v, want %+v", got, truth)
	}
	if got := must(f.s.Digest(t.Context(), f.integration, devices))(t); got != (store.Digest{}) {
		t.Errorf("got %+v", got)
	}
	if n := must(f.s.Count(t.Context(), f.integration, alerts))(t); n != int64(len(keys)) {
		t.Errorf("count: %d", n)
	}
	var twice, once store.Digest
	once.Add("a", gatehouse.Hash{})
	twice.Add("a", gatehouse.Hash{})
	twice.Add("a", gatehouse.Hash{})
	if twice.Keys == once.Keys || twice.Keys == (gatehouse.Hash{}) {
		t.Error("a digest does not tell a key that is there twice")
	}
}

// noise is a text of so many bytes that nothing makes shorter.
func noise(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	r := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // the same each time
	var b strings.Builder
	for range n {
		b.WriteByte(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// Keys of any shape are kept, and one that no index takes is set aside: it holds up
// neither its page nor, since no record can have it, the removal of what is gone.
func testOddKeys(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	odd := []string{" ", "'; DROP TABLE records; --", "a|b%7C", "Ω\u202e🦊", "\u00e9", "e\u0301", "%", "_", "\\", "\r\n", noise(store.MaxKey)}
	run := f.begin(alerts)
	for _, key := range odd {
		f.commit(run, rec(key, "one", ""))
	}
	f.finish(run, rec("gone", "one", ""))
	must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
	for _, key := range odd {
		if r := must(f.s.Record(t.Context(), f.integration, alerts, key))(t); r.Key != key || r.Version != 1 {
			t.Errorf("%q: got %+v", key, r)
		}
	}
	run = f.begin(alerts)
	for _, long := range []int{store.MaxKey + 1, 10_000, 100_000} {
		got := f.commit(run, rec(noise(long), "one", ""), rec(odd[0], "one", ""))
		if got.SetAside != 1 || got.Unchanged != 1 {
			t.Errorf("a key of %d bytes: got %+v", long, got)
		}
	}
	var again []store.PageRecord
	for _, key := range odd {
		again = append(again, rec(key, "one", ""))
	}
	f.finish(run, again...)
	if swept := must(f.s.FinishSweep(t.Context(), run, nil))(t); swept.Removed != 1 {
		t.Errorf("got %+v", swept)
	}
}

// A document of many megabytes is kept as it is, and a record that goes and returns
// again and again has one event for each time.
func testOddRecords(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	heavy := rec("heavy", noise(5<<20), "")
	f.commit(run, heavy, rec("light", "one", ""))
	if r := must(f.s.Record(t.Context(), f.integration, alerts, "heavy"))(t); !bytes.Equal(r.Document, heavy.Document) {
		t.Errorf("%d bytes of %d are held", len(r.Document), len(heavy.Document))
	}
	f.finish(run)
	must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
	for round := range 3 {
		run := f.begin(alerts)
		f.finish(run, heavy)
		swept := must(f.s.FinishSweep(t.Context(), run, nil))(t)
		must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
		back := f.commit(f.begin(alerts), heavy, rec("light", "one", ""))
		if swept.Removed != 1 || back.Created != 1 || back.Unchanged != 1 {
			t.Errorf("round %d: got %+v and %+v", round, swept, back)
		}
	}
	if got := len(f.events(store.EventFilter{})); got != 2+3*2 {
		t.Errorf("%d events", got)
	}
}
