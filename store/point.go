package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
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
	//nolint:gosec // the parts are ours
	rows, err := s.read.QueryContext(ctx, "SELECT p.key, p.at, p.value, p.maximum, p.detail FROM mirrors m JOIN points p ON p.mirror_id = m.id"+q.where()+" ORDER BY p.at", q.args...)
	if err != nil {
		return nil, s.failure("read points", err)
	}
	all, err := scanAll(rows, func(scan func(...any) error) (p gatehouse.Point, err error) {
		var at int64
		var detail []byte
		err = scan(&p.Key, &at, &p.Value, &p.Maximum, &detail)
		p.Time = moment(at)
		if len(bytes.TrimSpace(detail)) > 0 {
			p.Detail = json.RawMessage(detail)
		}
		return p, err
	})
	return all, s.failure("read points", err)
}

// PointKeys returns the keys of a stream that have a history, in their order.
func (s *Store) PointKeys(ctx context.Context, integration string, stream gatehouse.Stream) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT DISTINCT p.key FROM mirrors m JOIN points p ON p.mirror_id = m.id WHERE m.integration_id = $1 AND m.stream = $2 ORDER BY p.key", integration, stream)
	if err != nil {
		return nil, s.failure("read points", err)
	}
	all, err := scanAll(rows, func(scan func(...any) error) (key string, err error) {
		err = scan(&key)
		return key, err
	})
	return all, s.failure("read points", err)
}

// AddPoint keeps one point of a stream that has a mirror, outside of a page: for
// a history that was filled in from elsewhere.
func (s *Store) AddPoint(ctx context.Context, integration string, stream gatehouse.Stream, p gatehouse.Point) error {
	if why := badKey(p.Key); why != "" || p.Time.IsZero() {
		return fmt.Errorf("store: point of %s: %w: it needs a key and a time%s", stream, ErrInvalid, strings.TrimSuffix(" ("+why+")", " ()"))
	}
	return s.write(ctx, "add point", func(tx *transaction) error {
		id, err := tx.lockMirror(ctx, integration, stream)
		if err != nil {
			return err
		}
		w := pageWriter{transaction: tx, mirror: id}
		return w.writePoints(ctx, []PageRecord{{Key: p.Key, Points: []gatehouse.Point{p}}})
	})
}

// TrimPoints forgets the points of a stream that are older than before, and
// returns how many it forgot.
func (s *Store) TrimPoints(ctx context.Context, integration string, stream gatehouse.Stream, before time.Time) (n int64, err error) {
	err = s.write(ctx, "trim points", func(tx *transaction) error {
		n, err = tx.exec(ctx, "DELETE FROM points WHERE mirror_id IN (SELECT id FROM mirrors WHERE integration_id = $1 AND stream = $2) AND at < $3", integration, stream, micros(before))
		return err
	})
	return n, err
}
