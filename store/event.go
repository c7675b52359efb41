package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// eventRow is an event before it has a number.
type eventRow struct {
	record  int64
	version int64
	kind    gatehouse.EventKind
}

// appendEvents numbers events and writes them. The counter is a row that stays
// locked until the transaction ends, so numbers are given in the order of the
// commits; see the package's documentation.
func (t *transaction) appendEvents(ctx context.Context, mirror int64, rows []eventRow) (first, last int64, err error) {
	n := len(rows)
	if n == 0 {
		return 0, 0, nil
	}
	err = t.QueryRowContext(ctx, "UPDATE counters SET value = value + $1 WHERE name = 'events' RETURNING value", n).Scan(&last)
	if err != nil {
		return 0, 0, err
	}
	first = last - int64(n) + 1
	numbers, mirrors, records, versions, at := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	kinds := make([]string, n)
	for i, r := range rows {
		numbers[i], mirrors[i], records[i], versions[i], kinds[i], at[i] = first+int64(i), mirror, r.record, r.version, string(r.kind), micros(t.now)
	}
	b := bulk{table: "events", columns: []string{"number", "mirror_id", "record_id", "version", "kind", "at"}}
	return first, last, t.dialect.insert(ctx, t.Tx, b, []any{numbers, mirrors, records, versions, kinds, at})
}

// EventFilter narrows what [Store.Events] reads. The zero filter reads everything.
type EventFilter struct {
	Integration string                // one integration; empty reads all
	Streams     []gatehouse.Stream    // any of these; none reads all
	Kinds       []gatehouse.EventKind // any of these; none reads all
}

// Sizes of reading the log: how many events are held in memory at a time, and
// of how many mirrors the index is asked one by one.
const (
	eventBatchRows = 500
	eventMirrors   = 16
)

// Events yields the events with a number greater than after, in order, until
// limit have been given or the log ends; a limit of 0 has no bound. A reader
// that goes on from the last number it was given never misses an event,
// whoever commits meanwhile. No connection is held while the caller works.
func (s *Store) Events(ctx context.Context, after int64, filter EventFilter, limit int) iter.Seq2[gatehouse.Event, error] {
	return func(yield func(gatehouse.Event, error) bool) {
		source, args, err := s.eventSource(ctx, filter)
		if err != nil {
			yield(gatehouse.Event{}, s.failure("read events", err))
			return
		}
		for left := limit; limit == 0 || left > 0; {
			size := eventBatchRows
			if limit > 0 {
				size = min(size, left)
			}
			batch, err := s.eventBatch(ctx, source, append([]any{after, size}, args...))
			if err != nil {
				yield(gatehouse.Event{}, s.failure("read events", err))
				return
			}
			for _, e := range batch.events {
				if !yield(e, nil) {
					return
				}
			}
			after = batch.last
			if left -= len(batch.events); batch.read < size {
				return
			}
		}
	}
}

// eventColumns are what a source of events gives.
const eventColumns = "number, mirror_id, record_id, version, kind, at"

// eventSource is a query for the next events that a filter lets through: $1 is
// the number to go on from and $2 the size of the batch. A few mirrors are
// asked one by one, each through its index and no further than the batch; for
// many of them the log is read in its order. The plus keeps both databases from
// gathering and sorting all that the index has for them.
func (s *Store) eventSource(ctx context.Context, f EventFilter) (source string, args []any, err error) {
	where := ""
	if len(f.Kinds) > 0 {
		kinds := make([]string, len(f.Kinds))
		for i, k := range f.Kinds {
			kinds[i] = string(k)
		}
		list, err := s.dialect.list(kinds)
		if err != nil {
			return "", nil, err
		}
		where, args = " AND kind IN "+s.dialect.texts("$3"), append(args, list)
	}
	part := func(more string) string {
		return "SELECT " + eventColumns + " FROM events WHERE number > $1" + where + more + " ORDER BY number LIMIT $2"
	}
	if f.Integration == "" && len(f.Streams) == 0 {
		return part(""), args, nil
	}
	ids, err := s.mirrorIDs(ctx, f.Integration, f.Streams)
	if err != nil {
		return "", nil, err
	}
	if len(ids) > eventMirrors || len(ids) == 0 {
		list, err := s.dialect.list(append([]int64{}, ids...))
		return part(fmt.Sprintf(" AND +mirror_id IN %s", s.dialect.numbers(fmt.Sprintf("$%d", len(args)+3)))), append(args, list), err
	}
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = "SELECT " + eventColumns + " FROM (" + part(fmt.Sprintf(" AND mirror_id = %d", id)) + ") p"
	}
	return strings.Join(parts, " UNION ALL ") + " ORDER BY number LIMIT $2", args, nil
}

// eventBatch is what one read of the log gave.
type eventBatch struct {
	events []gatehouse.Event
	read   int   // rows, those that are being deleted included
	last   int64 // number of the last row
}

// eventBatch reads the next events. Those of an integration that is being
// removed may have lost their record already; they are passed over.
func (s *Store) eventBatch(ctx context.Context, source string, args []any) (eventBatch, error) {
	//nolint:gosec // the source is one of ours
	rows, err := s.read.QueryContext(ctx,
		"SELECT e.number, e.mirror_id, COALESCE(r.key, ''), e.version, e.kind, e.at FROM ("+source+") e LEFT JOIN records r ON r.id = e.record_id ORDER BY e.number", args...)
	if err != nil {
		return eventBatch{}, err
	}
	var mirrors []int64
	all, err := scanAll(rows, func(scan func(...any) error) (gatehouse.Event, error) {
		var e gatehouse.Event
		var mirror, at int64
		err := scan(&e.Number, &mirror, &e.Key, &e.Version, &e.Kind, &at)
		mirrors = append(mirrors, mirror)
		e.Time = moment(at)
		return e, err
	})
	if err != nil || len(all) == 0 {
		return eventBatch{}, err
	}
	batch := eventBatch{events: make([]gatehouse.Event, 0, len(all)), read: len(all), last: all[len(all)-1].Number}
	for i, e := range all {
		m, err := s.mirrorOf(ctx, mirrors[i])
		switch {
		case e.Key == "" || errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return eventBatch{}, err
		}
		e.Integration, e.Stream = m.integration, m.stream
		e.ID = gatehouse.EventID(e.Integration, e.Stream, e.Key, e.Version)
		batch.events = append(batch.events, e)
	}
	return batch, nil
}

// LastEvent returns the number of the newest event; 0 when there is none.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	var last int64
	err := s.read.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = 'events'").Scan(&last)
	return last, s.failure("read the last event", err)
}
