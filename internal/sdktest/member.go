package sdktest

import (
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Sample returns a sample of Microsoft's pages, by the path of its file. Without
// the samples the test is skipped.
func Sample(t *testing.T, file string) string {
	t.Helper()
	folder := filepath.Join("..", "..", "shared", "defender-api", "samples")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the samples are not here")
	}
	text, err := os.ReadFile(filepath.Join(folder, file)) //nolint:gosec // the test names its own file
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Single makes a list of a call that returns one item.
func Single[T any](item T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { yield(item, err) }
}

// EveryMember fails when an item has a member that its type does not know, besides
// the excepted: what Microsoft documents is typed, only what it does not is left
// to Raw.
func EveryMember[T any](t *testing.T, list iter.Seq2[T, error], raw func(T) jsontext.Value, except ...string) {
	t.Helper()
	known := slices.Concat(except, members(reflect.TypeFor[T]()))
	items := Collect(t, list)
	for _, item := range items {
		var sent map[string]jsontext.Value
		if err := json.Unmarshal(raw(item), &sent); err != nil {
			t.Fatal(err)
		}
		for name := range sent {
			same := func(k string) bool { return strings.EqualFold(k, name) }
			if !slices.ContainsFunc(known, same) && !strings.HasPrefix(name, "@odata") {
				t.Errorf("%T does not know %s", item, name)
			}
		}
	}
	if len(items) == 0 {
		t.Errorf("no %T", *new(T))
	}
}

// members are the names of the members that a struct decodes.
func members(t reflect.Type) (names []string) {
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	return names
}
