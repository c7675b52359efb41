package cli

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// auditDesk is where the audit log is read.
type auditDesk interface {
	// newestAudit returns the newest entries that fit, the newest last; a limit of 0 is
	// all.
	newestAudit(ctx context.Context, q store.AuditQuery, limit int) ([]gatehouse.AuditEntry, error)
	// auditEntry returns one entry by its number, none when there is none.
	auditEntry(ctx context.Context, number int64) ([]gatehouse.AuditEntry, error)
	verifyAudit(ctx context.Context) (store.AuditVerdict, error)
}

// useAudit opens the desk that the settings mean, calls use, and closes it.
func (p *program) useAudit(ctx context.Context, use func(auditDesk) error) error {
	if !p.remote() {
		return p.useMirror(ctx, func(held *store.Store) error { return use(localAudit{held}) })
	}
	return p.useService(ctx, func(s *service) error { return use(s) })
}

// localAudit is the log of the mirror on this machine.
type localAudit struct{ held *store.Store }

var _ auditDesk = localAudit{}

func (l localAudit) newestAudit(ctx context.Context, q store.AuditQuery, limit int) ([]gatehouse.AuditEntry, error) {
	return newestAudit(ctx, l.held, q, limit)
}

func (l localAudit) auditEntry(ctx context.Context, number int64) ([]gatehouse.AuditEntry, error) {
	return l.held.Audit(ctx, store.AuditQuery{All: true, After: number - 1, Before: number + 1})
}

func (l localAudit) verifyAudit(ctx context.Context) (store.AuditVerdict, error) {
	return l.held.VerifyAudit(ctx)
}

var _ auditDesk = (*service)(nil)

func (s *service) newestAudit(ctx context.Context, q store.AuditQuery, limit int) ([]gatehouse.AuditEntry, error) {
	var newest []gatehouse.AuditEntry
	for after := int64(0); ; {
		page, err := s.Audit.Page(ctx, after, maxPage)
		if err != nil || len(page.Items) == 0 {
			return newest, err
		}
		for _, e := range page.Items {
			if entry := auditFrom(e); fits(entry, q) {
				newest = append(newest, entry)
			}
		}
		if limit > 0 && len(newest) > limit {
			newest = slices.Clone(newest[len(newest)-limit:])
		}
		after = page.Next
	}
}

func (s *service) auditEntry(ctx context.Context, number int64) ([]gatehouse.AuditEntry, error) {
	page, err := s.Audit.Page(ctx, number-1, 1)
	if err != nil || len(page.Items) == 0 || page.Items[0].Number != number {
		return nil, err
	}
	return []gatehouse.AuditEntry{auditFrom(page.Items[0])}, nil
}

func (s *service) verifyAudit(ctx context.Context) (store.AuditVerdict, error) {
	answer, err := s.Audit.Verify(ctx)
	verdict := store.AuditVerdict{Entries: answer.Entries, Head: answer.Entries}
	_, _ = hex.Decode(verdict.Hash[:], []byte(answer.Head)) // what is no hash is no head
	for _, b := range answer.Breaks {
		verdict.Breaks = append(verdict.Breaks, store.AuditBreak{Number: b.Number, What: b.What})
	}
	return verdict, err
}

// fits is the question, applied here.
func fits(e gatehouse.AuditEntry, q store.AuditQuery) bool {
	operation := q.Operation == "" || q.Operation == e.Operation
	if prefix, ok := cutWildcard(q.Operation); ok {
		operation = len(e.Operation) > len(prefix) && e.Operation[:len(prefix)] == prefix
	}
	return operation && (q.Actor == "" || q.Actor == e.Actor) && (q.Target == "" || q.Target == e.Target) &&
		(q.Outcome == "" || q.Outcome == e.Outcome) && !e.Time.Before(q.Since)
}

// cutWildcard takes the star off actions.*.
func cutWildcard(operation string) (string, bool) {
	n := len(operation) - 1
	if n < 1 || operation[n] != '*' {
		return "", false
	}
	return operation[:n], true
}

// auditFrom is an entry as the log has it, without the hash of the one before.
func auditFrom(e api.AuditEntry) gatehouse.AuditEntry {
	entry := gatehouse.AuditEntry{
		Number: e.Number, Time: e.Time, Actor: e.Actor, ActorKind: gatehouse.ActorKind(e.ActorKind), Operation: e.Operation,
		Integration: e.Integration, Target: e.Target, Outcome: e.Outcome, RequestID: e.RequestID, Detail: e.Detail,
	}
	_, _ = hex.Decode(entry.Hash[:], []byte(e.Hash)) // 64 digits, made by the server
	return entry
}
