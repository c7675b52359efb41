package server

import (
	"context"
	"net/http"
	"sync"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/api"
)

// addCapabilityRoutes registers what tells what can be asked and done.
func addCapabilityRoutes(s *Server) {
	add(s, route{
		method: http.MethodGet, path: "/v1/capabilities", scope: gatehouse.ScopeRead, id: "getCapabilities", tag: "Capabilities",
		summary:     "What can be asked of this server, and what each integration can do",
		description: "The resources with their filters and sorts, the catalogue of response actions, and for each integration which capabilities and actions its permissions open. An integration that cannot sign in has a problem in place of them.",
	}, s.capabilities)
}

// ofIntegrations is a question about some integrations.
type ofIntegrations struct {
	Integrations []string `query:"integration,explode" doc:"Ids or names of integrations; may be repeated. Absent: all that the key may see."`
}

func (s *Server) capabilities(ctx context.Context, in *ofIntegrations) (*answer[api.Capabilities], error) {
	integrations, err := s.visible(ctx, in.Integrations)
	if err != nil {
		return nil, err
	}
	states := make([]api.IntegrationCapabilities, len(integrations))
	var asking sync.WaitGroup
	places := make(chan struct{}, 8) // each may have to sign in
	for n, i := range integrations {
		asking.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			states[n] = s.capabilitiesOf(ctx, i)
		})
	}
	asking.Wait()
	return &answer[api.Capabilities]{api.Capabilities{Resources: resourceInfos(), Actions: actionKinds(), Integrations: states}}, nil
}

// capabilitiesOf is what one integration can do.
func (s *Server) capabilitiesOf(ctx context.Context, i gatehouse.Integration) api.IntegrationCapabilities {
	can := api.IntegrationCapabilities{Integration: i.ID, Name: i.Name, Capabilities: []api.CapabilityState{}, Actions: []api.ActionState{}}
	held, err := s.backend.Permissions(ctx, i.ID)
	if err != nil {
		p := *s.problem(ctx, err)
		p.Integration = i.ID
		can.Problem = &p
		return can
	}
	can.Capabilities = held.Capabilities
	var permissions []gatehouse.Permission
	for _, p := range held.Held {
		permissions = append(permissions, gatehouse.Permission{Resource: gatehouse.Resource(p.Resource), Name: p.Name})
	}
	for _, a := range action.Catalogue() {
		can.Actions = append(can.Actions, actionState(a, i.API, permissions))
	}
	return can
}

// actionState says whether permissions open an action.
func actionState(a action.Action, prefer gatehouse.API, held []gatehouse.Permission) api.ActionState {
	door, _, ok := a.Pick(held, prefer)
	if ok {
		return api.ActionState{Action: a.Name, OK: true, API: string(door.API)}
	}
	state := api.ActionState{Action: a.Name, Missing: []string{}}
	for _, d := range a.Doors {
		if missing := d.Missing(held); missing != "" {
			state.Missing = append(state.Missing, missing)
		}
	}
	return state
}

// actionKinds is the catalogue of response actions as it is shown.
func actionKinds() []api.ActionKind {
	kinds := []api.ActionKind{}
	for _, a := range action.Catalogue() {
		kinds = append(kinds, actionKind(a))
	}
	return kinds
}

// actionKind is one response action as it is shown.
func actionKind(a action.Action) api.ActionKind {
	kind := api.ActionKind{
		Name: a.Name, Title: a.Title, Summary: a.Summary, Docs: a.Docs, Risk: string(a.Risk), Target: string(a.Target),
		Parameters: []api.ActionParameter{}, Permissions: []string{},
	}
	for _, p := range a.Parameters {
		kind.Parameters = append(kind.Parameters, api.ActionParameter{
			Name: p.Name, Kind: string(p.Kind), Required: p.Required, Values: p.Values, Default: p.Default, Doc: p.Doc,
		})
	}
	for _, d := range a.Doors {
		for _, p := range d.AnyOf {
			kind.Permissions = append(kind.Permissions, p.Name)
		}
	}
	return kind
}
