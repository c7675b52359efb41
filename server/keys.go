package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// How long keys live.
const (
	keyDefault = 90 * 24 * time.Hour
	keepOldMax = 30 * 24 * time.Hour
)

// onKey is a question about one key.
type onKey struct {
	Key string `path:"key" doc:"Id of the key." example:"key_0123456789abcdef"`
}

// addKeyRoutes registers the routes of API keys.
func addKeyRoutes(s *Server) {
	const root, one, tag = "/v1/keys", "/v1/keys/{key}", "Keys"
	add(s, route{
		method: http.MethodGet, path: root, scope: gatehouse.ScopeAdmin, id: "listKeys", tag: tag,
		summary: "List the API keys", description: "Revoked and expired ones too, the oldest first. A key that is confined to some integrations sees those that are confined to the same or fewer.",
	}, s.listKeys)
	add(s, route{
		method: http.MethodPost, path: root, scope: gatehouse.ScopeAdmin, id: "createKey", does: "keys.create", tag: tag, status: http.StatusCreated, idempotency: once,
		summary: "Make an API key", description: "The text of the key is in this answer and can never be read again. A key can only give what it has: its scopes, its integrations, and no longer life than its own.",
	}, s.createKey)
	add(s, route{
		method: http.MethodGet, path: one, scope: gatehouse.ScopeAdmin, id: "getKey", tag: tag, summary: "Show an API key",
	}, s.getKey)
	add(s, route{
		method: http.MethodDelete, path: one, scope: gatehouse.ScopeAdmin, id: "revokeKey", does: "keys.revoke", tag: tag,
		summary: "Revoke an API key", description: "It ends at once and for good. It stays in the list.",
	}, s.revokeKey)
	add(s, route{
		method: http.MethodPost, path: one + "/rotate", scope: gatehouse.ScopeAdmin, id: "rotateKey", does: "keys.rotate", tag: tag, idempotency: once,
		summary: "Give an API key a new text", description: "Its life begins anew with the length that it had. The old text ends at once, or goes on for as long as keepOld says.",
	}, s.rotateKey)
}

// keyOf is a key as it is shown.
func keyOf(k gatehouse.Key) api.Key {
	return api.Key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: scopesOf(k.Scopes), Integrations: k.Integrations,
		Created: k.Created, Expires: k.Expires, LastUsed: k.LastUsed, Revoked: k.Revoked,
		Reason: k.Unreadable,
	}
}

// covers reports whether the caller has all that the key has.
func (c *caller) covers(k gatehouse.Key) bool {
	for _, scope := range k.Scopes {
		if !c.allows(scope) {
			return false
		}
	}
	if c.all {
		return true
	}
	return len(k.Integrations) > 0 && !slices.ContainsFunc(k.Integrations, func(id string) bool { return !c.seesIntegration(id) })
}

func (s *Server) listKeys(ctx context.Context, _ *none) (*answer[api.Keys], error) {
	all, err := s.store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	list := api.Keys{Items: []api.Key{}}
	for _, k := range all {
		if callerOf(ctx).covers(k) {
			list.Items = append(list.Items, keyOf(k))
		}
	}
	return &answer[api.Keys]{list}, nil
}

// coveredKey returns a key, if the caller has all that it has. One that does not
// exist and one with more are the same error.
func (s *Server) coveredKey(ctx context.Context, id string) (gatehouse.Key, error) {
	all, err := s.store.Keys(ctx)
	if err != nil {
		return gatehouse.Key{}, err
	}
	n := slices.IndexFunc(all, func(k gatehouse.Key) bool { return k.ID == id })
	if n < 0 || !callerOf(ctx).covers(all[n]) {
		return gatehouse.Key{}, notFound(fmt.Sprintf("there is no key %q", id), "list those that you may see: GET /v1/keys")
	}
	noteOf(ctx).target = id
	return all[n], nil
}

func (s *Server) getKey(ctx context.Context, in *onKey) (*answer[api.Key], error) {
	k, err := s.coveredKey(ctx, in.Key)
	return &answer[api.Key]{keyOf(k)}, err
}

func (s *Server) createKey(ctx context.Context, in *answer[api.NewKey]) (*answer[api.IssuedKey], error) {
	k, err := s.wantedKey(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if k, err = s.grantable(ctx, k); err != nil {
		return nil, err
	}
	text := NewKeyText("")
	k.ID, k.Prefix, k.Hash = text.ID, text.Prefix, text.Hash
	noteOf(ctx).target = k.ID
	noteOf(ctx).detail = KeyDetail(k)
	if k, err = s.store.AddKey(ctx, k); err != nil {
		return nil, err
	}
	return &answer[api.IssuedKey]{api.IssuedKey{Key: keyOf(k), Text: text.Text.Reveal()}}, nil
}

// KeyDetail is what the audit says of a key.
func KeyDetail(k gatehouse.Key) json.RawMessage {
	text, _ := json.Marshal(keyOf(k)) //nolint:errchkjson // the store gives no time that cannot be encoded
	return text
}

// wantedKey is the key that was asked for, without its text.
func (s *Server) wantedKey(ctx context.Context, n api.NewKey) (gatehouse.Key, error) {
	k := gatehouse.Key{Name: n.Name, Expires: n.Expires}
	if k.Expires.IsZero() {
		k.Expires = s.now().Add(keyDefault)
		if c := callerOf(ctx); c.kind == gatehouse.ActorKey && !c.expires.IsZero() && c.expires.Before(k.Expires) {
			k.Expires = c.expires // nobody gives more life than they have
		}
	}
	if !k.Expires.After(s.now()) {
		return k, invalid("body.expires", "it is in the past", "give a time to come, or none for 90 days")
	}
	for _, scope := range n.Scopes {
		k.Scopes = append(k.Scopes, gatehouse.Scope(scope))
	}
	if len(n.Integrations) == 0 {
		return k, nil
	}
	chosen, err := s.visible(ctx, n.Integrations)
	for _, i := range chosen {
		k.Integrations = append(k.Integrations, i.ID)
	}
	return k, err
}

// grantable is the key that the caller may give: nobody gives more than they have.
func (s *Server) grantable(ctx context.Context, k gatehouse.Key) (gatehouse.Key, error) {
	c := callerOf(ctx)
	if len(k.Integrations) == 0 && !c.all {
		k.Integrations = c.sees
	}
	if c.kind == gatehouse.ActorKey && !c.expires.IsZero() && k.Expires.After(c.expires) {
		return k, newProblem(api.CodeScope, "a key cannot give another a longer life than its own", "ask for one that ends by "+c.expires.UTC().Format(time.RFC3339))
	}
	if !c.covers(k) {
		return k, newProblem(api.CodeScope, "a key can only give what it has", "")
	}
	return k, nil
}

func (s *Server) revokeKey(ctx context.Context, in *onKey) (*none, error) {
	k, err := s.coveredKey(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	_, err = s.store.RevokeKey(ctx, k.ID)
	return nil, err
}

func (s *Server) rotateKey(ctx context.Context, in *struct {
	Key  string `path:"key" doc:"Id of the key."`
	Body *api.RotateKey
},
) (*answer[api.IssuedKey], error) {
	k, err := s.coveredKey(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	keep, err := keepOld(in.Body)
	if err != nil {
		return nil, err
	}
	if k.Unreadable != "" {
		return nil, newProblem(api.CodeConflict, k.Unreadable, "revoke it, and make a new one: POST /v1/keys")
	}
	if !k.Revoked.IsZero() {
		return nil, newProblem(api.CodeConflict, "the key is revoked", "make a new one: POST /v1/keys")
	}
	text := NewKeyText(k.ID)
	change := store.KeyRotation{Hash: text.Hash, Prefix: text.Prefix, Expires: s.renewed(ctx, k)}
	if keep > 0 {
		change.OldUntil = s.now().Add(keep)
	}
	if k, err = s.store.RotateKey(ctx, k.ID, change); err != nil {
		return nil, err
	}
	noteOf(ctx).detail = KeyDetail(k)
	return &answer[api.IssuedKey]{api.IssuedKey{Key: keyOf(k), Text: text.Text.Reveal()}}, nil
}

// keepOld is how long an old text goes on.
func keepOld(b *api.RotateKey) (time.Duration, error) {
	if b == nil || b.KeepOld == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(b.KeepOld)
	if err != nil || d < 0 || d > keepOldMax {
		return 0, invalid("body.keepOld", "it is no duration up to 720h", "write it as 24h or 30m")
	}
	return d, nil
}

// renewed is when a key ends that gets a new text now, which is no later than the
// end of the key that gives it.
func (s *Server) renewed(ctx context.Context, k gatehouse.Key) time.Time {
	end := RenewedExpiry(k, s.now())
	if c := callerOf(ctx); c.kind == gatehouse.ActorKey && c.id != k.ID && !c.expires.IsZero() && end.After(c.expires) {
		return c.expires
	}
	return end
}

// RenewedExpiry is when a key ends that gets a new text now: it lives as long again
// as before.
func RenewedExpiry(k gatehouse.Key, now time.Time) time.Time {
	if k.Expires.IsZero() {
		return time.Time{}
	}
	begun := k.Created
	if k.Rotated.After(begun) {
		begun = k.Rotated
	}
	return now.Add(k.Expires.Sub(begun))
}
