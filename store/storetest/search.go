package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// testSearch compares searches with a look at every record, for random records,
// conditions, orders and sizes of pages, over two integrations.
func testSearch(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o := fresh(t)
	f := open(t, o)
	// A store that reads few rows at a time takes every way with few records.
	o.Search = store.SearchTuning{First: 2, Batch: 3, Few: 2, Budget: 4, Many: 1000}
	hasty := open(t, o, "hasty").s
	o.Search.Many = 1
	patient := open(t, o, "patient").s
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		w := &searched{f: f, by: []*store.Store{f.s, hasty, patient}, stream: gatehouse.Stream(fmt.Sprint("stream", n)), facets: map[string][]gatehouse.Facet{}, gone: map[string]bool{}}
		for i := range 2 {
			w.fill(rt, must(f.s.AddIntegration(context.Background(), gatehouse.Integration{Name: fmt.Sprint("search", n, "-", i)}))(f.t).ID)
		}
		for range 8 {
			w.ask(rt)
		}
	})
}

// searched is what was mirrored, by "integration key".
type searched struct {
	f            *fixture
	by           []*store.Store // that search
	stream       gatehouse.Stream
	integrations []string
	facets       map[string][]gatehouse.Facet
	gone         map[string]bool
}

// facetsOf draws the facets of a record: few names and values, so that they meet.
func facetsOf(t *rapid.T) []gatehouse.Facet {
	var all []gatehouse.Facet
	for range rapid.IntRange(0, 5).Draw(t, "facets") {
		all = append(all, gatehouse.Facet{
			Name:  rapid.SampledFrom([]string{"os", "tag", "seen"}).Draw(t, "name"),
			Value: rapid.SampledFrom([]string{"", "a", "ab", "abc", "b", "ba", "é", "z"}).Draw(t, "value"),
		})
	}
	return all
}

// fill mirrors an integration in a few pages that change each other.
func (w *searched) fill(t *rapid.T, integration string) {
	w.integrations = append(w.integrations, integration)
	ctx := context.Background()
	run, err := w.f.s.BeginRun(ctx, integration, w.stream, gatehouse.SyncFull)
	if err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(0, 4).Draw(t, "pages") {
		page := store.Page{Run: run}
		for i := range rapid.IntRange(0, 30).Draw(t, "rows") {
			key := fmt.Sprintf("k%02d", rapid.IntRange(0, 40).Draw(t, "key"))
			r := rec(key, fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "says")), fmt.Sprint(i))
			if r.Gone = rapid.IntRange(0, 5).Draw(t, "gone") == 0; r.Gone {
				r = store.PageRecord{Key: key, Gone: true}
			} else {
				r.Facets = facetsOf(t)
				r.Document = fmt.Appendf(nil, "%v %v", r.Document, r.Facets) // other facets, other document
				r.Whole = gatehouse.HashOf(r.Document)
			}
			page.Records = append(page.Records, r)
		}
		if _, err := w.f.s.CommitPage(ctx, page); err != nil {
			t.Fatal(err)
		}
		w.note(integration, page.Records)
	}
	if rapid.Bool().Draw(t, "reindex") {
		w.reindex(t, integration)
	}
}

// note is what a page means.
func (w *searched) note(integration string, records []store.PageRecord) {
	last := map[string]store.PageRecord{}
	for _, r := range records {
		last[r.Key] = r
	}
	for key, r := range last {
		id := integration + " " + key
		switch _, known := w.facets[id]; {
		case r.Gone && known:
			w.gone[id] = true
		case !r.Gone:
			w.facets[id], w.gone[id] = r.Facets, false
		}
	}
}

// reindex gives every record other facets.
func (w *searched) reindex(t *rapid.T, integration string) {
	err := w.f.s.Reindex(context.Background(), integration, w.stream, func(r gatehouse.Record) []gatehouse.Facet {
		id := integration + " " + r.Key
		w.facets[id] = append(slices.Clone(w.facets[id][:len(w.facets[id])/2]), gatehouse.Facet{Name: "os", Value: "new"})
		return w.facets[id]
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ask draws a query and compares.
func (w *searched) ask(t *rapid.T) {
	q := store.SearchQuery{
		Integrations: w.integrations[rapid.IntRange(0, 1).Draw(t, "from"):],
		Stream:       w.stream,
		Sort:         rapid.SampledFrom([]string{"", "os", "tag", "seen", "none"}).Draw(t, "sort"),
		Descending:   rapid.Bool().Draw(t, "descending"),
		Removed:      rapid.Bool().Draw(t, "removed"),
		Documents:    rapid.Bool().Draw(t, "documents"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "conditions") {
		c := store.Condition{
			Name: rapid.SampledFrom([]string{"os", "tag", "seen"}).Draw(t, "name"),
			Op: rapid.SampledFrom([]store.Op{store.OpEqual, store.OpNotEqual, store.OpIn, store.OpLess, store.OpLessOrEqual,
				store.OpGreater, store.OpGreaterOrEqual, store.OpPrefix, store.OpContains, store.OpExists}).Draw(t, "op"),
			Values: []string{rapid.SampledFrom([]string{"", "a", "ab", "b", "é", "zz", "new"}).Draw(t, "value")},
		}
		switch {
		case c.Op == store.OpExists:
			c.Values = []string{rapid.SampledFrom([]string{"true", "false"}).Draw(t, "exists")}
		case slices.Contains([]store.Op{store.OpIn, store.OpPrefix, store.OpContains, store.OpNotEqual}, c.Op) && rapid.Bool().Draw(t, "two"):
			c.Values = append(c.Values, "b")
		}
		q.Where = append(q.Where, c)
	}
	want := w.naive(q)
	s := rapid.SampledFrom(w.by).Draw(t, "by")
	whole := w.pages(t, s, q, 0)
	if diff := cmp.Diff(want, sorted(whole)); diff != "" {
		t.Fatalf("%+v (-naive +store)\n%s", q, diff)
	}
	w.inOrder(t, q, whole)
	if diff := cmp.Diff(whole, w.pages(t, rapid.SampledFrom(w.by).Draw(t, "paged by"), q, rapid.IntRange(1, 7).Draw(t, "limit"))); diff != "" {
		t.Fatalf("%+v: by pages (-whole +paged)\n%s", q, diff)
	}
	atMost := rapid.Int64Range(0, 20).Draw(t, "at most")
	count, err := s.CountSearch(context.Background(), q, atMost)
	exact := int64(len(want))
	if atMost > 0 {
		exact = min(exact, atMost)
	}
	if err != nil || count != exact {
		t.Fatalf("%+v: count %d, %v; want %d", q, count, err, exact)
	}
}

// pages reads a search page by page, as "integration key".
func (w *searched) pages(t *rapid.T, s *store.Store, q store.SearchQuery, limit int) []string {
	var all []string
	for q.Limit = limit; ; {
		n := 0
		for found, err := range s.Search(context.Background(), q) {
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			id := found.Integration + " " + found.Key
			if found.Gone() != w.gone[id] || q.Documents != (len(found.Document) > 0) {
				t.Fatalf("got %+v", found)
			}
			all = append(all, id)
			q.After = &found.Position
			n++
		}
		if limit == 0 || n < limit {
			return all
		}
	}
}

// naive looks at every record.
func (w *searched) naive(q store.SearchQuery) []string {
	var all []string
	for id, facets := range w.facets {
		integration, _, _ := strings.Cut(id, " ")
		if !slices.Contains(q.Integrations, integration) || (w.gone[id] && !q.Removed) {
			continue
		}
		if meets(facets, q.Where) {
			all = append(all, id)
		}
	}
	return sorted(all)
}

// sorted returns a sorted copy, for sets.
func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}

// meets is the meaning of the conditions, said a second time and simply.
func meets(facets []gatehouse.Facet, where []store.Condition) bool {
	for _, c := range where {
		some := slices.ContainsFunc(facets, func(f gatehouse.Facet) bool { return f.Name == c.Name && holds(f.Value, c) })
		switch c.Op {
		case store.OpNotEqual:
			some = !some
		case store.OpExists:
			some = some == (c.Values[0] == "true")
		case store.OpLess, store.OpLessOrEqual, store.OpGreater, store.OpGreaterOrEqual, store.OpPrefix:
			some = slices.ContainsFunc(facets, func(f gatehouse.Facet) bool { return f.Name == c.Name && inRange(f.Value, c.Name, where) })
		}
		if !some {
			return false
		}
	}
	return true
}

// inRange tells whether one value meets every condition of range on its name.
func inRange(value, name string, where []store.Condition) bool {
	ranges := []store.Op{store.OpLess, store.OpLessOrEqual, store.OpGreater, store.OpGreaterOrEqual, store.OpPrefix}
	for _, c := range where {
		if c.Name == name && slices.Contains(ranges, c.Op) && !holds(value, c) {
			return false
		}
	}
	return true
}

// holds compares one value.
func holds(value string, c store.Condition) bool {
	return slices.ContainsFunc(c.Values, func(v string) bool {
		switch c.Op {
		case store.OpLess:
			return value < v
		case store.OpLessOrEqual:
			return value <= v
		case store.OpGreater:
			return value > v
		case store.OpGreaterOrEqual:
			return value >= v
		case store.OpPrefix:
			return strings.HasPrefix(value, v)
		case store.OpContains:
			return strings.Contains(value, v)
		case store.OpExists:
			return true
		default:
			return value == v
		}
	})
}

// inOrder looks whether a list has the order that was asked for.
func (w *searched) inOrder(t *rapid.T, q store.SearchQuery, all []string) {
	before := func(a, b string) bool { return a < b != q.Descending || a == b }
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		va, oka := w.sortValue(q, a)
		vb, okb := w.sortValue(q, b)
		integration := func(id string) string { i, _, _ := strings.Cut(id, " "); return i }
		var ok bool
		switch {
		case q.Sort == "" && len(q.Where) > 0:
			ok = true // an order of the store's own: that pages have the same is looked at elsewhere
		case q.Sort == "" || (!oka && !okb):
			ok = before(a, b)
		case oka != okb:
			ok = oka
		case va != vb:
			ok = before(va, vb)
		default:
			ok = before(integration(a), integration(b))
		}
		if !ok {
			t.Fatalf("%+v: %s (%q) comes before %s (%q)", q, a, va, b, vb)
		}
	}
}

// sortValue is the value of a record that counts.
func (w *searched) sortValue(q store.SearchQuery, id string) (string, bool) {
	var values []string
	for _, f := range w.facets[id] {
		if f.Name == q.Sort && inRange(f.Value, f.Name, q.Where) {
			values = append(values, f.Value)
		}
	}
	if len(values) == 0 {
		return "", false
	}
	if q.Descending {
		return slices.Max(values), true
	}
	return slices.Min(values), true
}

// A query that makes no sense is refused; one without integrations finds
// nothing; long values are cut; facets follow the life of their record.
func testFacets(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(devices)
	long := strings.Repeat("é", 200)
	device := func(key, seen string, facets ...string) store.PageRecord {
		r := rec(key, "one", seen)
		for _, v := range append(facets, "seen="+seen) {
			name, value, _ := strings.Cut(v, "=")
			r.Facets = append(r.Facets, gatehouse.Facet{Name: name, Value: value})
		}
		return r
	}
	f.commit(run, device("a", "1", "os=linux", "tag=x", "tag=y"), device("b", "2", "os=windows", "name="+long, "=nameless", "bad=\xff\x00"), rec("plain", "one", ""))
	find := func(q store.SearchQuery) (keys []string) {
		q.Stream = devices
		if q.Integrations == nil {
			q.Integrations = []string{f.integration}
		}
		for r, err := range f.s.Search(t.Context(), q) {
			keys = append(keys, must(r, err)(t).Key)
		}
		return keys
	}
	is := func(name, value string) []store.Condition {
		return []store.Condition{{Name: name, Op: store.OpEqual, Values: []string{value}}}
	}
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	expect("by tag", find(store.SearchQuery{Where: is("tag", "y")}), "a")
	expect("a long value", find(store.SearchQuery{Where: is("name", long)}), "b")
	expect("a value that is no text", find(store.SearchQuery{Where: is("bad", "\uFFFD\uFFFD")}), "b")
	expect("those without last", find(store.SearchQuery{Sort: "seen", Descending: true}), "b", "a", "plain")
	expect("no integration", find(store.SearchQuery{Integrations: []string{}}))
	expect("another's", find(store.SearchQuery{Integrations: []string{"another"}}))
	rows := must(f.count("SELECT COUNT(*) FROM facets"))(t)
	if got := f.commit(run, device("a", "3", "os=linux", "tag=x", "tag=y")); got.Noisy != 1 {
		t.Errorf("got %+v", got)
	}
	if n := must(f.count("SELECT COUNT(*) FROM facets"))(t); n != rows {
		t.Errorf("%d rows of facets, before %d", n, rows)
	}
	expect("what changed without an event", find(store.SearchQuery{Where: is("seen", "3")}), "a")
	expect("what it was before", find(store.SearchQuery{Where: is("seen", "1")}))
	f.commit(run, store.PageRecord{Key: "a", Gone: true})
	expect("removed", find(store.SearchQuery{Where: is("os", "linux")}))
	expect("removed ones, too", find(store.SearchQuery{Where: is("os", "linux"), Removed: true}), "a")
	f.commit(run, device("a", "3", "os=bsd"))
	expect("back", find(store.SearchQuery{Where: is("os", "bsd")}), "a")
	next := f.begin(devices)
	f.finish(next, rec("plain", "two", ""))
	must(f.s.FinishSweep(t.Context(), next, nil))(t)
	expect("swept", find(store.SearchQuery{Where: is("os", "bsd")}))
	expect("swept, with the removed", find(store.SearchQuery{Where: is("os", "bsd"), Removed: true}), "a")
	for _, c := range []store.Condition{{Name: "os", Op: "like", Values: []string{"x"}}, {Op: store.OpEqual, Values: []string{"x"}}, {Name: "os", Op: store.OpEqual}, {Name: "os", Op: store.OpLess, Values: []string{"a", "b"}}} {
		if _, err := f.s.CountSearch(t.Context(), store.SearchQuery{Integrations: []string{f.integration}, Stream: devices, Where: []store.Condition{c}}, 0); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	if v := must(f.s.FacetVersion(t.Context(), f.integration, devices))(t); v != 0 {
		t.Errorf("got version %d", v)
	}
	must(0, f.s.SetFacetVersion(t.Context(), f.integration, devices, 3))(t)
	if v := must(f.s.FacetVersion(t.Context(), f.integration, devices))(t); v != 3 {
		t.Errorf("got version %d", v)
	}
	must(0, f.s.RemoveIntegration(t.Context(), f.integration))(t)
	if n := must(f.count("SELECT (SELECT COUNT(*) FROM facets) + (SELECT COUNT(*) FROM record_facets)"))(t); n != 0 {
		t.Errorf("%d rows left of a removed integration", n)
	}
}

// count reads one number.
func (f *fixture) count(query string) (n int64, err error) {
	err = f.s.DB().QueryRowContext(context.Background(), query).Scan(&n)
	return n, err
}
