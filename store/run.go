package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
)

// runColumns are the columns that scanRun reads.
const runColumns = `r.id, r.attempt, m.integration_id, m.stream, r.mode, r.started, r.ended, r.complete, r.swept, r.pages, r.row_count,
	r.created, r.updated, r.unchanged, r.removed, r.set_aside, r.calls, r.error`

// scanRun reads one run.
func scanRun(scan func(...any) error) (gatehouse.SyncRun, error) {
	var r gatehouse.SyncRun
	var started, ended, complete, swept int64
	err := scan(&r.ID, &r.Attempt, &r.Integration, &r.Stream, &r.Mode, &started, &ended, &complete, &swept, &r.Pages, &r.Rows,
		&r.Created, &r.Updated, &r.Unchanged, &r.Removed, &r.SetAside, &r.Calls, &r.Error)
	r.Started, r.Ended, r.Complete, r.Swept = moment(started), moment(ended), complete != 0, swept != 0
	return r, err
}

// BeginRun starts a run. A run of the same stream that is still open ends here,
// and whoever works on it gets [ErrRunOver] at the next commit. It fails with
// [ErrNotFound] when there is no such integration.
func (s *Store) BeginRun(ctx context.Context, integration string, stream gatehouse.Stream, mode gatehouse.SyncMode) (gatehouse.SyncRun, error) {
	run := gatehouse.SyncRun{Attempt: 1, Integration: integration, Stream: stream, Mode: mode}
	err := s.write(ctx, "begin run", func(tx *transaction) error {
		run.Started = tx.now
		if err := tx.holdIntegration(ctx, integration); err != nil {
			return err
		}
		mirror, err := tx.mirrorFor(ctx, integration, stream)
		if err != nil {
			return err
		}
		return tx.beginRun(ctx, mirror, &run)
	})
	if err != nil {
		return gatehouse.SyncRun{}, err
	}
	return run, nil
}

// mirrorFor finds or makes the mirror of a stream and locks it.
func (t *transaction) mirrorFor(ctx context.Context, integration string, stream gatehouse.Stream) (id int64, err error) {
	err = t.QueryRowContext(ctx,
		"INSERT INTO mirrors (integration_id, stream) VALUES ($1, $2) ON CONFLICT (integration_id, stream) DO UPDATE SET run_id = mirrors.run_id RETURNING id",
		integration, stream).Scan(&id)
	return id, err
}

func (t *transaction) beginRun(ctx context.Context, mirror int64, run *gatehouse.SyncRun) error {
	_, err := t.exec(ctx, "UPDATE runs SET ended = $2, error = $3 WHERE mirror_id = $1 AND ended = 0", mirror, micros(t.now), "another run was begun")
	if err != nil {
		return err
	}
	err = t.QueryRowContext(ctx, "INSERT INTO runs (mirror_id, attempt, mode, started) VALUES ($1, $2, $3, $4) RETURNING id",
		mirror, run.Attempt, run.Mode, micros(run.Started)).Scan(&run.ID)
	if err != nil {
		return err
	}
	return t.expectOne(t.exec(ctx, "UPDATE mirrors SET run_id = $2, attempt = $3 WHERE id = $1", mirror, run.ID, run.Attempt))
}

// ResumeRun takes over the open run of a stream, after a restart or from
// another worker, who then gets [ErrRunOver]. It fails with [ErrNotFound] when
// no run is open.
func (s *Store) ResumeRun(ctx context.Context, integration string, stream gatehouse.Stream) (gatehouse.SyncRun, error) {
	var run gatehouse.SyncRun
	err := s.write(ctx, "resume run", func(tx *transaction) error {
		var id int64
		err := tx.QueryRowContext(ctx,
			"UPDATE mirrors SET attempt = attempt + 1 WHERE integration_id = $1 AND stream = $2 AND run_id <> 0 RETURNING run_id", integration, stream).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("store: open run of %s of integration %q: %w", stream, integration, ErrNotFound)
		}
		if err != nil {
			return err
		}
		if err := tx.expectOne(tx.exec(ctx, "UPDATE runs SET attempt = attempt + 1 WHERE id = $1", id)); err != nil {
			return err
		}
		run, err = tx.run(ctx, id)
		return err
	})
	return run, err
}

// run reads one run.
func (t *transaction) run(ctx context.Context, id int64) (gatehouse.SyncRun, error) {
	row := t.QueryRowContext(ctx, "SELECT "+runColumns+" FROM runs r JOIN mirrors m ON m.id = r.mirror_id WHERE r.id = $1", id)
	return scanRun(row.Scan)
}

// RunEnd says how a run ended.
type RunEnd struct {
	Calls int64  // calls upstream that no page has counted
	Error string // why the run failed, one line; empty when it went well
}

// EndRun closes a run and returns it with its sums.
func (s *Store) EndRun(ctx context.Context, run gatehouse.SyncRun, end RunEnd) (gatehouse.SyncRun, error) {
	err := s.write(ctx, "end run", func(tx *transaction) error {
		mirror, err := tx.fence(ctx, run)
		if err != nil {
			return err
		}
		err = tx.expectOne(tx.exec(ctx, "UPDATE runs SET ended = $2, calls = calls + $3, error = $4 WHERE id = $1", run.ID, micros(tx.now), end.Calls, end.Error))
		if err != nil {
			return err
		}
		if err := tx.expectOne(tx.exec(ctx, "UPDATE mirrors SET run_id = 0 WHERE id = $1", mirror)); err != nil {
			return err
		}
		run, err = tx.run(ctx, run.ID)
		return err
	})
	return run, err
}

// Runs returns the newest runs of a stream, newest first, at most limit.
func (s *Store) Runs(ctx context.Context, integration string, stream gatehouse.Stream, limit int) ([]gatehouse.SyncRun, error) {
	return every(ctx, s, "read runs", scanRun,
		"SELECT "+runColumns+" FROM runs r JOIN mirrors m ON m.id = r.mirror_id WHERE m.integration_id = $1 AND m.stream = $2 ORDER BY r.id DESC LIMIT $3",
		integration, stream, limit)
}

// LastRun returns the newest run of a stream in one mode, open or ended. It
// fails with [ErrNotFound] when there is none.
func (s *Store) LastRun(ctx context.Context, integration string, stream gatehouse.Stream, mode gatehouse.SyncMode) (gatehouse.SyncRun, error) {
	row := s.read.QueryRowContext(ctx,
		"SELECT "+runColumns+" FROM runs r JOIN mirrors m ON m.id = r.mirror_id WHERE m.integration_id = $1 AND m.stream = $2 AND r.mode = $3 ORDER BY r.id DESC LIMIT 1",
		integration, stream, mode)
	return one(s, row, "read run", fmt.Sprintf("%s run of %s of integration %q", mode, stream, integration), scanRun)
}

// TrimRuns forgets the ended runs of a stream but the newest keep and the newest
// full one, and returns how many it forgot.
func (s *Store) TrimRuns(ctx context.Context, integration string, stream gatehouse.Stream, keep int) (trimmed int64, err error) {
	const mine = "(SELECT id FROM mirrors WHERE integration_id = $1 AND stream = $2)"
	err = s.write(ctx, "trim runs", func(tx *transaction) error {
		trimmed, err = tx.exec(ctx,
			"DELETE FROM runs WHERE mirror_id = "+mine+" AND ended <> 0"+
				" AND id < (SELECT MIN(n.id) FROM (SELECT id FROM runs WHERE mirror_id = "+mine+" ORDER BY id DESC LIMIT $3) n)"+
				" AND id <> (SELECT COALESCE(MAX(id), 0) FROM runs WHERE mirror_id = "+mine+" AND mode = $4)",
			integration, stream, keep, gatehouse.SyncFull)
		return err
	})
	return trimmed, err
}
