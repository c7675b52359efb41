package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// sqliteDialect speaks to SQLite.
type sqliteDialect struct{}

var _ dialect = sqliteDialect{}

// openSQLite opens the file twice: one connection that writes, for SQLite has
// one writer at a time and a queue in this process is fairer than its lock,
// and several that read and are never blocked by it.
func openSQLite(o Options) (write, read *sql.DB, err error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: path %q: %w", ErrInvalid, o.Path, err)
	}
	if err := makeFile(path); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	file.RawQuery = sqliteSettings(o, "_txlock=immediate")
	if write, err = sql.Open("sqlite", file.String()); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	file.RawQuery = sqliteSettings(o, "_pragma=query_only(1)")
	if read, err = sql.Open("sqlite", file.String()); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	return write, read, nil
}

// makeFile makes an empty file and its folder, for nobody else to read: SQLite would
// make one that all may read. It gives the files beside it the same rights.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // whoever starts the program names the file
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteSettings is the query of the file's address. An event must not be lost
// to a power failure after a destination has seen it: hence synchronous FULL.
func sqliteSettings(o Options, more string) string {
	return strings.Join([]string{
		fmt.Sprintf("_busy_timeout=%d", o.LockWait.Milliseconds()),
		"_pragma=journal_mode(WAL)",
		"_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(1)",
		"_pragma=temp_store(MEMORY)",
		"_pragma=journal_size_limit(67108864)",
		// A page of records touches pages of indexes all over: those that several touch
		// are then written to the file once. The log grows to 32 MB by it.
		"_pragma=wal_autocheckpoint(8000)",
		fmt.Sprintf("_pragma=cache_size(-%d)", o.CacheKiB),
		more,
	}, "&")
}

func (sqliteDialect) goose() goose.Dialect { return goose.DialectSQLite3 }

func (sqliteDialect) migrations() (fs.FS, error) {
	return fs.Sub(sqliteMigrations, "migrations/sqlite")
}

func (sqliteDialect) texts(p string) string   { return "(SELECT value FROM json_each(" + p + "))" }
func (sqliteDialect) numbers(p string) string { return "(SELECT value FROM json_each(" + p + "))" }

func (sqliteDialect) contains(column, p string) string {
	return "instr(" + column + ", " + p + ") > 0"
}

func (sqliteDialect) list(values any) (any, error) {
	b, err := json.Marshal(values)
	return string(b), err
}

// recordIDs counts on from the largest id: the transaction is the only writer.
func (sqliteDialect) recordIDs(ctx context.Context, tx *sql.Tx, n int) ([]int64, error) {
	var last int64
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM records").Scan(&last); err != nil {
		return nil, err
	}
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = last + int64(i) + 1
	}
	return ids, nil
}

// clock is the machine's: all who use the file run on it.
func (sqliteDialect) clock(_ context.Context, _ *sql.Tx, now int64) (int64, error) { return now, nil }

// sqliteRows is how many rows one statement inserts: the cost of a statement
// is spread, and more gains nothing.
const sqliteRows = 16

func (d sqliteDialect) insert(ctx context.Context, tx *sql.Tx, b bulk, columns []any) error {
	n, from := length(columns[0]), 0
	for _, size := range []int{sqliteRows, 1} {
		if n-from < size {
			continue
		}
		var err error
		if from, err = d.insertBy(ctx, tx, b, columns, from, size); err != nil {
			return err
		}
	}
	return nil
}

// insertBy inserts as many rows as divide by size and returns where it stopped.
func (sqliteDialect) insertBy(ctx context.Context, tx *sql.Tx, b bulk, columns []any, from, size int) (int, error) {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	rows := strings.TrimSuffix(strings.Repeat(row+", ", size), ", ")
	stmt, err := tx.PrepareContext(ctx, b.text("VALUES "+rows))
	if err != nil {
		return from, err
	}
	defer func() { _ = stmt.Close() }()
	args := make([]any, 0, size*len(columns))
	for ; from+size <= length(columns[0]); from += size {
		args = args[:0]
		for row := from; row < from+size; row++ {
			for _, c := range columns {
				args = append(args, at(c, row))
			}
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return from, err
		}
	}
	return from, nil
}

// remove deletes row by row, with one statement.
func (sqliteDialect) remove(ctx context.Context, tx *sql.Tx, table string, names []string, columns []any) error {
	//nolint:gosec // the names are ours
	stmt, err := tx.PrepareContext(ctx, "DELETE FROM "+table+" WHERE "+strings.Join(names, " = ? AND ")+" = ?")
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	args := make([]any, len(columns))
	for row := range length(columns[0]) {
		for i, c := range columns {
			args[i] = at(c, row)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// lock is nothing: whoever writes is alone.
func (sqliteDialect) lock(bool) string { return "" }

// cause names SQLite's primary result codes.
func (sqliteDialect) cause(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return ErrFull
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrLocked
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return ErrUnavailable
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return ErrDamaged
	case sqlite3.SQLITE_CONSTRAINT:
		return ErrExists
	default:
		return nil
	}
}
