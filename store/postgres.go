package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

// postgresDialect speaks to PostgreSQL.
type postgresDialect struct{}

var _ dialect = postgresDialect{}

// openPostgres opens one pool, for reading and writing alike.
func openPostgres(o Options) (write, read *sql.DB, err error) {
	c, err := pgx.ParseConfig(o.DatabaseURL)
	if err != nil {
		// The driver's own text may quote the address, and so a password.
		return nil, nil, fmt.Errorf("%w: the database address cannot be read: write it as postgres://user:password@host:5432/name", ErrInvalid)
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	for name, value := range postgresSettings(o) {
		if _, given := c.RuntimeParams[name]; !given {
			c.RuntimeParams[name] = value
		}
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(o.MaxConnections)
	db.SetMaxIdleConns(o.MaxConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, db, nil
}

// postgresSettings are the settings of a connection that its address does not give.
func postgresSettings(o Options) map[string]string {
	wait := fmt.Sprint(o.LockWait.Milliseconds())
	return map[string]string{
		"application_name":   "gatehouse",
		"synchronous_commit": "on",
		"lock_timeout":       wait,
		// Locks are what keeps writers apart; a stricter level would only refuse them.
		"default_transaction_isolation": "read committed",
		// A process that is suspended, or cut off, in the midst of a commit holds the
		// row that numbers events, and so everybody else's commits.
		"idle_in_transaction_session_timeout": wait,
	}
}

func (postgresDialect) goose() goose.Dialect { return goose.DialectPostgres }

func (postgresDialect) migrations() (fs.FS, error) {
	return fs.Sub(postgresMigrations, "migrations/postgres")
}

func (postgresDialect) texts(p string) string   { return "(SELECT unnest(" + p + "::text[]))" }
func (postgresDialect) numbers(p string) string { return "(SELECT unnest(" + p + "::bigint[]))" }

func (postgresDialect) contains(column, p string) string {
	return "strpos(" + column + ", " + p + ") > 0"
}

func (postgresDialect) list(values any) (any, error) { return values, nil }

// recordIDs draws from a sequence. Ids of records carry no order, so it does
// not matter that sequences commit out of order.
func (postgresDialect) recordIDs(ctx context.Context, tx *sql.Tx, n int) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, "SELECT nextval('record_ids') FROM generate_series(1, $1::bigint)", n)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(scan func(...any) error) (id int64, err error) {
		err = scan(&id)
		return id, err
	})
}

// clock is the server's, for the machines' clocks may differ.
func (postgresDialect) clock(ctx context.Context, tx *sql.Tx, _ int64) (us int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint").Scan(&us)
	return us, err
}

// insert sends each column as one array: one statement for all rows.
func (postgresDialect) insert(ctx context.Context, tx *sql.Tx, b bulk, columns []any) error {
	arrays := make([]string, len(columns))
	for i, c := range columns {
		arrays[i] = fmt.Sprintf("$%d::%s", i+1, arrayType(c))
	}
	source := "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ")" //nolint:unqueryvet // they are the columns above
	_, err := tx.ExecContext(ctx, b.text(source), columns...)
	return err
}

// remove sends each column as one array, too.
func (postgresDialect) remove(ctx context.Context, tx *sql.Tx, table string, names []string, columns []any) error {
	arrays, same := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		arrays[i] = fmt.Sprintf("$%d::%s", i+1, arrayType(c))
		same[i] = fmt.Sprintf("t.%s = u.%s", names[i], names[i])
	}
	query := fmt.Sprintf("DELETE FROM %s t USING unnest(%s) u(%s) WHERE %s", table, strings.Join(arrays, ", "), strings.Join(names, ", "), strings.Join(same, " AND ")) //nolint:gosec // the names are ours
	_, err := tx.ExecContext(ctx, query, columns...)
	return err
}

func (postgresDialect) lock(skip bool) string {
	if skip {
		return " FOR UPDATE SKIP LOCKED"
	}
	return " FOR UPDATE"
}

// arrayType names the type of a column's array.
func arrayType(column any) string {
	switch column.(type) {
	case []int64:
		return "bigint[]"
	case [][]byte:
		return "bytea[]"
	default:
		return "text[]"
	}
}

// cause names the classes of PostgreSQL's SQLSTATE, and the ways in which a
// connection is lost. https://www.postgresql.org/docs/current/errcodes-appendix.html
func (postgresDialect) cause(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return sqlState(e.Code)
	}
	var dial *pgconn.ConnectError
	var network net.Error
	for _, lost := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, lost) {
			return ErrUnavailable
		}
	}
	if errors.As(err, &dial) || errors.As(err, &network) || strings.Contains(err.Error(), "conn closed") {
		return ErrUnavailable
	}
	return nil
}

// sqlState names one SQLSTATE.
func sqlState(code string) error {
	switch {
	case code == "53100", code == "53200", code == "53400":
		return ErrFull
	case code == "55P03", code == "40P01", code == "40001":
		return ErrLocked
	case code == "23505":
		return ErrExists
	case code == "25006", code == "25P03", code == "53300", strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "28"), strings.HasPrefix(code, "58"), code == "3D000":
		return ErrUnavailable
	case strings.HasPrefix(code, "XX"):
		return ErrDamaged
	default:
		return nil
	}
}
