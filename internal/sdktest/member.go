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

// EveryMember fails when an item has a member that its type does not know, at any
// depth, besides the excepted: what Microsoft documents is typed, only what it does
// not is left to Raw. Members within an item are named by their path, as in
// "comments[].comment".
func EveryMember[T any](t *testing.T, list iter.Seq2[T, error], except ...string) {
	t.Helper()
	items := Collect(t, list)
	for _, item := range items {
		var sent any
		if err := json.Unmarshal(rawOf(item), &sent); err != nil {
			t.Fatal(err)
		}
		for _, path := range unknown(reflect.TypeFor[T](), "", sent) {
			if !slices.Contains(except, path) {
				t.Errorf("%T does not know %s", item, path)
			}
		}
	}
	if len(items) == 0 {
		t.Errorf("no %T", *new(T))
	}
}

// rawOf is an item as it was sent, out of the Record that it embeds.
func rawOf(item any) jsontext.Value {
	raw, _ := reflect.TypeAssert[jsontext.Value](reflect.ValueOf(item).FieldByName("Raw"))
	return raw
}

// unknown lists the members of a value that a type does not decode. Case does not
// matter. What is within the item and keeps all of itself in a Raw of its own is
// not looked at.
func unknown(t reflect.Type, at string, value any) (paths []string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			if t.Kind() == reflect.Slice {
				paths = append(paths, unknown(t.Elem(), at+"[]", one)...)
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return nil
		}
		fields := members(t)
		if _, whole := t.FieldByName("Raw"); whole && at != "" {
			return nil
		}
		for name, one := range v {
			path := strings.TrimPrefix(at+"."+name, ".")
			if field, ok := fields[strings.ToLower(name)]; ok {
				paths = append(paths, unknown(field, path, one)...)
			} else if !strings.HasPrefix(name, "@odata") {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// members are the members that a struct decodes, by their names in lower case.
func members(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[strings.ToLower(name)] = f.Type
	}
	return fields
}
