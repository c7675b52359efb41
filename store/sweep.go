package store

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// SweepCount is what a guard judges.
type SweepCount struct {
	Held            int64 // records in the mirror that are not removed
	Missing         int64 // of these, not seen since the run began: they would be removed
	Rows            int64 // read in the run, repeats included
	SetAsideUnknown int64 // items that could not be decoded and may be any record
	// Unswept is for how long complete runs have said what they say without being
	// swept, one after the other; zero when the last one was.
	Unswept time.Duration
}

// Guard refuses a sweep that looks implausible, with an error that says why.
type Guard func(SweepCount) error

const (
	// guardFloor is how many missing records are plausible as long as some are left:
	// in a small mirror half may well go at once.
	guardFloor = 100
	// guardLast is how many may be the last of a mirror.
	guardLast = 10
	// guardBelieves is after how long what seemed implausible is believed.
	guardBelieves = 24 * time.Hour
)

// DefaultGuard refuses to remove more than half of what is held, beyond 100
// records, or all of it, beyond 10, until complete runs have said so for a day. It
// refuses to remove anything when an item could not be decoded and its key is not
// known, for it may be one of those that seem to be missing.
func DefaultGuard(c SweepCount) error {
	switch {
	case c.Missing > 0 && c.SetAsideUnknown > 0:
		return fmt.Errorf("%d items could not be decoded and may be among the %d missing records", c.SetAsideUnknown, c.Missing)
	case c.Unswept >= guardBelieves:
		return nil
	case c.Rows == 0 && c.Missing > guardLast:
		return fmt.Errorf("nothing was read and %d records are held", c.Held)
	case c.Missing > guardFloor && c.Missing*2 > c.Held:
		return fmt.Errorf("%d of %d records are missing, more than half", c.Missing, c.Held)
	default:
		return nil
	}
}

// SweepResult says what a sweep removed.
type SweepResult struct {
	Removed int64
	First   int64 // number of the first event made; 0 when none was
	Last    int64 // number of the last event made; 0 when none was
}

// sweepBatch is how many records one transaction of a sweep removes.
const sweepBatch = 1000

// FinishSweep removes the records of a stream that were not seen since a
// complete run began, and makes their events. It works in transactions of 1,000
// records; after a crash, resume the run and call it again: the guard is not
// asked twice. It fails with [ErrIncomplete] when no page of the run was
// committed as its end and with [ErrImplausible] when the guard, by default
// [DefaultGuard], refuses: then nothing is removed.
func (s *Store) FinishSweep(ctx context.Context, run gatehouse.SyncRun, guard Guard) (SweepResult, error) {
	if guard == nil {
		guard = DefaultGuard
	}
	var result SweepResult
	mirror, swept, err := s.beginSweep(ctx, run, guard)
	if err != nil || swept {
		return result, err
	}
	for key := ""; ; {
		missing, err := s.missing(ctx, mirror, run.ID, key)
		if err != nil {
			return result, s.failure("sweep", err)
		}
		if len(missing) == 0 {
			break
		}
		if err := s.removeBatch(ctx, run, missing, &result); err != nil {
			return result, err
		}
		key = missing[len(missing)-1].key
	}
	return result, s.endSweep(ctx, run)
}

// beginSweep asks the guard, once, and notes that it has agreed.
func (s *Store) beginSweep(ctx context.Context, run gatehouse.SyncRun, guard Guard) (mirror int64, swept bool, err error) {
	err = s.write(ctx, "begin sweep", func(tx *transaction) error {
		if mirror, err = tx.fence(ctx, run); err != nil {
			return err
		}
		var complete, sweeping, done int64
		var c SweepCount
		err := tx.QueryRowContext(ctx, "SELECT complete, sweeping, swept, row_count, set_aside_no_key FROM runs WHERE id = $1", run.ID).
			Scan(&complete, &sweeping, &done, &c.Rows, &c.SetAsideUnknown)
		swept = done != 0
		switch {
		case err != nil:
			return err
		case complete == 0:
			return fmt.Errorf("store: sweep of run %d: %w: its last page was not committed as such, so nothing was removed", run.ID, ErrIncomplete)
		case sweeping != 0:
			return nil
		}
		if err := tx.plausible(ctx, mirror, run.ID, &c, guard); err != nil {
			return err
		}
		return tx.expectOne(tx.exec(ctx, "UPDATE runs SET sweeping = 1 WHERE id = $1", run.ID))
	})
	return mirror, swept, err
}

// plausible counts and asks the guard.
func (t *transaction) plausible(ctx context.Context, mirror, run int64, c *SweepCount, guard Guard) error {
	err := t.QueryRowContext(ctx, "SELECT COUNT(*), COUNT(CASE WHEN seen_run < $2 THEN 1 END) FROM records WHERE mirror_id = $1 AND removed = 0", mirror, run).
		Scan(&c.Held, &c.Missing)
	if err != nil {
		return err
	}
	if c.Unswept, err = t.unswept(ctx, mirror); err != nil {
		return err
	}
	if err := guard(*c); err != nil {
		return fmt.Errorf("store: sweep of run %d: %w: nothing was removed: %w", run, ErrImplausible, err)
	}
	return nil
}

// unswept is for how long complete runs have not been swept. Those that held an item
// whose record nobody knows do not count: what they missed was not sure.
func (t *transaction) unswept(ctx context.Context, mirror int64) (time.Duration, error) {
	var since int64
	err := t.QueryRowContext(ctx,
		`SELECT COALESCE(MIN(started), 0) FROM runs WHERE mirror_id = $1 AND ended <> 0 AND complete = 1 AND swept = 0 AND set_aside_no_key = 0
		AND id > (SELECT COALESCE(MAX(id), 0) FROM runs WHERE mirror_id = $1 AND swept = 1)`, mirror).Scan(&since)
	if err != nil || since == 0 {
		return 0, err
	}
	return t.now.Sub(moment(since)), nil
}

// missingRecord is one that the run has not seen.
type missingRecord struct {
	id  int64
	key string
}

// missing lists the next records that the run has not seen. It reads outside
// of the transaction that removes them: that one looks again.
func (s *Store) missing(ctx context.Context, mirror, run int64, after string) ([]missingRecord, error) {
	rows, err := s.read.QueryContext(ctx,
		"SELECT id, key FROM records WHERE mirror_id = $1 AND key > $2 AND removed = 0 AND seen_run < $3 ORDER BY key LIMIT $4", mirror, after, run, sweepBatch)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(scan func(...any) error) (m missingRecord, err error) {
		err = scan(&m.id, &m.key)
		return m, err
	})
}

// removeBatch removes records in one transaction.
func (s *Store) removeBatch(ctx context.Context, run gatehouse.SyncRun, missing []missingRecord, result *SweepResult) error {
	var first, last int64
	var removed []eventRow
	err := s.write(ctx, "sweep", func(tx *transaction) error {
		mirror, err := tx.fence(ctx, run)
		if err != nil {
			return err
		}
		if removed, err = tx.markRemoved(ctx, run.ID, missing); err != nil || len(removed) == 0 {
			return err
		}
		if err := tx.dropFacets(ctx, mirror, removed); err != nil {
			return err
		}
		if first, last, err = tx.appendEvents(ctx, mirror, removed); err != nil {
			return err
		}
		n := int64(len(removed))
		if err := tx.expectOne(tx.exec(ctx, "UPDATE runs SET removed = removed + $2 WHERE id = $1", run.ID, n)); err != nil {
			return err
		}
		return tx.countHeld(ctx, mirror, -n)
	})
	if err != nil || len(removed) == 0 {
		return err
	}
	if result.First == 0 {
		result.First = first
	}
	result.Last = last
	result.Removed += int64(len(removed))
	return nil
}

// markRemoved marks those of the records that are still missing, and returns
// their events in the order that was given.
func (t *transaction) markRemoved(ctx context.Context, run int64, missing []missingRecord) ([]eventRow, error) {
	ids := make([]int64, len(missing))
	for i, m := range missing {
		ids[i] = m.id
	}
	list, err := t.dialect.list(ids)
	if err != nil {
		return nil, err
	}
	rows, err := t.QueryContext(ctx,
		"UPDATE records SET removed = $1, changed = $1, version = version + 1 WHERE removed = 0 AND seen_run < $2 AND id IN "+t.dialect.numbers("$3")+" RETURNING id, version",
		micros(t.now), run, list)
	if err != nil {
		return nil, err
	}
	versions := make(map[int64]int64, len(ids))
	_, err = scanAll(rows, func(scan func(...any) error) (id int64, err error) {
		var version int64
		err = scan(&id, &version)
		versions[id] = version
		return id, err
	})
	removed := make([]eventRow, 0, len(versions))
	for _, id := range ids {
		if version, ok := versions[id]; ok {
			removed = append(removed, eventRow{record: id, version: version, kind: gatehouse.EventRemoved})
		}
	}
	return removed, err
}

// dropFacets puts the facets of removed records apart.
func (t *transaction) dropFacets(ctx context.Context, mirror int64, removed []eventRow) error {
	changes := make([]facetChange, len(removed))
	for i, r := range removed {
		changes[i] = facetChange{id: r.record, keep: true, gone: true}
	}
	return t.writeFacets(ctx, mirror, changes)
}

// endSweep notes that all is removed, and forgets what was set aside and did
// not come again.
func (s *Store) endSweep(ctx context.Context, run gatehouse.SyncRun) error {
	return s.write(ctx, "end sweep", func(tx *transaction) error {
		mirror, err := tx.fence(ctx, run)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "DELETE FROM set_aside WHERE mirror_id = $1 AND seen_run < $2", mirror, run.ID); err != nil {
			return err
		}
		return tx.expectOne(tx.exec(ctx, "UPDATE runs SET swept = 1 WHERE id = $1", run.ID))
	})
}
