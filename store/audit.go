package store

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// AppendAudit adds an entry to the audit log and returns it with its number,
// time (now, when it has none) and hashes. Entries follow one another: an append
// waits for the one before to be committed.
func (s *Store) AppendAudit(ctx context.Context, e gatehouse.AuditEntry) (gatehouse.AuditEntry, error) {
	err := s.write(ctx, "append to the audit log", func(tx *transaction) (err error) {
		e, err = tx.appendAudit(ctx, e)
		return err
	})
	return e, err
}

// appendAudit adds an entry within a transaction. The head is locked from here
// on until the end, so this comes last.
func (t *transaction) appendAudit(ctx context.Context, e gatehouse.AuditEntry) (gatehouse.AuditEntry, error) {
	if e.Time.IsZero() {
		e.Time = t.now
	}
	e.Time = e.Time.UTC().Truncate(time.Microsecond)
	for _, text := range []*string{&e.Actor, (*string)(&e.ActorKind), &e.Operation, &e.Integration, &e.Target, &e.Outcome, &e.RequestID} {
		*text = keepable(*text)
	}
	var previous []byte
	err := t.QueryRowContext(ctx, "SELECT number, hash FROM audit_head WHERE one = 1"+t.dialect.lock(false)).Scan(&e.Number, &previous)
	if err != nil {
		return e, err
	}
	e.Number++
	e.Previous = hash(previous)
	e.Hash = e.Digest()
	_, err = t.exec(ctx, "INSERT INTO audit (number, at, actor, actor_kind, operation, integration_id, target, outcome, request_id, detail, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		e.Number, e.Time.UnixMicro(), e.Actor, e.ActorKind, e.Operation, e.Integration, e.Target, e.Outcome, e.RequestID, notNil(e.Detail), e.Previous[:], e.Hash[:])
	if err != nil {
		return e, err
	}
	return e, t.expectOne(t.exec(ctx, "UPDATE audit_head SET number = $1, hash = $2 WHERE one = 1", e.Number, e.Hash[:]))
}

// auditMaybe adds an entry when there is one.
func (t *transaction) auditMaybe(ctx context.Context, e *gatehouse.AuditEntry) error {
	if e == nil {
		return nil
	}
	_, err := t.appendAudit(ctx, *e)
	return err
}

// auditColumns are the columns that scanAudit reads.
const auditColumns = "number, at, actor, actor_kind, operation, integration_id, target, outcome, request_id, detail, previous, hash"

// scanAudit reads one entry.
func scanAudit(scan func(...any) error) (e gatehouse.AuditEntry, err error) {
	var at int64
	var detail, previous, digest []byte
	err = scan(&e.Number, &at, &e.Actor, &e.ActorKind, &e.Operation, &e.Integration, &e.Target, &e.Outcome, &e.RequestID, &detail, &previous, &digest)
	e.Time, e.Previous, e.Hash = time.UnixMicro(at).UTC(), hash(previous), hash(digest)
	if len(detail) > 0 {
		e.Detail = detail
	}
	return e, err
}

// AuditQuery says which entries to read. Either All is set or the integrations
// are named: an empty list reads nothing.
type AuditQuery struct {
	All          bool      // of every integration, and what belongs to none
	Integrations []string  // ids; an entry that belongs to none is not read
	Actor        string    // empty for anyone
	Operation    string    // empty for any; with a dot and a star at the end any that begins so
	Target       string    // empty for any
	Outcome      string    // empty for any
	Since        time.Time // from this time on
	Until        time.Time // before this time
	After        int64     // numbers greater than this one
	Before       int64     // numbers less than this one; 0 has no bound
	Newest       bool      // the newest first; by default the oldest
	Limit        int       // default 100, at most 1,000
}

// Audit reads the audit log.
func (s *Store) Audit(ctx context.Context, q AuditQuery) ([]gatehouse.AuditEntry, error) {
	c, err := q.conditions(s.dialect)
	if err != nil {
		return nil, err
	}
	order := "number"
	if q.Newest {
		order = "number DESC"
	}
	return every(ctx, s, "read the audit log", scanAudit, fmt.Sprintf("SELECT %s FROM audit%s ORDER BY %s LIMIT %d", auditColumns, c.where(), order, bounded(q.Limit)), c.args...)
}

// conditions are what a query asks for.
func (q AuditQuery) conditions(d dialect) (*conditions, error) {
	c := &conditions{}
	c.add("number > ?", q.After)
	if q.Before > 0 {
		c.add("number < ?", q.Before)
	}
	if !q.All {
		if err := c.in(d, "integration_id", q.Integrations); err != nil {
			return nil, err
		}
		c.add("integration_id <> ''")
	}
	for column, value := range map[string]string{"actor": q.Actor, "target": q.Target, "outcome": q.Outcome} {
		if value != "" {
			c.add(column+" = ?", value)
		}
	}
	switch n := len(q.Operation); {
	case n > 2 && q.Operation[n-2:] == ".*":
		c.add("substr(operation, 1, ?) = ?", n-1, q.Operation[:n-1])
	case n > 0:
		c.add("operation = ?", q.Operation)
	}
	if !q.Since.IsZero() {
		c.add("at >= ?", micros(q.Since))
	}
	if !q.Until.IsZero() {
		c.add("at < ?", micros(q.Until))
	}
	return c, nil
}
