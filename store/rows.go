package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// one reads the one row of a query. It fails with [ErrNotFound], with what, when
// there is none.
func one[T any](s *Store, row *sql.Row, op, what string, scan func(func(...any) error) (T, error)) (T, error) {
	v, err := scan(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		var none T
		return none, fmt.Errorf("store: %s: %w", what, ErrNotFound)
	}
	return v, s.failure(op, err)
}

// every reads all rows of a query.
func every[T any](ctx context.Context, s *Store, op string, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.failure(op, err)
	}
	all, err := scanAll(rows, scan)
	return all, s.failure(op, err)
}

// olderThan takes in that the rows of a table, the newest first, go on behind the one
// with that id; an empty id is before the first.
func (s *Store) olderThan(ctx context.Context, c *conditions, table, id string) error {
	if id == "" {
		return nil
	}
	var created int64
	err := s.read.QueryRowContext(ctx, "SELECT created FROM "+table+" WHERE id = $1", id).Scan(&created)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: list %s after %q: %w: there is no such row", table, id, ErrInvalid)
	}
	if err != nil {
		return s.failure("list "+table, err)
	}
	c.add("(created, id) < (?, ?)", created, id)
	return nil
}
