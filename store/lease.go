package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// longestLease is the longest a lease of any kind is given for.
const longestLease = 10 * time.Minute

// leaseLimit is when a lease that was given by now ends at the latest. One that ends
// later was given before the clock was set back, and counts for nothing: its holder,
// when there still is one, shortens it the next time it asks, or learns that it is
// lost. It is twice the longest, for others may have read the clock after us.
func leaseLimit(now int64) int64 { return now + 2*longestLease.Microseconds() }

// leaseEnd is when a lease of ttl from now ends.
func leaseEnd(now int64, ttl time.Duration) int64 { return now + min(ttl, longestLease).Microseconds() }

// holds tells whether a lease stands that ends at until.
func holds(until, now int64) bool { return until > now && until <= leaseLimit(now) }

// Lease gives holder the right to work on an integration for ttl from now, at most
// 10 minutes, or for longer when it has the right already. It returns false when
// another has it. The clock is the database's, so that it is one for all processes.
//
// A lease keeps two from working at once in good times. It is not what keeps
// the mirror right when a worker hangs past its lease: that is the fence of the
// runs, see [ErrRunOver].
func (s *Store) Lease(ctx context.Context, integration, holder string, ttl time.Duration) (held bool, err error) {
	err = s.write(ctx, "lease", func(tx *transaction) error {
		now, err := s.dialect.clock(ctx, tx.Tx, micros(tx.now))
		if err != nil {
			return err
		}
		var got string
		err = tx.QueryRowContext(ctx, `INSERT INTO leases (integration_id, holder, until) VALUES ($1, $2, $3)
			ON CONFLICT (integration_id) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until <= $4 OR leases.until > $5 RETURNING holder`,
			integration, holder, leaseEnd(now, ttl), now, leaseLimit(now)).Scan(&got)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		held = err == nil
		return err
	})
	return held && err == nil, err
}

// ReleaseLease gives the right back, when holder has it.
func (s *Store) ReleaseLease(ctx context.Context, integration, holder string) error {
	return s.write(ctx, "release lease", func(tx *transaction) error {
		_, err := tx.exec(ctx, "DELETE FROM leases WHERE integration_id = $1 AND holder = $2", integration, holder)
		return err
	})
}
