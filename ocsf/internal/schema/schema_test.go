package schema_test

import (
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
)

func TestWordsRoundTrip(t *testing.T) {
	t.Parallel()
	for _, words := range []string{
		"string_t optional",
		"object:user[] recommended profile=host",
		"integer_t required sibling=type enum=type_id/observable observable=3 deprecated loose",
	} {
		a, err := schema.ParseAttribute("x", words)
		if err != nil || a.Words() != words {
			t.Errorf("%q became %q, %v", words, a.Words(), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	object := func(words string) string {
		return `{"types":{"string_t":{}},"objects":{"o":{"attributes":{"x":"` + words + `"}}}}`
	}
	for source, want := range map[string]string{
		`{`:                                      "read the pinned OCSF schema",
		object("string_t"):                       "no type and requirement",
		object("string_t optional shiny"):        `unknown flag "shiny"`,
		object("string_t optional enum=none"):    `no enum "none"`,
		object("object:none optional"):           `no object "none"`,
		object("none_t optional"):                `no type "none_t"`,
		object("string_t maybe"):                 `no requirement "maybe"`,
		object("string_t optional observable=x"): "invalid syntax",
	} {
		if _, err := schema.Parse([]byte(source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

// TestPinned counts what the pinned file must hold.
func TestPinned(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../schema/1.8.0.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	attributes := 0
	for _, c := range s.Classes {
		attributes += len(c.Attributes)
	}
	for _, o := range s.Objects {
		attributes += len(o.Attributes)
	}
	if len(s.Classes) != 25 || len(s.Objects) != 149 || len(s.Types) != 24 || attributes != 3032 {
		t.Errorf("%d classes, %d objects, %d types, %d attributes", len(s.Classes), len(s.Objects), len(s.Types), attributes)
	}
}

func FuzzParseAttribute(f *testing.F) {
	f.Add("integer_t required sibling=type enum=type_id observable=3")
	f.Add("object:user[] optional deprecated")
	f.Fuzz(func(t *testing.T, words string) {
		a, err := schema.ParseAttribute("x", words)
		if err != nil {
			return
		}
		if b, err := schema.ParseAttribute("x", a.Words()); err == nil && a != b {
			t.Errorf("%q: %+v became %+v", words, a, b)
		}
	})
}
