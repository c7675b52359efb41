package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// scanHuntRun reads one run of a hunt. Of one that cannot be read there is what its
// columns say, and Error says why.
func scanHuntRun(scan func(...any) error) (r gatehouse.HuntRun, err error) {
	var bare gatehouse.HuntRun
	var body []byte
	var created, ended, held int64
	if err = scan(&bare.ID, &bare.Hunt, &bare.Integration, &bare.State, &created, &ended, &bare.Rows, &held, &body); err != nil {
		return r, err
	}
	bare.Created, bare.Ended, bare.Held = moment(created), moment(ended), moment(held)
	if err := json.Unmarshal(body, &r); err != nil {
		bare.Error = fmt.Sprintf("%v: %v", ErrUnreadable, err)
		return bare, nil
	}
	r.Rows, r.Held = bare.Rows, bare.Held
	return r, nil
}

// huntRunColumns are the columns that scanHuntRun reads.
const huntRunColumns = "id, hunt_id, integration_id, state, created, ended, row_count, lease_until, body"

// AddHuntRun keeps a new run of a hunt. It fails with [ErrNotFound] when there
// is no such integration.
func (s *Store) AddHuntRun(ctx context.Context, r gatehouse.HuntRun) (gatehouse.HuntRun, error) {
	if r.ID == "" || r.State == "" {
		return r, fmt.Errorf("store: run of a hunt: %w: it needs an id and a state", ErrInvalid)
	}
	err := s.write(ctx, "add run of a hunt", func(tx *transaction) error {
		if err := tx.holdIntegration(ctx, r.Integration); err != nil {
			return err
		}
		r.Created, r.Rows = tx.now, 0
		body, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "INSERT INTO hunt_runs (id, hunt_id, integration_id, state, created, ended, row_count, body) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
			r.ID, r.Hunt, r.Integration, r.State, micros(r.Created), micros(r.Ended), body)
		return err
	})
	return r, err
}

// SaveHuntRun keeps how a run of a hunt stands. Rows is counted by
// [Store.AppendHuntRows] and not taken from r.
func (s *Store) SaveHuntRun(ctx context.Context, r gatehouse.HuntRun) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.write(ctx, "save run of a hunt", func(tx *transaction) error {
		n, err := tx.exec(ctx, "UPDATE hunt_runs SET state = $2, ended = $3, body = $4 WHERE id = $1", r.ID, r.State, micros(r.Ended), body)
		return orNoRun(r.ID, n, err)
	})
}

// HoldHuntRun says that somebody works on a run for ttl from now at least, by the
// database's clock: who reads Held in the past knows that nobody does any more.
func (s *Store) HoldHuntRun(ctx context.Context, id string, ttl time.Duration) error {
	return s.write(ctx, "hold run of a hunt", func(tx *transaction) error {
		now, err := s.dialect.clock(ctx, tx.Tx, micros(tx.now))
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, "UPDATE hunt_runs SET lease_until = $2 WHERE id = $1 AND ended = 0", id, leaseEnd(now, ttl))
		return orNoRun(id, n, err)
	})
}

// orNoRun says so when there is no such run.
func orNoRun(id string, n int64, err error) error {
	if err == nil && n == 0 {
		return fmt.Errorf("store: run %q of a hunt: %w", id, ErrNotFound)
	}
	return err
}

// HuntRun returns one run. It fails with [ErrNotFound] when there is none.
func (s *Store) HuntRun(ctx context.Context, id string) (gatehouse.HuntRun, error) {
	row := s.read.QueryRowContext(ctx, "SELECT "+huntRunColumns+" FROM hunt_runs WHERE id = $1", id)
	return one(s, row, "read run of a hunt", fmt.Sprintf("run %q of a hunt", id), scanHuntRun)
}

// HuntRunFilter says which runs to list.
type HuntRunFilter struct {
	Integrations []string              // ids; an empty list gives nothing
	Hunt         string                // id of the saved hunt; empty for all
	States       []gatehouse.HuntState // any of these; none for all
	After        string                // id of the last run of the page before
	Limit        int                   // default 100, at most 1,000
}

// HuntRuns lists runs, the newest first.
func (s *Store) HuntRuns(ctx context.Context, f HuntRunFilter) ([]gatehouse.HuntRun, error) {
	c := &conditions{}
	if err := c.in(s.dialect, "integration_id", f.Integrations); err != nil {
		return nil, err
	}
	if f.Hunt != "" {
		c.add("hunt_id = ?", f.Hunt)
	}
	if len(f.States) > 0 {
		if err := c.in(s.dialect, "state", textsOf(f.States)); err != nil {
			return nil, err
		}
	}
	if err := s.olderThan(ctx, c, "hunt_runs", f.After); err != nil {
		return nil, err
	}
	return every(ctx, s, "list runs of hunts", scanHuntRun, fmt.Sprintf("SELECT %s FROM hunt_runs%s ORDER BY created DESC, id DESC LIMIT %d", huntRunColumns, c.where(), bounded(f.Limit)), c.args...)
}

// AppendHuntRows adds rows, each an object of JSON, to what a run has found, and
// counts them.
func (s *Store) AppendHuntRows(ctx context.Context, run string, rows []json.RawMessage) error {
	if len(rows) == 0 {
		return nil
	}
	return s.write(ctx, "append rows of a hunt", func(tx *transaction) error {
		var last int64
		err := tx.QueryRowContext(ctx, "UPDATE hunt_runs SET row_count = row_count + $2 WHERE id = $1 RETURNING row_count", run, len(rows)).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			return orNoRun(run, 0, nil)
		}
		if err != nil {
			return err
		}
		n := len(rows)
		runs, numbers, bodies := make([]string, n), make([]int64, n), make([][]byte, n)
		for i, r := range rows {
			runs[i], numbers[i], bodies[i] = run, last-int64(n)+1+int64(i), notNil(r)
		}
		return tx.dialect.insert(ctx, tx.Tx, bulk{table: "hunt_rows", columns: []string{"run_id", "number", "body"}}, []any{runs, numbers, bodies})
	})
}

// HuntRows returns the rows of a run with a number greater than after, in their
// order: at most limit, default 100, at most 1,000.
func (s *Store) HuntRows(ctx context.Context, run string, after int64, limit int) ([]gatehouse.HuntRow, error) {
	return every(ctx, s, "read rows of a hunt", func(scan func(...any) error) (r gatehouse.HuntRow, err error) {
		var body []byte
		err = scan(&r.Number, &body)
		r.Row = body
		return r, err
	}, "SELECT number, body FROM hunt_rows WHERE run_id = $1 AND number > $2 ORDER BY number LIMIT $3", run, after, bounded(limit))
}

// TrimHuntRuns forgets the runs that ended before that time, or that were begun
// before it and that nobody works on any more, with their rows, but for the newest
// keep runs of each hunt that is still saved in each integration, and returns how
// many runs it forgot.
func (s *Store) TrimHuntRuns(ctx context.Context, before time.Time, keep int) (int64, error) {
	const old = `SELECT id FROM (SELECT id, hunt_id, created, ended, lease_until, ROW_NUMBER() OVER (PARTITION BY hunt_id, integration_id ORDER BY created DESC, id DESC) AS place FROM hunt_runs) r
		WHERE (ended > 0 AND ended < $1 OR ended = 0 AND created < $1 AND lease_until < $1) AND (place > $2 OR hunt_id NOT IN (SELECT id FROM hunts)) ORDER BY id LIMIT 50`
	for trimmed := int64(0); ; {
		var n int64
		err := s.write(ctx, "trim runs of hunts", func(tx *transaction) error {
			if _, err := tx.exec(ctx, "DELETE FROM hunt_rows WHERE run_id IN ("+old+")", micros(before), keep); err != nil {
				return err
			}
			var err error
			n, err = tx.exec(ctx, "DELETE FROM hunt_runs WHERE id IN ("+old+")", micros(before), keep)
			return err
		})
		trimmed += n
		if err != nil || n == 0 {
			return trimmed, err
		}
	}
}
