package server

import (
	"encoding/json"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/respond"
)

// actionOf is an action as it is shown.
func actionOf(a gatehouse.ResponseAction) api.Action {
	shown := api.Action{
		ID: a.ID, Integration: a.Integration, Action: a.Name, API: a.API, Comment: a.Comment, State: api.ActionStatus(a.State), Reason: a.Reason,
		DryRun: a.DryRun, IdempotencyKey: a.IdempotencyKey, By: a.Key, Approval: approvalOf(a),
		Targets: []api.ActionTarget{}, Created: a.Created, Changed: a.Changed, Ended: a.Ended,
	}
	if a.Error != "" {
		shown.Reason = a.Error
	}
	if len(a.Parameters) > 0 {
		_ = json.Unmarshal(a.Parameters, &shown.Parameters) // we have written it
	}
	for _, t := range a.Targets {
		shown.Targets = append(shown.Targets, targetOf(a, t))
	}
	return shown
}

// approvalOf is what a second caller has said, nil when none is asked.
func approvalOf(a gatehouse.ResponseAction) *api.Approval {
	if !a.Approval.Needed {
		return nil
	}
	shown := &api.Approval{State: "waiting", By: a.Approval.By, At: a.Approval.At, Until: a.Approval.Until, Note: a.Approval.Note}
	switch {
	case a.State == gatehouse.ActionRefused && a.Approval.By != "":
		shown.State = "denied"
	case a.Approval.By != "":
		shown.State = "approved"
	case a.State == gatehouse.ActionExpired:
		shown.State = "expired"
	}
	return shown
}

// targetOf is a target of an action as it is shown.
func targetOf(a gatehouse.ResponseAction, t gatehouse.ActionTarget) api.ActionTarget {
	shown := api.ActionTarget{
		Number: t.N, ID: t.ID, Name: t.Name, State: api.ActionStatus(t.State), Reason: t.Reason, UpstreamID: t.UpstreamID,
		Adopted: t.Adopted, Submitted: t.SubmittedAt, Ended: t.EndedAt, Result: t.Result,
	}
	if t.Error != "" {
		shown.Reason = t.Error
	}
	if r := t.Refusal; r != nil {
		shown.Upstream = &api.Upstream{API: string(a.API), Status: r.Status, Code: r.Code, Message: t.Error, RequestID: r.RequestID}
	}
	return shown
}

// candidatesOf are what an ambiguous name may have meant.
func candidatesOf(found []respond.Candidate) []api.Candidate {
	shown := make([]api.Candidate, len(found))
	for i, c := range found {
		shown[i] = api.Candidate{Integration: c.Integration.ID, ID: c.ID, Name: c.Name, Detail: c.Detail}
	}
	return shown
}
