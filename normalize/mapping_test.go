package normalize

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// checkMapping holds a mapping against the Go types of its records, and its page
// against the mapping.
func checkMapping(t *testing.T, m mapping, types map[gatehouse.API]any) {
	t.Helper()
	if len(m.shapes) != len(types) {
		t.Errorf("%s has %d shapes, want %d", m.stream, len(m.shapes), len(types))
	}
	for _, s := range m.shapes {
		listed := map[string]bool{}
		for _, f := range s.fields {
			if listed[f.source] {
				t.Errorf("%s %s: %s is listed twice", m.stream, s.api, f.source)
			}
			listed[f.source] = true
			if f.target == "" && f.note == "" {
				t.Errorf("%s %s: %s is unmapped without a reason", m.stream, s.api, f.source)
			}
		}
		for _, path := range membersOf(reflect.TypeOf(types[s.api]), "") {
			if !listed[path] {
				t.Errorf("%s %s: %s is documented by Microsoft and not in the mapping", m.stream, s.api, path)
			}
		}
	}
	golden.Check(t, filepath.Join("..", "docs", "reference", "mapping", m.stream+".md"), page(m))
}

// membersOf lists the leaves of a Go type of the SDK by their JSON names.
func membersOf(of reflect.Type, prefix string) []string {
	var paths []string
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		kind, path := f.Type, prefix+name
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice && kind.Elem().Kind() != reflect.Uint8 {
			if kind.Kind() == reflect.Slice {
				path += "[]"
			}
			kind = kind.Elem()
		}
		switch {
		case f.Anonymous && name == "":
			paths = append(paths, membersOf(kind, prefix)...)
		case kind.Kind() == reflect.Struct && len(membersOf(kind, path+".")) > 0:
			paths = append(paths, membersOf(kind, path+".")...)
		default:
			paths = append(paths, path)
		}
	}
	return paths
}

// page writes the page of a mapping.
func page(m mapping) []byte {
	var b bytes.Buffer
	from := "Records of the stream `" + m.stream + "`"
	if m.table != "" {
		from = "Rows of the hunting table `" + m.table + "`, whichever door they come through,"
	}
	fmt.Fprintf(&b, "# %s\n\n%s become events of the OCSF class %s.\n", m.title, from, m.class)
	if m.reason != "" {
		fmt.Fprintf(&b, "\n%s\n", m.reason)
	}
	fmt.Fprintf(&b, "\nThis page is written from the code: `go test ./normalize -update`.\n")
	for _, s := range m.shapes {
		fmt.Fprintf(&b, "\n## From %s\n\nSource: <%s>\n\n| member | OCSF | note |\n| --- | --- | --- |\n", s.api, s.page)
		for _, f := range s.fields {
			target := "`" + f.target + "`"
			if f.target == "" {
				target = "*unmapped*"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.source, target, f.note)
		}
	}
	return b.Bytes()
}

// TestMappingPages looks for pages that nobody writes any more.
func TestMappingPages(t *testing.T) {
	t.Parallel()
	written := map[string]bool{"alerts.md": true, "incidents.md": true}
	for _, s := range inventoryStreams() {
		written[s.mapping.stream+".md"] = true
	}
	for _, m := range huntingMappings() {
		written[m.stream+".md"] = true
	}
	there, err := filepath.Glob(filepath.Join("..", "docs", "reference", "mapping", "*.md"))
	if err != nil || len(there) != len(written) {
		t.Errorf("%d pages, %d mappings (%v)", len(there), len(written), err)
	}
	for _, path := range there {
		if !written[filepath.Base(path)] {
			t.Errorf("%s is written by nobody", path)
		}
	}
}
