package mcp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// waitParam lets a tool follow an action for a while.
func waitParam() param {
	return param{name: "wait_seconds", kind: integer, about: "Wait up to this long for its end. Actions take seconds to hours: ask again with get_action.", high: 45, usual: 0}
}

// states are the states of actions.
func states() []string {
	return []string{"planned", "waiting", "queued", "submitting", "running", "succeeded", "failed", "cancelled", "expired", "refused"}
}

// readActionTools are the tools that read response actions.
func readActionTools() []tool {
	return []tool{
		{
			name: "list_actions", title: "List response actions", scope: api.ScopeRead, hints: fromOutside(),
			about: "List the response actions that were asked for through Gatehouse, the newest first.",
			params: []param{
				{name: "states", kind: texts, about: "Any of these states.", values: states()},
				{name: "actions", kind: texts, about: "Any of these kinds, as isolate; see list_action_kinds."},
				{name: "target", kind: text, about: "Id of a device, alert or incident."},
				integrationsParam(), limitParam(), cursorParam(),
			},
			run: listActions,
		},
		{
			name: "get_action", title: "Show a response action", scope: api.ScopeRead, hints: fromOutside(),
			about:  "Show what became of a response action, target by target.",
			params: []param{actionParam(), waitParam(), detailParam()},
			run: func(ctx context.Context, s *session, a arguments) (any, error) {
				return s.followed(ctx, a.text("action"), a)
			},
		},
		{
			name: "list_action_kinds", title: "List kinds of response actions", scope: api.ScopeRead, hints: reading(),
			about: "List the response actions there are, with the tool, the risk, the parameters and the permissions of each.",
			run:   listActionKinds,
		},
	}
}

// actionParam names an action.
func actionParam() param {
	return needed(param{name: "action", kind: text, about: "Id of the action: act_…"})
}

func listActions(ctx context.Context, s *session, a arguments) (any, error) {
	names, err := s.integrations(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.c.Actions.Page(ctx, client.ActionQuery{
		Integrations: a.texts("integrations"), States: a.texts("states"), Actions: a.texts("actions"), Target: a.text("target"),
		Limit: a.integer("limit", usualRows), Cursor: a.text("cursor"),
	})
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(page.Items), "action", "actions")}
	if len(page.Items) > 0 {
		out.Note += " " + outsideNote
	}
	if page.Next != "" {
		out.Next, out.More = page.Next, goOn("list_actions", "cursor")
	}
	rows := make([][]any, len(page.Items))
	for n, i := range page.Items {
		rows[n] = []any{i.ID, i.Action, string(i.State), targetLine(i), i.Comment, i.Reason, i.By, names.of(i.Integration), i.Created, i.Ended}
	}
	out.fill([]string{"id", "action", "state", "targets", "comment", "reason", "by", "integration", "created", "ended"}, rows)
	return out, nil
}

// targetLine names the first targets of an action.
func targetLine(a api.Action) string {
	const most = 5
	var names []string
	for _, t := range a.Targets[:min(most, len(a.Targets))] {
		name := t.Name
		if name == "" {
			name = t.ID
		}
		names = append(names, name)
	}
	if more := len(a.Targets) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func listActionKinds(ctx context.Context, s *session, _ arguments) (any, error) {
	kinds, err := s.c.Actions.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(kinds.Items), "kind of action", "kinds of actions")}
	if !s.may(api.ScopeRespond) {
		out.Note += " This key has not the scope respond: none of them can be called with it."
	}
	rows := make([][]any, len(kinds.Items))
	for n, k := range kinds.Items {
		var parameters []any
		for _, p := range k.Parameters {
			parameters = append(parameters, snake(p.Name))
		}
		rows[n] = []any{k.Name, toolOf(k), k.Title, k.Target, k.Risk, parameters, k.Permissions, k.Docs}
	}
	out.fill([]string{"action", "tool", "title", "target", "risk", "parameters", "one_permission_of", "docs"}, rows)
	return out, nil
}

// actionView is an action as a model needs it.
type actionView struct {
	Note    string       `json:"note"`
	Again   string       `json:"asked_again,omitempty"`
	ID      string       `json:"id"`
	Action  string       `json:"action"`
	State   string       `json:"state"`
	Meaning string       `json:"meaning"`
	Reason  string       `json:"reason,omitempty"`
	Targets []targetView `json:"targets"`
	Comment string       `json:"comment"`
	DryRun  bool         `json:"dry_run,omitempty"`

	Parameters     map[string]string `json:"parameters,omitempty"`
	Integration    string            `json:"integration"`
	By             string            `json:"by"`
	Approval       *api.Approval     `json:"approval,omitempty"`
	IdempotencyKey string            `json:"idempotency_key"`
	Created        any               `json:"created"`
	Ended          any               `json:"ended,omitempty"`
}

// targetView is what became of one target.
type targetView struct {
	ID       string        `json:"id"`
	Name     string        `json:"name,omitempty"`
	State    string        `json:"state"`
	Reason   string        `json:"reason,omitempty"`
	Adopted  bool          `json:"was_under_way_already,omitempty"`
	Machine  string        `json:"machine_action,omitempty"`
	Upstream *api.Upstream `json:"upstream,omitempty"`
	Result   any           `json:"result,omitempty"`
}

// meaningOf says in words where an action stands, and what comes next.
func meaningOf(a api.Action) string {
	return map[api.ActionStatus]string{
		api.ActionPlanned:    "A dry run: nothing was done.",
		api.ActionWaiting:    "Nothing was done yet: somebody with another key has to approve it.",
		api.ActionQueued:     "It will be sent as soon as Microsoft's limits allow. Ask again with get_action.",
		api.ActionSubmitting: "It is being sent. Ask again with get_action.",
		api.ActionRunning:    "Microsoft has it; the device may be off. Ask again with get_action.",
		api.ActionSucceeded:  "Done, on every target.",
		api.ActionFailed:     "Not done on at least one target: see each.",
		api.ActionCancelled:  "Cancelled.",
		api.ActionExpired:    "Nobody approved it in time, or Microsoft gave up.",
		api.ActionRefused:    "Refused: nothing was done.",
	}[a.State]
}

// shownAction is an action as it is shown.
func (s *session) shownAction(ctx context.Context, a api.Action, detail bool) (actionView, error) {
	names, err := s.integrations(ctx)
	v := actionView{
		Note: outsideNote, ID: a.ID, Action: a.Action, State: string(a.State), Meaning: meaningOf(a), Reason: a.Reason, Comment: a.Comment, DryRun: a.DryRun,
		Parameters: a.Parameters, Integration: names.of(a.Integration), By: a.By, Approval: a.Approval, IdempotencyKey: a.IdempotencyKey,
		Created: moment(a.Created), Ended: moment(a.Ended),
	}
	for _, t := range a.Targets {
		shown := targetView{ID: t.ID, Name: t.Name, State: string(t.State), Reason: t.Reason, Adopted: t.Adopted, Machine: t.UpstreamID, Upstream: t.Upstream}
		if detail && len(t.Result) > 0 {
			shown.Result = t.Result
		}
		v.Targets = append(v.Targets, shown)
	}
	return v, err
}

// followed shows an action after following it for as long as the call says.
func (s *session) followed(ctx context.Context, id string, a arguments) (actionView, error) {
	shown, err := s.c.Actions.Get(ctx, id)
	if err != nil {
		return actionView{}, err
	}
	if wait := a.integer("wait_seconds", 0); wait > 0 && !shown.State.Ended() {
		limited, cancel := context.WithTimeout(ctx, time.Duration(wait)*time.Second)
		defer cancel()
		last, err := s.c.Actions.Wait(limited, id, nil)
		if limited.Err() != nil {
			last, err = s.c.Actions.Get(ctx, id) // the time may have ended in the midst of an answer
		}
		if err == nil {
			shown = last
		}
	}
	return s.shownAction(ctx, shown, a.flag("detail"))
}

// decisionTools are the tools that decide about actions that were submitted.
func decisionTools() []tool {
	acting := hints{changes: true, destructive: true, outside: true}
	note := param{name: "note", kind: text, about: "Why. It goes to the audit log."}
	comment := needed(param{name: "comment", kind: text, about: "Why. It goes to Microsoft and to the audit log."})
	return []tool{
		{
			name: "approve_action", title: "Approve an action", scope: api.ScopeRespond, hints: acting, params: []param{actionParam(), note},
			about: "Let an action go on that waits for approval. Needs another key than the one that submitted it. Only when the user has agreed to it.",
			run: func(ctx context.Context, s *session, a arguments) (any, error) {
				return s.decided(ctx, a)(s.c.Actions.Approve(ctx, a.text("action"), a.text("note")))
			},
		},
		{
			name: "deny_action", title: "Deny an action", scope: api.ScopeRespond, hints: acting, params: []param{actionParam(), note},
			about: "End an action that waits for approval: nothing is done. Needs another key than the one that submitted it.",
			run: func(ctx context.Context, s *session, a arguments) (any, error) {
				return s.decided(ctx, a)(s.c.Actions.Deny(ctx, a.text("action"), a.text("note")))
			},
		},
		{
			name: "cancel_action", title: "Cancel an action", scope: api.ScopeRespond, hints: acting, params: []param{actionParam(), comment},
			about: "End what was not sent yet of an action, and ask Microsoft to cancel the rest. It does not undo what was done: to undo an isolation release the device.",
			run: func(ctx context.Context, s *session, a arguments) (any, error) {
				return s.decided(ctx, a)(s.c.Actions.Cancel(ctx, a.text("action"), a.text("comment")))
			},
		},
	}
}

// decided shows an action after a decision.
func (s *session) decided(ctx context.Context, a arguments) func(api.Action, error) (any, error) {
	return func(done api.Action, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		return s.shownAction(ctx, done, a.flag("detail"))
	}
}
