package server

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// addAuditRoutes registers the routes of the audit log.
func addAuditRoutes(s *Server) {
	add(s, route{
		method: http.MethodGet, path: "/v1/audit", scope: gatehouse.ScopeAdmin, id: "listAudit", tag: "Audit",
		summary: "Read the audit log", description: "The oldest first, from a number on; newest=true begins at the end. A key that is confined to some integrations reads what concerns them.",
	}, s.listAudit)
	add(s, route{
		method: http.MethodGet, path: "/v1/audit/verdict", scope: gatehouse.ScopeAdmin, id: "verifyAudit", tag: "Audit",
		summary: "Say whether the audit log is whole", description: "Reads it all: every entry carries the hash of the one before. Note the head elsewhere, to find a log that was written anew from its beginning. Needs a key that sees every integration.",
	}, s.verifyAudit)
}

// auditQuery is what may be asked of the audit log.
type auditQuery struct {
	Integrations []string  `query:"integration,explode" doc:"Ids or names of integrations; may be repeated. Absent: all that the key may see."`
	After        int64     `query:"after" minimum:"0" doc:"Entries behind this number; with newest=true, those before it."`
	Limit        int       `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Newest       bool      `query:"newest" doc:"The newest first."`
	Actor        string    `query:"actor" doc:"Id of a key, or issuer and subject of a token."`
	Operation    string    `query:"operation" doc:"As actions.submit, or actions.* for all that begin so."`
	Target       string    `query:"target"`
	Outcome      string    `query:"outcome" enum:"done,refused,failed"`
	Since        time.Time `query:"since" doc:"From this time on."`
	Until        time.Time `query:"until" doc:"Before this time."`
}

func (s *Server) listAudit(ctx context.Context, in *auditQuery) (*answer[api.Audit], error) {
	q := store.AuditQuery{
		Actor: in.Actor, Operation: in.Operation, Target: in.Target, Outcome: in.Outcome, Since: in.Since, Until: in.Until,
		Newest: in.Newest, Limit: in.Limit,
	}
	if in.Newest {
		q.Before = in.After
	} else {
		q.After = in.After
	}
	if c := callerOf(ctx); len(in.Integrations) == 0 {
		q.All, q.Integrations = c.all, c.sees // entries outlive their integration
	} else {
		chosen, err := s.visible(ctx, in.Integrations)
		if err != nil {
			return nil, err
		}
		for _, i := range chosen {
			q.Integrations = append(q.Integrations, i.ID)
		}
	}
	entries, err := s.store.Audit(ctx, q)
	if err != nil {
		return nil, err
	}
	page := api.Audit{Items: []api.AuditEntry{}, Next: in.After}
	for _, e := range entries {
		page.Items = append(page.Items, auditEntry(e))
		page.Next = e.Number
	}
	return &answer[api.Audit]{page}, nil
}

// auditEntry is an entry as it is shown.
func auditEntry(e gatehouse.AuditEntry) api.AuditEntry {
	return api.AuditEntry{
		Number: e.Number, Time: e.Time, Actor: e.Actor, ActorKind: string(e.ActorKind), Operation: e.Operation, Integration: e.Integration,
		Target: e.Target, Outcome: e.Outcome, RequestID: e.RequestID, Detail: e.Detail, Hash: hex.EncodeToString(e.Hash[:]),
	}
}

func (s *Server) verifyAudit(ctx context.Context, _ *none) (*answer[api.AuditVerdict], error) {
	if !callerOf(ctx).all {
		return nil, newProblem(api.CodeScope, "the audit log as a whole is for keys that see every integration", "use a key without a list of integrations")
	}
	v, err := s.store.VerifyAudit(ctx)
	if err != nil {
		return nil, err
	}
	shown := api.AuditVerdict{OK: v.Sound(), Entries: v.Entries, Head: hex.EncodeToString(v.Hash[:])}
	for _, b := range v.Breaks {
		shown.Breaks = append(shown.Breaks, api.AuditBreak{Number: b.Number, What: b.What})
	}
	return &answer[api.AuditVerdict]{shown}, nil
}
