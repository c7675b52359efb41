package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// unauthenticated is the one answer to every key and token that does not let in:
// it does not tell which of them were valid once.
func unauthenticated() *api.Problem { return newProblem(api.CodeUnauthenticated, "", "") }

// authenticate finds out who asks.
func (s *Server) authenticate(ctx context.Context, req *http.Request) (*caller, *api.Problem) {
	text, ok := bearer(req)
	switch c := localCaller(ctx); {
	case c != nil && !ok:
		return c, nil
	case !ok:
		return nil, unauthenticated()
	case keyShape(text):
		return s.byKey(ctx, text)
	case s.tokens != nil:
		return s.byToken(ctx, text)
	}
	return nil, unauthenticated()
}

// bearer is what stands in the Authorization header.
func bearer(req *http.Request) (string, bool) {
	const scheme = "bearer "
	h := req.Header.Get("Authorization")
	if len(h) <= len(scheme) || !strings.EqualFold(h[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(h[len(scheme):]), true
}

// byKey lets in who has an API key. Every key costs the same work, the hash of the
// whole and one look-up by it, whether there is a key of its id or not.
func (s *Server) byKey(ctx context.Context, text string) (*caller, *api.Problem) {
	proof := sha256.Sum256([]byte(text))
	k, err := s.store.KeyByHash(ctx, proof)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, unauthenticated()
	case errors.Is(err, store.ErrUnreadable): // nobody knows what it may do
		s.log.WarnContext(ctx, "a key was refused: revoke it, and make another one", "error", err)
		return nil, unauthenticated()
	case err != nil:
		return nil, s.problem(ctx, err)
	case !k.Live(s.now()):
		return nil, unauthenticated()
	}
	s.touch(ctx, k)
	return &caller{
		kind: gatehouse.ActorKey, id: k.ID, name: k.Name, scopes: k.Scopes,
		all: len(k.Integrations) == 0, sees: k.Integrations, expires: k.Expires, proof: proof,
	}, nil
}

// still reports whether who was let in would be let in now. What cannot be found
// out shuts nobody out.
func (s *Server) still(ctx context.Context, c *caller) bool {
	if c.kind != gatehouse.ActorKey {
		return c.expires.IsZero() || s.now().Before(c.expires)
	}
	k, err := s.store.KeyByHash(ctx, c.proof)
	return err == nil && k.Live(s.now()) || err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrUnreadable)
}

// touch notes the use of a key behind the answer: the database may have a writer
// that takes its time.
func (s *Server) touch(ctx context.Context, k gatehouse.Key) {
	if _, busy := s.touching.LoadOrStore(k.ID, true); busy {
		return
	}
	ctx = context.WithoutCancel(ctx)
	s.behind.Go(func() {
		defer s.touching.Delete(k.ID)
		if err := s.store.TouchKey(ctx, k); err != nil {
			s.log.WarnContext(ctx, "the use of a key could not be noted", "key", k.ID, "error", err)
		}
	})
}

// keyShape reports whether a text looks like an API key.
func keyShape(text string) bool {
	return regexp.MustCompile(`^gh_[0-9a-z]{1,32}_[A-Za-z0-9_-]{43}$`).MatchString(text)
}

// KeyText is the text of a new API key and what is kept of it.
type KeyText struct {
	ID     string           // key_…
	Text   gatehouse.Secret // gh_…; shown once
	Prefix string           // the part that may be shown
	Hash   gatehouse.Hash
}

// NewKeyText makes the text of an API key. An empty id makes a new one.
func NewKeyText(id string) KeyText {
	if id == "" {
		var random [8]byte
		_, _ = rand.Read(random[:]) // never fails
		id = "key_" + hex.EncodeToString(random[:])
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	prefix := "gh_" + strings.TrimPrefix(id, "key_") + "_"
	text := prefix + base64.RawURLEncoding.EncodeToString(random[:])
	return KeyText{ID: id, Text: gatehouse.NewSecret(text), Prefix: prefix, Hash: sha256.Sum256([]byte(text))}
}
