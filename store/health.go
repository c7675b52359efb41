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
	c := &conditions{}
	if integration != "" {
		c.add("m.integration_id = ?", integration)
	}
	return every(ctx, s, "read health", scanHealth,
		"SELECT m.integration_id, m.stream, m.held, m.last_change, m.health, (SELECT COUNT(*) FROM set_aside a WHERE a.mirror_id = m.id) FROM mirrors m"+c.where()+" ORDER BY m.integration_id, m.stream", c.args...)
}

// scanHealth reads the health of one stream. What cannot be read was as good as never
// put: the next look at the stream says it anew.
func scanHealth(scan func(...any) error) (gatehouse.StreamHealth, error) {
	pending := gatehouse.StreamHealth{State: gatehouse.StreamPending, Upstream: -1}
	h := pending
	var integration string
	var stream gatehouse.Stream
	var held, changed, aside int64
	var text []byte
	if err := scan(&integration, &stream, &held, &changed, &text, &aside); err != nil {
		return h, err
	}
	if json.Unmarshal(text, &h) != nil {
		h = pending
	}
	h.Integration, h.Stream, h.Held, h.SetAside, h.LastChange = integration, stream, held, aside, moment(changed)
	return h, nil
}
