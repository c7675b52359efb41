package store

import (
	"context"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
)

// mirror names the stream of an integration that an id stands for.
type mirror struct {
	integration string
	stream      gatehouse.Stream
}

// mirrorOf names a mirror. Names are kept in memory: there is one for each
// stream of each integration, and an id is never used again.
func (s *Store) mirrorOf(ctx context.Context, id int64) (mirror, error) {
	s.mirrorsMu.Lock()
	m, ok := s.mirrors[id]
	s.mirrorsMu.Unlock()
	if ok {
		return m, nil
	}
	err := s.read.QueryRowContext(ctx, "SELECT integration_id, stream FROM mirrors WHERE id = $1", id).Scan(&m.integration, &m.stream)
	if err != nil {
		return mirror{}, err
	}
	s.mirrorsMu.Lock()
	s.mirrors[id] = m
	s.mirrorsMu.Unlock()
	return m, nil
}

// mirrorIDs returns the ids of the mirrors of an integration, or of all when
// it is empty, that are of one of the streams, or of any when there are none.
func (s *Store) mirrorIDs(ctx context.Context, integration string, streams []gatehouse.Stream) ([]int64, error) {
	c := &conditions{}
	if integration != "" {
		c.add("integration_id = ?", integration)
	}
	rows, err := s.read.QueryContext(ctx, "SELECT id, integration_id, stream FROM mirrors"+c.where()+" ORDER BY id", c.args...) //nolint:gosec // the parts are ours
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var ids []int64
	for rows.Next() {
		var id int64
		var m mirror
		if err := rows.Scan(&id, &m.integration, &m.stream); err != nil {
			return nil, err
		}
		if wanted(streams, m.stream) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// wanted tells whether v is in the list; an empty list wants everything.
func wanted[T comparable](list []T, v T) bool {
	return len(list) == 0 || slices.Contains(list, v)
}
