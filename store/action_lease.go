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

// ClaimAction gives holder the action that is longest due and that nobody else
// holds, for ttl, at most 10 minutes, with a fence that [Store.SaveAction] asks for;
// nil when there is none. The clock is the database's, one for all processes. It fails
// with [ErrUnreadable] when that action cannot be read: it is set aside for an hour,
// the audit log says so, and the next call gives the next one.
func (s *Store) ClaimAction(ctx context.Context, holder string, ttl time.Duration) (a *gatehouse.ResponseAction, fence int64, err error) {
	return claimed(ctx, s, holder, ttl, "actions", actionColumns, scanAction)
}

// ExtendAction holds an action for ttl from now, by the database's clock. It
// fails with [ErrLeaseLost] when another has claimed it.
func (s *Store) ExtendAction(ctx context.Context, id string, fence int64, ttl time.Duration) error {
	return s.extend(ctx, "actions", id, fence, ttl)
}

// ReleaseAction gives an action back, when fence is still that of its holder.
func (s *Store) ReleaseAction(ctx context.Context, id string, fence int64) error {
	return s.write(ctx, "release action", func(tx *transaction) error {
		_, err := tx.exec(ctx, "UPDATE actions SET holder = '', lease_until = 0 WHERE id = $1 AND fence = $2", id, fence)
		return err
	})
}

// NextActionDue returns when the next action wants to be worked on, so that a
// worker knows how long to sleep; false when none does.
func (s *Store) NextActionDue(ctx context.Context) (time.Time, bool, error) {
	var due int64
	err := s.read.QueryRowContext(ctx, "SELECT COALESCE(MIN(CASE WHEN lease_until > due THEN lease_until ELSE due END), 0) FROM actions WHERE due > 0").Scan(&due)
	return moment(due), due > 0, s.failure("read actions", err)
}

// SaveAction keeps what the holder of an action has done: the action with its
// targets, the events of each state that has changed, and the entry in the audit
// log, in one transaction. It is due again at nextDue; the zero time means never.
// The lease stays until it runs out or is released. It fails with [ErrLeaseLost]
// when another has claimed the action since; then nothing is written.
func (s *Store) SaveAction(ctx context.Context, a gatehouse.ResponseAction, fence int64, nextDue time.Time, audit *gatehouse.AuditEntry) error {
	return s.write(ctx, "save action", func(tx *transaction) error {
		before, err := tx.heldAction(ctx, a.ID, fence)
		if err != nil {
			return err
		}
		return tx.saveAction(ctx, before, a, nextDue, audit)
	})
}

// heldAction locks the row of an action for its holder and reads what a change of it
// is compared with, without the body.
func (t *transaction) heldAction(ctx context.Context, id string, fence int64) (a gatehouse.ResponseAction, err error) {
	var digest []byte
	var created int64
	err = t.QueryRowContext(ctx, "SELECT integration_id, name, idempotency_key, fingerprint, state, created FROM actions WHERE id = $1 AND fence = $2 AND holder <> ''"+t.dialect.lock(false), id, fence).
		Scan(&a.Integration, &a.Name, &a.IdempotencyKey, &digest, &a.State, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return a, orLost(id, 0, nil)
	}
	if err != nil {
		return a, err
	}
	a.Fingerprint, a.Created = hash(digest), moment(created)
	rows, err := t.QueryContext(ctx, "SELECT n, target_id, upstream_id, state FROM action_targets WHERE action_id = $1 ORDER BY n", id)
	if err != nil {
		return a, err
	}
	a.Targets, err = scanAll(rows, func(scan func(...any) error) (g gatehouse.ActionTarget, err error) {
		err = scan(&g.N, &g.ID, &g.UpstreamID, &g.State)
		return g, err
	})
	return a, err
}

// saveAction writes an action whose row is locked.
func (t *transaction) saveAction(ctx context.Context, before, a gatehouse.ResponseAction, due time.Time, audit *gatehouse.AuditEntry) error {
	a.Integration, a.Name, a.IdempotencyKey, a.Fingerprint, a.Created = before.Integration, before.Name, before.IdempotencyKey, before.Fingerprint, before.Created
	a.Changed = t.now
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	err = t.expectOne(t.exec(ctx, "UPDATE actions SET state = $2, changed = $3, body = $4, due = $5 WHERE id = $1", a.ID, a.State, micros(t.now), body, micros(due)))
	if err != nil {
		return err
	}
	return t.settleAction(ctx, before, a, audit)
}

// ActionChange is what [Store.ChangeAction] does with an action.
type ActionChange func(a *gatehouse.ResponseAction) (nextDue time.Time, audit *gatehouse.AuditEntry, err error)

// ChangeAction changes an action from outside of its worker, as an approval or
// a cancellation does: it reads it, calls change and keeps what that made of it,
// in one transaction. An error of change is returned and nothing is written. It
// fails with [ErrBusy] while a worker holds the action: try again when it has
// saved it. It fails with [ErrNotFound] when there is no such action. change must
// not use the store: on SQLite it would wait for itself.
func (s *Store) ChangeAction(ctx context.Context, id string, change ActionChange) (a gatehouse.ResponseAction, err error) {
	var refused error
	err = s.write(ctx, "change action", func(tx *transaction) error {
		now, err := tx.dialect.clock(ctx, tx.Tx, micros(tx.now))
		if err != nil {
			return err
		}
		before, held, err := tx.lockAction(ctx, id, now)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("store: action %s: %w", id, ErrNotFound)
		case errors.Is(err, ErrUnreadable):
			a, refused = before, err
			return err
		case err != nil:
			return err
		case held:
			return fmt.Errorf("store: action %s: %w", id, ErrBusy)
		}
		a = cloneAction(before)
		due, audit, err := change(&a)
		if refused = err; err != nil {
			return err
		}
		// A worker that hangs past its lease must not write over this.
		if err := tx.expectOne(tx.exec(ctx, "UPDATE actions SET fence = fence + 1, holder = '', lease_until = 0 WHERE id = $1", id)); err != nil {
			return err
		}
		a.Changed = tx.now
		return tx.saveAction(ctx, before, a, due, audit)
	})
	if refused != nil && !errors.Is(refused, ErrUnreadable) {
		return gatehouse.ResponseAction{}, refused
	}
	return a, err
}

// lockAction reads an action, locks its row and says whether a worker holds it.
func (t *transaction) lockAction(ctx context.Context, id string, now int64) (a gatehouse.ResponseAction, held bool, err error) {
	var until int64
	row := t.QueryRowContext(ctx, "SELECT lease_until, "+actionColumns+" FROM actions WHERE id = $1"+t.dialect.lock(false), id)
	a, err = scanAction(func(more ...any) error { return row.Scan(append([]any{&until}, more...)...) })
	return a, holds(until, now), err
}

// cloneAction copies an action so that a change of one is none of the other.
func cloneAction(a gatehouse.ResponseAction) gatehouse.ResponseAction {
	a.Targets = append([]gatehouse.ActionTarget(nil), a.Targets...)
	return a
}
