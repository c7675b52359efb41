package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/api"
)

// actionView shows response actions. The names of the integrations are looked up
// once, and only when people or spreadsheets read them.
func (s *service) actionView(ctx context.Context) view[api.Action] {
	type row = api.Action
	state := field("state", "State", func(a row) string { return string(a.State) })
	state.tone = actionTone
	return view[row]{
		noun: "actions",
		columns: []column[row]{
			field("id", "Id", func(a row) string { return a.ID }),
			field("action", "Action", func(a row) string { return a.Action }),
			state,
			field("targets", "Targets", targetNames).flexible(),
			field("name", "Integration", func(a row) string { return s.nameOf(ctx, a.Integration) }).flexible().dropped(4),
			field("reason", "Reason", reasonOf).flexible().dropped(3),
			field("by", "By", func(a row) string { return a.By }).dropped(1),
			when("created", "Created", func(a row) time.Time { return a.Created }).dropped(5),
			when("ended", "Ended", func(a row) time.Time { return a.Ended }).dropped(2),
			field("comment", "", func(a row) string { return a.Comment }),
			field("parameters", "", func(a row) string { return parameterText(a.Parameters) }),
			field("approval", "", func(a row) string { return approvalText(a.Approval) }),
			field("dryRun", "", func(a row) string { return mark(a.DryRun, "true") }),
			field("idempotencyKey", "", func(a row) string { return a.IdempotencyKey }),
			when("changed", "", func(a row) time.Time { return a.Changed }),
			field("integration", "", func(a row) string { return a.Integration }),
		},
		raw: func(a row) jsontext.Value { return encodeWire(a) },
	}
}

// targetView shows what became of an action on each of its targets.
func targetView() view[api.ActionTarget] {
	type row = api.ActionTarget
	state := field("state", "State", func(t row) string { return string(t.State) })
	state.tone = actionTone
	return view[row]{
		noun: "targets",
		columns: []column[row]{
			field("number", "Target", func(t row) string { return strconv.Itoa(t.Number) }).number(),
			field("name", "Name", func(t row) string { return t.Name }).flexible().dropped(5),
			field("id", "Id", func(t row) string { return t.ID }).dropped(4),
			state,
			field("reason", "Reason", func(t row) string { return t.Reason }).flexible().dropped(3),
			field("upstreamId", "Microsoft's id", func(t row) string { return t.UpstreamID }).dropped(1),
			when("ended", "Ended", func(t row) time.Time { return t.Ended }).dropped(2),
		},
		raw: func(t row) jsontext.Value { return encodeWire(t) },
	}
}

// printAction writes one action. For people a table of its targets follows.
func (s *service) printAction(ctx context.Context, a api.Action) error {
	if err := printOne(s.p, s.actionView(ctx), a); err != nil || !s.p.out.forPeople() {
		return err
	}
	s.p.line("")
	return printList(ctx, s.p, targetView(), rowsOf(a.Targets), 0)
}

// targetNames lists the targets by what people call them.
func targetNames(a api.Action) string {
	const most = 3
	var names []string
	for _, t := range a.Targets[:min(most, len(a.Targets))] {
		names = append(names, orElse(t.Name, t.ID))
	}
	if more := len(a.Targets) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %s more", thousands(more)))
	}
	return listed(names)
}

// reasonOf says why an action is as it is: its own reason, or those of its targets.
func reasonOf(a api.Action) string {
	if a.Reason != "" {
		return a.Reason
	}
	var reasons []string
	for _, t := range a.Targets {
		if t.Reason != "" && !slices.Contains(reasons, t.Reason) {
			reasons = append(reasons, t.Reason)
		}
	}
	return strings.Join(reasons, "; ")
}

func parameterText(parameters map[string]string) string {
	var parts []string
	for name, value := range parameters {
		parts = append(parts, name+"="+value)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func approvalText(a *api.Approval) string {
	if a == nil {
		return ""
	}
	return joinNotEmpty(" ", a.State, mark(a.By != "", "by "+a.By))
}

func actionTone(state string) tone {
	switch api.ActionStatus(state) {
	case api.ActionSucceeded:
		return toneGood
	case api.ActionFailed, api.ActionExpired, api.ActionRefused:
		return toneBad
	case api.ActionWaiting:
		return toneWarn
	case api.ActionPlanned, api.ActionCancelled:
		return toneFaint
	case api.ActionQueued, api.ActionSubmitting, api.ActionRunning:
	}
	return tonePlain
}

// encodeWire writes what goes over the wire as the server writes it.
func encodeWire(value any) jsontext.Value {
	text, err := json.Marshal(value)
	if err != nil {
		return jsontext.Value("null")
	}
	return text
}

// kindView shows the catalogue of response actions.
func kindView() view[api.ActionKind] {
	type row = api.ActionKind
	risk := field("risk", "Risk", func(k row) string { return k.Risk })
	risk.tone = func(cell string) tone {
		return map[string]tone{string(action.Dangerous): toneBad, string(action.Medium): toneWarn}[cell]
	}
	return view[row]{
		noun: "kinds of actions",
		columns: []column[row]{
			field("name", "Name", func(k row) string { return k.Name }),
			field("title", "Title", func(k row) string { return k.Title }).flexible().dropped(4),
			risk,
			field("target", "Target", func(k row) string { return k.Target }),
			field("parameters", "Parameters", func(k row) string { return parameterNames(k.Parameters) }).flexible().dropped(3),
			field("permissions", "Permissions", func(k row) string { return strings.Join(k.Permissions, " or ") }).flexible().dropped(2),
			field("summary", "", func(k row) string { return k.Summary }),
			field("docs", "", func(k row) string { return k.Docs }),
		},
		raw: func(k row) jsontext.Value { return encodeWire(k) },
	}
}

// parameterNames lists parameters, those that may be left out in brackets.
func parameterNames(parameters []api.ActionParameter) string {
	var names []string
	for _, p := range parameters {
		name := p.Name
		if len(p.Values) > 0 && len(p.Values) <= 4 {
			name += "=" + strings.Join(p.Values, "|")
		}
		if !p.Required {
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}
