package server

import (
	"context"
	"net/http"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// addIdentityRoutes registers what tells who asks.
func addIdentityRoutes(s *Server) {
	add(s, route{
		method: http.MethodGet, path: "/v1/me", scope: scopeAny, id: "getIdentity", tag: "Identity",
		summary: "Who is asking", description: "What the key or token may do and see, and when it ends.",
	}, s.identity)
}

func (s *Server) identity(ctx context.Context, _ *none) (*answer[api.Identity], error) {
	c := callerOf(ctx)
	kind := "key"
	if c.kind == gatehouse.ActorPerson {
		kind = "oidc"
	}
	return &answer[api.Identity]{api.Identity{
		Kind: kind, ID: c.id, Name: c.name, Scopes: scopesOf(c.scopes), Integrations: c.limits(), Expires: c.expires,
	}}, nil
}
