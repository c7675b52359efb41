package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// apiKeyColumns are the columns that scanAPIKey reads.
//
//nolint:gosec // names of columns
const apiKeyColumns = "id, name, prefix, hash, old_until, scopes, integrations, created, expires, revoked, rotated, last_used, bootstrap"

// scanAPIKey reads one API key. With [ErrUnreadable] comes what its columns say, and
// nothing of what it may do and see.
func scanAPIKey(scan func(...any) error) (gatehouse.Key, error) {
	var k gatehouse.Key
	var digest, scopes, integrations []byte
	var oldUntil, created, expires, revoked, rotated, used, bootstrap int64
	if err := scan(&k.ID, &k.Name, &k.Prefix, &digest, &oldUntil, &scopes, &integrations, &created, &expires, &revoked, &rotated, &used, &bootstrap); err != nil {
		return k, err
	}
	k.Hash, k.Bootstrap = hash(digest), bootstrap != 0
	k.OldUntil, k.Created, k.Expires, k.Revoked, k.Rotated, k.LastUsed = moment(oldUntil), moment(created), moment(expires), moment(revoked), moment(rotated), moment(used)
	if err := errors.Join(json.Unmarshal(scopes, &k.Scopes), json.Unmarshal(integrations, &k.Integrations)); err != nil {
		k.Scopes, k.Integrations = nil, nil
		return k, fmt.Errorf("store: API key %s: %w: %w", k.ID, ErrUnreadable, err)
	}
	return k, nil
}

// shownAPIKey reads a key that is only shown, or ended: of one that cannot be read
// there is what its columns say, and why.
func shownAPIKey(scan func(...any) error) (gatehouse.Key, error) {
	k, err := scanAPIKey(scan)
	if errors.Is(err, ErrUnreadable) {
		k.Unreadable, err = strings.ReplaceAll(err.Error(), "\n", "; "), nil
	}
	return k, err
}

// AddKey keeps a new API key and returns it as it is kept. It fails with
// [ErrExists] when the id or the hash is taken, and for a key with Bootstrap
// when there is any key already: of several processes that start at once one
// makes it.
func (s *Store) AddKey(ctx context.Context, k gatehouse.Key) (gatehouse.Key, error) {
	if k.ID == "" || k.Name == "" || strings.ContainsRune(k.ID+k.Name+k.Prefix, 0) || k.Hash == (gatehouse.Hash{}) || len(k.Scopes) == 0 {
		return k, fmt.Errorf("store: API key %q: %w: it needs an id, a name, a hash and a scope", k.Name, ErrInvalid)
	}
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return k, err
	}
	integrations, err := json.Marshal(k.Integrations)
	if err != nil {
		return k, err
	}
	err = s.write(ctx, "add API key", func(tx *transaction) error {
		k.Created = tx.now
		if k.Bootstrap {
			var n int64
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM api_keys").Scan(&n); err != nil || n > 0 {
				return errors.Join(err, fmt.Errorf("store: first API key: %w: there are %d keys", ErrExists, n))
			}
		}
		_, err := tx.exec(ctx, "INSERT INTO api_keys (id, name, prefix, hash, old_hash, old_until, scopes, integrations, created, expires, revoked, rotated, last_used, bootstrap) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, 0, 0, $11)",
			k.ID, k.Name, k.Prefix, k.Hash[:], []byte{}, scopes, integrations, micros(k.Created), micros(k.Expires), micros(k.Revoked), flag(k.Bootstrap))
		if err != nil && errors.Is(s.dialect.cause(err), ErrExists) {
			return fmt.Errorf("store: API key %q (%s): %w", k.Name, k.ID, ErrExists)
		}
		return err
	})
	return k, err
}

// KeyByHash returns the key whose text, or whose text before the last rotation
// while that is still taken, has this hash. It returns revoked and expired keys,
// too: see [gatehouse.Key.Live]. It fails with [ErrNotFound] when there is none, and
// with [ErrUnreadable] when it cannot be read.
func (s *Store) KeyByHash(ctx context.Context, h gatehouse.Hash) (gatehouse.Key, error) {
	row := s.read.QueryRowContext(ctx, "SELECT "+apiKeyColumns+" FROM api_keys WHERE hash = $1 OR (old_hash = $1 AND old_until > $2)", h[:], micros(s.now()))
	return s.apiKey(row, "with that text")
}

// Key returns the API key with that id. It fails with [ErrNotFound] when there
// is none, and with [ErrUnreadable] when it cannot be read.
func (s *Store) Key(ctx context.Context, id string) (gatehouse.Key, error) {
	return s.apiKey(s.read.QueryRowContext(ctx, "SELECT "+apiKeyColumns+" FROM api_keys WHERE id = $1", id), id)
}

// apiKey reads one key.
func (s *Store) apiKey(row *sql.Row, which string) (gatehouse.Key, error) {
	return one(s, row, "read API key", "API key "+which, scanAPIKey)
}

// Keys returns every API key, revoked ones too, the oldest first. Of one that cannot
// be read, Unreadable says so.
func (s *Store) Keys(ctx context.Context) ([]gatehouse.Key, error) {
	return every(ctx, s, "read API keys", shownAPIKey, "SELECT "+apiKeyColumns+" FROM api_keys ORDER BY created, id")
}

// RevokeKey ends a key for good, at once, also one that cannot be read. To revoke it
// again changes nothing.
func (s *Store) RevokeKey(ctx context.Context, id string) (gatehouse.Key, error) {
	return s.changeKey(ctx, "revoke API key", shownAPIKey,
		"UPDATE api_keys SET revoked = CASE WHEN revoked = 0 THEN $2 ELSE revoked END, old_until = 0 WHERE id = $1", id, micros(s.now()))
}

// KeyRotation is the new text of a key.
type KeyRotation struct {
	Hash   gatehouse.Hash
	Prefix string
	// Expires is the new end of the key; the zero time means that it has none.
	Expires time.Time
	// OldUntil is how long the text before is taken as well; the zero time ends
	// it at once.
	OldUntil time.Time
}

// RotateKey gives a key another text. A revoked key is not found.
func (s *Store) RotateKey(ctx context.Context, id string, r KeyRotation) (gatehouse.Key, error) {
	if r.Hash == (gatehouse.Hash{}) {
		return gatehouse.Key{}, fmt.Errorf("store: rotate API key %s: %w: the hash is missing", id, ErrInvalid)
	}
	return s.changeKey(ctx, "rotate API key", scanAPIKey,
		"UPDATE api_keys SET old_hash = hash, old_until = $2, hash = $3, prefix = $4, expires = $5, rotated = $6 WHERE id = $1 AND revoked = 0",
		id, micros(r.OldUntil), r.Hash[:], r.Prefix, micros(r.Expires), micros(s.now()))
}

// changeKey updates one key and returns it. Nothing is changed of one that scan
// refuses.
func (s *Store) changeKey(ctx context.Context, op string, scan func(func(...any) error) (gatehouse.Key, error), statement, id string, args ...any) (k gatehouse.Key, err error) {
	err = s.write(ctx, op, func(tx *transaction) error {
		n, err := tx.exec(ctx, statement, append([]any{id}, args...)...)
		if err != nil && errors.Is(s.dialect.cause(err), ErrExists) {
			return fmt.Errorf("store: API key %s: %w", id, ErrExists)
		}
		if err == nil && n == 0 {
			return fmt.Errorf("store: API key %s: %w", id, ErrNotFound)
		}
		if err != nil {
			return err
		}
		k, err = scan(tx.QueryRowContext(ctx, "SELECT "+apiKeyColumns+" FROM api_keys WHERE id = $1", id).Scan)
		return err
	})
	return k, err
}

// touchEvery is how often the last use of a key is written at most.
const touchEvery = time.Minute

// TouchKey notes that a key was used. It writes at most once a minute, so it may
// be called with every request, with the key as it was just read.
func (s *Store) TouchKey(ctx context.Context, k gatehouse.Key) error {
	now := s.now()
	if now.Sub(k.LastUsed) < touchEvery {
		return nil
	}
	return s.write(ctx, "touch API key", func(tx *transaction) error {
		_, err := tx.exec(ctx, "UPDATE api_keys SET last_used = $2 WHERE id = $1 AND last_used <= $3", k.ID, micros(now), micros(now.Add(-touchEvery)))
		return err
	})
}
