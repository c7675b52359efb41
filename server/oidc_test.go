package server_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
)

// tenant is the emulator's first tenant.
const tenant = "6c0f5a3e-2b84-4d1e-9a57-0e4b7d2c8f16"

// people lets in who has a token of the emulator's Entra ID for Defender: its
// role Machine.Read.All reads, Alert.Read.All responds.
func people(audience string) func(*app.Options) {
	return func(o *app.Options) {
		o.API.OIDC = &app.OIDC{
			Issuer: "https://sts.windows.net/" + tenant + "/", Discovery: "https://login.microsoftonline.com/" + tenant, Audience: audience,
			Roles: map[string]gatehouse.Scope{"Machine.Read.All": gatehouse.ScopeRead, "Alert.Read.All": gatehouse.ScopeRespond},
		}
	}
}

// token asks the emulator for a token.
func (h *house) token(resource string) string {
	h.Helper()
	access := h.emulator.TenantAccess
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {access.ClientID}, "client_secret": {access.Secret}, "scope": {resource + "/.default"}}
	req, err := http.NewRequestWithContext(h.Context(), http.MethodPost, "https://login.microsoftonline.com/"+access.TenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	must(h, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := h.emulator.Transport.Do(req)
	must(h, err)
	answer := into[struct {
		Token string `json:"access_token"`
	}](h, read(h, resp), http.StatusOK)
	return answer.Token
}

// Whoever has a token of the issuer comes in with the scopes of their roles, as
// long as it is for us and has not ended.
func TestOIDC(t *testing.T) {
	t.Parallel()
	const ours, another = "https://api.securitycenter.microsoft.com", "https://graph.microsoft.com"
	h := newHouse(t, people(ours))
	if id := h.emulator.DefaultTenant().TenantID; id != tenant {
		t.Fatalf("the emulator's tenant is %s", id)
	}
	h.add("contoso")
	token := h.token(ours)
	who := into[api.Identity](t, h.ask(token, http.MethodGet, "/v1/me", nil), http.StatusOK)
	if who.Kind != "oidc" || !strings.HasPrefix(who.ID, "https://sts.windows.net/"+tenant+"/#") || len(who.Scopes) != 2 || who.Integrations != nil || who.Expires.IsZero() {
		t.Errorf("who: %+v", who)
	}
	if all := into[api.Integrations](t, h.ask(token, http.MethodGet, "/v1/integrations", nil), http.StatusOK); len(all.Items) != 1 {
		t.Errorf("sees %+v", all)
	}
	refused(t, h.ask(token, http.MethodGet, "/v1/keys", nil), http.StatusForbidden, api.CodeScope)
	parts := strings.Split(token, ".")
	for name, wrong := range map[string]string{
		"another audience": h.token(another),
		"no signature":     parts[0] + "." + parts[1] + ".",
		"other claims":     parts[0] + "." + strings.ToLower(parts[1]) + "." + parts[2],
		"algorithm none":   "eyJhbGciOiJub25lIn0." + parts[1] + ".",
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, h.ask(wrong, http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, api.CodeUnauthenticated)
		})
	}
	h.clock.forward(2 * time.Hour)
	refused(t, h.ask(token, http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, api.CodeUnauthenticated)
	if strings.Contains(h.log.String(), parts[1]) {
		t.Error("the log has a token")
	}
}

// A person sees the integrations that their token names, and none without.
func TestOIDCIntegrations(t *testing.T) {
	t.Parallel()
	const ours = "https://api.securitycenter.microsoft.com"
	for claim, want := range map[string]int{"app_displayname": 1, "no_such_claim": 0} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, people(ours), func(o *app.Options) { o.API.OIDC.IntegrationsClaim = claim })
			h.add("Gatehouse") // which is what the emulator calls the application
			h.add("another")
			token := h.token(ours)
			if all := into[api.Integrations](t, h.ask(token, http.MethodGet, "/v1/integrations", nil), http.StatusOK); len(all.Items) != want {
				t.Errorf("sees %+v", all)
			}
			if who := into[api.Identity](t, h.ask(token, http.MethodGet, "/v1/me", nil), http.StatusOK); who.Integrations == nil || len(who.Integrations) != want {
				t.Errorf("who: %+v", who)
			}
		})
	}
}

// counted counts the requests to an issuer.
type counted struct {
	http.RoundTripper

	keys atomic.Int64
}

// RoundTrip lets the request through.
func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/keys") {
		c.keys.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

// Tokens with keys that there are not make nobody fetch the issuer's keys without
// end, and shut nobody out.
func TestOIDCUnknownKeys(t *testing.T) {
	t.Parallel()
	const ours = "https://api.securitycenter.microsoft.com"
	var issuer *counted
	h := newHouse(t, people(ours), func(o *app.Options) {
		issuer = &counted{RoundTripper: o.HTTPClient.Transport}
		o.API.OIDC.Client = &http.Client{Transport: issuer}
	})
	token := h.token(ours)
	parts := strings.Split(token, ".")
	for n := range 20 {
		header := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"RS256","typ":"JWT","kid":"no-%d"}`, n))
		refused(t, h.ask(header+"."+parts[1]+"."+parts[2], http.MethodGet, "/v1/me", nil), http.StatusUnauthorized, api.CodeUnauthenticated)
	}
	into[api.Identity](t, h.ask(token, http.MethodGet, "/v1/me", nil), http.StatusOK)
	if n := issuer.keys.Load(); n > 2 {
		t.Errorf("the issuer's keys were fetched %d times", n)
	}
}
