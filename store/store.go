package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Options says where the store is and how it behaves. Either Path or
// DatabaseURL is needed.
type Options struct {
	// Path is the SQLite file. It and its folder are made when missing.
	Path string
	// DatabaseURL is the address of a PostgreSQL database, and then Path is not
	// used: postgres://user:password@host:5432/name. It may hold a password and
	// is never printed.
	DatabaseURL string
	// Key is where the key lies that seals secrets: "env:NAME" or "file:PATH".
	// By default it is the file at Path with ".key" behind, made with mode 0600
	// when the first secret is kept; PostgreSQL has no default.
	Key string
	// Cipher seals the keys of secrets in place of Key, for example with a key
	// vault. By default Key is used.
	Cipher Cipher
	// LockWait is how long a writer waits for another process. Default 10 s.
	LockWait time.Duration
	// MaxConnections bounds the PostgreSQL pool. Default 8.
	MaxConnections int
	// CacheKiB bounds SQLite's page cache, per connection. Default 8192.
	CacheKiB int
	// Search says how searches weigh their ways. Its defaults are measured.
	Search SearchTuning
	// Now is the clock. Default [time.Now].
	Now func() time.Time
}

// SearchTuning says how a search weighs its ways: to gather all records that meet
// its rarest condition and sort them, or to read records in their order and look
// at each. What is found does not depend on it.
type SearchTuning struct {
	First  int // rows of the first batch that is read in order; default 128
	Batch  int // rows of a batch at most; default 1,000
	Few    int // fewer records of one condition are gathered at once; default: the root of the limit times all records
	Budget int // rows read in order before another way is weighed; default 500
	Many   int // more records than this are not gathered then; default 20,000
}

// withDefaults fills in what was left out.
func (t SearchTuning) withDefaults() SearchTuning {
	for _, d := range []struct {
		value *int
		by    int
	}{{&t.First, 128}, {&t.Batch, 1000}, {&t.Budget, 500}, {&t.Many, 20_000}} {
		if *d.value <= 0 {
			*d.value = d.by
		}
	}
	return t
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.LockWait <= 0 {
		o.LockWait = 10 * time.Second
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = 8
	}
	if o.CacheKiB <= 0 {
		o.CacheKiB = 8192
	}
	o.Search = o.Search.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Store keeps records, events, checkpoints and integrations. It is safe for
// use by many goroutines, and the database by many processes.
type Store struct {
	options Options
	dialect dialect
	db      *sql.DB // writes; on SQLite its one connection is the queue of writers
	read    *sql.DB // reads; on PostgreSQL the same pool

	mirrorsMu sync.Mutex
	mirrors   map[int64]mirror // id to name; a mirror's id never means another

	namesMu sync.Mutex
	names   map[int64]map[string]int64 // of facets, by mirror

	estimates estimates

	keysMu sync.Mutex
	keys   *keyring
}

// Open opens the store, makes it when there is none, and brings its schema up
// to date. A database with a newer schema is refused with [ErrNewerSchema].
// Close it when done.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{options: o, mirrors: map[int64]mirror{}, names: map[int64]map[string]int64{}}
	var err error
	switch {
	case o.DatabaseURL != "":
		s.dialect = postgresDialect{}
		s.db, s.read, err = openPostgres(o)
	case o.Path != "":
		s.dialect = sqliteDialect{}
		s.db, s.read, err = openSQLite(o)
	default:
		return nil, fmt.Errorf("%w: neither a path nor a database address is given", ErrInvalid)
	}
	if err != nil {
		return nil, s.failure("open", err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(s.failure("open", err), s.Close())
	}
	return s, nil
}

// Close releases the database. It waits for what is under way.
func (s *Store) Close() error {
	err := s.db.Close()
	if s.read != s.db {
		err = errors.Join(err, s.read.Close())
	}
	return s.failure("close", err)
}

// DB returns the connections that write, for those who keep tables of their
// own beside ours, as the job queue does. On SQLite there is one connection:
// whoever holds it holds up every writer of this process.
func (s *Store) DB() *sql.DB { return s.db }

// Database is "sqlite3" or "postgres", for those who use [Store.DB].
func (s *Store) Database() string { return string(s.dialect.goose()) }

// Ping asks the database for a sign of life, by reading from it.
func (s *Store) Ping(ctx context.Context) error {
	var one int64
	err := s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM counters").Scan(&one)
	return s.failure("ping", err)
}

// now is the clock, at the resolution that is kept.
func (s *Store) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// transaction is what a write works with.
type transaction struct {
	*sql.Tx
	dialect dialect
	now     time.Time
	faceted bool // the mirror that is locked has facets
}

// write runs f in a transaction, all of it or nothing.
func (s *Store) write(ctx context.Context, op string, f func(*transaction) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.failure(op, err)
	}
	if err := f(&transaction{Tx: tx, dialect: s.dialect, now: s.now()}); err != nil {
		_ = tx.Rollback() // what went wrong is err; the database drops the rest by itself
		return s.failure(op, err)
	}
	return s.failure(op, tx.Commit())
}

// exec runs a statement and returns how many rows it touched.
func (t *transaction) exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// scanAll reads and closes rows.
func scanAll[T any](rows *sql.Rows, one func(scan func(...any) error) (T, error)) ([]T, error) {
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		v, err := one(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// micros is how a time is kept: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the way back.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// flag is how a truth value is kept.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// hash copies a digest out of a row.
func hash(b []byte) (h gatehouse.Hash) {
	copy(h[:], b)
	return h
}
