package emulator

import (
	"strings"
	"testing"
	"time"
)

// thing is a row to filter.
type thing struct {
	name string
	size int
	seen time.Time
	tags []string
	on   bool
}

// thingColumns are its filterable properties.
func thingColumns() []column[thing] {
	return []column[thing]{
		{"name", kindString, func(r *thing) odataValue { return textValue(r.name) }},
		{"size", kindNumber, func(r *thing) odataValue { return numberValue(float64(r.size)) }},
		{"lastSeen", kindTime, func(r *thing) odataValue {
			if r.seen.IsZero() {
				return odataValue{}
			}
			return momentValue(stampOf(r.seen))
		}},
		{"tags", kindStrings, func(r *thing) odataValue { return odataValue{kind: kindStrings, strings: r.tags} }},
		{"on", kindBool, func(r *thing) odataValue { return boolValue(r.on) }},
	}
}

func TestFilterMatches(t *testing.T) {
	t.Parallel()
	row := thing{name: "it's", size: 7, seen: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC), tags: []string{"a", "VIP"}, on: true}
	empty := thing{}
	for text, want := range map[string]bool{
		`name eq 'it''s'`: true, `NAME eq 'it''s'`: true, `name ne 'it''s'`: false, `name eq null`: false, `name ne null`: true,
		`size gt 6`: true, `size ge 7`: true, `size lt 7`: false, `size le 7`: true, `size eq 7.0`: true, `size eq -7`: false,
		`lastSeen gt 2026-05-04Z`: true, `lastSeen ge 2026-05-04T10:00:00Z`: true, `lastSeen lt 2026-05-04T10:00:00.0000001Z`: true,
		`lastSeen eq 2026-05-04T12:00:00+02:00`: true, `lastSeen le 2026-05-03`: false,
		`startswith(name,'it')`: true, `endswith(name, 's')`: true, `contains(name,'zz')`: false, `not contains(name,'zz')`: true,
		`startswith(name,'it') eq true`: true, `on eq true`: true, `not (on eq false)`: true, `on`: true,
		`name eq 'x' or size eq 7 and on eq true`: true, `(name eq 'x' or size eq 7) and on eq false`: false,
		`not (name eq 'x') or on eq false`: true, `size in (1, 7)`: true, `name in ('a','b')`: false,
		`tags/any(t: t eq 'VIP')`: true, `tags/any(x: startswith(x, 'q'))`: false,
		`name eq 80fe8ff8-2624-418e-9591-41f0491218f9`: false,
	} {
		f, err := bindFilter(text, "Thing", thingColumns())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := f.match(&row); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	for text, want := range map[string]bool{
		`name eq null`: true, `name ne 'x'`: true, `name eq 'x'`: false, `lastSeen gt 2000-01-01Z`: false, `lastSeen lt 2100-01-01Z`: false, `lastSeen eq null`: true,
	} {
		f, err := bindFilter(text, "Thing", thingColumns())
		if err != nil {
			t.Fatal(err)
		}
		if got := f.match(&empty); got != want {
			t.Errorf("of nothing, %s: %v", text, got)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`color eq 'red'`:           "Could not find a property named 'color' on type 'Thing'.",
		`name eq red`:              "Could not find a property named 'red'",
		`name eq 'x`:               "unterminated string literal",
		`name eq 7`:                "incompatible types was detected. Found operand types 'Edm.String' and 'Edm.Int32' for operator kind 'Equal'",
		`lastSeen gt '2026-01-01'`: "'Edm.DateTimeOffset' and 'Edm.String' for operator kind 'GreaterThan'",
		`name`:                     "must evaluate to a single boolean",
		`name eq`:                  "Expression expected at position 7",
		`(name eq 'x'`:             "Expression expected",
		`name eq 'x' name`:         "Syntax error at position 12",
		`upper(name) eq 'X'`:       "unknown function with name 'upper'",
		`contains(name)`:           "Syntax error",
		`contains(size,'x')`:       "No function signature",
		`size in (7`:               "Expression expected",
		`size in (name)`:           "Syntax error",
		`name eq 'x' AND on`:       "Syntax error",
		`name eq 2026-13-45`:       "literal '2026-13-45'",
		`name & 7`:                 "character '&'",
		`name/any(t: t eq 'x')`:    "not a collection",
		`tags/any(t: t)`:           "Any/All",
		`tags/any(: t)`:            "Syntax error",
		`tags eq 'x'`:              "incompatible",
		`not name`:                 "incompatible",
		`not name eq 'x'`:          "for operator kind 'Not'", // not binds tighter than eq
		strings.Repeat("(", 200):   "recursion limit",
	} {
		_, err := bindFilter(text, "Thing", thingColumns())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func FuzzODataFilter(f *testing.F) {
	for _, text := range []string{
		`name eq 'it''s'`, `not (size in (1,2) or contains(name,'x'))`, `lastSeen gt 2026-05-04Z`, `tags/any(t: t eq 'a')`, `'`, `((`, `a/any(`, `x in (`, "name eq '\xff'",
	} {
		f.Add(text)
	}
	row := thing{name: "n", tags: []string{"a"}}
	f.Fuzz(func(t *testing.T, text string) {
		bound, err := bindFilter(text, "Thing", thingColumns())
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		if first := bound.match(&row); first != bound.match(&row) {
			t.Error("a filter that changes its mind")
		}
	})
}
