package mcp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// kindTools are one tool for each response action of the catalogue: a model finds
// isolate_device, with the parameters that it takes, better than one tool for all.
func kindTools(kinds []api.ActionKind) []tool {
	all := make([]tool, 0, len(kinds))
	for _, k := range kinds {
		all = append(all, kindTool(k))
	}
	return all
}

// toolOf is the name of the tool of an action: its name, with what it acts on.
func toolOf(k api.ActionKind) string {
	given := map[string]string{
		"stop-and-quarantine": "stop_and_quarantine_file", "collect-package": "collect_investigation_package", "set-value": "set_device_value",
	}
	if name, ok := given[k.Name]; ok {
		return name
	}
	name, noun := snake(k.Name), snake(k.Target)
	if strings.Contains(name, noun) {
		return name
	}
	return name + "_" + noun
}

// snake writes a name as tools and their parameters are written.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '-':
			b.WriteByte('_')
		case unicode.IsUpper(r):
			b.WriteByte('_')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// additive are the actions that take nothing away and can do no more than add.
func additive() []string { return []string{"tag", "comment-alert", "comment-incident"} }

// targetParam names what an action is taken on.
func targetParam(target string) param {
	about := map[string]string{
		"device":         "Ids or exact names of devices. A name that fits several is refused with the candidates.",
		"alert":          "Ids of alerts.",
		"incident":       "Numbers of incidents.",
		"machine-action": "Ids of Microsoft's machine actions; see list_machine_actions.",
	}[target]
	return param{name: snake(target) + "s", kind: texts, about: about, required: true, high: 500}
}

// kindTool is the tool of one response action.
func kindTool(k api.ActionKind) tool {
	target := targetParam(k.Target)
	params := []param{target}
	names := map[string]string{} // of the catalogue, by those of the tool
	for _, p := range k.Parameters {
		params = append(params, kindParam(p))
		names[snake(p.Name)] = p.Name
	}
	params = append(
		params, integrationParam(),
		needed(param{name: "comment", kind: text, about: "Why. It goes to Microsoft and to the audit log."}),
		param{name: "dry_run", kind: flag, about: "Say what would be done, and do nothing.", usual: false},
		param{name: "approval", kind: flag, about: "Wait until somebody with another key has approved it.", usual: false},
		param{name: "idempotency_key", kind: text, about: "Only to do again what was done before in the same words. Default: made from the arguments and the hour, so that a repeated call does not act twice."},
		waitParam(),
	)
	return tool{
		name: toolOf(k), title: k.Title, about: aboutKind(k), scope: api.ScopeRespond, params: params,
		hints: hints{changes: true, destructive: k.Risk != "low" || !slices.Contains(additive(), k.Name), outside: true},
		run: func(ctx context.Context, s *session, a arguments) (any, error) {
			return s.submit(ctx, a, api.NewAction{
				Integration: a.text("integration"), Action: k.Name, Targets: a.texts(target.name), Parameters: parametersOf(a, names),
				Comment: a.text("comment"), DryRun: a.flag("dry_run"), Approval: a.flag("approval"),
			})
		},
	}
}

// aboutKind describes the tool of an action.
func aboutKind(k api.ActionKind) string {
	about := k.Summary + " Risk: " + k.Risk + "."
	if k.Risk == "dangerous" {
		about += " Only when the user has asked for it; try dry_run first."
	}
	return about
}

// kindParam is a parameter of an action as a parameter of its tool.
func kindParam(p api.ActionParameter) param {
	shown := param{name: snake(p.Name), kind: text, about: p.Doc, required: p.Required, values: p.Values}
	if p.Default != "" {
		shown.usual = p.Default
	}
	return shown
}

// parametersOf are the parameters that were given, as the catalogue names them.
func parametersOf(a arguments, names map[string]string) map[string]string {
	given := map[string]string{}
	for tool, catalogue := range names {
		if v := a.text(tool); v != "" {
			given[catalogue] = v
		}
	}
	return given
}

// submit submits an action, or finds the one that the same call has submitted.
func (s *session) submit(ctx context.Context, a arguments, order api.NewAction) (any, error) {
	key := a.text("idempotency_key")
	if key == "" {
		var err error
		if key, err = s.keyOf(ctx, order); err != nil {
			return nil, err
		}
	}
	begun := s.now()
	done, err := s.c.Actions.Submit(ctx, order, key)
	if err != nil {
		return nil, err
	}
	shown, err := s.followed(ctx, done.ID, a)
	if gone := begun.Sub(done.Created); gone > 5*time.Second {
		shown.Again = fmt.Sprintf("The same was asked for %s ago: this is that action, and nothing new was done. "+
			"To do it once more call with another comment or an idempotency_key of your own.", age(gone))
	}
	return shown, err
}

// keyOf makes the idempotency key of an order that comes without one. The same
// order of the same caller has the same key for the hour; and one of the hour
// before keeps its key, so that a repeat at the turn of the hour is one.
func (s *session) keyOf(ctx context.Context, order api.NewAction) (string, error) {
	hour := s.now().UTC().Truncate(time.Hour)
	key, before := s.keyAt(order, hour), s.keyAt(order, hour.Add(-time.Hour))
	recent, err := s.c.Actions.Page(ctx, client.ActionQuery{Actions: []string{order.Action}, Since: s.now().Add(-time.Hour), Limit: 1000})
	if err != nil {
		return "", err
	}
	for _, a := range recent.Items {
		if strings.TrimPrefix(a.IdempotencyKey, "dry:") == before {
			return before, nil
		}
	}
	return key, nil
}

// keyAt is the idempotency key of an order in an hour.
func (s *session) keyAt(order api.NewAction, hour time.Time) string {
	targets := slices.Sorted(slices.Values(order.Targets))
	text, _ := json.Marshal([]any{ //nolint:errchkjson // texts alone
		s.who.Kind, s.who.ID, order.Integration, order.Action, targets, order.Parameters, order.Comment, order.DryRun, order.Approval, hour.Unix(),
	})
	sum := sha256.Sum256(text)
	return "mcp-" + hex.EncodeToString(sum[:16])
}
