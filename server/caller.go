package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// caller is who asks.
type caller struct {
	kind    gatehouse.ActorKind
	id      string // of the key; issuer and subject of a token
	name    string
	scopes  []gatehouse.Scope
	all     bool     // sees every integration, those to come too
	sees    []string // otherwise: ids
	expires time.Time
	// proof is the hash of the key that was shown; nothing for a token.
	proof gatehouse.Hash
}

// allows reports whether the caller has a scope.
func (c *caller) allows(scope gatehouse.Scope) bool {
	return scope == scopeAny || slices.ContainsFunc(c.scopes, func(have gatehouse.Scope) bool { return have.Includes(scope) })
}

// seesIntegration reports whether the caller may know of an integration.
func (c *caller) seesIntegration(id string) bool { return c.all || slices.Contains(c.sees, id) }

// limits are the ids that the caller is confined to; nil when to none.
func (c *caller) limits() []string {
	if c.all {
		return nil
	}
	return append([]string{}, c.sees...)
}

type contextKey int

const (
	callerKey contextKey = iota
	noteKey
	requestKey
	localKey
)

// callerOf returns who asks. Behind the gate there always is somebody.
func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey).(*caller)
	if c == nil {
		return &caller{kind: gatehouse.ActorNobody}
	}
	return c
}

// visible returns the integrations that were asked for by id or name, or all that
// the caller may see when none was. One that does not exist and one that the
// caller may not see are the same error. Those being removed are not there any
// more.
func (s *Server) visible(ctx context.Context, wanted []string) ([]gatehouse.Integration, error) {
	c := callerOf(ctx)
	all, err := s.store.Integrations(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(i gatehouse.Integration) bool {
		return !c.seesIntegration(i.ID) || i.State == gatehouse.IntegrationRemoving
	})
	if len(wanted) == 0 {
		return all, nil
	}
	var chosen []gatehouse.Integration
	for _, name := range wanted {
		i, ok := named(all, name)
		if !ok {
			return nil, noIntegration(name)
		}
		if !slices.ContainsFunc(chosen, func(have gatehouse.Integration) bool { return have.ID == i.ID }) {
			chosen = append(chosen, i)
		}
	}
	return chosen, nil
}

// named finds an integration by id or, when no id fits, by name.
func named(all []gatehouse.Integration, idOrName string) (gatehouse.Integration, bool) {
	for _, fits := range []func(gatehouse.Integration) bool{
		func(i gatehouse.Integration) bool { return i.ID == idOrName },
		func(i gatehouse.Integration) bool { return i.Name == idOrName },
	} {
		if n := slices.IndexFunc(all, fits); n >= 0 {
			return all[n], true
		}
	}
	return gatehouse.Integration{}, false
}

// visibleOne returns one integration, by id or name, if the caller may see it,
// and notes it for the audit.
func (s *Server) visibleOne(ctx context.Context, idOrName string) (gatehouse.Integration, error) {
	i, err := s.store.ListedIntegration(ctx, idOrName)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return i, noIntegration(idOrName)
	case err != nil:
		return i, err
	case !callerOf(ctx).seesIntegration(i.ID), i.State == gatehouse.IntegrationRemoving:
		return gatehouse.Integration{}, noIntegration(idOrName)
	}
	noteOf(ctx).integration = i.ID
	return i, nil
}

// noIntegration says that there is none, or that it may not be seen.
func noIntegration(idOrName string) error {
	return notFound(fmt.Sprintf("there is no integration %q", idOrName), "list those that you may see: GET /v1/integrations")
}
