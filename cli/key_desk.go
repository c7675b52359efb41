package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/store"
)

// keyDesk is where API keys are looked after.
type keyDesk interface {
	addKey(ctx context.Context, n app.NewKey) (gatehouse.Key, gatehouse.Secret, error)
	keys(ctx context.Context) ([]gatehouse.Key, error)
	rotateKey(ctx context.Context, id string, keepOld time.Duration) (gatehouse.Key, gatehouse.Secret, error)
	revokeKey(ctx context.Context, id string) (gatehouse.Key, error)
}

// useKeys opens the desk that the settings mean, calls use, and closes it. Only the
// first key of all may make a mirror.
func (p *program) useKeys(ctx context.Context, mayMake bool, use func(keyDesk) error) error {
	if !p.remote() {
		return p.useApp(ctx, mayMake, app.Options{}, func(a *app.App) error { return use(localKeys{a}) })
	}
	return p.useService(ctx, func(s *service) error { return use(s) })
}

// localKeys are those of the mirror on this machine.
type localKeys struct{ app *app.App }

var _ keyDesk = localKeys{}

func (l localKeys) addKey(ctx context.Context, n app.NewKey) (gatehouse.Key, gatehouse.Secret, error) {
	return l.app.AddKey(ctx, n)
}

func (l localKeys) keys(ctx context.Context) ([]gatehouse.Key, error) {
	return l.app.Store().Keys(ctx)
}

func (l localKeys) rotateKey(ctx context.Context, id string, keepOld time.Duration) (gatehouse.Key, gatehouse.Secret, error) {
	k, text, err := l.app.RotateKey(ctx, id, keepOld)
	return k, text, whichKey(err)
}

func (l localKeys) revokeKey(ctx context.Context, id string) (gatehouse.Key, error) {
	k, err := l.app.RevokeKey(ctx, id)
	return k, whichKey(err)
}

// whichKey says where the ids of keys are when there is none of an id.
func whichKey(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: gatehouse keys list shows the ids", err)
	}
	return err
}

var _ keyDesk = (*service)(nil)

func (s *service) addKey(ctx context.Context, n app.NewKey) (gatehouse.Key, gatehouse.Secret, error) {
	if n.Life < 0 {
		return gatehouse.Key{}, gatehouse.Secret{}, usagef("a server gives out no key without an end: give --life, or make it where the server runs")
	}
	asked := api.NewKey{Name: n.Name, Integrations: n.Integrations, Expires: s.p.now().Add(n.Life).UTC()}
	for _, scope := range n.Scopes {
		asked.Scopes = append(asked.Scopes, api.Scope(scope))
	}
	issued, err := s.Keys.Create(ctx, asked)
	return keyFrom(issued.Key), gatehouse.NewSecret(issued.Text), err
}

func (s *service) keys(ctx context.Context) ([]gatehouse.Key, error) {
	shown, err := s.Keys.List(ctx)
	all := make([]gatehouse.Key, len(shown))
	for i, k := range shown {
		all[i] = keyFrom(k)
	}
	return all, err
}

func (s *service) rotateKey(ctx context.Context, id string, keepOld time.Duration) (gatehouse.Key, gatehouse.Secret, error) {
	var r api.RotateKey
	if keepOld > 0 {
		r.KeepOld = keepOld.String()
	}
	issued, err := s.Keys.Rotate(ctx, id, r)
	return keyFrom(issued.Key), gatehouse.NewSecret(issued.Text), err
}

func (s *service) revokeKey(ctx context.Context, id string) (gatehouse.Key, error) {
	k, err := s.Keys.Get(ctx, id)
	if err == nil {
		err = s.Keys.Revoke(ctx, id)
	}
	return keyFrom(k), err
}

// keyFrom is a key as the mirror has it, as far as the API tells.
func keyFrom(k api.Key) gatehouse.Key {
	key := gatehouse.Key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Integrations: k.Integrations,
		Created: k.Created, Expires: k.Expires, LastUsed: k.LastUsed, Revoked: k.Revoked,
		Unreadable: k.Reason,
	}
	for _, scope := range k.Scopes {
		key.Scopes = append(key.Scopes, gatehouse.Scope(scope))
	}
	return key
}
