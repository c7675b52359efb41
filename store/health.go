package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
)

// PutHealth keeps how a stream fares, for the other processes to see. Held,
// SetAside and LastChange are not kept: the store knows them itself.
func (s *Store) PutHealth(ctx context.Context, h gatehouse.StreamHealth) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("store: put health: %w: %w", ErrInvalid, err)
	}
	return s.write(ctx, "put health", func(tx *transaction) error {
		if err := tx.holdIntegration(ctx, h.Integration); err != nil {
			return err
		}
		id, err := tx.mirrorFor(ctx, h.Integration, h.Stream)
		if err != nil {
			return err
		}
		return tx.expectOne(tx.exec(ctx, "UPDATE mirrors SET health = $2 WHERE id = $1", id, text))
	})
}

// Health returns the health of every stream of an integration, or of all when
// it is empty, by integration and stream. A stream whose health was never put
// is pending, with an upstream count of -1.
func (s *Store) Health(ctx context.Context, integration string) ([]gatehouse.StreamHealth, error) {
	rows, err := s.read.QueryContext(ctx,
		"SELECT m.integration_id, m.stream, m.held, m.last_change, m.health, (SELECT COUNT(*) FROM set_aside a WHERE a.mirror_id = m.id) FROM mirrors m WHERE $1 = '' OR m.integration_id = $1 ORDER BY m.integration_id, m.stream", integration)
	if err != nil {
		return nil, s.failure("read health", err)
	}
	all, err := scanAll(rows, func(scan func(...any) error) (gatehouse.StreamHealth, error) {
		h := gatehouse.StreamHealth{State: gatehouse.StreamPending, Upstream: -1}
		var name, stream string
		var held, changed, aside int64
		var text []byte
		if err := scan(&name, &stream, &held, &changed, &text, &aside); err != nil {
			return h, err
		}
		if len(text) > 0 {
			if err := json.Unmarshal(text, &h); err != nil {
				return h, fmt.Errorf("health of %s of %s: %w", stream, name, err)
			}
		}
		h.Integration, h.Stream, h.Held, h.SetAside, h.LastChange = name, gatehouse.Stream(stream), held, aside, moment(changed)
		return h, nil
	})
	return all, s.failure("read health", err)
}
