package server_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/server"
)

// anonymous are the routes that anyone may ask.
var anonymous = []string{"/healthz", "/readyz", "/openapi.json", "/openapi.yaml", "/docs", "/docs/docs.css", "/docs/docs.js"}

// things are ids for every variable of a path, of what exists and the other key's
// owner has, and of what does not exist.
type things map[string]string

// fill puts ids into a path. A variable without one is a gap of this test.
func (v things) fill(t *testing.T, path string) string {
	return regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`).ReplaceAllStringFunc(path, func(name string) string {
		id, ok := v[strings.Trim(name, "{}.")]
		if !ok {
			t.Fatalf("%s: say in TestEveryRoute what a %s is", path, name)
		}
		return id
	})
}

// TestEveryRoute goes through the table of routes: whoever has no key, or not the
// right one, gets nothing from any of them, and does not learn what exists.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine, theirs := h.add("mine"), h.add("theirs")
	keys := h.wrongKeys(mine)
	existing := h.thingsOf(theirs)
	missing := things{"number": existing["number"], "stream": existing["stream"]} // which are the same everywhere
	for name := range existing {
		if missing[name] == "" {
			missing[name] = "00000000-none"
		}
	}
	for _, r := range h.rest.Routes() {
		t.Run(r.Method+" "+r.Path, func(t *testing.T) {
			if r.Scope == "" {
				if !slices.Contains(anonymous, r.Path) || r.Method != http.MethodGet {
					t.Errorf("anyone may ask: %s %s", r.Method, r.Path)
				}
				return
			}
			for _, name := range []string{"none", "garbage", "expired", "revoked", "unknown"} {
				got := refused(t, h.ask(keys[name], r.Method, existing.fill(t, r.Path), h.bodyFor(r, theirs), "Idempotency-Key", "x"), http.StatusUnauthorized, api.CodeUnauthenticated)
				none := refused(t, h.ask(keys[name], r.Method, missing.fill(t, r.Path), h.bodyFor(r, theirs), "Idempotency-Key", "x"), http.StatusUnauthorized, api.CodeUnauthenticated)
				if !alike(got, none) {
					t.Errorf("with key %s: %+v and %+v tell what exists", name, got, none)
				}
			}
			if low := lower(r.Scope); low != "" {
				refused(t, h.ask(keys[string(low)], r.Method, existing.fill(t, r.Path), h.bodyFor(r, theirs), "Idempotency-Key", "x"), http.StatusForbidden, api.CodeScope)
			}
			if r.ID != "followEvents" { // which has no end; TestFeed looks at what it gives
				h.others(t, r, keys["other"], existing, missing, theirs)
			}
		})
	}
}

// others asks with the key of another tenant, which has every scope.
func (h *house) others(t *testing.T, r server.Route, key string, existing, missing things, theirs gatehouse.Integration) {
	t.Helper()
	got := h.ask(key, r.Method, existing.fill(t, r.Path), h.bodyFor(r, theirs), "Idempotency-Key", "other")
	none := h.ask(key, r.Method, missing.fill(t, r.Path), h.bodyFor(r, theirs), "Idempotency-Key", "other none")
	if got.StatusCode >= http.StatusInternalServerError || none.StatusCode >= http.StatusInternalServerError {
		t.Errorf("another tenant's key: %s and %s\n%s\n%s", got.Status, none.Status, got.body, none.body)
	}
	for _, a := range []reply{got, none} {
		if strings.Contains(string(a.body), theirs.ID) && !strings.Contains(existing.fill(t, r.Path), theirs.ID) || strings.Contains(string(a.body), existing["action"]) && !strings.Contains(r.Path, "{") {
			t.Errorf("another tenant's key learns of %s:\n%s", theirs.ID, a.body)
		}
	}
	if !strings.Contains(r.Path, "{") {
		return
	}
	var a, b api.Problem
	_, _ = json.Unmarshal(got.body, &a), json.Unmarshal(none.body, &b)
	hide := func(p api.Problem, v things) api.Problem {
		for name, id := range v {
			if name == "number" || name == "stream" {
				continue
			}
			p.Detail = strings.ReplaceAll(p.Detail, id, "ID")
		}
		return p
	}
	if got.StatusCode != none.StatusCode || !alike(hide(a, existing), hide(b, missing)) || got.StatusCode < http.StatusBadRequest {
		t.Errorf("another tenant's key tells what exists from what does not:\n%s %s\n%s %s", got.Status, got.body, none.Status, none.body)
	}
}

// alike reports whether two problems say the same.
func alike(a, b api.Problem) bool {
	return a.Code == b.Code && a.Status == b.Status && a.Title == b.Title && a.Detail == b.Detail && a.Mend == b.Mend
}

// lower is a scope that does not suffice.
func lower(s gatehouse.Scope) gatehouse.Scope {
	return map[gatehouse.Scope]gatehouse.Scope{gatehouse.ScopeRespond: gatehouse.ScopeRead, gatehouse.ScopeAdmin: gatehouse.ScopeRespond}[s]
}

// wrongKeys are keys that do not let in, by what is wrong with them, keys of one
// scope each, and a key of everything that sees one integration.
func (h *house) wrongKeys(mine gatehouse.Integration) map[string]string {
	h.Helper()
	keys := map[string]string{"none": "", "garbage": "not a key", "unknown": server.NewKeyText("").Text.Reveal()}
	soon := into[api.IssuedKey](h, h.ask(h.admin, http.MethodPost, "/v1/keys", api.NewKey{
		Name: "expired", Scopes: []api.Scope{api.ScopeAdmin}, Expires: h.clock.now().Add(time.Minute),
	}), http.StatusCreated)
	h.clock.forward(2 * time.Minute)
	keys["expired"] = soon.Text
	id, text := h.key(gatehouse.ScopeAdmin)
	into[struct{}](h, h.ask(h.admin, http.MethodDelete, "/v1/keys/"+id, nil), http.StatusNoContent)
	keys["revoked"] = text
	for _, scope := range gatehouse.Scopes() {
		_, keys[string(scope)] = h.key(scope)
	}
	_, keys["other"] = h.key(gatehouse.ScopeAdmin, mine.ID)
	return keys
}

// The OpenAPI document and the mux have the routes of the table, and no others.
func TestDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	document := into[struct {
		Paths map[string]map[string]struct {
			ID string `json:"operationId"`
		} `json:"paths"`
	}](t, h.ask("", http.MethodGet, "/openapi.json", nil), http.StatusOK)
	var documented, table []string
	for path, methods := range document.Paths {
		for method, op := range methods {
			documented = append(documented, strings.ToUpper(method)+" "+path+" "+op.ID)
		}
	}
	ids := map[string]bool{}
	for _, r := range h.rest.Routes() {
		if ids[r.ID] {
			t.Errorf("two routes have the id %s", r.ID)
		}
		ids[r.ID] = true
		if !r.Hidden {
			table = append(table, r.Method+" "+r.Path+" "+r.ID)
		}
		if r.Method != http.MethodGet && r.Audited == "" {
			t.Errorf("%s %s changes something and is not audited", r.Method, r.Path)
		}
	}
	slices.Sort(documented)
	slices.Sort(table)
	if !slices.Equal(documented, table) {
		t.Errorf("documented: %q\ntable: %q", documented, table)
	}
}
