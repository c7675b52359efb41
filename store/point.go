package store

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// writePoints keeps the points of a page. One that is there already for that
// time is replaced.
func (w *pageWriter) writePoints(ctx context.Context, records []PageRecord) error {
	type place struct {
		key string
		at  int64
	}
	points := map[place]gatehouse.Point{}
	for _, r := range records {
		for _, p := range r.Points {
			if p.Key == "" {
				p.Key = r.Key
			}
			if !r.Gone {
				points[place{keepable(p.Key), micros(p.Time)}] = p
			}
		}
	}
	if len(points) == 0 {
		return nil
	}
	const statement = `INSERT INTO points (mirror_id, key, at, value, maximum, detail) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (mirror_id, key, at) DO UPDATE SET value = excluded.value, maximum = excluded.maximum, detail = excluded.detail`
	for at, p := range points {
		if _, err := w.exec(ctx, statement, w.mirror, at.key, at.at, p.Value, p.Maximum, notNil(p.Detail)); err != nil {
			return err
		}
	}
	return nil
}

// Points returns the history of one key of a stream, the oldest first, from
// since and before until; a zero time has no bound.
func (s *Store) Points(ctx context.Context, integration string, stream gatehouse.Stream, key string, since, until time.Time) ([]gatehouse.Point, error) {
	q := conditions{}
	q.add("m.integration_id = ?", integration)
	q.add("m.stream = ?", stream)
	q.add("p.key = ?", key)
	if !since.IsZero() {
		q.add("p.at >= ?", micros(since))
	}
	if !until.IsZero() {
		q.add("p.at < ?", micros(until))
	}
	return every(ctx, s, "read points", func(scan func(...any) error) (p gatehouse.Point, err error) {
		var at int64
		var detail []byte
		err = scan(&p.Key, &at, &p.Value, &p.Maximum, &detail)
		p.Time = moment(at)
		if len(bytes.TrimSpace(detail)) > 0 {
			p.Detail = json.RawMessage(detail)
		}
		return p, err
	}, "SELECT p.key, p.at, p.value, p.maximum, p.detail FROM mirrors m JOIN points p ON p.mirror_id = m.id"+q.where()+" ORDER BY p.at", q.args...)
}
