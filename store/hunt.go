package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// scanHunt reads one hunt. With [ErrUnreadable] comes what its columns say.
func scanHunt(scan func(...any) error) (h gatehouse.Hunt, err error) {
	var body []byte
	var created, changed, due int64
	if err = scan(&h.ID, &h.Name, &body, &created, &changed, &due); err != nil {
		return h, err
	}
	h.Created, h.Changed, h.NextRun = moment(created), moment(changed), moment(due)
	bare := h
	err = json.Unmarshal(body, &h)
	if h.ID, h.Name, h.Created, h.Changed, h.NextRun = bare.ID, bare.Name, bare.Created, bare.Changed, bare.NextRun; err == nil && h.Query == "" {
		err = errors.New("it has no query")
	}
	if err != nil {
		return bare, fmt.Errorf("store: hunt %s: %w: %w", bare.ID, ErrUnreadable, err)
	}
	return h, nil
}

// shownHunt reads a hunt that is only shown: of one that cannot be read there is
// what its columns say, and why.
func shownHunt(scan func(...any) error) (gatehouse.Hunt, error) {
	h, err := scanHunt(scan)
	if errors.Is(err, ErrUnreadable) {
		h.Unreadable, err = err.Error(), nil
	}
	return h, err
}

// huntColumns are the columns that scanHunt reads.
const huntColumns = "id, name, body, created, changed, due"

// AddHunt keeps a new hunt. It runs from NextRun on, when it is enabled and has
// a schedule; the zero time means never. It fails with [ErrExists] when the name
// is taken.
func (s *Store) AddHunt(ctx context.Context, h gatehouse.Hunt) (gatehouse.Hunt, error) {
	return s.putHunt(ctx, "add hunt", h, func(tx *transaction, body []byte) error {
		h.Created, h.Changed = tx.now, tx.now
		_, err := tx.exec(ctx, "INSERT INTO hunts (id, name, body, created, changed, due, holder, lease_until, fence) VALUES ($1, $2, $3, $4, $4, $5, '', 0, 0)",
			h.ID, h.Name, body, micros(tx.now), huntDue(h))
		return err
	}, &h)
}

// UpdateHunt keeps another version of a hunt, found by its ID.
func (s *Store) UpdateHunt(ctx context.Context, h gatehouse.Hunt) (gatehouse.Hunt, error) {
	return s.putHunt(ctx, "update hunt", h, func(tx *transaction, body []byte) error {
		h.Changed = tx.now
		var created int64
		err := tx.QueryRowContext(ctx, "UPDATE hunts SET name = $2, body = $3, changed = $4, due = $5, aside = '' WHERE id = $1 RETURNING created",
			h.ID, h.Name, body, micros(tx.now), huntDue(h)).Scan(&created)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("store: hunt %q: %w", h.ID, ErrNotFound)
		}
		h.Created = moment(created)
		return err
	}, &h)
}

// putHunt encodes and writes a hunt.
func (s *Store) putHunt(ctx context.Context, op string, h gatehouse.Hunt, put func(*transaction, []byte) error, kept *gatehouse.Hunt) (gatehouse.Hunt, error) {
	if h.ID == "" || h.Name == "" || h.Query == "" || strings.ContainsRune(h.ID+h.Name, 0) {
		return h, fmt.Errorf("store: hunt %q: %w: it needs an id, a name and a query", h.Name, ErrInvalid)
	}
	body, err := json.Marshal(h)
	if err != nil {
		return h, err
	}
	err = s.write(ctx, op, func(tx *transaction) error {
		err := put(tx, body)
		if err != nil && errors.Is(s.dialect.cause(err), ErrExists) {
			return fmt.Errorf("store: hunt %q: %w: choose another name", h.Name, ErrExists)
		}
		return err
	})
	return *kept, err
}

// huntDue is when a hunt wants to run.
func huntDue(h gatehouse.Hunt) int64 {
	if !h.Enabled || h.Schedule == "" {
		return 0
	}
	return micros(h.NextRun)
}

// Hunt returns the hunt with that id or that name; the id wins. It fails with
// [ErrUnreadable] when it cannot be read.
func (s *Store) Hunt(ctx context.Context, idOrName string) (gatehouse.Hunt, error) {
	row := s.read.QueryRowContext(ctx, "SELECT "+huntColumns+" FROM hunts WHERE id = $1 OR name = $1 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1", idOrName)
	return one(s, row, "read hunt", fmt.Sprintf("hunt %q", idOrName), scanHunt)
}

// Hunts returns every hunt, by name. Of one that cannot be read, Unreadable says so.
func (s *Store) Hunts(ctx context.Context) ([]gatehouse.Hunt, error) {
	return every(ctx, s, "read hunts", shownHunt, "SELECT "+huntColumns+" FROM hunts ORDER BY name")
}

// RemoveHunt forgets a hunt. Its runs stay until they are trimmed.
func (s *Store) RemoveHunt(ctx context.Context, id string) error {
	return s.write(ctx, "remove hunt", func(tx *transaction) error {
		n, err := tx.exec(ctx, "DELETE FROM hunts WHERE id = $1", id)
		if err == nil && n == 0 {
			return fmt.Errorf("store: hunt %q: %w", id, ErrNotFound)
		}
		return err
	})
}

// ClaimHunt gives holder the hunt that is longest due, as [Store.ClaimAction]
// does with actions; nil when none is.
func (s *Store) ClaimHunt(ctx context.Context, holder string, ttl time.Duration) (h *gatehouse.Hunt, fence int64, err error) {
	return claimed(ctx, s, holder, ttl, "hunts", huntColumns, scanHunt)
}

// ExtendHunt holds a hunt for ttl from now. It fails with [ErrLeaseLost] when
// another has claimed it.
func (s *Store) ExtendHunt(ctx context.Context, id string, fence int64, ttl time.Duration) error {
	return s.extend(ctx, "hunts", id, fence, ttl)
}

// ReleaseHunt gives a hunt back and says when it runs next; the zero time means
// never. It fails with [ErrLeaseLost] when another has claimed it.
func (s *Store) ReleaseHunt(ctx context.Context, id string, fence int64, next time.Time) error {
	return s.write(ctx, "release hunt", func(tx *transaction) error {
		n, err := tx.exec(ctx, "UPDATE hunts SET holder = '', lease_until = 0, due = $3 WHERE id = $1 AND fence = $2 AND holder <> ''", id, fence, micros(next))
		return orLost(id, n, err)
	})
}
