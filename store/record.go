package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/gatehouse-sec/gatehouse"
)

// recordColumns are the columns that scanRecord reads.
const recordColumns = "m.integration_id, m.stream, r.key, r.api, r.version, r.content, r.whole, r.first_seen, r.changed, r.removed"

// scanRecord reads one record, and its document when there is room for it.
func scanRecord(scan func(...any) error, more ...any) (gatehouse.Record, error) {
	var r gatehouse.Record
	var content, whole []byte
	var first, changed, removed int64
	err := scan(append([]any{&r.Integration, &r.Stream, &r.Key, &r.API, &r.Version, &content, &whole, &first, &changed, &removed}, more...)...)
	r.Content, r.Whole = hash(content), hash(whole)
	r.FirstSeen, r.Changed, r.Removed = moment(first), moment(changed), moment(removed)
	return r, err
}

// Record returns one record, also when it has been removed upstream; its
// document is then the last that was held. It fails with [ErrNotFound] when
// there never was one.
func (s *Store) Record(ctx context.Context, integration string, stream gatehouse.Stream, key string) (gatehouse.Record, error) {
	row := s.read.QueryRowContext(ctx,
		"SELECT "+recordColumns+", d.document FROM mirrors m JOIN records r ON r.mirror_id = m.id JOIN documents d ON d.record_id = r.id WHERE m.integration_id = $1 AND m.stream = $2 AND r.key = $3",
		integration, stream, key)
	var document []byte
	r, err := scanRecord(row.Scan, &document)
	if errors.Is(err, sql.ErrNoRows) {
		return gatehouse.Record{}, fmt.Errorf("store: %s %q of integration %q: %w", stream, key, integration, ErrNotFound)
	}
	r.Document = document
	return r, s.failure("read record", err)
}

// RecordQuery says which records to list.
type RecordQuery struct {
	After     string // keys greater than this one; empty from the first
	Limit     int    // at most so many; 0 has no bound
	Removed   bool   // also those that have been removed
	Documents bool   // with their documents
}

// Sizes of what one read of a list holds in memory: it ends at either.
const (
	recordBatch      = 500
	recordBatchBytes = 4 << 20
)

// Records yields the records of a stream in the order of their keys (by
// bytes). They are read in batches, and no connection is held while the caller
// works, so a record may change between two batches.
func (s *Store) Records(ctx context.Context, integration string, stream gatehouse.Stream, q RecordQuery) iter.Seq2[gatehouse.Record, error] {
	return func(yield func(gatehouse.Record, error) bool) {
		for left := q.Limit; q.Limit == 0 || left > 0; {
			size := recordBatch
			if q.Limit > 0 {
				size = min(size, left)
			}
			batch, err := s.recordBatch(ctx, integration, stream, q, size)
			if err != nil {
				yield(gatehouse.Record{}, s.failure("read records", err))
				return
			}
			for _, r := range batch {
				if !yield(r, nil) {
					return
				}
				q.After = r.Key
			}
			if left -= len(batch); len(batch) == 0 {
				return
			}
		}
	}
}

// recordBatch reads the next records until there are enough of them or their
// documents are heavy.
func (s *Store) recordBatch(ctx context.Context, integration string, stream gatehouse.Stream, q RecordQuery, size int) ([]gatehouse.Record, error) {
	columns, join := recordColumns, ""
	if q.Documents {
		columns, join = columns+", d.document", "JOIN documents d ON d.record_id = r.id"
	}
	living := "AND r.removed = 0"
	if q.Removed {
		living = ""
	}
	rows, err := s.read.QueryContext(ctx, fmt.Sprintf(
		"SELECT %s FROM mirrors m JOIN records r ON r.mirror_id = m.id %s WHERE m.integration_id = $1 AND m.stream = $2 AND r.key > $3 %s ORDER BY r.key LIMIT $4", columns, join, living),
		integration, stream, q.After, size)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var batch []gatehouse.Record
	for held := 0; held < recordBatchBytes && rows.Next(); {
		var document []byte
		var more []any
		if q.Documents {
			more = []any{&document}
		}
		r, err := scanRecord(rows.Scan, more...)
		if err != nil {
			return nil, err
		}
		r.Document = document
		held += len(document)
		batch = append(batch, r)
	}
	return batch, rows.Err()
}

// Count returns how many records of a stream are held and not removed.
func (s *Store) Count(ctx context.Context, integration string, stream gatehouse.Stream) (int64, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, "SELECT held FROM mirrors WHERE integration_id = $1 AND stream = $2", integration, stream).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, s.failure("count records", err)
}
