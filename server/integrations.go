package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// integrationsTag names the routes of integrations in the docs.
const integrationsTag = "Integrations"

// onIntegration is a question about one integration.
type onIntegration struct {
	Integration string `path:"integration" doc:"Id or name of the integration."`
}

// changeIntegration is a change of one integration.
type changeIntegration struct {
	Integration string `path:"integration" doc:"Id or name of the integration."`
	IfMatch     string `header:"If-Match" doc:"The ETag that the integration must have. Absent: any."`
}

// bodyIntegration is a change of one integration that says what to change.
type bodyIntegration[T any] struct {
	Integration string `path:"integration" doc:"Id or name of the integration."`
	IfMatch     string `header:"If-Match" doc:"The ETag that the integration must have. Absent: any."`
	Body        T
}

// addIntegrationRoutes registers the routes of integrations.
func addIntegrationRoutes(s *Server) {
	const root, one = "/v1/integrations", "/v1/integrations/{integration}"
	read := func(path, id, summary, description string) route {
		return route{method: http.MethodGet, path: path, scope: gatehouse.ScopeRead, id: id, tag: integrationsTag, summary: summary, description: description}
	}
	change := func(method, path, id, does, summary, description string) route {
		return route{method: method, path: path, scope: gatehouse.ScopeAdmin, id: id, does: does, tag: integrationsTag, summary: summary, description: description}
	}
	add(s, read(root, "listIntegrations", "List the integrations", "Those that the key may see, by name."), s.listIntegrations)
	create := change(http.MethodPost, root, "createIntegration", "integrations.create", "Connect a Defender account",
		"The account is checked first. When nothing can be read with it, it is not kept, and the problem has the findings of the check, each with its cause and mend. A permission that is missing is no reason to refuse it. Needs a key that sees every integration.")
	create.status = http.StatusCreated
	add(s, create, s.createIntegration)
	add(s, read(one, "getIntegration", "Show an integration", ""), s.getIntegration)
	add(s, change(http.MethodPatch, one, "updateIntegration", "integrations.update", "Change an integration", "What is not named stays."), s.updateIntegration)
	add(s, change(http.MethodDelete, one, "deleteIntegration", "integrations.delete", "Remove an integration", "With all that is mirrored of it. Nothing changes in Defender."), s.deleteIntegration)
	add(s, change(http.MethodPut, one+"/credential", "replaceCredential", "integrations.rotate", "Replace the credential",
		"The new credential is checked first. When it cannot work the old one stays."), s.replaceCredential)
	add(s, change(http.MethodPost, one+"/pause", "pauseIntegration", "integrations.pause", "Pause an integration", "What is mirrored stays."), s.pauseIntegration)
	add(s, change(http.MethodPost, one+"/resume", "resumeIntegration", "integrations.resume", "Resume an integration", ""), s.resumeIntegration)
	add(s, change(http.MethodPost, one+"/check", "checkIntegration", "integrations.check", "Check an integration now", "Asks Microsoft, capability by capability. Changes nothing."), s.checkIntegration)
	add(s, read(one+"/permissions", "getPermissions", "What an integration holds and lacks in Entra ID", "As its last tokens say, which are at most an hour old."), s.permissions)
	add(s, read(one+"/health", "getHealth", "How the mirror of an integration fares", "Stream by stream, with cause and mend where something is wrong."), s.health)
	add(s, read(one+"/budget", "getBudget", "What is left of Microsoft's rate limits", "As this process has counted."), s.budget)
}

// integrationOf is an integration as it is shown.
func integrationOf(i gatehouse.Integration) api.Integration {
	return api.Integration{
		ID: i.ID, Name: i.Name, Tenant: i.Tenant, ClientID: i.ClientID, Cloud: i.Cloud, BaseURL: i.BaseURL,
		API: i.API, AllowHosts: i.AllowHosts, Streams: i.Streams, State: string(i.State), Created: i.Created, Changed: i.Changed,
		Credential: api.CredentialInfo{Kind: string(i.Credential.Kind), Reference: i.Credential.Reference, Expires: i.Credential.Expires},
	}
}

// showIntegration is an integration with its version.
func showIntegration(i gatehouse.Integration) (*tagged[api.Integration], error) {
	shown := integrationOf(i)
	tag, err := etagOf(shown)
	return &tagged[api.Integration]{ETag: tag, Body: shown}, err
}

func (s *Server) listIntegrations(ctx context.Context, _ *none) (*answer[api.Integrations], error) {
	all, err := s.visible(ctx, nil)
	if err != nil {
		return nil, err
	}
	list := api.Integrations{Items: []api.Integration{}}
	for _, i := range all {
		list.Items = append(list.Items, integrationOf(i))
	}
	return &answer[api.Integrations]{list}, nil
}

func (s *Server) createIntegration(ctx context.Context, in *answer[api.NewIntegration]) (*tagged[api.CreatedIntegration], error) {
	noteOf(ctx).target = in.Body.Name
	if !callerOf(ctx).all {
		return nil, newProblem(api.CodeScope, "a key that is confined to some integrations cannot add another", "use a key without a list of integrations")
	}
	i, found, err := s.backend.AddIntegration(ctx, in.Body)
	if err != nil {
		return nil, withCheck(s.problem(ctx, err), found)
	}
	noteOf(ctx).integration = i.ID
	shown, err := showIntegration(i)
	if err != nil {
		return nil, err
	}
	return &tagged[api.CreatedIntegration]{ETag: shown.ETag, Body: api.CreatedIntegration{Integration: shown.Body, Check: found}}, nil
}

// withCheck puts what a check has found into the problem.
func withCheck(p *api.Problem, found *api.Check) *api.Problem {
	p.Check = found
	return p
}

func (s *Server) getIntegration(ctx context.Context, in *onIntegration) (*tagged[api.Integration], error) {
	i, err := s.visibleOne(ctx, in.Integration)
	if err != nil {
		return nil, err
	}
	return showIntegration(i)
}

// changing finds the integration that is to be changed, if it still is what the
// caller believes.
func (s *Server) changing(ctx context.Context, idOrName, ifMatch string) (gatehouse.Integration, error) {
	i, err := s.visibleOne(ctx, idOrName)
	if err != nil || ifMatch == "" {
		return i, err
	}
	shown, err := showIntegration(i)
	if err == nil && !matches(ifMatch, shown.ETag) {
		err = newProblem(api.CodePrecondition, "integration "+i.Name+" is not what If-Match says any more", "")
	}
	return i, err
}

func (s *Server) updateIntegration(ctx context.Context, in *bodyIntegration[api.ChangeIntegration]) (*tagged[api.Integration], error) {
	i, err := s.changing(ctx, in.Integration, in.IfMatch)
	if err != nil {
		return nil, err
	}
	noteOf(ctx).detail = in.Body
	if i, err = s.backend.UpdateIntegration(ctx, i.ID, in.Body); err != nil {
		return nil, err
	}
	return showIntegration(i)
}

func (s *Server) deleteIntegration(ctx context.Context, in *changeIntegration) (*none, error) {
	i, err := s.changing(ctx, in.Integration, in.IfMatch)
	if err != nil {
		return nil, err
	}
	noteOf(ctx).target = i.Name
	// Half a removal is taken up again, but it is better not to leave one.
	return nil, s.backend.Remove(context.WithoutCancel(ctx), i.ID)
}

func (s *Server) replaceCredential(ctx context.Context, in *bodyIntegration[api.NewCredential]) (*tagged[api.CreatedIntegration], error) {
	i, err := s.changing(ctx, in.Integration, in.IfMatch)
	if err != nil {
		return nil, err
	}
	i, found, err := s.backend.ReplaceCredential(ctx, i.ID, in.Body)
	if err != nil {
		return nil, withCheck(s.problem(ctx, err), found)
	}
	shown, err := showIntegration(i)
	if err != nil {
		return nil, err
	}
	return &tagged[api.CreatedIntegration]{ETag: shown.ETag, Body: api.CreatedIntegration{Integration: shown.Body, Check: found}}, nil
}

func (s *Server) pauseIntegration(ctx context.Context, in *changeIntegration) (*tagged[api.Integration], error) {
	return s.switchIntegration(ctx, in, s.backend.Pause)
}

func (s *Server) resumeIntegration(ctx context.Context, in *changeIntegration) (*tagged[api.Integration], error) {
	return s.switchIntegration(ctx, in, s.backend.Resume)
}

// switchIntegration pauses or resumes an integration.
func (s *Server) switchIntegration(ctx context.Context, in *changeIntegration, do func(context.Context, string) error) (*tagged[api.Integration], error) {
	i, err := s.changing(ctx, in.Integration, in.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := do(ctx, i.ID); err != nil {
		return nil, err
	}
	if i, err = s.store.Integration(ctx, i.ID); err != nil {
		return nil, err
	}
	return showIntegration(i)
}

func (s *Server) checkIntegration(ctx context.Context, in *onIntegration) (*answer[api.Check], error) {
	i, err := s.visibleOne(ctx, in.Integration)
	if err != nil {
		return nil, err
	}
	found, err := s.backend.CheckIntegration(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	return &answer[api.Check]{*found}, nil
}

func (s *Server) permissions(ctx context.Context, in *onIntegration) (*answer[api.Permissions], error) {
	i, err := s.visibleOne(ctx, in.Integration)
	if err != nil {
		return nil, err
	}
	held, err := s.backend.Permissions(ctx, i.ID)
	return &answer[api.Permissions]{held}, err
}

func (s *Server) budget(ctx context.Context, in *onIntegration) (*answer[api.Budget], error) {
	i, err := s.visibleOne(ctx, in.Integration)
	if err != nil {
		return nil, err
	}
	left, err := s.backend.Budget(ctx, i.ID)
	return &answer[api.Budget]{left}, err
}

func (s *Server) health(ctx context.Context, in *onIntegration) (*answer[api.Health], error) {
	i, err := s.visibleOne(ctx, in.Integration)
	if err != nil {
		return nil, err
	}
	streams, err := s.backend.Status(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	shown := api.Health{Integration: i.ID, State: string(worst(streams)), Streams: []api.StreamHealth{}}
	for _, h := range streams {
		shown.Streams = append(shown.Streams, healthOf(h))
	}
	return &answer[api.Health]{shown}, nil
}

// healthOf is the health of a stream as it is shown.
func healthOf(h gatehouse.StreamHealth) api.StreamHealth {
	shown := api.StreamHealth{
		Stream: h.Stream, State: h.State, Owner: h.Owner, Reason: h.Reason, Mend: h.Mend, API: h.API,
		LastSuccess: h.LastSuccess, LastAttempt: h.LastAttempt, LastChange: h.LastChange,
		LagSeconds: h.Lag.Round(time.Millisecond).Seconds(), Held: h.Held, SetAside: h.SetAside, Calls: h.Calls, Floor: h.Floor,
		NextAttempt: h.NextAttempt, FailingSince: h.FailingSince,
	}
	if h.Upstream >= 0 {
		shown.Upstream = &h.Upstream
	}
	return shown
}

// worst is the state among the streams that asks the most of anyone. A stream that
// is off counts only when all are.
func worst(streams []gatehouse.StreamHealth) gatehouse.StreamState {
	order := []gatehouse.StreamState{
		gatehouse.StreamPaused, gatehouse.StreamUnauthorized, gatehouse.StreamStorage, gatehouse.StreamForbidden, gatehouse.StreamUpstream,
		gatehouse.StreamThrottled, gatehouse.StreamDegraded, gatehouse.StreamPending, gatehouse.StreamHealthy, gatehouse.StreamOff,
	}
	for _, state := range order {
		for _, h := range streams {
			if h.State == state {
				return state
			}
		}
	}
	return gatehouse.StreamPending
}
