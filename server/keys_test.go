package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
)

// A key lives from its making to its end, and never gives more than it has.
func TestKeyLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine, theirs := h.add("mine"), h.add("theirs")
	made := into[api.IssuedKey](t, h.ask(h.admin, http.MethodPost, "/v1/keys", api.NewKey{
		Name: "soc", Scopes: []api.Scope{api.ScopeAdmin}, Integrations: []string{"mine"}, Expires: h.clock.now().Add(time.Hour),
	}), http.StatusCreated)
	if !slices.Equal(made.Integrations, []string{mine.ID}) || !strings.HasPrefix(made.Text, made.Prefix) {
		t.Errorf("made %+v", made.Key)
	}
	who := into[api.Identity](t, h.ask(made.Text, http.MethodGet, "/v1/me", nil), http.StatusOK)
	if who.ID != made.ID || who.Kind != "key" || !slices.Equal(who.Integrations, []string{mine.ID}) {
		t.Errorf("who: %+v", who)
	}
	if all := into[api.Integrations](t, h.ask(made.Text, http.MethodGet, "/v1/integrations", nil), http.StatusOK); len(all.Items) != 1 || all.Items[0].ID != mine.ID {
		t.Errorf("it sees %+v", all)
	}
	later := h.clock.now().Add(30 * time.Minute)
	for name, n := range map[string]struct {
		api.NewKey
		status int
		code   api.Code
	}{
		"another's":   {api.NewKey{Name: "x", Scopes: []api.Scope{api.ScopeRead}, Integrations: []string{theirs.ID}, Expires: later}, http.StatusNotFound, api.CodeNotFound},
		"longer life": {api.NewKey{Name: "x", Scopes: []api.Scope{api.ScopeRead}, Expires: later.Add(time.Hour)}, http.StatusForbidden, api.CodeScope},
		"past":        {api.NewKey{Name: "x", Scopes: []api.Scope{api.ScopeRead}, Expires: h.clock.now().Add(-time.Hour)}, http.StatusUnprocessableEntity, api.CodeInvalid},
		"no scope":    {api.NewKey{Name: "x", Expires: later}, http.StatusUnprocessableEntity, api.CodeInvalid},
		"odd scope":   {api.NewKey{Name: "x", Scopes: []api.Scope{"root"}, Expires: later}, http.StatusUnprocessableEntity, api.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, h.ask(made.Text, http.MethodPost, "/v1/keys", n.NewKey), n.status, n.code)
		})
	}
	heir := into[api.IssuedKey](t, h.ask(made.Text, http.MethodPost, "/v1/keys", api.NewKey{Name: "x", Scopes: []api.Scope{api.ScopeRead}}), http.StatusCreated)
	if !heir.Expires.Equal(made.Expires.Truncate(time.Microsecond)) {
		t.Errorf("by default it lives until %s, the key that made it until %s", heir.Expires, made.Expires)
	}
	child := into[api.IssuedKey](t, h.ask(made.Text, http.MethodPost, "/v1/keys", api.NewKey{Name: "x", Scopes: []api.Scope{api.ScopeRead}, Expires: later}), http.StatusCreated)
	if !slices.Equal(child.Integrations, []string{mine.ID}) {
		t.Errorf("a confined key gave %+v", child.Key)
	}
	h.rotated(t, made, child)
}

// rotated goes through the end of a key's life.
func (h *house) rotated(t *testing.T, made, child api.IssuedKey) {
	t.Helper()
	fresh := into[api.IssuedKey](t, h.ask(h.admin, http.MethodPost, "/v1/keys/"+child.ID+"/rotate", api.RotateKey{KeepOld: "10m"}), http.StatusOK)
	for _, text := range []string{child.Text, fresh.Text} {
		into[api.Identity](t, h.ask(text, http.MethodGet, "/v1/me", nil), http.StatusOK)
	}
	h.clock.forward(11 * time.Minute)
	refused(t, h.ask(child.Text, http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, api.CodeUnauthenticated)
	into[api.Identity](t, h.ask(fresh.Text, http.MethodGet, "/v1/me", nil), http.StatusOK)
	refused(t, h.ask(h.admin, http.MethodPost, "/v1/keys/"+child.ID+"/rotate", api.RotateKey{KeepOld: "for ever"}), http.StatusUnprocessableEntity, api.CodeInvalid)
	into[struct{}](t, h.ask(h.admin, http.MethodDelete, "/v1/keys/"+child.ID, nil), http.StatusNoContent)
	refused(t, h.ask(fresh.Text, http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, api.CodeUnauthenticated)
	refused(t, h.ask(h.admin, http.MethodPost, "/v1/keys/"+child.ID+"/rotate", nil), http.StatusConflict, api.CodeConflict)
	h.clock.forward(time.Hour)
	refused(t, h.ask(made.Text, http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, api.CodeUnauthenticated)
}

// A key that cannot be read opens nothing and hides no other. Whoever sees every
// integration sees and revokes it; nobody else knows what it may see.
func TestUnreadableKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("mine")
	id, text := h.key(gatehouse.ScopeRead, "mine")
	_, confined := h.key(gatehouse.ScopeAdmin, "mine")
	_, err := h.app.Store().DB().ExecContext(t.Context(), "UPDATE api_keys SET integrations = $1 WHERE id = $2", []byte("{"), id)
	must(t, err)
	refused(t, h.ask(text, http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, api.CodeUnauthenticated)
	all := into[api.Keys](t, h.ask(h.admin, http.MethodGet, "/v1/keys", nil), http.StatusOK)
	n := slices.IndexFunc(all.Items, func(k api.Key) bool { return k.ID == id })
	if len(all.Items) != 3 || n < 0 || !strings.Contains(all.Items[n].Reason, "cannot be read") {
		t.Fatalf("listed %+v", all.Items)
	}
	if seen := into[api.Keys](t, h.ask(confined, http.MethodGet, "/v1/keys", nil), http.StatusOK); len(seen.Items) != 1 {
		t.Errorf("a confined key sees %+v", seen.Items)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		refused(t, h.ask(confined, method, "/v1/keys/"+id, nil), http.StatusNotFound, api.CodeNotFound)
	}
	p := refused(t, h.ask(h.admin, http.MethodPost, "/v1/keys/"+id+"/rotate", nil), http.StatusConflict, api.CodeConflict)
	if !strings.Contains(p.Mend, "revoke it") {
		t.Errorf("%+v", p)
	}
	into[struct{}](t, h.ask(h.admin, http.MethodDelete, "/v1/keys/"+id, nil), http.StatusNoContent)
	if k := into[api.Key](t, h.ask(h.admin, http.MethodGet, "/v1/keys/"+id, nil), http.StatusOK); k.Revoked.IsZero() {
		t.Errorf("%+v", k)
	}
}

// The first key is made once.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, _, made, err := h.app.Bootstrap(t.Context(), ""); made || err != nil {
		t.Error(made, err)
	}
	if keys := into[api.Keys](t, h.ask(h.admin, http.MethodGet, "/v1/keys", nil), http.StatusOK); len(keys.Items) != 1 {
		t.Errorf("%+v", keys)
	}
}

// A repeat of a POST gets the answer of the first, but never a secret again.
func TestRepeat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.add("contoso")
	first := h.ask(h.admin, http.MethodPost, "/v1/integrations/contoso/pause", nil, "Idempotency-Key", "one")
	into[api.Integration](t, first, http.StatusOK)
	must(t, h.app.Resume(t.Context(), i.ID))
	again := h.ask(h.admin, http.MethodPost, "/v1/integrations/contoso/pause", nil, "Idempotency-Key", "one")
	if again.Header.Get("Idempotency-Replayed") != "true" || string(again.body) != string(first.body) {
		t.Errorf("the repeat: %s", again.body)
	}
	if now, err := h.app.Store().Integration(t.Context(), i.ID); err != nil || now.State != gatehouse.IntegrationActive {
		t.Error("the repeat was carried out", err)
	}
	refused(t, h.ask(h.admin, http.MethodPost, "/v1/integrations/contoso/resume", nil, "Idempotency-Key", "one"), http.StatusConflict, api.CodeIdempotency)
	key := api.NewKey{Name: "x", Scopes: []api.Scope{api.ScopeRead}}
	made := into[api.IssuedKey](t, h.ask(h.admin, http.MethodPost, "/v1/keys", key, "Idempotency-Key", "two"), http.StatusCreated)
	repeat := h.ask(h.admin, http.MethodPost, "/v1/keys", key, "Idempotency-Key", "two")
	refused(t, repeat, http.StatusConflict, api.CodeConflict)
	if strings.Contains(string(repeat.body), made.Text) {
		t.Error("the repeat shows the key")
	}
}

// One key makes so many requests in a minute, and another's are its own.
func TestRates(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *app.Options) { o.API.RatePerMinute = 5 })
	_, other := h.key(gatehouse.ScopeRead)
	for n := 4; n >= 0; n-- {
		r := h.ask(h.admin, http.MethodGet, "/v1/me", nil)
		if want := `"key";r=` + string(rune('0'+n)) + ";t="; r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Ratelimit"), want) {
			t.Fatalf("%s %q, want %s", r.Status, r.Header.Get("Ratelimit"), want)
		}
	}
	over := h.ask(h.admin, http.MethodGet, "/v1/me", nil)
	refused(t, over, http.StatusTooManyRequests, api.CodeRateLimited)
	if over.Header.Get("Retry-After") == "" || over.Header.Get("Ratelimit-Policy") != `"key";q=5;w=60` {
		t.Errorf("%v", over.Header)
	}
	into[api.Identity](t, h.ask(other, http.MethodGet, "/v1/me", nil), http.StatusOK)
	h.clock.forward(time.Minute)
	into[api.Identity](t, h.ask(h.admin, http.MethodGet, "/v1/me", nil), http.StatusOK)
}
