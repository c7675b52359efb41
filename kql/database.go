package kql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"iter"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// OpenMemory opens an empty database in memory that plans can run on. Its
// connections share the data, so several queries run at once; the data is gone
// when the database is closed.
//
// Kusto's functions are registered on a driver of this database's own. Nothing
// is registered for the process, so that other users of SQLite in the same
// program neither see nor disturb them.
func OpenMemory() (*sql.DB, error) {
	var name [12]byte
	if _, err := rand.Read(name[:]); err != nil {
		return nil, fmt.Errorf("kql: name the database: %w", err)
	}
	return Open("file:/kql-" + hex.EncodeToString(name[:]) + "?vfs=memdb")
}

// Open opens the SQLite database of a data source name, as modernc.org/sqlite
// understands it, with Kusto's functions registered on a driver of its own (see
// [OpenMemory]). One connection stays open until the database is closed.
func Open(dsn string) (*sql.DB, error) {
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	c := &connector{dsn: dsn + separator + "_dqs=0&_busy_timeout=10000&_pragma=temp_store(2)", driver: &sqlite.Driver{}}
	if err := registerFunctions(c.driver); err != nil {
		return nil, fmt.Errorf("kql: register functions: %w", err)
	}
	// A database of the memdb VFS lives as long as a connection to it does.
	anchor, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, fmt.Errorf("kql: open database: %w", err)
	}
	c.anchor = anchor
	return sql.OpenDB(c), nil
}

// connector opens connections of one private driver.
type connector struct {
	dsn    string
	driver *sqlite.Driver

	mu     sync.Mutex
	anchor driver.Conn
}

var _ driver.Connector = (*connector)(nil)

// Connect opens one more connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.driver.Open(c.dsn)
}

// Driver returns the private driver.
func (c *connector) Driver() driver.Driver { return c.driver }

// Close is called by [sql.DB.Close] and lets the data go.
func (c *connector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.anchor == nil {
		return nil
	}
	err := c.anchor.Close()
	c.anchor = nil
	return err
}

// CreateTable makes an empty table whose columns hold Kusto's types. Names must
// be identifiers, and no two columns may differ in case alone.
func CreateTable(ctx context.Context, db *sql.DB, table string, columns []Column) error {
	if err := checkColumns(table, columns); err != nil {
		return err
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "[" + c.Name + "] " + c.Type.info().sql
	}
	_, err := db.ExecContext(ctx, "CREATE TABLE ["+table+"] ("+strings.Join(parts, ", ")+") STRICT")
	if err != nil {
		return fmt.Errorf("kql: create table %s: %w", table, err)
	}
	return nil
}

// Insert appends rows to a table that [CreateTable] made with the same columns,
// all in one transaction: either every row is there afterwards or none. It
// returns how many there are.
//
// A row has one value per column. Nil is null (and "" in a string column); other
// values must fit the column's type: bool, any integer type, float32 or float64,
// string, [time.Time] for datetime (the zero time is null) or a string in RFC
// 3339, [TimeSpan] or [time.Duration] for timespan. In a dynamic column a string,
// []byte or [encoding/json.RawMessage] is taken as JSON, and as a JSON string if
// it is none; any other value is marshalled. The row is not kept after it was
// read, so the sequence may reuse it.
func Insert(ctx context.Context, db *sql.DB, table string, columns []Column, rows iter.Seq[[]any]) (int64, error) {
	if err := checkColumns(table, columns); err != nil {
		return 0, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("kql: insert into %s: %w", table, err)
	}
	n, err := insertRows(ctx, tx, table, columns, rows)
	if err != nil {
		_ = tx.Rollback() // the first error says more
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("kql: insert into %s: %w", table, err)
	}
	return n, nil
}

// insertRows runs the inserts inside of the transaction.
func insertRows(ctx context.Context, tx *sql.Tx, table string, columns []Column, rows iter.Seq[[]any]) (int64, error) {
	stmt, err := tx.PrepareContext(ctx, insertSQL(table, columns))
	if err != nil {
		return 0, fmt.Errorf("kql: insert into %s: %w", table, err)
	}
	defer func() { _ = stmt.Close() }()
	var n int64
	values := make([]any, len(columns))
	for row := range rows {
		if len(row) != len(columns) {
			return 0, fmt.Errorf("kql: insert into %s: row %d has %d values for %d columns", table, n, len(row), len(columns))
		}
		for i, c := range columns {
			if values[i], err = encodeValue(c.Type, row[i]); err != nil {
				return 0, fmt.Errorf("kql: insert into %s: row %d, column %s: %w", table, n, c.Name, err)
			}
		}
		if _, err := stmt.ExecContext(ctx, values...); err != nil {
			return 0, fmt.Errorf("kql: insert into %s: row %d: %w", table, n, err)
		}
		n++
	}
	return n, nil
}

// insertSQL is the statement for one row.
func insertSQL(table string, columns []Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = "[" + c.Name + "]"
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
	return "INSERT INTO [" + table + "] (" + strings.Join(names, ", ") + ") VALUES (" + marks + ")"
}
