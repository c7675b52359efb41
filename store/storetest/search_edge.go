package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// windows makes a record that is found as one of Windows.
func windows(n int) store.PageRecord {
	r := rec(fmt.Sprintf("%04d", n), "one", "")
	r.Facets = []gatehouse.Facet{{Name: "os", Value: "windows"}, {Name: "name", Value: "bad \xff\x00 name"}}
	return r
}

// A search that goes on while its integration is removed never shows what is written
// in the place of what it has found.
func testSearchRemoved(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	other := must(f.s.AddIntegration(t.Context(), gatehouse.Integration{Name: "fabrikam"}))(t)
	var records []store.PageRecord
	for n := range 1200 {
		records = append(records, windows(n))
	}
	f.commit(f.begin(devices), records...)
	q := store.SearchQuery{
		Integrations: []string{f.integration}, Stream: devices, Sort: "name",
		Where: []store.Condition{{Name: "os", Op: store.OpEqual, Values: []string{"windows"}}},
	}
	n := 0
	for r, err := range f.s.Search(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			must(0, f.s.RemoveIntegration(context.Background(), f.integration))(t)
			run := must(f.s.BeginRun(context.Background(), other.ID, devices, gatehouse.SyncFull))(t)
			f.commit(run, records...)
		}
		if r.Integration != f.integration {
			t.Fatalf("record %d is one of %s", n, r.Integration)
		}
	}
}

// What no text has is searched for like what it is kept as.
func testSearchNoText(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	f.commit(f.begin(devices), windows(1))
	for _, c := range []store.Condition{
		{Op: store.OpPrefix, Values: []string{"bad \xff"}},
		{Op: store.OpPrefix, Values: []string{"x", "bad \xff\x00"}},
		{Op: store.OpContains, Values: []string{"\x00 name"}},
		{Op: store.OpContains, Values: []string{"\xff"}},
		{Op: store.OpGreater, Values: []string{"bad \x00"}},
		{Op: store.OpEqual, Values: []string{"bad \xff\x00 name"}},
	} {
		c.Name = "name"
		q := store.SearchQuery{Integrations: []string{f.integration}, Stream: devices, Where: []store.Condition{c}}
		if n, err := f.s.CountSearch(t.Context(), q, 0); err != nil || n != 1 {
			t.Errorf("%s %q: found %d, %v", c.Op, c.Values, n, err)
		}
	}
}
