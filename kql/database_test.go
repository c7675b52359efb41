package kql_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/kql"
)

// TestInsertRefuses lists what a table does not take; it stays empty then.
func TestInsertRefuses(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	columns := fixtureSchema().Tables["Numbers"]
	good := fixtureRows()["Numbers"][0]
	before, err := run(db, "Numbers | count")
	if err != nil {
		t.Fatal(err)
	}
	for i, bad := range []any{"x", uint64(math.MaxUint64), "x", 1, 2, "yesterday", "1h", make(chan int), 5} {
		row := slices.Clone(good)
		row[i] = bad
		_, err := kql.Insert(context.Background(), db, "Numbers", columns, slices.Values([][]any{good, row}))
		if err == nil || !strings.Contains(err.Error(), "row 1, column "+columns[i].Name) {
			t.Errorf("%s = %v: %v", columns[i].Name, bad, err)
		}
	}
	if _, err := kql.Insert(context.Background(), db, "Numbers", columns, slices.Values([][]any{{1}})); err == nil {
		t.Error("a row that is too short was taken")
	}
	if _, err := kql.Insert(context.Background(), db, "Missing", columns, slices.Values([][]any{good})); err == nil {
		t.Error("a table that is missing was filled")
	}
	if after, err := run(db, "Numbers | count"); err != nil || after.String() != before.String() {
		t.Errorf("rows were left behind: %v, %v", after, err)
	}
}

// TestCreateTableRefuses lists names and columns that make no table.
func TestCreateTableRefuses(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	for name, columns := range map[string][]kql.Column{
		"bad name":   {{Name: "A", Type: kql.TypeLong}},
		"x]":         {{Name: "A", Type: kql.TypeLong}},
		"1st":        {{Name: "A", Type: kql.TypeLong}},
		"Empty":      nil,
		"Untyped":    {{Name: "A"}},
		"BadColumn":  {{Name: "A B", Type: kql.TypeLong}},
		"Twice":      {{Name: "A", Type: kql.TypeLong}, {Name: "a", Type: kql.TypeLong}},
		"DeviceInfo": {{Name: "A", Type: kql.TypeLong}}, // is there already
	} {
		if err := kql.CreateTable(context.Background(), db, name, columns); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestValues shows the Go types of values, after a way through the database.
func TestValues(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	q, err := kql.Parse("Numbers | where N == 1")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := q.Compile(fixtureSchema())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := plan.Run(context.Background(), db, now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	want := []any{
		int64(1), int64(10), 1.5, true, "a", now, kql.TimeSpan(36_000_000_000),
		json.RawMessage(`{"x":1,"y":{"z":[1,"two",null,true]},"a b":"sp"}`), "6e0f4f0a-0000-0000-0000-000000000001",
	}
	if diff := cmp.Diff(want, rows.Values()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(plan.Columns(), rows.Columns()); diff != "" {
		t.Error(diff)
	}
	if rows.Next() || rows.Err() != nil {
		t.Errorf("more than one row, or %v", rows.Err())
	}
}

// TestCancelled: a plan stops when its context does.
func TestCancelled(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	q, err := kql.Parse("range x from 1 to 1000000000000 step 1 | where x < 0")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := q.Compile(kql.Schema{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	rows, err := plan.Run(ctx, db, now)
	if err == nil {
		for range rows.All() { // read to the end
		}
		err = rows.Err()
	}
	if !errors.Is(err, context.DeadlineExceeded) && (err == nil || !strings.Contains(err.Error(), "interrupted")) {
		t.Errorf("the query ended with %v", err)
	}
	if _, err := run(db, "Numbers | count"); err != nil {
		t.Errorf("the database is of no more use: %v", err)
	}
}

// TestDatabasesAreApart: neither data nor functions leak from one database into
// another, or into the process.
func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	openFixture(t)
	other, err := kql.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := run(other, "Numbers"); err == nil {
		t.Error("a second database shows the tables of the first")
	}
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	var n int
	if err := plain.QueryRow("SELECT kql_has('a', 'a')").Scan(&n); err == nil {
		t.Error("Kusto's functions are registered for the whole process")
	}
}

// TestOpenFile keeps a database in a file.
func TestOpenFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hunt.db")
	columns := []kql.Column{{Name: "A", Type: kql.TypeString}}
	db, err := kql.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := kql.CreateTable(context.Background(), db, "T", columns); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = kql.Open(path); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if n, err := kql.Insert(context.Background(), db, "T", columns, slices.Values([][]any{{"x"}, {nil}})); n != 2 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := kql.Open(filepath.Join(path, "missing", "x.db")); err == nil {
		t.Error("a database was opened where none can be")
	}
}

// TestTypes holds the names of types.
func TestTypes(t *testing.T) {
	t.Parallel()
	for typ := kql.TypeBool; typ <= kql.TypeGUID; typ++ {
		if got, ok := kql.ParseType(typ.String()); !ok || got != typ {
			t.Errorf("%s is read as %s", typ, got)
		}
		if typ.DotNet() == "" {
			t.Errorf("%s has no .NET name", typ)
		}
	}
	for name, want := range map[string]kql.Type{"boolean": kql.TypeBool, "DateTime": kql.TypeDateTime, "Double": kql.TypeReal} {
		if got, ok := kql.ParseType(name); !ok || got != want {
			t.Errorf("%s is read as %s", name, got)
		}
	}
	if _, ok := kql.ParseType("decimal"); ok || kql.Type(0).String() != "unknown" {
		t.Error("decimal is a type")
	}
}

// TestErrorFields reads an error's fields.
func TestErrorFields(t *testing.T) {
	t.Parallel()
	_, err := run(nil, "DeviceInfo\n| where é == 1")
	var e *kql.Error
	if !errors.As(err, &e) || e.Kind != kql.KindSyntax || e.Line != 2 || e.Column != 9 {
		t.Errorf("%+v", err)
	}
	_, err = run(nil, "DeviceInfo\n| where 'é' == Foo")
	if !errors.As(err, &e) || e.Kind != kql.KindSemantic || e.Line != 2 || e.Column != 16 || e.Offset != 27 {
		t.Errorf("%+v", err)
	}
}
