package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// An integration's whole life over the API, with the check before it and versions
// that changes are bound to.
func TestIntegrationLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	access := h.emulator.DefaultTenant()
	n := api.NewIntegration{Name: "contoso", Tenant: access.TenantID, ClientID: access.ClientID, Credential: api.NewCredential{Secret: "wrong~secret"}}
	p := refused(t, h.ask(h.admin, http.MethodPost, "/v1/integrations", n), http.StatusUnprocessableEntity, api.CodeCheckFailed)
	if p.Check == nil || p.Check.OK || len(p.Check.Findings) == 0 {
		t.Errorf("the problem has no findings: %+v", p)
	}
	n.Credential.Secret = access.Secret
	made := into[api.CreatedIntegration](t, h.ask(h.admin, http.MethodPost, "/v1/integrations", n), http.StatusCreated)
	if made.Check == nil || !made.Check.OK || made.State != "active" {
		t.Errorf("made %+v", made)
	}
	refused(t, h.ask(h.admin, http.MethodPost, "/v1/integrations", n), http.StatusConflict, api.CodeConflict)
	at := "/v1/integrations/" + made.ID
	got := h.ask(h.admin, http.MethodGet, at, nil)
	tag := got.Header.Get("ETag")
	if r := h.ask(h.admin, http.MethodGet, at, nil, "If-None-Match", tag); r.StatusCode != http.StatusNotModified || len(r.body) > 0 {
		t.Errorf("%s %s", r.Status, r.body)
	}
	name := "fabrikam"
	changed := into[api.Integration](t, h.ask(h.admin, http.MethodPatch, at, api.ChangeIntegration{Name: &name}, "If-Match", tag), http.StatusOK)
	if changed.Name != name {
		t.Errorf("%+v", changed)
	}
	refused(t, h.ask(h.admin, http.MethodPatch, at, api.ChangeIntegration{Name: &name}, "If-Match", tag), http.StatusPreconditionFailed, api.CodePrecondition)
	for _, state := range []string{"pause", "resume"} {
		into[api.Integration](t, h.ask(h.admin, http.MethodPost, at+"/"+state, nil), http.StatusOK)
	}
	refused(t, h.ask(h.admin, http.MethodPut, at+"/credential", api.NewCredential{Secret: "wrong~again"}), http.StatusUnprocessableEntity, api.CodeCheckFailed)
	into[api.CreatedIntegration](t, h.ask(h.admin, http.MethodPut, at+"/credential", api.NewCredential{Secret: access.Secret}), http.StatusOK)
	if c := into[api.Check](t, h.ask(h.admin, http.MethodPost, at+"/check", nil), http.StatusOK); !c.OK {
		t.Errorf("check: %+v", c)
	}
	h.questions(t, at)
	into[struct{}](t, h.ask(h.admin, http.MethodDelete, at, nil), http.StatusNoContent)
	refused(t, h.ask(h.admin, http.MethodGet, at, nil), http.StatusNotFound, api.CodeNotFound)
}

// questions asks what is known of an integration.
func (h *house) questions(t *testing.T, at string) {
	t.Helper()
	held := into[api.Permissions](t, h.ask(h.admin, http.MethodGet, at+"/permissions", nil), http.StatusOK)
	if len(held.Held) == 0 || len(held.Missing) > 0 || len(held.Capabilities) == 0 {
		t.Errorf("permissions: %+v", held)
	}
	if health := into[api.Health](t, h.ask(h.admin, http.MethodGet, at+"/health", nil), http.StatusOK); len(health.Streams) == 0 {
		t.Errorf("health: %+v", health)
	}
	budget := into[api.Budget](t, h.ask(h.admin, http.MethodGet, at+"/budget", nil), http.StatusOK)
	if len(budget.Routes) == 0 || budget.Routes[0].MinuteLimit+budget.Routes[0].HourLimit == 0 {
		t.Errorf("budget: %+v", budget)
	}
	can := into[api.Capabilities](t, h.ask(h.admin, http.MethodGet, "/v1/capabilities", nil), http.StatusOK)
	if len(can.Integrations) != 1 || can.Integrations[0].Problem != nil || len(can.Actions) == 0 || len(can.Resources) == 0 {
		t.Errorf("capabilities: %+v", can)
	}
	if all := into[api.Streams](t, h.ask(h.admin, http.MethodGet, "/v1/streams", nil), http.StatusOK); len(all.Items) == 0 {
		t.Error("no streams")
	}
}

// What may be named on the server's machine is for whoever starts it to say.
func TestReferencesAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, reference := range []string{"file:/etc/hostname", "env:HOME"} {
		p := refused(t, h.ask(h.admin, http.MethodPost, "/v1/integrations", api.NewIntegration{
			Name: "x", Tenant: "contoso.example", ClientID: "c1c1c1c1-0000-4000-8000-000000000001", Credential: api.NewCredential{Reference: reference},
		}), http.StatusUnprocessableEntity, api.CodeInvalid)
		if !strings.Contains(p.Detail, "--credential-ref") {
			t.Errorf("%+v", p)
		}
	}
}

// Every change is in the audit log with its outcome, refused ones too, and no
// secret is in any answer, in the log, or in the audit.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	access := h.emulator.DefaultTenant()
	const planted = "planted~wrong.Secret-value_0123456789abcd"
	bad := api.NewIntegration{Name: "contoso", Tenant: access.TenantID, ClientID: access.ClientID, Credential: api.NewCredential{Secret: planted}}
	good := bad
	good.Credential.Secret = access.Secret
	_, reader := h.key(gatehouse.ScopeRead)
	garbage := "gh_0123456789abcdef_" + strings.Repeat("x", 43)
	var answers strings.Builder
	for _, r := range []reply{
		h.ask(h.admin, http.MethodPost, "/v1/integrations", bad, "Idempotency-Key", "a"),
		h.ask(reader, http.MethodPost, "/v1/integrations", good),
		h.ask(garbage, http.MethodPost, "/v1/integrations", good),
		h.ask(h.admin, http.MethodPost, "/v1/integrations", good, "Idempotency-Key", "b"),
		h.ask(h.admin, http.MethodPost, "/v1/integrations", `{"name":"`+planted, "Idempotency-Key", "c"),
		h.ask(h.admin, http.MethodPut, "/v1/integrations/contoso/credential", api.NewCredential{Secret: planted}),
		h.ask(h.admin, http.MethodPut, "/v1/integrations/contoso/credential", api.NewCredential{Certificate: planted, Password: planted}),
		h.ask(h.admin, http.MethodGet, "/v1/integrations", nil),
		h.ask(h.admin, http.MethodGet, "/v1/keys", nil),
		h.ask(h.admin, http.MethodGet, "/v1/audit", nil),
	} {
		fmt.Fprintln(&answers, r.Header, string(r.body))
	}
	for place, text := range map[string]string{"an answer": answers.String(), "the log": h.log.String()} {
		for name, secret := range map[string]string{"the planted secret": planted, "the client secret": access.Secret, "a key": h.admin, "another key": reader, "a wrong key": garbage} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %s", place, name)
			}
		}
	}
	h.audited(t)
}

// audited looks for what TestNothingLeaks did.
func (h *house) audited(t *testing.T) {
	t.Helper()
	got := map[string]int{}
	for _, e := range into[api.Audit](t, h.ask(h.admin, http.MethodGet, "/v1/audit?limit=1000", nil), http.StatusOK).Items {
		got[e.Operation+" "+e.ActorKind+" "+e.Outcome]++
	}
	for want, n := range map[string]int{
		"keys.create system done": 1, "keys.create local done": 1, "integrations.create key done": 1, "integrations.create key refused": 3,
		"integrations.create nobody refused": 1, "integrations.rotate key refused": 2,
	} {
		if got[want] != n {
			t.Errorf("%d of %q, want %d, in %v", got[want], want, n, got)
		}
	}
	if v := into[api.AuditVerdict](t, h.ask(h.admin, http.MethodGet, "/v1/audit/verdict", nil), http.StatusOK); !v.OK || v.Entries == 0 || len(v.Head) != 64 {
		t.Errorf("verdict: %+v", v)
	}
}

// An integration whose settings cannot be read is shown and says so, what would work
// on it is refused with the mend, and it can be removed, by those who may see it.
func TestUnreadableIntegration(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine, other := h.add("mine"), h.add("other")
	_, foreign := h.key(gatehouse.ScopeAdmin, "other")
	_, err := h.app.Store().DB().ExecContext(t.Context(), "UPDATE integrations SET settings = $1 WHERE id = $2", []byte("{"), mine.ID)
	must(t, err)
	at := "/v1/integrations/mine"
	if got := into[api.Integration](t, h.ask(h.admin, http.MethodGet, at, nil), http.StatusOK); got.ID != mine.ID || got.State != "unreadable" {
		t.Errorf("shown as %+v", got)
	}
	health := into[api.Health](t, h.ask(h.admin, http.MethodGet, at+"/health", nil), http.StatusOK)
	for _, s := range health.Streams {
		if s.State != gatehouse.StreamStorage || s.Owner != "you" || !strings.Contains(s.Mend, "gatehouse integrations remove mine") {
			t.Errorf("stream %+v", s)
		}
	}
	list := into[api.Records](t, h.ask(h.admin, http.MethodGet, "/v1/devices?integration=mine", nil), http.StatusOK)
	if len(list.Problems) != 1 || !strings.Contains(list.Problems[0].Detail, "settings of the integration cannot be read") {
		t.Errorf("problems %+v", list.Problems)
	}
	for _, does := range []string{"pause", "resume", "check"} {
		p := refused(t, h.ask(h.admin, http.MethodPost, at+"/"+does, nil), http.StatusConflict, api.CodeConflict)
		if !strings.Contains(p.Mend, "run the version that wrote it") {
			t.Errorf("%s: %+v", does, p)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		refused(t, h.ask(foreign, method, at, nil), http.StatusNotFound, api.CodeNotFound)
	}
	into[struct{}](t, h.ask(h.admin, http.MethodDelete, at, nil), http.StatusNoContent)
	if all := into[api.Integrations](t, h.ask(h.admin, http.MethodGet, "/v1/integrations", nil), http.StatusOK); len(all.Items) != 1 || all.Items[0].ID != other.ID {
		t.Errorf("left: %+v", all.Items)
	}
}
