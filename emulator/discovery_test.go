package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestOpenIDConfiguration(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Tenants: audienceTenants()})
	id := func(i int) string { return s.dir.tenants[i].id }
	const com, us = "https://login.microsoftonline.com/", "https://login.microsoftonline.us/"
	for _, c := range []struct {
		at     string
		want   map[string]any
		absent string
	}{
		{com + id(0) + "/v2.0", map[string]any{
			"issuer": com + id(0) + "/v2.0", "token_endpoint": com + id(0) + "/oauth2/v2.0/token", "jwks_uri": com + id(0) + "/discovery/v2.0/keys",
			"tenant_region_scope": "NA", "cloud_instance_name": "microsoftonline.com", "msgraph_host": "graph.microsoft.com",
			"authorization_endpoint": com + id(0) + "/oauth2/v2.0/authorize",
		}, "tenant_region_sub_scope"},
		{com + "a.example", map[string]any{"issuer": "https://sts.windows.net/" + id(0) + "/", "token_endpoint": com + id(0) + "/oauth2/token", "jwks_uri": com + id(0) + "/discovery/keys"}, ""},
		{com + id(1) + "/v2.0", map[string]any{"tenant_region_scope": "NA", "tenant_region_sub_scope": "GCC", "cloud_instance_name": "microsoftonline.com"}, ""},
		{us + id(2) + "/v2.0", map[string]any{"issuer": us + id(2) + "/v2.0", "tenant_region_scope": "USGov", "tenant_region_sub_scope": "DODCON", "cloud_instance_name": "microsoftonline.us", "msgraph_host": "graph.microsoft.us"}, ""},
		{com + id(2) + "/v2.0", map[string]any{"token_endpoint": us + id(2) + "/oauth2/v2.0/token", "tenant_region_sub_scope": "DODCON"}, ""},
		{us + id(3) + "/v2.0", map[string]any{"tenant_region_sub_scope": "DOD", "msgraph_host": "dod-graph.microsoft.us"}, ""},
		{com + "common/v2.0", map[string]any{"issuer": com + "{tenantid}/v2.0", "tenant_region_scope": nil}, ""},
		{us + "organizations/v2.0", map[string]any{"cloud_instance_name": "microsoftonline.us"}, ""},
	} {
		got := fetch(t, s, http.MethodGet, c.at+"/.well-known/openid-configuration", "")
		var doc map[string]any
		decode(t, got.body, &doc)
		for name, want := range c.want {
			if doc[name] != want {
				t.Errorf("%s: %s is %v, want %v", c.at, name, doc[name], want)
			}
		}
		if _, there := doc[c.absent]; there {
			t.Errorf("%s: %s is there", c.at, c.absent)
		}
	}
	got := fetch(t, s, http.MethodGet, com+"nobody.example/v2.0/.well-known/openid-configuration", "")
	checkRefusal(t, got, 90002, 400, "invalid_tenant")
	got = fetch(t, s, http.MethodGet, us+id(0)+"/v2.0/.well-known/openid-configuration", "")
	checkRefusal(t, got, 90002, 400, "invalid_tenant")
}

func TestInstanceDiscovery(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	const at = globalLogin + "/common/discovery/instance?api-version=1.1&authorization_endpoint="
	got := fetch(t, s, http.MethodGet, at+url.QueryEscape("https://login.microsoftonline.us/x/oauth2/v2.0/authorize"), "")
	var doc struct {
		Endpoint string `json:"tenant_discovery_endpoint"`
		Metadata []struct {
			Network string   `json:"preferred_network"`
			Aliases []string `json:"aliases"`
		} `json:"metadata"`
	}
	decode(t, got.body, &doc)
	if doc.Endpoint != "https://login.microsoftonline.us/x/v2.0/.well-known/openid-configuration" || len(doc.Metadata) != 2 || len(doc.Metadata[0].Aliases) == 0 {
		t.Errorf("%s", got.body)
	}
	got = fetch(t, s, http.MethodGet, at+url.QueryEscape("https://evil.example/x/oauth2/v2.0/authorize"), "")
	if got.status != 400 || !strings.Contains(got.body, "invalid_instance") {
		t.Errorf("%d %s", got.status, got.body)
	}
	got = fetch(t, s, http.MethodGet, strings.SplitN(at, "?", 2)[0], "")
	checkRefusal(t, got, 900144, 400, "invalid_request")
}

func TestManagedIdentity(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	endpoint, secret := s.ManagedIdentity()
	const query = "?api-version=2019-08-01&resource=https%3A%2F%2Fapi.securitycenter.microsoft.com"
	got := fetch(t, s, http.MethodGet, endpoint+query, "", "X-IDENTITY-HEADER", secret)
	var body map[string]string
	decode(t, got.body, &body)
	if got.status != 200 || body["token_type"] != "Bearer" || body["client_id"] != defaultClientID || body["expires_on"] == "" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if claims, _ := claimsOf(t, s, body["access_token"]); claims["aud"] != mdeResource {
		t.Errorf("claims %v", claims)
	}
	for name, c := range map[string]struct {
		query, header string
		status        int
	}{
		"wrong header":     {query, "x", 401},
		"old version":      {strings.Replace(query, "2019-08-01", "2017-09-01", 1), secret, 400},
		"no resource":      {"?api-version=2019-08-01", secret, 400},
		"other identity":   {query + "&client_id=" + otherApp, secret, 400},
		"unknown resource": {"?api-version=2019-08-01&resource=https%3A%2F%2Fevil.example", secret, 400},
	} {
		if got := fetch(t, s, http.MethodGet, endpoint+c.query, "", "X-IDENTITY-HEADER", c.header); got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}
