package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

// dialect is all that differs between the two databases. The statements
// themselves are one text for both.
type dialect interface {
	// goose names the database for the migrations.
	goose() goose.Dialect
	// migrations is the folder of the schema.
	migrations() (fs.FS, error)
	// texts and numbers give a subquery that turns the parameter, a list made
	// by list, into rows of one column.
	texts(parameter string) string
	numbers(parameter string) string
	// contains tells whether the text of a column holds the text of a parameter.
	contains(column, parameter string) string
	// list turns []string or []int64 into one argument.
	list(values any) (any, error)
	// recordIDs returns n ids for new records.
	recordIDs(ctx context.Context, tx *sql.Tx, n int) ([]int64, error)
	// insert writes the rows whose columns are given, each a slice of one
	// length: []int64, []string or [][]byte.
	insert(ctx context.Context, tx *sql.Tx, b bulk, columns []any) error
	// remove deletes the rows that have these values in these columns.
	remove(ctx context.Context, tx *sql.Tx, table string, names []string, columns []any) error
	// lock is the end of a SELECT that locks its rows until the transaction ends;
	// with skip it passes over rows that others have locked.
	lock(skip bool) string
	// clock reads the time that all processes share, in microseconds; now is ours.
	clock(ctx context.Context, tx *sql.Tx, now int64) (int64, error)
	// cause names an error of the driver; nil when it has no name.
	cause(err error) error
}

// bulk describes an insertion of many rows.
type bulk struct {
	table    string
	columns  []string
	conflict string // the ON CONFLICT clause, or empty
}

// text returns the statement around the source of its rows.
func (b bulk) text(source string) string {
	return fmt.Sprintf("INSERT INTO %s (%s) %s %s", b.table, strings.Join(b.columns, ", "), source, b.conflict)
}

// length returns the number of rows in a column.
func length(column any) int {
	switch c := column.(type) {
	case []int64:
		return len(c)
	case []string:
		return len(c)
	case [][]byte:
		return len(c)
	default:
		return 0
	}
}

// at returns one value of a column.
func at(column any, row int) any {
	switch c := column.(type) {
	case []int64:
		return c[row]
	case []string:
		return c[row]
	case [][]byte:
		return c[row]
	default:
		return nil
	}
}
