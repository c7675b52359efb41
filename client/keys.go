package client

import (
	"context"
	"net/http"

	"github.com/gatehouse-sec/gatehouse/api"
)

// KeysService gives out API keys. It needs the scope admin.
type KeysService struct{ c *Client }

// List returns the keys, without their texts.
func (s *KeysService) List(ctx context.Context) ([]api.Key, error) {
	list, err := get[api.Keys](ctx, s.c, nil, "keys")
	return list.Items, err
}

// Get shows a key, without its text.
func (s *KeysService) Get(ctx context.Context, id string) (api.Key, error) {
	return get[api.Key](ctx, s.c, nil, "keys", id)
}

// Create makes a key. Its text is in the answer and nowhere else.
func (s *KeysService) Create(ctx context.Context, k api.NewKey) (api.IssuedKey, error) {
	return call[api.IssuedKey](ctx, s.c, request{method: http.MethodPost, path: pathOf("keys"), body: k})
}

// Rotate gives a key a new text.
func (s *KeysService) Rotate(ctx context.Context, id string, r api.RotateKey) (api.IssuedKey, error) {
	return call[api.IssuedKey](ctx, s.c, request{method: http.MethodPost, path: pathOf("keys", id, "rotate"), body: r})
}

// Revoke ends a key.
func (s *KeysService) Revoke(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, s.c, request{method: http.MethodDelete, path: pathOf("keys", id)})
	return err
}
