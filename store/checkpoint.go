package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
)

// moveCheckpoint writes where a stream stands.
func (t *transaction) moveCheckpoint(ctx context.Context, mirror int64, c gatehouse.Checkpoint) error {
	return t.expectOne(t.exec(ctx, "UPDATE mirrors SET phase = $2, watermark = $3, checkpoint = $4, checkpoint_moved = $5 WHERE id = $1",
		mirror, c.Phase, micros(c.Watermark), c.State, micros(t.now)))
}

// Checkpoint returns where a stream stands; the zero checkpoint when it was
// never read.
func (s *Store) Checkpoint(ctx context.Context, integration string, stream gatehouse.Stream) (gatehouse.Checkpoint, error) {
	var c gatehouse.Checkpoint
	var watermark, moved int64
	err := s.read.QueryRowContext(ctx, "SELECT phase, watermark, checkpoint, checkpoint_moved FROM mirrors WHERE integration_id = $1 AND stream = $2", integration, stream).
		Scan(&c.Phase, &watermark, &c.State, &moved)
	if errors.Is(err, sql.ErrNoRows) {
		return gatehouse.Checkpoint{}, nil
	}
	c.Watermark, c.Moved = moment(watermark), moment(moved)
	return c, s.failure("read checkpoint", err)
}

// ResetCheckpoint forgets where a stream stands and ends its open run, so that
// the stream is read from its beginning. Records and events stay, so what has
// not changed makes no event.
func (s *Store) ResetCheckpoint(ctx context.Context, integration string, stream gatehouse.Stream) error {
	return s.write(ctx, "reset checkpoint", func(tx *transaction) error {
		var id int64
		err := tx.QueryRowContext(ctx, "UPDATE mirrors SET run_id = 0 WHERE integration_id = $1 AND stream = $2 RETURNING id", integration, stream).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("store: stream %s of integration %q: %w", stream, integration, ErrNotFound)
		}
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "UPDATE runs SET ended = $2, error = $3 WHERE mirror_id = $1 AND ended = 0", id, micros(tx.now), "the checkpoint was reset"); err != nil {
			return err
		}
		return tx.moveCheckpoint(ctx, id, gatehouse.Checkpoint{})
	})
}
