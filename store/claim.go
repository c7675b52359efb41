package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// asideTime is how long a row that cannot be read is left alone. Then it is tried
// again: it may have been mended, or a version that can read it be at work.
const asideTime = time.Hour

// claimed leases the row of a table that is longest due and reads it; nil when there
// is none. One that cannot be read is set aside and its error returned, so that it
// stands in nobody's way.
func claimed[T any](ctx context.Context, s *Store, holder string, ttl time.Duration, table, columns string, scan func(func(...any) error) (T, error)) (*T, int64, error) {
	var found *T
	var fence int64
	var unreadable error
	err := s.write(ctx, "claim from "+table, func(tx *transaction) error {
		now, err := tx.dialect.clock(ctx, tx.Tx, micros(tx.now))
		if err != nil {
			return err
		}
		id, f, aside, err := tx.claim(ctx, table, holder, ttl, now)
		if err != nil || id == "" {
			return err
		}
		v, err := scan(tx.QueryRowContext(ctx, "SELECT "+columns+" FROM "+table+" WHERE id = $1", id).Scan)
		if errors.Is(err, ErrUnreadable) {
			unreadable = err
			return tx.setAside(ctx, table, id, now, aside, err)
		}
		if err == nil && aside != "" {
			_, err = tx.exec(ctx, "UPDATE "+table+" SET aside = '' WHERE id = $1", id)
		}
		found, fence = &v, f
		return err
	})
	if err = errors.Join(err, unreadable); err != nil {
		return nil, 0, err
	}
	return found, fence, nil
}

// claim leases the row of a table that is longest due; an empty id when there is
// none. aside is why it could not be read before.
func (t *transaction) claim(ctx context.Context, table, holder string, ttl time.Duration, now int64) (id string, fence int64, aside string, err error) {
	query := fmt.Sprintf(`UPDATE %s SET holder = $1, lease_until = $2, fence = fence + 1 WHERE id =
		(SELECT id FROM %s WHERE due > 0 AND due <= $3 AND (lease_until <= $3 OR lease_until > $4) ORDER BY due LIMIT 1%s) RETURNING id, fence, aside`, table, table, t.dialect.lock(true))
	err = t.QueryRowContext(ctx, query, holder, leaseEnd(now, ttl), now, leaseLimit(now)).Scan(&id, &fence, &aside)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, "", nil
	}
	return id, fence, aside, err
}

// setAside gives a row that cannot be read back, due much later, and writes that
// down the first time.
func (t *transaction) setAside(ctx context.Context, table, id string, now int64, before string, why error) error {
	err := t.expectOne(t.exec(ctx, "UPDATE "+table+" SET holder = '', lease_until = 0, due = $2, aside = $3 WHERE id = $1",
		id, now+asideTime.Microseconds(), keepable(why.Error())))
	if err != nil || before != "" {
		return err
	}
	e := gatehouse.AuditEntry{Actor: "store", ActorKind: gatehouse.ActorSystem, Operation: table + ".aside", Target: id, Outcome: "failed"}
	if e.Detail, err = json.Marshal(map[string]string{"reason": why.Error()}); err != nil {
		return err
	}
	if table == "actions" {
		if err := t.QueryRowContext(ctx, "SELECT integration_id FROM actions WHERE id = $1", id).Scan(&e.Integration); err != nil {
			return err
		}
	}
	return t.auditMaybe(ctx, &e)
}

// extend holds a leased row for longer.
func (s *Store) extend(ctx context.Context, table, id string, fence int64, ttl time.Duration) error {
	return s.write(ctx, "extend lease", func(tx *transaction) error {
		now, err := s.dialect.clock(ctx, tx.Tx, micros(tx.now))
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, "UPDATE "+table+" SET lease_until = $3 WHERE id = $1 AND fence = $2 AND holder <> ''", id, fence, leaseEnd(now, ttl))
		return orLost(id, n, err)
	})
}

// orLost says so when a lease was lost.
func orLost(id string, n int64, err error) error {
	if err == nil && n == 0 {
		return fmt.Errorf("store: %s: %w", id, ErrLeaseLost)
	}
	return err
}

// Unreadable counts the actions and the hunts that are due and were set aside,
// because they cannot be read.
func (s *Store) Unreadable(ctx context.Context) (actions, hunts int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM actions WHERE due > 0 AND aside <> ''), (SELECT COUNT(*) FROM hunts WHERE due > 0 AND aside <> '')").Scan(&actions, &hunts)
	return actions, hunts, s.failure("count what is set aside", err)
}
