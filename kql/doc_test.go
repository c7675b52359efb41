package kql

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestDocListsEverything: the package's page names each operator and function.
func TestDocListsEverything(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`[a-z][a-z0-9_-]*`).FindAllString(string(text), -1)
	for name := range stepParsers() {
		if !slices.Contains(words, name) {
			t.Errorf("doc.go does not name the operator %s", name)
		}
	}
	for name := range functions() {
		if !slices.Contains(words, name) {
			t.Errorf("doc.go does not name the function %s", name)
		}
	}
	for name := range aggregates() {
		if !slices.Contains(words, name) {
			t.Errorf("doc.go does not name the aggregate %s", name)
		}
	}
}

// TestTemplates: each template of a function names the arguments it has, and no
// argument is dropped in silence.
func TestTemplates(t *testing.T) {
	t.Parallel()
	c := &compiler{functions: functions(), aggregates: aggregates(), bound: map[any]int{}}
	db, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	samples := map[byte]expr{
		's': &literalExpr{lit: literal{TypeString, "day"}}, 'i': &literalExpr{lit: literal{TypeLong, int64(1)}},
		'n': &literalExpr{lit: literal{TypeReal, 1.5}}, 'd': &literalExpr{lit: literal{TypeDateTime, epochTicks}},
		't': &literalExpr{lit: literal{TypeTimeSpan, int64(1)}}, 'b': &literalExpr{lit: literal{TypeBool, int64(1)}},
		'j': &literalExpr{lit: literal{TypeDynamic, "[]"}},
	}
	for name, f := range functions() {
		if f.build != nil {
			continue
		}
		var args []expr
		for _, letter := range []byte(f.args) {
			sample := samples[letter]
			switch letter {
			case '?', '+':
				continue
			case '*', 'S', 'J':
				sample = samples['s']
			}
			args = append(args, sample)
			v, err := c.expr(&callExpr{name: name, args: args}, &scope{})
			if err != nil {
				continue // there are too few arguments as yet
			}
			if v.sql == "" || v.typ == 0 {
				t.Errorf("%s with %d arguments: %+v", name, len(args), v)
			}
		}
		v, err := c.expr(&callExpr{name: name, args: args}, &scope{})
		if err != nil {
			t.Errorf("%s with all arguments: %v", name, err)
			continue
		}
		values := make([]any, len(c.args))
		for i, a := range c.args {
			values[i] = a.value
		}
		var result any
		if err := db.QueryRowContext(t.Context(), "SELECT "+v.sql, values...).Scan(&result); err != nil {
			t.Errorf("%s: %v", v.sql, err)
		}
	}
}
