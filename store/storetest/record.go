package storetest

import (
	"bytes"
	"fmt"
	"slices"
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
