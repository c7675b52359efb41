package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-sec/gatehouse"
)

// Secret is the root's [gatehouse.Secret], which prints "[redacted]" in every
// format.
type Secret = gatehouse.Secret

// NewSecret wraps value. An empty value gives the zero Secret.
func NewSecret(value string) Secret { return gatehouse.NewSecret(value) }

// The secrets of an integration.
const (
	SecretCredential = "credential" // the client secret, or the certificate file whole
	SecretPassword   = "password"   // of the certificate file
)

// NamedSecret is a secret that is kept in one step with the settings of its
// integration, so that nobody finds one without the other.
type NamedSecret struct {
	Name  string // SecretCredential or SecretPassword
	Value Secret // the zero Secret forgets the one that is kept
}

// sealedSecret is a secret as it is kept; without a key it is forgotten.
type sealedSecret struct {
	name, keyID string
	sealed      []byte
}

// PutSecret seals a secret of an integration and keeps it in place of the one
// of that name; the zero Secret forgets it. It fails with [ErrKey] when there is no
// key to seal it with.
func (s *Store) PutSecret(ctx context.Context, integration, name string, value Secret) error {
	sealed, err := s.seal(integration, []NamedSecret{{name, value}})
	if err != nil {
		return err
	}
	return s.write(ctx, "put secret", func(tx *transaction) error {
		if err := tx.holdIntegration(ctx, integration); err != nil {
			return err
		}
		return tx.putSecrets(ctx, integration, sealed)
	})
}

// seal seals secrets of an integration. Without any to seal no key is needed.
func (s *Store) seal(integration string, secrets []NamedSecret) ([]sealedSecret, error) {
	all := make([]sealedSecret, len(secrets))
	for i, secret := range secrets {
		all[i].name = secret.Name
		if secret.Value.IsZero() {
			continue
		}
		ring, err := s.keyring(true)
		if err != nil {
			return nil, err
		}
		all[i].keyID, all[i].sealed, err = ring.seal(secret.Value, sealedFor(integration, secret.Name))
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// putSecrets keeps sealed secrets of an integration in place of those of their names.
func (t *transaction) putSecrets(ctx context.Context, integration string, secrets []sealedSecret) error {
	for _, secret := range secrets {
		var err error
		if secret.keyID == "" {
			_, err = t.exec(ctx, "DELETE FROM secrets WHERE integration_id = $1 AND name = $2", integration, secret.name)
		} else {
			_, err = t.exec(ctx,
				"INSERT INTO secrets (integration_id, name, key_id, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (integration_id, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
				integration, secret.name, secret.keyID, secret.sealed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Secret opens a secret of an integration. It fails with [ErrNotFound] when
// there is none and with [ErrKey] when it was sealed with a key that is not at hand.
func (s *Store) Secret(ctx context.Context, integration, name string) (Secret, error) {
	var keyID string
	var sealed []byte
	err := s.read.QueryRowContext(ctx, "SELECT key_id, sealed FROM secrets WHERE integration_id = $1 AND name = $2", integration, name).Scan(&keyID, &sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Secret{}, fmt.Errorf("store: secret %q of integration %q: %w", name, integration, ErrNotFound)
	case err != nil:
		return Secret{}, s.failure("read secret", err)
	}
	ring, err := s.keyring(false)
	if err != nil {
		return Secret{}, err
	}
	value, err := ring.open(keyID, sealed, sealedFor(integration, name))
	if err != nil {
		return Secret{}, fmt.Errorf("store: secret %q of integration %q: %w", name, integration, err)
	}
	return value, nil
}

// sealedFor binds a sealed secret to its place, so that it opens nowhere else.
func sealedFor(integration, name string) []byte {
	return fmt.Appendf(nil, "gatehouse secret %d:%s %s", len(integration), integration, name)
}

// ReadReference reads the secret that a reference names, "env:NAME" or
// "file:PATH". A line break at the end of a text file is not part of it; of a file
// that is no text, such as a PFX file, every byte counts.
func ReadReference(reference string) (Secret, error) {
	kind, name, _ := strings.Cut(reference, ":")
	switch kind {
	case "env":
		if value := os.Getenv(name); value != "" {
			return NewSecret(value), nil
		}
		return Secret{}, fmt.Errorf("%w: environment variable %s is not set", ErrNotFound, name)
	case "file":
		b, err := os.ReadFile(name) //nolint:gosec // the owner of the integration named it
		if err != nil {
			return Secret{}, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		value := string(b)
		if utf8.ValidString(value) {
			value = strings.TrimRight(value, "\r\n")
		}
		if value != "" {
			return NewSecret(value), nil
		}
		return Secret{}, fmt.Errorf("%w: file %s is empty", ErrNotFound, name)
	default:
		// The reference is not quoted: it may be the secret itself, put in the wrong place.
		return Secret{}, fmt.Errorf("%w: a reference is written env:NAME or file:PATH", ErrInvalid)
	}
}
