package normalize

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

func TestUnmapped(t *testing.T) {
	t.Parallel()
	const record = ` { "a" : 1, "b":{"c":"x\"}","d":[1,{"e":2,"f":null},[ ],3]}, "g":null, "h":[{}], "i":true, "k":"" } `
	for _, c := range []struct {
		name string
		read func(value)
		want string
	}{
		{"nothing read", func(value) {}, `{"a":1,"b":{"c":"x\"}","d":[1,{"e":2},null,3]},"i":true}`},
		{"a leaf", func(v value) { v.text("a") }, `{"b":{"c":"x\"}","d":[1,{"e":2},null,3]},"i":true}`},
		{"an item", func(v value) { v.object("b").texts("d") }, `{"a":1,"b":{"c":"x\"}","d":[null,{"e":2}]},"i":true}`},
		{"a whole object", func(v value) { v.object("b").mark() }, `{"a":1,"i":true}`},
		{"text where there is none", func(v value) { v.text("k"); v.text("b"); v.integer("i"); v.moment("a"); v.flag("b") }, `{"a":1,"b":{"c":"x\"}","d":[1,{"e":2},null,3]},"i":true}`},
		{"all", func(v value) { v.mark() }, ``},
	} {
		s, err := parse(jsontext.Value(record))
		if err != nil {
			t.Fatal(err)
		}
		c.read(value{s, 0})
		if got := string(s.unmapped()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestParseHoldsEverything takes any JSON apart and puts it together again.
func TestParseHoldsEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw, err := json.MarshalIndent(map[string]any{"x": randomAny(t, 4)}, "", strings.Repeat(" ", rapid.IntRange(0, 2).Draw(t, "indent")))
		if err != nil {
			t.Fatal(err)
		}
		s, err := parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		leaves(raw, func(_, text string) {
			if text != "" {
				want = append(want, text)
			}
		})
		leaves(s.unmapped(), func(_, text string) { got = append(got, text) })
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", raw, diff)
		}
	})
}

func randomAny(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 6).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			list = append(list, randomAny(t, depth-1))
		}
		return list
	case kind <= 2 && depth > 0:
		object := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			object[rapid.String().Draw(t, "name")] = randomAny(t, depth-1)
		}
		return object
	case kind == 3:
		return rapid.Float64Range(-1e9, 1e9).Draw(t, "number")
	case kind == 4:
		return rapid.Bool().Draw(t, "bool")
	case kind == 5:
		return nil
	default:
		return rapid.String().Draw(t, "text")
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-05-04T03:02:01": base, "2026-05-04T03:02:01Z": base, "2026-05-04T05:02:01+02:00": base,
		"2026-05-04T03:02:01.1": base.Add(100 * time.Millisecond), "2026-05-04T03:02:01.1234567": base.Add(123456700), "2026-05-04T03:02:01.1234567Z": base.Add(123456700),
		"0001-01-01T00:00:00": {}, "1601-01-01T00:00:00Z": {}, "1970-01-01T00:00:00Z": {}, "9999-12-31T23:59:59.9999999Z": {}, "": {}, "2026-05-04": base.Truncate(24 * time.Hour), "2026-05-04 03:02:01": base, "2026-05-04 03:02:01.1234567 ": {}, "2026-02-30": {}, "2026-05-04T03:02": {}, "2026-05-04T03:02:01.": {}, "2026-05-04T24:00:00": {}, "2026-05-04T03:02:01-00:30": base.Add(30 * time.Minute), "yesterday, at noon or so": {},
	} {
		if got := parseTime(text); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestObservablesAreSaidOnce(t *testing.T) {
	t.Parallel()
	var o observables
	for i := range 3 * 100 {
		o.add(ocsf.ObservableTypeFileName, "a", strconv.Itoa(i%100))
		o.add(ocsf.ObservableTypeHash, "b", strconv.Itoa(i%2))
		o.add(ocsf.ObservableTypeHash, "b", "")
	}
	if len(o.list) != 102 {
		t.Errorf("%d observables, want 102", len(o.list))
	}
}

func TestJoinPath(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{`C:\Windows`, "a.exe", `C:\Windows\a.exe`},
		{`C:\`, "a.exe", `C:\a.exe`},
		{`C:\Windows\A.EXE`, "a.exe", `C:\Windows\A.EXE`},
		{`C:\Windowsa.exe`, "a.exe", `C:\Windowsa.exe\a.exe`},
		{"/usr/bin", "ls", "/usr/bin/ls"},
		{"/", "ls", "/ls"},
		{"", "ls", ""},
		{"/usr/bin", "", ""},
	} {
		if got := joinPath(c[0], c[1]); got != c[2] {
			t.Errorf("%s and %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestTechniquesAreInOrder(t *testing.T) {
	t.Parallel()
	if !slices.IsSortedFunc(techniques, func(a, b technique) int { return strings.Compare(a.uid, b.uid) }) {
		t.Error("techniques are not in the order of their numbers")
	}
	for _, t2 := range techniques {
		for i := range len(t2.tactics) {
			if tacticCoded(t2.tactics[i]).code != t2.tactics[i] {
				t.Errorf("%s serves %q, which is no tactic", t2.uid, t2.tactics[i])
			}
		}
	}
}

// TestMappingsAreTrue holds the pages of the mapping against the golden records: a
// member that they call unmapped is there, and one that has a place is not.
func TestMappingsAreTrue(t *testing.T) {
	t.Parallel()
	index := regexp.MustCompile(`\[\d+\]`)
	paths := func(raw []byte) map[string]bool {
		all := map[string]bool{}
		leaves(raw, func(path, text string) {
			if text != "" && text != "0" {
				all[strings.TrimPrefix(index.ReplaceAllString(path, "[]"), ".")] = true
			}
		})
		return all
	}
	for _, m := range []mapping{alertMapping, incidentMapping} {
		for _, s := range m.shapes {
			raw, err := os.ReadFile(filepath.Join("testdata", m.stream, string(s.api)+".json"))
			if err != nil {
				t.Fatal(err)
			}
			event, err := findingStreams()[m.stream].f(Input{Raw: raw, API: s.api})
			if err != nil {
				t.Fatal(err)
			}
			there, left := paths(raw), paths(*event.Common().Unmapped)
			for _, f := range s.fields {
				if f.target == "" && there[f.source] && !left[f.source] {
					t.Errorf("%s %s: %s is mapped, the page says it is not", m.stream, s.api, f.source)
				}
				if f.target != "" && left[f.source] && !strings.Contains(f.note, "unmapped") {
					t.Errorf("%s %s: %s is unmapped, the page says it goes to %s", m.stream, s.api, f.source, f.target)
				}
			}
		}
	}
}
