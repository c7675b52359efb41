package respond

import (
	"encoding/json"

	"github.com/gatehouse-sec/gatehouse"
)

// The outcomes in the audit log.
const (
	outcomeDone    = "done"
	outcomeRefused = "refused"
	outcomeFailed  = "failed"
)

// system is who acts when nobody in particular does.
func system() Caller { return Caller{ID: "respond", Kind: gatehouse.ActorSystem} }

// auditDetail is what the audit log says of an action beside the usual.
type auditDetail struct {
	ID         string          `json:"id,omitempty"`
	Action     string          `json:"action"`
	Parameters json.RawMessage `json:"parameters,omitempty"`
	Comment    string          `json:"comment,omitempty"`
	DryRun     bool            `json:"dryRun,omitempty"`
	Targets    []string        `json:"targets,omitempty"`
	State      string          `json:"state,omitempty"`
	UpstreamID string          `json:"upstreamId,omitempty"`
	Reason     string          `json:"reason,omitempty"`
}

// audit makes the entry of something that was done with an action as a whole.
func audit(by Caller, operation string, a gatehouse.ResponseAction, reason, outcome string) *gatehouse.AuditEntry {
	d := auditDetail{
		ID: a.ID, Action: a.Name, Parameters: a.Parameters, Comment: a.Comment, DryRun: a.DryRun, State: string(a.State), Reason: reason,
	}
	for _, t := range a.Targets {
		d.Targets = append(d.Targets, t.ID)
	}
	return entry(by, operation, a.Integration, a.ID, outcome, d)
}

// auditTarget makes the entry of something that was done to one target.
func auditTarget(operation string, a gatehouse.ResponseAction, t gatehouse.ActionTarget, outcome string) *gatehouse.AuditEntry {
	reason := t.Error
	if reason == "" {
		reason = t.Reason
	}
	return entry(system(), operation, a.Integration, t.ID, outcome, auditDetail{
		ID: a.ID, Action: a.Name, State: string(t.State), UpstreamID: t.UpstreamID, Reason: reason,
	})
}

func entry(by Caller, operation, integration, target, outcome string, d auditDetail) *gatehouse.AuditEntry {
	detail, err := json.Marshal(d)
	if err != nil {
		detail = nil // of texts and raw JSON that was made here: it cannot fail
	}
	return &gatehouse.AuditEntry{
		Actor: by.ID, ActorKind: by.Kind, RequestID: by.RequestID, Operation: operation,
		Integration: integration, Target: target, Outcome: outcome, Detail: detail,
	}
}
