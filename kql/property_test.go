package kql_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// condition draws an expression of type bool over the columns of Numbers.
func condition(t *rapid.T, label string) string {
	return rapid.SampledFrom([]string{
		"N > 0", "N == 3", "N != 3", "isnull(I)", "B", "not(B)", "S has 'a'", "S =~ 'a'", "S in ('a', 'ab')", "S !in~ ('a')",
		"T > ago(2h)", "T between (ago(1d) .. now())", "D < 1h", "J.x == 1", "isempty(J)", "R + N > 1", "bin(N, 2) == 2",
		"N in (1, 3)", "N !in (1, 3)", "N == I", "N != I", "S matches regex '^[a-z]'", "tolong(S) == 1", "iff(B, N, 0) > 0", "true", "bool(null)",
	}).Draw(t, label)
}

// key draws a column that rows can be grouped by.
func key(t *rapid.T) string {
	return rapid.SampledFrom([]string{"N", "I", "R", "B", "S", "T", "D", "G", "tostring(J)", "bin(N, 2)", "tolower(S)"}).Draw(t, "key")
}

// mustRun runs a query that has to succeed.
func mustRun(t *rapid.T, db *sql.DB, query string) result {
	r, err := run(db, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return r
}

// number runs a query of one number.
func number(t *rapid.T, db *sql.DB, query string) int {
	var n [1]int
	r := mustRun(t, db, query)
	if len(r.rows) != 1 {
		t.Fatalf("%s: %v", query, r.rows)
	}
	if err := json.Unmarshal([]byte(r.rows[0]), &n); err != nil {
		t.Fatal(err)
	}
	return n[0]
}

// sorted returns the rows in an order of their own.
func sorted(r result) []string { return slices.Sorted(slices.Values(r.rows)) }

// TestProperties holds laws that any query obeys.
func TestProperties(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	total := len(fixtureRows()["Numbers"])

	for name, law := range map[string]func(*rapid.T){
		"where splits the rows into three": func(t *rapid.T) {
			c := condition(t, "c")
			yes := number(t, db, "Numbers | where "+c+" | count")
			no := number(t, db, "Numbers | where not("+c+") | count")
			null := number(t, db, "Numbers | where isnull("+c+") | count")
			if yes+no+null != total {
				t.Fatalf("%s: %d yes, %d no, %d null of %d", c, yes, no, null, total)
			}
		},
		"two wheres are one with and": func(t *rapid.T) {
			a, b := condition(t, "a"), condition(t, "b")
			two := sorted(mustRun(t, db, "Numbers | where "+a+" | where "+b))
			one := sorted(mustRun(t, db, "Numbers | where "+a+" and "+b))
			if !slices.Equal(one, two) {
				t.Fatalf("%s, %s: %v and %v", a, b, one, two)
			}
		},
		"not(a or b) is not(a) and not(b)": func(t *rapid.T) {
			a, b := condition(t, "a"), condition(t, "b")
			x := sorted(mustRun(t, db, fmt.Sprintf("Numbers | where not(%s or %s)", a, b)))
			y := sorted(mustRun(t, db, fmt.Sprintf("Numbers | where not(%s) and not(%s)", a, b)))
			if !slices.Equal(x, y) {
				t.Fatalf("%s, %s: %v and %v", a, b, x, y)
			}
		},
		"take n gives n rows if there are as many": func(t *rapid.T) {
			n := rapid.IntRange(-3, 2*total).Draw(t, "n")
			got := len(mustRun(t, db, fmt.Sprintf("Numbers | take %d", n)).rows)
			if want := min(max(n, 0), total); got != want {
				t.Fatalf("take %d: %d rows, want %d", n, got, want)
			}
		},
		"top is sort and take": func(t *rapid.T) {
			n, k := rapid.IntRange(0, 6).Draw(t, "n"), key(t)
			order := rapid.SampledFrom([]string{"", " asc", " desc nulls first", " asc nulls last"}).Draw(t, "order") + ", N, S"
			x := mustRun(t, db, fmt.Sprintf("Numbers | top %d by %s%s", n, k, order))
			y := mustRun(t, db, fmt.Sprintf("Numbers | sort by %s%s | take %d", k, order, n))
			if !slices.Equal(x.rows, y.rows) {
				t.Fatalf("%v and %v", x.rows, y.rows)
			}
		},
		"groups sum to the count": func(t *rapid.T) {
			c, k := condition(t, "c"), key(t)
			whole := number(t, db, "Numbers | where "+c+" | count")
			parts := number(t, db, fmt.Sprintf("Numbers | where %s | summarize n=count() by k=%s | summarize sum(n)", c, k))
			groups := number(t, db, fmt.Sprintf("Numbers | where %s | distinct %s | count", c, k))
			again := number(t, db, fmt.Sprintf("Numbers | where %s | summarize by %s | count", c, k))
			if parts != whole || groups != again {
				t.Fatalf("%d rows in groups of %d; %d and %d groups", whole, parts, groups, again)
			}
		},
		"inner and anti joins split the left side": func(t *rapid.T) {
			c, k := condition(t, "c"), rapid.SampledFrom([]string{"N", "I", "S", "T", "B", "G"}).Draw(t, "k")
			semi := number(t, db, fmt.Sprintf("Numbers | join kind=leftsemi (Numbers | where %s) on %s | count", c, k))
			anti := number(t, db, fmt.Sprintf("Numbers | join kind=leftanti (Numbers | where %s) on %s | count", c, k))
			inner := number(t, db, fmt.Sprintf("Numbers | join kind=inner (Numbers | where %s) on %s | count", c, k))
			outer := number(t, db, fmt.Sprintf("Numbers | join kind=leftouter (Numbers | where %s) on %s | count", c, k))
			unique := number(t, db, fmt.Sprintf("Numbers | join (Numbers | where %s) on %s | count", c, k))
			if semi+anti != total || outer != inner+anti || unique > inner {
				t.Fatalf("semi %d, anti %d, inner %d, outer %d, unique %d of %d", semi, anti, inner, outer, unique, total)
			}
		},
		"union appends": func(t *rapid.T) {
			a, b := condition(t, "a"), condition(t, "b")
			n := number(t, db, fmt.Sprintf("union (Numbers | where %s), (Numbers | where %s) | count", a, b))
			x, y := number(t, db, "Numbers | where "+a+" | count"), number(t, db, "Numbers | where "+b+" | count")
			if n != x+y {
				t.Fatalf("%d of %d and %d", n, x, y)
			}
		},
		"arg_max with others is arg_max alone": func(t *rapid.T) {
			k := rapid.SampledFrom([]string{"N", "I", "R", "T", "S"}).Draw(t, "k")
			name := rapid.SampledFrom([]string{"arg_max", "arg_min"}).Draw(t, "name")
			bare := mustRun(t, db, fmt.Sprintf("Numbers | where isnotnull(%s) and N != 5 | summarize %s(%s, *) by B | sort by B asc", k, name, k))
			slow := mustRun(t, db, fmt.Sprintf("Numbers | where isnotnull(%s) and N != 5 | summarize %s(%s, *), x=min(N) by B | project-away x | sort by B asc", k, name, k))
			if !slices.Equal(bare.rows, slow.rows) {
				t.Fatalf("%v and %v", bare.rows, slow.rows)
			}
		},
		"a let changes nothing": func(t *rapid.T) {
			c := condition(t, "c")
			x := sorted(mustRun(t, db, "Numbers | where "+c))
			y := sorted(mustRun(t, db, "let t = Numbers | where "+c+"; let u = t; u"))
			if !slices.Equal(x, y) {
				t.Fatalf("%v and %v", x, y)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { rapid.Check(t, law) })
	}
}

// TestLiterals: any text comes back from a string literal, and means itself.
func TestLiterals(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(`'"\@[]?;-$%x`)))).Draw(t, "text")
		if strings.ContainsRune(text, 0) {
			text = strings.ReplaceAll(text, "\x00", "")
		}
		text = strings.ToValidUTF8(text, "?")
		escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text)
		r := mustRun(t, db, `print a = "`+escaped+`" | where a == @'`+strings.ReplaceAll(text, "'", "''")+`' and a contains a and a =~ a | project a`)
		want, _ := json.Marshal([]string{text})
		if len(r.rows) != 1 || r.rows[0] != string(want) {
			t.Fatalf("%q came back as %v", text, r.rows)
		}
	})
}

// TestTerms checks has against a simple model: the text cut into terms.
func TestTerms(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[aAb1 ._-]{0,12}`).Draw(t, "text")
		term := rapid.StringMatching(`[aAb1]{1,3}`).Draw(t, "term")
		want := 0
		terms := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" ._-", r) })
		if slices.Contains(terms, strings.ToLower(term)) {
			want = 1
		}
		if got := number(t, db, fmt.Sprintf("print a = '%s' | where a has '%s' | count", text, term)); got != want {
			t.Fatalf("%q has %q: %d", text, term, got)
		}
	})
}
