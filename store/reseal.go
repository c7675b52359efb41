package store

import (
	"context"
	"fmt"
)

// ResealSecrets seals every secret anew, all or nothing, with the first key that a
// reference names, "env:NAME" or "file:PATH", and returns how many there were. Empty
// means the keys of the options, after another was put before the one that sealed. It
// fails with [ErrKey] when a secret opens with none of the keys, old or new. The
// store then has the new keys alone; other processes learn of them when they are opened.
func (s *Store) ResealSecrets(ctx context.Context, key string) (int, error) {
	old, err := s.keyring(false)
	if err != nil {
		return 0, err
	}
	fresh := old
	if key != "" {
		fresh = newKeyring(key)
		if err := fresh.read(key); err != nil {
			return 0, fmt.Errorf("store: %w: %w", ErrKey, err)
		}
	}
	n := 0
	err = s.write(ctx, "reseal secrets", func(tx *transaction) error {
		places, err := tx.sealedSecrets(ctx)
		if err != nil {
			return err
		}
		n = len(places)
		for _, p := range places {
			if err := tx.reseal(ctx, p, old, fresh); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	s.keysMu.Lock()
	defer s.keysMu.Unlock()
	s.keys = fresh
	return n, nil
}

// placedSecret is a sealed secret of an integration.
type placedSecret struct {
	sealedSecret

	integration string
}

// sealedSecrets reads every secret, and keeps them from being changed until the
// transaction ends.
func (t *transaction) sealedSecrets(ctx context.Context) ([]placedSecret, error) {
	rows, err := t.QueryContext(ctx, "SELECT integration_id, name, key_id, sealed FROM secrets ORDER BY integration_id, name"+t.dialect.lock(false))
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(scan func(...any) error) (p placedSecret, err error) {
		err = scan(&p.integration, &p.name, &p.keyID, &p.sealed)
		return p, err
	})
}

// reseal opens a secret with the keys that it was sealed with, which may be the new
// ones already, and seals it with the new ones.
func (t *transaction) reseal(ctx context.Context, p placedSecret, old, fresh *keyring) error {
	opens, place := old, sealedFor(p.integration, p.name)
	if _, known := old.byID[p.keyID]; !known && fresh.byID[p.keyID] != nil {
		opens = fresh
	}
	value, err := opens.open(p.keyID, p.sealed, place)
	if err != nil {
		return fmt.Errorf("store: secret %q of integration %q: %w", p.name, p.integration, err)
	}
	id, sealed, err := fresh.seal(value, place)
	if err != nil {
		return err
	}
	return t.expectOne(t.exec(ctx, "UPDATE secrets SET key_id = $3, sealed = $4 WHERE integration_id = $1 AND name = $2", p.integration, p.name, id, sealed))
}
