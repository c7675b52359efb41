package kql

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"
)

// Plan is a compiled query: one statement of SQL, its arguments, and the columns
// of its result. It does not change, and may run many times and at once.
type Plan struct {
	sql     string
	args    []argument
	columns []Column
}

// argument is a value to bind. The clock's is known only when the plan runs.
type argument struct {
	value any
	now   bool
}

// Columns returns the names and types of the result's columns, in order.
func (p *Plan) Columns() []Column { return append([]Column(nil), p.columns...) }

// SQL returns the statement that the plan runs. It is for people who look for
// the reason of a slow query; its text may change between versions.
func (p *Plan) SQL() string { return p.sql }

// Run starts the plan on a database that [Open] or [OpenMemory] opened. Now is
// what now() and ago() mean by the present. The caller closes the rows.
func (p *Plan) Run(ctx context.Context, db *sql.DB, now time.Time) (*Rows, error) {
	args := make([]any, len(p.args))
	for i, a := range p.args {
		args[i] = a.value
		if a.now {
			args[i] = ticksOf(now)
		}
	}
	rows, err := db.QueryContext(ctx, p.sql, args...) //nolint:rowserrcheck // Rows.Err checks it when the rows are read
	if err != nil {
		return nil, fmt.Errorf("kql: run: %w", err)
	}
	r := &Rows{rows: rows, columns: p.Columns(), values: make([]any, len(p.columns)), targets: make([]any, len(p.columns))}
	for i := range r.values {
		r.targets[i] = &r.values[i]
	}
	return r, nil
}

// Rows is a result as it is computed, one row in memory at a time (a query that
// sorts or groups holds its rows inside of SQLite). Use it like [sql.Rows].
type Rows struct {
	rows    *sql.Rows
	columns []Column
	values  []any
	targets []any
	err     error
}

// Columns returns the names and types of the columns.
func (r *Rows) Columns() []Column { return append([]Column(nil), r.columns...) }

// Next reads the next row. It returns false at the end and after an error; see
// [Rows.Err].
func (r *Rows) Next() bool {
	if r.err != nil || !r.rows.Next() {
		return false
	}
	if err := r.rows.Scan(r.targets...); err != nil {
		r.err = fmt.Errorf("kql: read row: %w", err)
		return false
	}
	for i, c := range r.columns {
		r.values[i] = decodeValue(c.Type, r.values[i])
	}
	return true
}

// Values returns the row's values, one per column; the slice is reused by the
// next call of Next. Each is nil (null) or, by the column's type: bool; int64 for
// int and long; float64 for real; [time.Time] in UTC for datetime, which marshals
// as RFC 3339 with a Z; [TimeSpan] for timespan; string for string (never nil)
// and guid; [encoding/json.RawMessage] for dynamic.
func (r *Rows) Values() []any { return r.values }

// Err returns the error that ended the rows early, or nil.
func (r *Rows) Err() error {
	if r.err != nil {
		return r.err
	}
	if err := r.rows.Err(); err != nil {
		return fmt.Errorf("kql: run: %w", err)
	}
	return nil
}

// Close lets the database go on. It may be called twice.
func (r *Rows) Close() error { return r.rows.Close() }

// All returns the rows as a sequence and closes them at its end. An error comes
// last, with a nil row. The slice of values is reused from row to row.
func (r *Rows) All() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		defer func() { _ = r.Close() }()
		for r.Next() {
			if !yield(r.values, nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(nil, err)
		}
	}
}
