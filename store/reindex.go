package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
)

// FacetVersion returns which version of the facets a stream was last indexed
// with, as [Store.SetFacetVersion] has it; 0 when never.
func (s *Store) FacetVersion(ctx context.Context, integration string, stream gatehouse.Stream) (int64, error) {
	var version int64
	err := s.read.QueryRowContext(ctx, "SELECT facet_version FROM mirrors WHERE integration_id = $1 AND stream = $2", integration, stream).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return version, s.failure("read the version of the facets", err)
}

// SetFacetVersion notes which version of the facets every record of a stream
// has: after [Store.Reindex], or before the first page of a new stream. It fails
// with [ErrNotFound] when the stream was never read.
func (s *Store) SetFacetVersion(ctx context.Context, integration string, stream gatehouse.Stream, version int64) error {
	return s.write(ctx, "set the version of the facets", func(tx *transaction) error {
		id, err := tx.lockMirror(ctx, integration, stream)
		if err != nil {
			return err
		}
		return tx.expectOne(tx.exec(ctx, "UPDATE mirrors SET facet_version = $2 WHERE id = $1", id, version))
	})
}

// lockMirror finds the mirror of a stream and holds it until the transaction
// ends: no page is committed meanwhile.
func (t *transaction) lockMirror(ctx context.Context, integration string, stream gatehouse.Stream) (id int64, err error) {
	row := t.QueryRowContext(ctx, "UPDATE mirrors SET run_id = run_id WHERE integration_id = $1 AND stream = $2 RETURNING id, faceted", integration, stream)
	id, err = t.scanMirror(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("store: %s of integration %q: %w", stream, integration, ErrNotFound)
	}
	return id, err
}

// reindexBatch is how many records one transaction indexes.
const reindexBatch = 200

// Reindex gives every record of a stream, removed ones too, the facets that f
// says it has. It works in many small transactions beside a running sync, which
// waits for one at a time; after a crash, call it again. f must not use the
// store. A stream that was never read has nothing to index.
func (s *Store) Reindex(ctx context.Context, integration string, stream gatehouse.Stream, f func(gatehouse.Record) []gatehouse.Facet) error {
	for after, done := "", false; !done; {
		err := s.write(ctx, "reindex", func(tx *transaction) error {
			id, err := tx.lockMirror(ctx, integration, stream)
			if errors.Is(err, ErrNotFound) {
				done = true
				return nil
			}
			if err != nil {
				return err
			}
			last, n, err := tx.reindex(ctx, id, after, f)
			after, done = last, n < reindexBatch
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// reindex indexes the next records, and returns the key of the last one and how
// many there were.
func (t *transaction) reindex(ctx context.Context, mirror int64, after string, f func(gatehouse.Record) []gatehouse.Facet) (last string, n int, err error) {
	rows, err := t.QueryContext(ctx, "SELECT "+recordColumns+", r.id, d.document FROM records r JOIN mirrors m ON m.id = r.mirror_id JOIN documents d ON d.record_id = r.id WHERE r.mirror_id = $1 AND r.key > $2 ORDER BY r.key LIMIT $3",
		mirror, after, reindexBatch)
	if err != nil {
		return "", 0, err
	}
	changes, err := scanAll(rows, func(scan func(...any) error) (facetChange, error) {
		var id int64
		var document []byte
		r, err := scanRecord(scan, &id, &document)
		if err != nil {
			return facetChange{}, err
		}
		r.Document, last = document, r.Key
		return facetChange{id: id, gone: r.Gone(), facets: f(r)}, nil
	})
	if err != nil {
		return "", 0, err
	}
	return last, len(changes), t.writeFacets(ctx, mirror, changes)
}
