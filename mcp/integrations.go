package mcp

import (
	"context"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
)

// integrationNames are the integrations that the caller may see.
type integrationNames struct{ all []api.Integration }

// of is the name of an integration, or its id where it has none any more.
func (n integrationNames) of(id string) string {
	if i := n.index(id); i >= 0 {
		return n.all[i].Name
	}
	return id
}

// cloud is where an integration's tenant is.
func (n integrationNames) cloud(id string) string {
	if i := n.index(id); i >= 0 {
		return n.all[i].Cloud
	}
	return ""
}

func (n integrationNames) index(id string) int {
	return slices.IndexFunc(n.all, func(i api.Integration) bool { return i.ID == id })
}

// integrations are those that the caller may see.
func (s *session) integrations(ctx context.Context) (integrationNames, error) {
	all, err := s.c.Integrations.List(ctx)
	return integrationNames{all}, err
}

// integrationTools are the tools that read what is connected, and how it fares.
func integrationTools() []tool {
	which := needed(param{name: "integration", kind: text, about: "Id or name of the integration."})
	return []tool{
		{
			name: "list_integrations", title: "List integrations", scope: api.ScopeRead, hints: reading(),
			about: "List the connected Defender accounts (tenants) that the key may see.",
			run:   listIntegrations,
		},
		{
			name: "get_integration_health", title: "Show how an integration fares", scope: api.ScopeRead, hints: reading(), params: []param{which},
			about: "Show how fresh and whole the mirror of one integration is, stream by stream, and what to do where it is not.",
			run:   integrationHealth,
		},
		{
			name: "get_capabilities", title: "Show what can be asked and done", scope: api.ScopeRead, hints: hints{outside: true},
			params: []param{
				{name: "resource", kind: text, about: "Fields, operators and sorts of one list.", values: []string{
					"devices", "alerts", "incidents", "vulnerabilities", "cves", "software", "recommendations", "machine-actions", "secure-score-controls",
				}},
				integrationParam(),
			},
			about: "Show which fields a list can be filtered and sorted by (resource), or what an integration may do with its permissions (integration).",
			run:   capabilities,
		},
	}
}

func listIntegrations(ctx context.Context, s *session, _ arguments) (any, error) {
	names, err := s.integrations(ctx)
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(names.all), "integration", "integrations")}
	rows := make([][]any, len(names.all))
	for n, i := range names.all {
		rows[n] = []any{i.ID, i.Name, i.Tenant, i.Cloud, i.State, string(i.API), i.Credential.Kind, i.Credential.Expires}
	}
	out.fill([]string{"id", "name", "tenant", "cloud", "state", "api", "credential", "credential_expires"}, rows)
	return out, nil
}

func integrationHealth(ctx context.Context, s *session, a arguments) (any, error) {
	h, err := s.c.Integrations.Health(ctx, a.text("integration"))
	if err != nil {
		return nil, err
	}
	rows := make([][]any, len(h.Streams))
	for n, st := range h.Streams {
		read := "never"
		if !st.LastSuccess.IsZero() {
			read = age(s.now().Sub(st.LastSuccess)) + " ago"
		}
		var upstream any
		if st.Upstream != nil {
			upstream = *st.Upstream
		}
		var aside any
		if st.SetAside > 0 {
			aside = st.SetAside
		}
		rows[n] = []any{string(st.Stream), string(st.State), read, st.Held, upstream, aside, st.Owner, st.Reason, st.Mend, st.FailingSince}
	}
	out := struct {
		Integration string `json:"integration"`
		State       string `json:"state"`
		table
	}{Integration: h.Integration, State: h.State, table: table{Note: "owner says who has to act: you, microsoft, gatehouse or nobody."}}
	out.fill([]string{"stream", "state", "last_read", "held", "at_microsoft", "set_aside", "owner", "reason", "mend", "failing_since"}, rows)
	return out, nil
}

// capabilities shows how one list can be asked, or what integrations can do.
func capabilities(ctx context.Context, s *session, a arguments) (any, error) {
	c, err := s.c.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	if name := a.text("resource"); name != "" {
		n := slices.IndexFunc(c.Resources, func(r api.ResourceInfo) bool { return r.Name == name })
		if n < 0 {
			return nil, badArgument("resource", "the server has no such list")
		}
		return c.Resources[n], nil
	}
	var shown []map[string]any
	for _, i := range c.Integrations {
		if name := a.text("integration"); name != "" && name != i.Integration && name != i.Name {
			continue
		}
		shown = append(shown, integrationCan(i))
	}
	if len(shown) == 0 {
		return nil, &api.Problem{Status: 404, Code: api.CodeNotFound, Detail: "there is no such integration", Mend: "see list_integrations"}
	}
	return map[string]any{"integrations": shown}, nil
}

// integrationCan is what one integration may do, and what it lacks.
func integrationCan(i api.IntegrationCapabilities) map[string]any {
	out := map[string]any{"integration": i.Name, "id": i.Integration}
	if i.Problem != nil {
		out["problem"] = shownProblem(i.Problem)
		return out
	}
	var can []string
	cannot := map[string][]string{}
	for _, c := range i.Capabilities {
		if c.OK {
			can = append(can, c.Capability)
		} else {
			cannot[c.Capability] = c.Missing
		}
	}
	for _, c := range i.Actions {
		if c.OK {
			can = append(can, c.Action)
		} else {
			cannot[c.Action] = c.Missing
		}
	}
	out["can"], out["cannot_for_want_of_one_of"] = can, cannot
	return out
}

// moment is a time as it is shown; nothing for none.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}
