package kql_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/kql"
)

// seeds are the queries of the golden files.
func seeds(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.kql"))
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for c := range strings.SplitSeq(string(text), "====\n") {
			query, _, _ := strings.Cut(c, "----\n")
			out = append(out, query)
		}
	}
	return out
}

// FuzzParse: no text makes the parser panic, and each error has a place in it.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	for _, s := range []string{"((((", "T|x(", "print 1..2", "print '\\", "print dynamic([(", "let a=(((b|c", "T | where a in (((", "print @\"", "T|project-", "print ['a", "\ufeffT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := kql.Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		if q.String() != text {
			t.Errorf("the query is %q, parsed from %q", q, text)
		}
	})
}

// FuzzCompile: no query makes the compiler panic; what compiles can be prepared,
// twice gives the same SQL, has a result with columns, and runs.
func FuzzCompile(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	db := openFixture(f)
	schema := fixtureSchema()
	f.Fuzz(func(t *testing.T, text string) {
		q, err := kql.Parse(text)
		if err != nil {
			return
		}
		plan, err := q.Compile(schema)
		if err != nil {
			checkError(t, text, err)
			return
		}
		again, err := q.Compile(schema)
		if err != nil || again.SQL() != plan.SQL() {
			t.Errorf("compiled twice: %v\n%s\n%s", err, plan.SQL(), again.SQL())
		}
		if len(plan.Columns()) == 0 {
			t.Error("no columns")
		}
		stmt, err := db.PrepareContext(context.Background(), plan.SQL())
		if err != nil {
			t.Fatalf("%s\n%v\n%s", text, err, plan.SQL())
		}
		defer func() { _ = stmt.Close() }()
		checkRun(t, db, plan)
	})
}

// checkRun reads the first rows of a plan: they are JSON, and there is no error but
// that of a sum out of range or of a query that takes too long.
func checkRun(t *testing.T, db *sql.DB, plan *kql.Plan) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	n := 0
	rows, err := plan.Run(ctx, db, now)
	if err == nil {
		for values, failed := range rows.All() {
			if err = failed; err != nil || n > 1000 {
				break
			}
			if _, err := json.Marshal(values); err != nil {
				t.Fatalf("%v: %v\n%s", values, err, plan.SQL())
			}
			n++
		}
	}
	if err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "integer overflow") {
		t.Fatalf("%v\n%s", err, plan.SQL())
	}
}

// checkError holds what is promised of every error.
func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var e *kql.Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: %v is a %T", text, err, err)
	}
	if e.Offset < 0 || e.Offset > len(text) || e.Line < 1 || e.Column < 1 || e.Message == "" || strings.Contains(e.Message, "\n") && !strings.Contains(text, "\n") {
		t.Errorf("%q: %+v", text, e)
	}
}
