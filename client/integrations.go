package client

import (
	"context"
	"net/http"

	"github.com/gatehouse-sec/gatehouse/api"
)

// IntegrationsService connects Defender accounts and looks after them. Where an
// integration is named, its id or its name will do.
type IntegrationsService struct{ c *Client }

// List returns the integrations that the key may see.
func (s *IntegrationsService) List(ctx context.Context) ([]api.Integration, error) {
	list, err := get[api.Integrations](ctx, s.c, nil, "integrations")
	return list.Items, err
}

// Get shows an integration.
func (s *IntegrationsService) Get(ctx context.Context, integration string) (api.Integration, error) {
	return get[api.Integration](ctx, s.c, nil, "integrations", integration)
}

// Create connects a Defender account. It is checked first: what the check has
// found is in the answer, and in the problem when it was refused.
func (s *IntegrationsService) Create(ctx context.Context, n api.NewIntegration, idempotencyKey string) (api.CreatedIntegration, error) {
	if idempotencyKey == "" {
		idempotencyKey = NewKey()
	}
	return call[api.CreatedIntegration](ctx, s.c, request{
		method: http.MethodPost, path: pathOf("integrations"), body: n, header: map[string]string{"Idempotency-Key": idempotencyKey},
	})
}

// Update changes what is named.
func (s *IntegrationsService) Update(ctx context.Context, integration string, change api.ChangeIntegration) (api.Integration, error) {
	return call[api.Integration](ctx, s.c, request{method: http.MethodPatch, path: pathOf("integrations", integration), body: change})
}

// ReplaceCredential checks a new credential and puts it in place of the old.
func (s *IntegrationsService) ReplaceCredential(ctx context.Context, integration string, credential api.NewCredential) (api.CreatedIntegration, error) {
	return call[api.CreatedIntegration](ctx, s.c, request{method: http.MethodPut, path: pathOf("integrations", integration, "credential"), body: credential})
}

// Remove deletes an integration with all that is mirrored of it.
func (s *IntegrationsService) Remove(ctx context.Context, integration string) error {
	_, err := call[struct{}](ctx, s.c, request{method: http.MethodDelete, path: pathOf("integrations", integration)})
	return err
}

// Pause stops work on an integration.
func (s *IntegrationsService) Pause(ctx context.Context, integration string) (api.Integration, error) {
	return call[api.Integration](ctx, s.c, request{method: http.MethodPost, path: pathOf("integrations", integration, "pause")})
}

// Resume takes work on an integration up again.
func (s *IntegrationsService) Resume(ctx context.Context, integration string) (api.Integration, error) {
	return call[api.Integration](ctx, s.c, request{method: http.MethodPost, path: pathOf("integrations", integration, "resume")})
}

// Check asks Microsoft what the account can do.
func (s *IntegrationsService) Check(ctx context.Context, integration string) (api.Check, error) {
	return call[api.Check](ctx, s.c, request{method: http.MethodPost, path: pathOf("integrations", integration, "check")})
}

// Permissions is what the account holds in Entra ID and what it lacks.
func (s *IntegrationsService) Permissions(ctx context.Context, integration string) (api.Permissions, error) {
	return get[api.Permissions](ctx, s.c, nil, "integrations", integration, "permissions")
}

// Health is how the mirror of an integration fares.
func (s *IntegrationsService) Health(ctx context.Context, integration string) (api.Health, error) {
	return get[api.Health](ctx, s.c, nil, "integrations", integration, "health")
}

// Budget is what is left of Microsoft's rate limits.
func (s *IntegrationsService) Budget(ctx context.Context, integration string) (api.Budget, error) {
	return get[api.Budget](ctx, s.c, nil, "integrations", integration, "budget")
}
