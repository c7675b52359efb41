package cli

import (
	"context"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/check"
)

// integrationDesk is where integrations are looked after. They are named by id.
type integrationDesk interface {
	integrations(ctx context.Context) ([]gatehouse.Integration, error)
	pause(ctx context.Context, id string) error
	resume(ctx context.Context, id string) error
	remove(ctx context.Context, id string) error
	// credential puts the credential of the settings in the place of the old one,
	// unless the check refuses it: then there is a report with the error.
	credential(ctx context.Context, p *program, i gatehouse.Integration, f *integrationFlags) (gatehouse.Integration, *check.Report, error)
	// health says how the streams fare, of every integration when id is empty.
	health(ctx context.Context, id string) ([]gatehouse.StreamHealth, error)
}

// useIntegrations opens the desk that the settings mean, calls use, and closes it.
func (p *program) useIntegrations(ctx context.Context, use func(integrationDesk) error) error {
	if !p.remote() {
		return p.useApp(ctx, false, app.Options{}, func(a *app.App) error { return use(localIntegrations{a}) })
	}
	return p.useService(ctx, func(s *service) error { return use(s) })
}

// localIntegrations are those of the mirror on this machine.
type localIntegrations struct{ app *app.App }

var _ integrationDesk = localIntegrations{}

func (l localIntegrations) integrations(ctx context.Context) ([]gatehouse.Integration, error) {
	return l.app.Store().Integrations(ctx)
}
func (l localIntegrations) pause(ctx context.Context, id string) error  { return l.app.Pause(ctx, id) }
func (l localIntegrations) resume(ctx context.Context, id string) error { return l.app.Resume(ctx, id) }
func (l localIntegrations) remove(ctx context.Context, id string) error { return l.app.Remove(ctx, id) }
func (l localIntegrations) health(ctx context.Context, id string) ([]gatehouse.StreamHealth, error) {
	return l.app.Status(ctx, id)
}

var _ integrationDesk = (*service)(nil)

func (s *service) integrations(ctx context.Context) ([]gatehouse.Integration, error) {
	answer, err := s.Integrations.List(ctx)
	all := make([]gatehouse.Integration, len(answer))
	for i, shown := range answer {
		all[i] = integrationFrom(shown)
	}
	return all, err
}

func (s *service) pause(ctx context.Context, id string) error {
	_, err := s.Integrations.Pause(ctx, id)
	return err
}

func (s *service) resume(ctx context.Context, id string) error {
	_, err := s.Integrations.Resume(ctx, id)
	return err
}

func (s *service) remove(ctx context.Context, id string) error { return s.Integrations.Remove(ctx, id) }

func (s *service) health(ctx context.Context, id string) ([]gatehouse.StreamHealth, error) {
	ids := given(id)
	if id == "" {
		all, err := s.Integrations.List(ctx)
		if err != nil {
			return nil, err
		}
		for _, i := range all {
			ids = append(ids, i.ID)
		}
	}
	var health []gatehouse.StreamHealth
	for _, id := range ids {
		answer, err := s.Integrations.Health(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, h := range answer.Streams {
			health = append(health, healthFrom(id, h))
		}
	}
	return health, nil
}

// integrationFrom is an integration as the mirror has it, as far as the API tells.
func integrationFrom(i api.Integration) gatehouse.Integration {
	return gatehouse.Integration{
		ID: i.ID, Name: i.Name, Tenant: i.Tenant, ClientID: i.ClientID, Cloud: i.Cloud, BaseURL: i.BaseURL, API: i.API,
		AllowHosts: i.AllowHosts, Streams: i.Streams, State: gatehouse.IntegrationState(i.State), Created: i.Created, Changed: i.Changed,
		Credential: gatehouse.Credential{Kind: gatehouse.CredentialKind(i.Credential.Kind), Reference: i.Credential.Reference, Expires: i.Credential.Expires},
	}
}

// healthFrom is the health of a stream as the mirror has it.
func healthFrom(integration string, h api.StreamHealth) gatehouse.StreamHealth {
	shown := gatehouse.StreamHealth{
		Integration: integration, Stream: h.Stream, State: h.State, Owner: h.Owner, Reason: h.Reason, Mend: h.Mend, API: h.API,
		LastSuccess: h.LastSuccess, LastAttempt: h.LastAttempt, LastChange: h.LastChange,
		Lag: time.Duration(h.LagSeconds * float64(time.Second)), Held: h.Held, Upstream: -1, SetAside: h.SetAside,
		Calls: h.Calls, Floor: h.Floor, NextAttempt: h.NextAttempt, FailingSince: h.FailingSince,
	}
	if h.Upstream != nil {
		shown.Upstream = *h.Upstream
	}
	return shown
}
