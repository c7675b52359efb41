package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/server"
)

// backend is what the REST API needs of an application.
type backend struct{ *App }

var _ server.Backend = backend{}

// AddIntegration checks an account and keeps it.
func (b backend) AddIntegration(ctx context.Context, n api.NewIntegration) (gatehouse.Integration, *api.Check, error) {
	given, err := credentialOf(n.Credential, b.options.CredentialRefs)
	if err != nil {
		return gatehouse.Integration{}, nil, err
	}
	if err := b.refuseTwin(ctx, n); err != nil {
		return gatehouse.Integration{}, nil, err
	}
	added, report, err := b.App.AddIntegration(ctx, NewIntegration{
		Integration: gatehouse.Integration{
			Name: n.Name, Tenant: n.Tenant, ClientID: n.ClientID, Cloud: n.Cloud, BaseURL: n.BaseURL, API: n.API, Streams: n.Streams,
			Credential: given.Credential,
		},
		Secret: given.Secret, Password: given.Password, SkipCheck: n.SkipCheck,
	})
	return added, checkOf(report), err
}

// refuseTwin refuses a second integration of the same account: two would spend
// each other's limits.
func (b backend) refuseTwin(ctx context.Context, n api.NewIntegration) error {
	all, err := b.store.Integrations(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if n.ClientID != "" && strings.EqualFold(other.Tenant, n.Tenant) && strings.EqualFold(other.ClientID, n.ClientID) && other.Name != n.Name {
			return &api.Problem{Code: api.CodeConflict, Detail: fmt.Sprintf("integration %q is the same application of the same tenant already", other.Name), Mend: "two would spend each other's rate limits: use that one"}
		}
	}
	return nil
}

// UpdateIntegration changes what is named.
func (b backend) UpdateIntegration(ctx context.Context, id string, c api.ChangeIntegration) (gatehouse.Integration, error) {
	return b.ChangeIntegration(ctx, id, IntegrationChange{Name: c.Name, API: c.API, Streams: c.Streams})
}

// ReplaceCredential checks a new credential and keeps it.
func (b backend) ReplaceCredential(ctx context.Context, id string, c api.NewCredential) (gatehouse.Integration, *api.Check, error) {
	given, err := credentialOf(c, b.options.CredentialRefs)
	if err != nil {
		return gatehouse.Integration{}, nil, err
	}
	i, report, err := b.App.ReplaceCredential(ctx, id, given)
	return i, checkOf(report), err
}

// CheckIntegration asks Microsoft what an account can do.
func (b backend) CheckIntegration(ctx context.Context, id string) (*api.Check, error) {
	report, err := b.App.CheckIntegration(ctx, id)
	return checkOf(report), err
}

// checkOf is a report as it goes over the wire; nil for none.
func checkOf(r *check.Report) *api.Check {
	if r == nil {
		return nil
	}
	shown := &api.Check{OK: works(r), Findings: []api.Finding{}, Capabilities: []api.CapabilityState{}}
	for _, f := range r.Findings {
		shown.Findings = append(shown.Findings, api.Finding{
			Code: string(f.Code), Severity: string(f.Severity), Subject: f.Subject, What: f.What, Why: f.Why, Mend: f.Mend,
		})
	}
	for _, c := range r.Capabilities {
		state := api.CapabilityState{Capability: string(c.Capability), Title: c.Title, OK: c.State == check.Works, API: string(c.API)}
		for _, d := range c.Doors {
			if !d.Open && len(d.AnyOf) > 0 {
				state.Missing = append(state.Missing, d.AnyOf[0].Name)
			}
		}
		if state.OK {
			state.Missing = nil
		}
		shown.Capabilities = append(shown.Capabilities, state)
	}
	return shown
}

// Permissions are what an account holds, and what of the guide's it lacks.
func (b backend) Permissions(ctx context.Context, id string) (api.Permissions, error) {
	_, acc, err := b.signedIn(ctx, id)
	if err != nil {
		return api.Permissions{}, err
	}
	shown := api.Permissions{Held: []api.Permission{}, Missing: []api.Permission{}, Capabilities: []api.CapabilityState{}}
	for _, p := range acc.held {
		shown.Held = append(shown.Held, api.Permission{Resource: string(p.Resource), Name: p.Name})
	}
	slices.SortFunc(shown.Held, func(a, b api.Permission) int {
		return slices.Compare([]string{a.Resource, a.Name}, []string{b.Resource, b.Name})
	})
	for _, p := range entra.Permissions() {
		if p.Guide && !slices.Contains(acc.held, p.Permission) {
			shown.Missing = append(shown.Missing, api.Permission{Resource: string(p.Resource), Name: p.Name})
		}
	}
	for _, c := range entra.Capabilities() {
		shown.Capabilities = append(shown.Capabilities, capabilityOf(c, acc.held))
	}
	return shown, nil
}

// capabilityOf says whether permissions open a capability.
func capabilityOf(c entra.CapabilityEntry, held []gatehouse.Permission) api.CapabilityState {
	state := api.CapabilityState{Capability: string(c.Capability), Title: c.Title}
	for _, d := range c.Doors {
		if d.Opens(held) {
			return api.CapabilityState{Capability: state.Capability, Title: state.Title, OK: true, API: string(d.API)}
		}
		if len(d.AnyOf) > 0 {
			state.Missing = append(state.Missing, d.AnyOf[0].Name)
		}
	}
	return state
}

// signedIn returns an integration and its account.
func (b backend) signedIn(ctx context.Context, id string) (gatehouse.Integration, *account, error) {
	i, err := b.store.Integration(ctx, id)
	if err != nil {
		return i, nil, err
	}
	acc, err := b.accounts.account(ctx, i)
	return i, acc, err
}

// Budget is what is left of Microsoft's limits.
func (b backend) Budget(ctx context.Context, id string) (api.Budget, error) {
	i, err := b.store.Integration(ctx, id)
	if err != nil {
		return api.Budget{}, err
	}
	budgets := b.accounts.budgetsOf(i)
	shown := api.Budget{Integration: i.ID, Routes: []api.BudgetRoute{}}
	for _, op := range slices.Concat(defender.Operations(), graph.Operations()) {
		if op.PerMinute <= 0 && op.PerHour <= 0 {
			continue
		}
		left := budgets.Window(op)
		shown.Routes = append(shown.Routes, api.BudgetRoute{
			Operation: op.String(), MinuteLimit: op.PerMinute, MinuteRemaining: max(left.Minute, 0),
			HourLimit: op.PerHour, HourRemaining: max(left.Hour, 0), ThrottledUntil: left.Blocked.UTC(),
		})
	}
	return shown, nil
}
