package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/respond"
	"github.com/gatehouse-sec/gatehouse/store"
)

// actionsTag names the routes of response actions in the docs.
const actionsTag = "Response actions"

// onAction is a question about one action.
type onAction struct {
	Action string `path:"action" doc:"Id of the action." example:"act_…"`
}

// listActionsInput says which actions to list.
type listActionsInput struct {
	Integration []string  `query:"integration,explode" doc:"Ids or names. Absent: all that the key may see."`
	State       []string  `query:"state,explode" doc:"Any of these states."`
	Action      []string  `query:"action,explode" doc:"Any of these actions, as isolate."`
	Target      string    `query:"target" doc:"Id of a target."`
	Since       time.Time `query:"since" doc:"Submitted at this time or later."`
	Cursor      string    `query:"cursor" doc:"The next of the page before."`
	Limit       int       `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

// actionAnswer is an action, with its place and the status that fits.
type actionAnswer struct {
	Status   int
	Location string `header:"Location" doc:"Where to ask what became of it."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when the same was asked for before, and this is the action of then."`
	Body     api.Action
}

// addActionRoutes registers the routes of response actions.
func addActionRoutes(s *Server) {
	const root, one = "/v1/actions", "/v1/actions/{action}"
	read := func(path, id, summary, description string) route {
		return route{method: http.MethodGet, path: path, scope: gatehouse.ScopeRead, id: id, tag: actionsTag, summary: summary, description: description}
	}
	act := func(path, id, does, summary, description string) route {
		return route{method: http.MethodPost, path: path, scope: gatehouse.ScopeRespond, id: id, does: does, tag: actionsTag, summary: summary, description: description, idempotency: own}
	}
	add(s, read("/v1/action-kinds", "listActionKinds", "The catalogue of response actions", "With their parameters, risks and permissions."), s.listActionKinds)
	add(s, read(root, "listActions", "List response actions", "The newest first."), s.listActions)
	submit := act(root, "submitAction", "actions.submit", "Submit a response action",
		"Every target must mean exactly one thing, or nothing is done. The same Idempotency-Key gives the same action, however often it is sent. The answer comes at once; ask for the action, or follow the events, to learn what became of it.")
	submit.status = http.StatusAccepted
	add(s, submit, s.submitAction)
	add(s, read(one, "getAction", "Show a response action", "With what became of each of its targets."), s.getAction)
	add(s, act(one+"/approve", "approveAction", "actions.approve", "Approve an action that waits for it", "Needs another key than the one that submitted it."), s.approveAction)
	add(s, act(one+"/deny", "denyAction", "actions.deny", "Deny an action that waits for approval", "Needs another key than the one that submitted it."), s.denyAction)
	add(s, act(one+"/cancel", "cancelAction", "actions.cancel", "Cancel an action", "What was not sent yet ends at once. Microsoft is asked to cancel the rest, as far as it can."), s.cancelAction)
	result := read(one+"/targets/{number}/result", "getActionResult", "Fetch what an action brought", "Such as an investigation package. It holds data of a device, so it needs the scope respond, and is audited. Microsoft gives two a minute: one too many is 503 with Retry-After.")
	result.scope, result.streams = gatehouse.ScopeRespond, true
	add(s, result, s.actionResult)
	add(s, read("/v1/action-events", "listActionEvents", "How the states of actions changed", "In the order in which they did. Ask on from next."), s.listActionEvents)
}

func (s *Server) listActionKinds(context.Context, *none) (*answer[api.ActionKinds], error) {
	return &answer[api.ActionKinds]{api.ActionKinds{Items: actionKinds()}}, nil
}

func (s *Server) listActions(ctx context.Context, in *listActionsInput) (*answer[api.Actions], error) {
	chosen, err := s.visible(ctx, in.Integration)
	if err != nil {
		return nil, err
	}
	f := store.ActionFilter{Integrations: idsOf(chosen), Names: in.Action, Target: in.Target, Since: in.Since, Limit: in.Limit + 1}
	for _, state := range in.State {
		f.States = append(f.States, gatehouse.ActionState(state))
	}
	if in.Cursor != "" {
		last, err := s.visibleAction(ctx, in.Cursor)
		if err != nil {
			return nil, newProblem(api.CodeBadCursor, "there is no such cursor", "")
		}
		f.After = last.ID
	}
	found, err := s.store.Actions(ctx, f)
	if err != nil {
		return nil, err
	}
	list := api.Actions{Items: []api.Action{}}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		list.Next = found[in.Limit-1].ID
	}
	for _, a := range found {
		list.Items = append(list.Items, actionOf(a))
	}
	return &answer[api.Actions]{list}, nil
}

// idsOf are the ids of integrations.
func idsOf(all []gatehouse.Integration) []string {
	ids := make([]string, len(all))
	for i, one := range all {
		ids[i] = one.ID
	}
	return ids
}

func (s *Server) submitAction(ctx context.Context, in *struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"Required. New for each new action, such as a UUID; the same one when it is repeated."`
	Body           api.NewAction
},
) (*actionAnswer, error) {
	if in.IdempotencyKey == "" {
		return nil, newProblem(api.CodeIdempotencyMissing, "an action is only taken with an idempotency key", "")
	}
	visible, err := s.visible(ctx, nil)
	if err != nil {
		return nil, err
	}
	noteOf(ctx).written = true // the Responder writes it, in the transaction of the action
	a, created, err := s.responder.Submit(ctx, actorOf(ctx), respond.Order{
		Visible: idsOf(visible), Integration: in.Body.Integration, Action: in.Body.Action, Targets: in.Body.Targets,
		Parameters: in.Body.Parameters, Comment: in.Body.Comment, IdempotencyKey: in.IdempotencyKey,
		DryRun: in.Body.DryRun, Approval: in.Body.Approval,
	})
	if err != nil {
		return nil, actionProblem(err)
	}
	out := &actionAnswer{Status: http.StatusAccepted, Location: "/v1/actions/" + a.ID, Body: actionOf(a)}
	if !created {
		out.Replayed = "true"
	}
	if a.State.Ended() {
		out.Status = http.StatusOK
	}
	return out, nil
}

// actorOf is who asks, as the Responder wants it.
func actorOf(ctx context.Context) respond.Caller {
	c := callerOf(ctx)
	return respond.Caller{ID: c.id, Kind: c.kind, RequestID: requestID(ctx)}
}

// visibleAction returns an action of an integration that the caller may see.
func (s *Server) visibleAction(ctx context.Context, id string) (gatehouse.ResponseAction, error) {
	a, err := s.store.Action(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	if err != nil || !callerOf(ctx).seesIntegration(a.Integration) {
		return gatehouse.ResponseAction{}, notFound(fmt.Sprintf("there is no action %q", id), "list those that you may see: GET /v1/actions")
	}
	noteOf(ctx).integration, noteOf(ctx).target = a.Integration, a.ID
	return a, nil
}

func (s *Server) getAction(ctx context.Context, in *onAction) (*tagged[api.Action], error) {
	a, err := s.visibleAction(ctx, in.Action)
	if err != nil {
		return nil, err
	}
	return showAction(a)
}

// showAction is an action with its version.
func showAction(a gatehouse.ResponseAction) (*tagged[api.Action], error) {
	shown := actionOf(a)
	tag, err := etagOf(shown)
	return &tagged[api.Action]{ETag: tag, Body: shown}, err
}

// decisionInput approves or denies.
type decisionInput struct {
	Action string `path:"action" doc:"Id of the action."`
	Body   api.Decision
}

func (s *Server) approveAction(ctx context.Context, in *decisionInput) (*tagged[api.Action], error) {
	return s.decide(ctx, in, s.responder.Approve)
}

func (s *Server) denyAction(ctx context.Context, in *decisionInput) (*tagged[api.Action], error) {
	return s.decide(ctx, in, s.responder.Deny)
}

// decide approves or denies an action.
func (s *Server) decide(ctx context.Context, in *decisionInput, do func(context.Context, respond.Caller, string, string) (gatehouse.ResponseAction, error)) (*tagged[api.Action], error) {
	a, err := s.visibleAction(ctx, in.Action)
	if err != nil {
		return nil, err
	}
	noteOf(ctx).written = true
	if a, err = do(ctx, actorOf(ctx), a.ID, in.Body.Note); err != nil {
		return nil, actionProblem(err)
	}
	return showAction(a)
}

func (s *Server) cancelAction(ctx context.Context, in *struct {
	Action string `path:"action" doc:"Id of the action."`
	Body   api.CancelAction
},
) (*tagged[api.Action], error) {
	a, err := s.visibleAction(ctx, in.Action)
	if err != nil {
		return nil, err
	}
	noteOf(ctx).written = true
	if a, err = s.responder.Cancel(ctx, actorOf(ctx), a.ID, in.Body.Comment); err != nil {
		return nil, actionProblem(err)
	}
	return showAction(a)
}

func (s *Server) actionResult(ctx context.Context, in *struct {
	Action string `path:"action" doc:"Id of the action."`
	Number int    `path:"number" minimum:"1" doc:"Number of the target, from 1."`
},
) (*huma.StreamResponse, error) {
	a, err := s.visibleAction(ctx, in.Action)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		w := &lateHeader{out: out, kind: respond.ResultType(a), name: fmt.Sprintf("%s-%d", a.ID, in.Number)}
		if _, err := s.responder.Result(ctx, actorOf(ctx), a, in.Number, w); err != nil {
			s.breakOff(out, w.begun, actionProblem(err))
		}
	}}, nil
}

// lateHeader writes its header with the first bytes, so that what fails before
// can still be a problem.
type lateHeader struct {
	out        huma.Context
	kind, name string
	begun      bool
}

// Write writes to the answer.
func (w *lateHeader) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.out.SetHeader("Content-Type", w.kind)
		w.out.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", w.name))
		w.out.SetStatus(http.StatusOK)
	}
	return w.out.BodyWriter().Write(p)
}

// breakOff ends a streamed answer that failed: by a problem where nothing was sent
// yet, else by cutting the connection, so that nobody takes a part for the whole.
func (s *Server) breakOff(out huma.Context, begun bool, err error) {
	if begun {
		panic(http.ErrAbortHandler)
	}
	p := *s.problem(out.Context(), err)
	u := out.URL()
	p.Instance, p.RequestID = u.Path, requestID(out.Context())
	if p.RetryAfter > 0 {
		out.SetHeader("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	out.SetHeader("Content-Type", p.ContentType(""))
	out.SetStatus(p.GetStatus())
	_ = json.NewEncoder(out.BodyWriter()).Encode(p) //nolint:errchkjson // whoever asked may be gone
}

func (s *Server) listActionEvents(ctx context.Context, in *struct {
	Integration []string `query:"integration,explode" doc:"Ids or names. Absent: all that the key may see."`
	Action      string   `query:"action" doc:"Id of one action."`
	After       int64    `query:"after" minimum:"0" doc:"The next of the page before. Absent: from the first."`
	Limit       int      `query:"limit" minimum:"1" maximum:"1000" default:"100"`
},
) (*answer[api.ActionEvents], error) {
	chosen, err := s.visible(ctx, in.Integration)
	if err != nil {
		return nil, err
	}
	found, err := s.store.ActionEvents(ctx, in.After, store.ActionEventFilter{Integrations: idsOf(chosen), Action: in.Action, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	list := api.ActionEvents{Items: []api.ActionEvent{}, Next: in.After}
	for _, e := range found {
		list.Items = append(list.Items, api.ActionEvent{Number: e.Number, Action: e.Action, Target: e.Target, State: api.ActionStatus(e.State), At: e.Time})
		list.Next = e.Number
	}
	return &answer[api.ActionEvents]{list}, nil
}

// actionProblem turns what the Responder refuses into a problem, and leaves the
// rest as it is.
func actionProblem(err error) error {
	var request *respond.RequestError
	var ambiguous *respond.AmbiguousError
	var missing *respond.PermissionError
	switch {
	case errors.As(err, &request):
		field := "body." + request.Field
		if request.Field == "idempotencyKey" {
			field = "header.Idempotency-Key"
		}
		return invalid(field, request.What, "")
	case errors.As(err, &ambiguous):
		p := newProblem(api.CodeAmbiguous, ambiguous.Error(), "")
		p.Candidates = candidatesOf(ambiguous.Candidates)
		return p
	case errors.As(err, &missing):
		p := newProblem(api.CodePermission, missing.Error(), missing.Grant)
		p.Integration = missing.Integration.ID
		return p
	case errors.Is(err, respond.ErrNoTarget):
		return notFound(err.Error(), "")
	case errors.Is(err, respond.ErrSameCaller):
		return newProblem(api.CodeScope, err.Error(), "have somebody with another key approve it")
	case errors.Is(err, respond.ErrState):
		return newProblem(api.CodeConflict, err.Error(), "")
	}
	return err
}
