package server

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// What is parsed is written, and parsed again, as the same; and whatever a
// resource takes, the store and the matcher take as well.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"risk[eq]High", `tag[in]a\,b,c\\`, "lastSeen[ge]2026-11-01", "x[", "[]", "name[contains]]", "cvss[lt]-1e3", "exploit[eq]TRUE", "device[eq]a", "tag[in]\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFilter(text)
		if err != nil {
			return
		}
		again, err := parseFilter(parsed.String())
		if err != nil || again.field != parsed.field || again.op != parsed.op || !slices.Equal(again.values, parsed.values) {
			t.Errorf("%q is %+v, and that is %+v: %v", text, parsed, again, err)
		}
		for _, r := range recordResources() {
			where, _, err := r.conditions([]string{text})
			if err != nil {
				continue
			}
			m := newMatcher(r.stream, where)
			m.record([]byte(`{"name":"` + strings.ReplaceAll(text, `"`, "") + `"}`))
		}
	})
}

// A cursor that was tampered with is refused, and one that was not comes back.
func FuzzCursor(f *testing.F) {
	ctx := context.WithValue(context.Background(), callerKey, &caller{id: "key_1"})
	good, err := cursorOf(ctx, "list", store.Position{Key: "a", Integration: "b"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "list")
	f.Add("", "")
	f.Add(good[:len(good)-1], "list")
	f.Fuzz(func(t *testing.T, cursor, list string) {
		var at store.Position
		err := readCursor(ctx, list, cursor, &at)
		if err == nil {
			again, err := cursorOf(ctx, list, at)
			if err != nil || (list == "list" && cursor == good) != (again == good) {
				t.Errorf("%q of %q is %+v", cursor, list, at)
			}
		} else if cursor == good && list == "list" {
			t.Errorf("a good cursor is refused: %v", err)
		}
	})
}

// What the matcher says is what the operators mean.
func TestMatcher(t *testing.T) {
	t.Parallel()
	facets := []gatehouse.Facet{{Name: "tag", Value: "a"}, {Name: "tag", Value: "c"}, {Name: "os", Value: "linux"}}
	is := func(name string, op store.Op, values ...string) store.Condition {
		return store.Condition{Name: name, Op: op, Values: values}
	}
	for _, c := range []struct {
		where []store.Condition
		want  bool
	}{
		{nil, true},
		{[]store.Condition{is("tag", store.OpEqual, "c")}, true},
		{[]store.Condition{is("tag", store.OpNotEqual, "c")}, false},
		{[]store.Condition{is("none", store.OpNotEqual, "c")}, true},
		{[]store.Condition{is("none", store.OpExists, "false"), is("os", store.OpExists, "true")}, true},
		{[]store.Condition{is("tag", store.OpGreater, "a"), is("tag", store.OpLess, "c")}, false},
		{[]store.Condition{is("tag", store.OpGreater, "a"), is("tag", store.OpLessOrEqual, "c")}, true},
		{[]store.Condition{is("os", store.OpContains, "nu"), is("os", store.OpPrefix, "x", "l")}, true},
		{[]store.Condition{is("os", store.OpIn, "macos", "windows")}, false},
	} {
		if got := (matcher{where: c.where}).facets(facets); got != c.want {
			t.Errorf("%+v: %v", c.where, got)
		}
	}
}
