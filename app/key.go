package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/server"
	"github.com/gatehouse-sec/gatehouse/store"
)

// keyLife is how long a key lives that does not say.
const keyLife = 90 * 24 * time.Hour

// NewKey describes an API key that is to be made on the machine of the database.
type NewKey struct {
	Name   string
	Scopes []gatehouse.Scope
	// Integrations are the ids or names that the key sees. Default: every one.
	Integrations []string
	// Life is how long it lives. Default: 90 days. Less than 0 is for ever.
	Life time.Duration
}

// AddKey makes an API key and returns it with its text, which is not kept.
func (a *App) AddKey(ctx context.Context, n NewKey) (gatehouse.Key, gatehouse.Secret, error) {
	k := gatehouse.Key{Name: n.Name, Scopes: n.Scopes}
	switch {
	case n.Life == 0:
		k.Expires = a.options.Now().Add(keyLife)
	case n.Life > 0:
		k.Expires = a.options.Now().Add(n.Life)
	}
	for _, name := range n.Integrations {
		i, err := a.store.Integration(ctx, name)
		if err != nil {
			return k, gatehouse.Secret{}, err
		}
		k.Integrations = append(k.Integrations, i.ID)
	}
	return a.giveKey(ctx, k, gatehouse.ActorLocal)
}

// giveKey makes a key and writes it down.
func (a *App) giveKey(ctx context.Context, k gatehouse.Key, by gatehouse.ActorKind) (gatehouse.Key, gatehouse.Secret, error) {
	text := server.NewKeyText("")
	k.ID, k.Prefix, k.Hash = text.ID, text.Prefix, text.Hash
	k, err := a.store.AddKey(ctx, k)
	if err != nil {
		return k, gatehouse.Secret{}, err
	}
	return k, text.Text, a.auditKey(ctx, by, "keys.create", k)
}

// auditKey writes down what was done to a key.
func (a *App) auditKey(ctx context.Context, by gatehouse.ActorKind, operation string, k gatehouse.Key) error {
	_, err := a.store.AppendAudit(ctx, gatehouse.AuditEntry{
		Actor:     map[gatehouse.ActorKind]string{gatehouse.ActorSystem: "bootstrap", gatehouse.ActorLocal: LocalUser()}[by],
		ActorKind: by, Operation: operation, Target: k.ID, Outcome: "done", Detail: server.KeyDetail(k),
	})
	return err
}

// LocalUser names the person who runs this process, for the audit log: the user
// name of the environment, else the number of the user.
func LocalUser() string {
	for _, name := range []string{"USER", "USERNAME", "LOGNAME"} {
		if user := os.Getenv(name); user != "" {
			return user
		}
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

// RevokeKey ends an API key at once and for good.
func (a *App) RevokeKey(ctx context.Context, id string) (gatehouse.Key, error) {
	k, err := a.store.RevokeKey(ctx, id)
	if err != nil {
		return k, err
	}
	return k, a.auditKey(ctx, gatehouse.ActorLocal, "keys.revoke", k)
}

// RotateKey gives an API key a new text. The one before goes on for as long as
// keepOld says. The key lives as long again as it was made for.
func (a *App) RotateKey(ctx context.Context, id string, keepOld time.Duration) (gatehouse.Key, gatehouse.Secret, error) {
	k, err := a.store.Key(ctx, id)
	if err != nil {
		return k, gatehouse.Secret{}, err
	}
	text, now := server.NewKeyText(k.ID), a.options.Now()
	change := store.KeyRotation{Hash: text.Hash, Prefix: text.Prefix, Expires: server.RenewedExpiry(k, now)}
	if keepOld > 0 {
		change.OldUntil = now.Add(keepOld)
	}
	if k, err = a.store.RotateKey(ctx, id, change); err != nil {
		return k, gatehouse.Secret{}, err
	}
	return k, text.Text, a.auditKey(ctx, gatehouse.ActorLocal, "keys.rotate", k)
}

// Bootstrap makes one key with the scope admin when there is no key at all, and
// never again. With a file the text is written there, with mode 0600, and is
// readable by nobody else. It returns false when there are keys.
func (a *App) Bootstrap(ctx context.Context, file string) (gatehouse.Key, gatehouse.Secret, bool, error) {
	if keys, err := a.store.Keys(ctx); err != nil || len(keys) > 0 {
		return gatehouse.Key{}, gatehouse.Secret{}, false, err
	}
	k, text, err := a.giveKey(ctx, gatehouse.Key{Name: "first admin", Scopes: []gatehouse.Scope{gatehouse.ScopeAdmin}, Bootstrap: true}, gatehouse.ActorSystem)
	if errors.Is(err, store.ErrExists) {
		return gatehouse.Key{}, gatehouse.Secret{}, false, nil // another process was first
	}
	if err != nil || file == "" {
		return k, text, err == nil, err
	}
	if err := writeKey(file, text); err != nil {
		// Nobody will ever know its text.
		_, revoked := a.store.RevokeKey(context.WithoutCancel(ctx), k.ID)
		return k, gatehouse.Secret{}, false, errors.Join(fmt.Errorf("the first key could not be written, and was revoked: make one with gatehouse keys add: %w", err), revoked)
	}
	return k, text, true, nil
}

// writeKey writes the text of a key where nobody else reads it.
func writeKey(file string, text gatehouse.Secret) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // whoever starts the server names the file
	if err != nil {
		return err
	}
	err = f.Chmod(0o600) // it may have been there
	if err == nil {
		_, err = f.WriteString(text.Reveal() + "\n")
	}
	return errors.Join(err, f.Close())
}
