package store

import (
	"context"
	"fmt"
	"iter"

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

// eventBatch is how many events are held in memory at a time.
const eventBatch = 500

// Events yields the events with a number greater than after, in order, until
// limit have been given or the log ends; a limit of 0 has no bound. A reader
// that goes on from the last number it was given never misses an event,
// whoever commits meanwhile. No connection is held while the caller works.
func (s *Store) Events(ctx context.Context, after int64, filter EventFilter, limit int) iter.Seq2[gatehouse.Event, error] {
	return func(yield func(gatehouse.Event, error) bool) {
		where, args, err := s.eventWhere(ctx, filter)
		if err != nil {
			yield(gatehouse.Event{}, s.failure("read events", err))
			return
		}
		for left := limit; limit == 0 || left > 0; {
			size := eventBatch
			if limit > 0 {
				size = min(size, left)
			}
			batch, err := s.eventBatch(ctx, where, append([]any{after, size}, args...))
			if err != nil {
				yield(gatehouse.Event{}, s.failure("read events", err))
				return
			}
			for _, e := range batch {
				if !yield(e, nil) {
					return
				}
				after = e.Number
			}
			if left -= len(batch); len(batch) < size {
				return
			}
		}
	}
}

// eventWhere turns a filter into a condition; $1 and $2 are taken.
func (s *Store) eventWhere(ctx context.Context, f EventFilter) (where string, args []any, err error) {
	if f.Integration != "" || len(f.Streams) > 0 {
		ids, err := s.mirrorIDs(ctx, f.Integration, f.Streams)
		if err != nil {
			return "", nil, err
		}
		list, err := s.dialect.list(append([]int64{}, ids...))
		if err != nil {
			return "", nil, err
		}
		where, args = fmt.Sprintf(" AND e.mirror_id IN %s", s.dialect.numbers("$3")), append(args, list)
	}
	if len(f.Kinds) > 0 {
		kinds := make([]string, len(f.Kinds))
		for i, k := range f.Kinds {
			kinds[i] = string(k)
		}
		list, err := s.dialect.list(kinds)
		if err != nil {
			return "", nil, err
		}
		where, args = where+fmt.Sprintf(" AND e.kind IN %s", s.dialect.texts(fmt.Sprintf("$%d", len(args)+3))), append(args, list)
	}
	return where, args, nil
}

// eventBatch reads the next events. A left join keeps an event whose record is
// being deleted with its integration from holding up the others.
func (s *Store) eventBatch(ctx context.Context, where string, args []any) ([]gatehouse.Event, error) {
	rows, err := s.read.QueryContext(ctx,
		"SELECT e.number, e.mirror_id, COALESCE(r.key, ''), e.version, e.kind, e.at FROM events e LEFT JOIN records r ON r.id = e.record_id WHERE e.number > $1"+
			where+" ORDER BY e.number LIMIT $2", args...)
	if err != nil {
		return nil, err
	}
	mirrors := []int64{}
	batch, err := scanAll(rows, func(scan func(...any) error) (gatehouse.Event, error) {
		var e gatehouse.Event
		var mirror, at int64
		err := scan(&e.Number, &mirror, &e.Key, &e.Version, &e.Kind, &at)
		mirrors = append(mirrors, mirror)
		e.Time = moment(at)
		return e, err
	})
	if err != nil {
		return nil, err
	}
	for i := range batch {
		m, err := s.mirrorOf(ctx, mirrors[i])
		if err != nil {
			return nil, err
		}
		e := &batch[i]
		e.Integration, e.Stream = m.integration, m.stream
		e.ID = gatehouse.EventID(e.Integration, e.Stream, e.Key, e.Version)
	}
	return batch, nil
}

// LastEvent returns the number of the newest event; 0 when there is none.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	var last int64
	err := s.read.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = 'events'").Scan(&last)
	return last, s.failure("read the last event", err)
}
