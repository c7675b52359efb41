package plain_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

func TestShort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "",
		"plain":                         "plain",
		" two\r\n lines\t":              "two lines",
		"\x1b[31mred\x1b[0m":            "[31mred [0m",
		"a\u202egnp.exe":                "a gnp.exe",
		"bad \xff byte":                 "bad byte",
		"Zürich \u00a0 \u6771\u4eac":    "Zürich \u6771\u4eac",
		strings.Repeat("ü", 1001):       strings.Repeat("ü", 1000) + "…",
		strings.Repeat("x", 1000) + " ": strings.Repeat("x", 1000),
	} {
		if got := plain.Short(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestShortIsOneHarmlessLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(r, "bytes")) + rapid.String().Draw(r, "text")
		line := plain.Short(text)
		if !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) || line != plain.Short(line) {
			r.Fatalf("%q became %q", text, line)
		}
	})
}
