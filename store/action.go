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

// actionColumns are the columns that scanAction reads.
const actionColumns = "id, integration_id, name, idempotency_key, state, fingerprint, created, changed, body"

// scanAction reads one action. With [ErrUnreadable] comes what its columns say.
func scanAction(scan func(...any) error) (gatehouse.ResponseAction, error) {
	var bare gatehouse.ResponseAction
	var body, digest []byte
	var created, changed int64
	if err := scan(&bare.ID, &bare.Integration, &bare.Name, &bare.IdempotencyKey, &bare.State, &digest, &created, &changed, &body); err != nil {
		return bare, err
	}
	bare.Fingerprint, bare.Created, bare.Changed = hash(digest), moment(created), moment(changed)
	a := bare
	err := json.Unmarshal(body, &a)
	if a.ID, a.State, a.Created, a.Changed = bare.ID, bare.State, bare.Created, bare.Changed; err == nil {
		err = whole(a)
	}
	if err != nil {
		return bare, fmt.Errorf("store: action %s: %w: %w", bare.ID, ErrUnreadable, err)
	}
	return a, nil
}

// whole looks for what this version would get wrong: an action without targets would
// have ended, and a state that it does not know has a next step that it does not.
func whole(a gatehouse.ResponseAction) error {
	if len(a.Targets) == 0 {
		return errors.New("it has no targets")
	}
	states := []gatehouse.ActionState{a.State}
	for _, g := range a.Targets {
		states = append(states, g.State)
	}
	for _, s := range states {
		if !s.Known() {
			return fmt.Errorf("there is no state %q", s)
		}
	}
	return nil
}

// shownAction reads an action that is only shown: of one that cannot be read there
// is what its columns say, and why.
func shownAction(scan func(...any) error) (gatehouse.ResponseAction, error) {
	a, err := scanAction(scan)
	if errors.Is(err, ErrUnreadable) {
		a.Error, err = "it is set aside: "+err.Error(), nil
	}
	return a, err
}

// CreateAction keeps a new action, its targets, its first event and its entry in
// the audit log in one transaction. It is worked on from due on; the zero time
// means never. When there is an action of the same integration and idempotency
// key already, whoever asked for it, that one is returned and created is false;
// then nothing is written. It fails with [ErrConflict] when that one has another
// fingerprint, and with [ErrNotFound] when there is no such integration.
func (s *Store) CreateAction(ctx context.Context, a gatehouse.ResponseAction, due time.Time, audit *gatehouse.AuditEntry) (kept gatehouse.ResponseAction, created bool, err error) {
	if a.ID == "" || a.Integration == "" || a.Name == "" || a.IdempotencyKey == "" || a.State == "" || len(a.Targets) == 0 {
		return a, false, fmt.Errorf("store: action %q: %w: it needs an id, an integration, a name, an idempotency key, a state and a target", a.ID, ErrInvalid)
	}
	err = s.write(ctx, "create action", func(tx *transaction) error {
		if err := tx.holdIntegration(ctx, a.Integration); err != nil {
			return err
		}
		a.Created, a.Changed = tx.now, tx.now
		body, err := json.Marshal(a)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, `INSERT INTO actions (id, integration_id, idempotency_key, fingerprint, name, state, created, changed, body, due, holder, lease_until, fence)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, '', 0, 0) ON CONFLICT (integration_id, idempotency_key) DO NOTHING`,
			a.ID, a.Integration, a.IdempotencyKey, a.Fingerprint[:], a.Name, a.State, micros(tx.now), body, micros(due))
		if err != nil {
			return err
		}
		if created = n == 1; !created {
			kept, err = tx.sameAction(ctx, a)
			return err
		}
		kept = a
		return tx.settleAction(ctx, gatehouse.ResponseAction{}, a, audit)
	})
	if err != nil {
		return gatehouse.ResponseAction{}, false, err
	}
	return kept, created, nil
}

// sameAction returns the action that has the idempotency key, when it is the
// same request.
func (t *transaction) sameAction(ctx context.Context, a gatehouse.ResponseAction) (gatehouse.ResponseAction, error) {
	kept, err := shownAction(t.QueryRowContext(ctx, "SELECT "+actionColumns+" FROM actions WHERE integration_id = $1 AND idempotency_key = $2", a.Integration, a.IdempotencyKey).Scan)
	if err == nil && kept.Fingerprint != a.Fingerprint {
		return gatehouse.ResponseAction{}, fmt.Errorf("store: action with idempotency key %q: %w: it is that of %s", a.IdempotencyKey, ErrConflict, kept.ID)
	}
	return kept, err
}

// settleAction writes what goes with a change of an action: the narrow rows of
// the targets that have changed, the events and the audit entry, in this order, for
// the last two hold up every other writer.
func (t *transaction) settleAction(ctx context.Context, before, a gatehouse.ResponseAction, audit *gatehouse.AuditEntry) error {
	was := make(map[int]gatehouse.ActionTarget, len(before.Targets))
	for _, g := range before.Targets {
		was[g.N] = g
	}
	for _, g := range a.Targets {
		if old, ok := was[g.N]; ok && old.UpstreamID == g.UpstreamID && old.State == g.State {
			continue
		}
		_, err := t.exec(ctx, `INSERT INTO action_targets (action_id, n, integration_id, target_id, upstream_id, state) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (action_id, n) DO UPDATE SET upstream_id = excluded.upstream_id, state = excluded.state`,
			a.ID, g.N, a.Integration, g.ID, g.UpstreamID, g.State)
		if err != nil {
			return err
		}
	}
	if err := t.appendActionEvents(ctx, before, a); err != nil {
		return err
	}
	return t.auditMaybe(ctx, audit)
}

// Action returns one action. It fails with [ErrNotFound] when there is none. Of one
// that cannot be read, here as in lists, Error says so, and there are no targets.
func (s *Store) Action(ctx context.Context, id string) (gatehouse.ResponseAction, error) {
	return s.oneAction(s.read.QueryRowContext(ctx, "SELECT "+actionColumns+" FROM actions WHERE id = $1", id), id)
}

// ActionByIdempotencyKey returns the action of an integration that was asked for
// with that idempotency key. It fails with [ErrNotFound] when there is none.
func (s *Store) ActionByIdempotencyKey(ctx context.Context, integration, key string) (gatehouse.ResponseAction, error) {
	row := s.read.QueryRowContext(ctx, "SELECT "+actionColumns+" FROM actions WHERE integration_id = $1 AND idempotency_key = $2", integration, key)
	return s.oneAction(row, fmt.Sprintf("with idempotency key %q", key))
}

// oneAction reads one action.
func (s *Store) oneAction(row *sql.Row, which string) (gatehouse.ResponseAction, error) {
	return one(s, row, "read action", "action "+which, shownAction)
}

// ActionFilter says which actions to list.
type ActionFilter struct {
	Integrations []string                // ids; an empty list gives nothing
	States       []gatehouse.ActionState // any of these; none for all
	Names        []string                // any of these; none for all
	Target       string                  // id of a target; empty for any
	Since        time.Time               // created at this time or later
	After        string                  // id of the last action of the page before
	Limit        int                     // default 100, at most 1,000
}

// Actions lists actions, the newest first.
func (s *Store) Actions(ctx context.Context, f ActionFilter) ([]gatehouse.ResponseAction, error) {
	c, err := f.conditions(s.dialect)
	if err != nil {
		return nil, err
	}
	if err := s.olderThan(ctx, c, "actions", f.After); err != nil {
		return nil, err
	}
	return every(ctx, s, "list actions", shownAction, fmt.Sprintf("SELECT %s FROM actions%s ORDER BY created DESC, id DESC LIMIT %d", actionColumns, c.where(), bounded(f.Limit)), c.args...)
}

// conditions are what a filter asks for.
func (f ActionFilter) conditions(d dialect) (*conditions, error) {
	c := &conditions{}
	err := c.in(d, "integration_id", f.Integrations)
	if len(f.States) > 0 {
		err = errors.Join(err, c.in(d, "state", textsOf(f.States)))
	}
	if len(f.Names) > 0 {
		err = errors.Join(err, c.in(d, "name", f.Names))
	}
	if f.Target != "" {
		t := &conditions{args: c.args}
		t.add("target_id = ?", f.Target)
		err = errors.Join(err, t.in(d, "integration_id", f.Integrations))
		c.args, c.parts = t.args, append(c.parts, "id IN (SELECT action_id FROM action_targets"+t.where()+")")
	}
	if !f.Since.IsZero() {
		c.add("created >= ?", micros(f.Since))
	}
	return c, err
}

// textsOf returns words as texts.
func textsOf[T ~string](words []T) []string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return texts
}
