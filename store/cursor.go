package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Cursor is how far an outlet has read the event log.
type Cursor struct {
	Name   string
	Number int64 // of the last event it is done with; 0 before the first
	Moved  time.Time
}

// Cursor returns the cursor of that name; one at 0 when it was never moved.
func (s *Store) Cursor(ctx context.Context, name string) (Cursor, error) {
	c := Cursor{Name: name}
	var moved int64
	err := s.read.QueryRowContext(ctx, "SELECT number, moved FROM cursors WHERE name = $1", name).Scan(&c.Number, &moved)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil
	}
	c.Moved = moment(moved)
	return c, s.failure("read cursor", err)
}

// MoveCursor moves a cursor, forward as events are delivered or back for a
// replay, and makes it when it is new.
func (s *Store) MoveCursor(ctx context.Context, name string, number int64) error {
	if name == "" || number < 0 {
		return fmt.Errorf("store: move cursor %q to %d: %w: it needs a name and a number of 0 or more", name, number, ErrInvalid)
	}
	return s.write(ctx, "move cursor", func(tx *transaction) error {
		_, err := tx.exec(ctx, "INSERT INTO cursors (name, number, moved) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET number = excluded.number, moved = excluded.moved",
			name, number, micros(tx.now))
		return err
	})
}

// Cursors returns every cursor, by name.
func (s *Store) Cursors(ctx context.Context) ([]Cursor, error) {
	return every(ctx, s, "read cursors", func(scan func(...any) error) (c Cursor, err error) {
		var moved int64
		err = scan(&c.Name, &c.Number, &moved)
		c.Moved = moment(moved)
		return c, err
	}, "SELECT name, number, moved FROM cursors ORDER BY name")
}

// RemoveCursor forgets a cursor; one that is not there is no error.
func (s *Store) RemoveCursor(ctx context.Context, name string) error {
	return s.write(ctx, "remove cursor", func(tx *transaction) error {
		_, err := tx.exec(ctx, "DELETE FROM cursors WHERE name = $1", name)
		return err
	})
}
