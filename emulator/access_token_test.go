package emulator

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestAccessTokenClaims(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Clock: NewFakeClock(epoch)})
	a := secretAccess(s)
	claims, header := claimsOf(t, s, tokenFor(t, s, mdeResource))
	want := map[string]any{
		"aud": mdeResource, "iss": "https://sts.windows.net/" + a.TenantID + "/", "idp": "https://sts.windows.net/" + a.TenantID + "/",
		"tid": a.TenantID, "appid": a.ClientID, "appidacr": "1", "ver": "1.0", "idtyp": "app", "tenant_region_scope": "NA",
		"iat": float64(epoch.Add(-5 * time.Minute).Unix()), "nbf": float64(epoch.Add(-5 * time.Minute).Unix()),
		"exp":   float64(epoch.Add(time.Hour).Unix()),
		"roles": []any{"AdvancedQuery.Read.All", "Alert.Read.All", "Alert.ReadWrite.All", "Machine.Read.All", "Machine.ReadWrite.All", "Score.Read.All", "Vulnerability.Read.All"},
	}
	for name, value := range want {
		if !reflect.DeepEqual(claims[name], value) {
			t.Errorf("%s is %v, want %v", name, claims[name], value)
		}
	}
	if claims["exp"].(float64)-claims["iat"].(float64) != 3900 {
		t.Error("exp - iat is not 3900")
	}
	if claims["oid"] != claims["sub"] || claims["scp"] != nil {
		t.Errorf("oid %v, sub %v, scp %v", claims["oid"], claims["sub"], claims["scp"])
	}
	if header["alg"] != "RS256" || header["typ"] != "JWT" || header["x5t"] != header["kid"] {
		t.Errorf("header %v", header)
	}
	graph, _ := claimsOf(t, s, tokenFor(t, s, "https://graph.microsoft.com"))
	if roles := graph["roles"].([]any); len(roles) != 4 {
		t.Errorf("roles of Graph: %v", roles)
	}
	if xdr, _ := claimsOf(t, s, tokenFor(t, s, "https://api.security.microsoft.com")); xdr["roles"] != nil {
		t.Errorf("no role is granted, yet roles is %v", xdr["roles"])
	}
}

func TestGrantAndRevoke(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := secretAccess(s)
	before := tokenFor(t, s, mdeResource)
	if err := s.Revoke(a.TenantID, a.ClientID, MDERoles("Machine.Read.All", "Machine.ReadWrite.All")...); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, mdeBase+"/api/machines", before); got.status != http.StatusOK {
		t.Errorf("a token keeps its roles, yet: %d %s", got.status, got.body)
	}
	got := get(t, s, mdeBase+"/api/machines", tokenFor(t, s, mdeResource))
	checkFailure(t, got, 403, "Forbidden", "Missing application roles. API required roles: Machine.Read.All,Machine.ReadWrite.All, application roles: AdvancedQuery.Read.All,Alert.Read.All,Alert.ReadWrite.All,Score.Read.All,Vulnerability.Read.All.")
	if err := s.SetRoles(a.TenantID, a.ClientID); err != nil {
		t.Fatal(err)
	}
	got = get(t, s, mdeBase+"/api/machines", tokenFor(t, s, mdeResource))
	checkFailure(t, got, 403, "Forbidden", "Missing application roles. API required roles: Machine.Read.All,Machine.ReadWrite.All, application roles: .")
	got = get(t, s, "https://graph.microsoft.com/v1.0/security/alerts_v2", tokenFor(t, s, "https://graph.microsoft.com"))
	if got.status != 403 || !strings.HasPrefix(got.body, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if err := s.Grant(a.TenantID, a.ClientID, MDERoles("Machine.Read.All")...); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, mdeBase+"/api/machines", tokenFor(t, s, mdeResource)); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	if s.Grant("nobody", a.ClientID) == nil || s.Revoke(a.TenantID, "nobody") == nil {
		t.Error("nonsense is taken")
	}
}

func TestDelegatedGrantsGiveNoRole(t *testing.T) {
	t.Parallel()
	spec := defaultTenant(Size{})
	spec.Apps[0].Delegated, spec.Apps[0].Roles = spec.Apps[0].Roles, nil
	s := begin(t, Options{Tenants: []TenantSpec{spec}})
	if claims, _ := claimsOf(t, s, tokenFor(t, s, mdeResource)); claims["roles"] != nil || claims["scp"] != nil {
		t.Errorf("roles %v, scp %v", claims["roles"], claims["scp"])
	}
}

// checkFailure holds the envelope of MDE and XDR.
func checkFailure(t *testing.T, got answer, status int, code, message string) {
	t.Helper()
	var body struct {
		Error struct{ Code, Message, Target string }
	}
	decode(t, got.body, &body)
	if got.status != status || body.Error.Code != code || body.Error.Message != message {
		t.Errorf("got %d %s, want %d %s %q", got.status, got.body, status, code, message)
	}
	if !validGUID(body.Error.Target) || got.header.Get("Content-Type") != "application/json; charset=utf-8" || got.header.Get("OData-Version") != "" {
		t.Errorf("target %q, headers %v", body.Error.Target, got.header)
	}
}

// audienceTenants is a tenant of each cloud, with the same application.
func audienceTenants() []TenantSpec {
	app := AppSpec{ClientID: otherApp, Secrets: []SecretSpec{{Value: "s"}}, Roles: append(append(GuideRoles(), GraphSecurityRoles()...), XDRRoles("AdvancedHunting.Read.All")...)}
	return []TenantSpec{
		{ID: "00000000-0000-4000-8000-000000000001", Domain: "a.example", Apps: []AppSpec{app}},
		{ID: "00000000-0000-4000-8000-000000000002", Domain: "b.example", Cloud: "gcc", Apps: []AppSpec{app}},
		{ID: "00000000-0000-4000-8000-000000000003", Domain: "c.example", Cloud: "gcc-high", Apps: []AppSpec{app}},
		{ID: "00000000-0000-4000-8000-000000000004", Domain: "d.example", Cloud: "dod", Apps: []AppSpec{app}},
	}
}

func TestAudienceRules(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Tenants: audienceTenants()})
	const mde, xdr, graph = "/api/machines", "/api/advancedhunting/run", "/v1.0/security/alerts_v2"
	const com, us = globalLogin, "https://login.microsoftonline.us"
	for _, c := range []struct {
		tenant                      int
		login, resource, host, path string
		status                      int
	}{
		{0, com, mdeResource, "api.security.microsoft.com", mde, 200},
		{0, com, mdeResource, "api.securitycenter.microsoft.com", mde, 200},
		{0, com, mdeResource, "eu.api.security.microsoft.com", mde, 200},
		{0, com, mdeResource, "aea.api.security.microsoft.com", mde, 200},
		{0, com, "https://securitycenter.onmicrosoft.com/windowsatpservice", "api.security.microsoft.com", mde, 200},
		{0, com, "https://api.security.microsoft.com", "api.security.microsoft.com", mde, 403}, // the classic mistake
		{0, com, mdeResource + "/", "api.security.microsoft.com", mde, 403},
		{0, com, "fc780465-2017-40d4-a0c5-307022471b92", "api.security.microsoft.com", mde, 403},
		{0, com, "https://userrequestsgraphapi-prd.trafficmanager.net", "api.security.microsoft.com", mde, 403},
		{0, com, "https://graph.microsoft.com", "api.security.microsoft.com", mde, 403},
		{0, com, "https://api.security.microsoft.com", "api.security.microsoft.com", xdr, 200},
		{0, com, "https://api.security.microsoft.com", "api-eu.security.microsoft.com", xdr, 200},
		{0, com, mdeResource, "api.security.microsoft.com", xdr, 403},
		{0, com, mdeResource, "api.securitycenter.microsoft.com", xdr, 404},
		{0, com, mdeResource, "graph.microsoft.com", graph, 401},
		{0, com, "https://graph.microsoft.com", "graph.microsoft.com", graph, 200},
		{0, com, "00000003-0000-0000-c000-000000000000", "graph.microsoft.com", graph, 200},
		{0, com, mdeResource, "api-gcc.securitycenter.microsoft.us", mde, 403},
		{0, com, "https://api-gcc.securitycenter.microsoft.us", "api-gcc.securitycenter.microsoft.us", mde, 401},
		{1, com, "https://api-gcc.securitycenter.microsoft.us", "api-gcc.securitycenter.microsoft.us", mde, 200},
		{1, com, "https://api-gcc.security.microsoft.us", "api-gcc.security.microsoft.us", xdr, 200},
		{1, com, mdeResource, "api.security.microsoft.com", mde, 401},
		{1, com, "https://graph.microsoft.com", "graph.microsoft.com", graph, 200},
		{2, us, "https://api-gov.securitycenter.microsoft.us", "api-gov.securitycenter.microsoft.us", mde, 200},
		{2, us, "https://api-gov.security.microsoft.us", "api-gov.security.microsoft.us", xdr, 200},
		{2, us, "https://graph.microsoft.us", "graph.microsoft.us", graph, 200},
		{2, us, "https://graph.microsoft.us", "dod-graph.microsoft.us", graph, 401},
		{3, us, "https://api-gov.securitycenter.microsoft.us", "api-gov.securitycenter.microsoft.us", mde, 200},
		{3, us, "https://dod-graph.microsoft.us", "dod-graph.microsoft.us", graph, 200},
		{3, us, "https://api-gov.securitycenter.microsoft.us", "api-gcc.securitycenter.microsoft.us", mde, 403},
	} {
		token := tokenAt(t, s, c.login, TenantAccess{TenantID: s.dir.tenants[c.tenant].id, ClientID: otherApp, Secret: "s"}, c.resource)
		method := map[string]string{mde: "GET", xdr: "POST", graph: "GET"}[c.path]
		got := fetch(t, s, method, "https://"+c.host+c.path, "{}", "Authorization", "Bearer "+token)
		if got.status != c.status {
			t.Errorf("%s token of tenant %d at %s%s: %d %s, want %d", c.resource, c.tenant, c.host, c.path, got.status, got.body, c.status)
		}
	}
}

func TestBadTokens(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	s := begin(t, Options{Clock: clock})
	good := tokenFor(t, s, mdeResource)
	forged, err := newSigner("forger", s.now, nil).sign(jwt.MapClaims{"aud": mdeResource, "tid": defaultTenantID, "appid": defaultClientID, "exp": epoch.Add(time.Hour).Unix(), "roles": []string{"Machine.Read.All"}})
	if err != nil {
		t.Fatal(err)
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"aud": mdeResource, "exp": epoch.Add(time.Hour).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]string{
		"absent": "", "basic": "Basic eDp5", "empty": "Bearer ", "garbage": "Bearer garbage", "forged": "Bearer " + forged,
		"unsigned": "Bearer " + none, "cut": "Bearer " + good[:len(good)-8],
	} {
		got := fetch(t, s, http.MethodGet, mdeBase+"/api/machines", "", "Authorization", header)
		if got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"code":"Unauthorized"`) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		got = fetch(t, s, http.MethodGet, "https://graph.microsoft.com/v1.0/security/alerts_v2", "", "Authorization", header)
		if got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"code":"InvalidAuthenticationToken"`) || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s at Graph: %d %s", name, got.status, got.body)
		}
	}
	clock.Advance(time.Hour - time.Second)
	if got := get(t, s, mdeBase+"/api/machines", good); got.status != http.StatusOK {
		t.Errorf("a second before its end: %d", got.status)
	}
	clock.Advance(time.Second)
	if got := get(t, s, mdeBase+"/api/machines", good); got.status != http.StatusUnauthorized {
		t.Errorf("at its end: %d", got.status)
	}
}

func TestOrderOfRefusals(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := secretAccess(s)
	const path = mdeBase + "/api/vulnerabilities"
	if err := s.SetThrottled("get /API/vulnerabilities", true); err != nil {
		t.Fatal(err)
	}
	token := tokenFor(t, s, mdeResource)
	if err := s.SetLicences(a.TenantID); err != nil {
		t.Fatal(err)
	}
	if err := s.SetRoles(a.TenantID, a.ClientID); err != nil {
		t.Fatal(err)
	}
	bare := tokenFor(t, s, mdeResource)
	const reason = "Unauthorized request - reason of failure: "
	checkFailure(t, get(t, s, path, bare), 401, "Unauthorized", reason+"Account mode is inactive")
	if err := s.SetLicences(a.TenantID, LicenceMDE); err != nil {
		t.Fatal(err)
	}
	checkFailure(t, get(t, s, path, bare), 401, "Unauthorized", reason+"No Tvm license")
	if err := s.SetLicences(a.TenantID, LicenceMDE, LicenceTVM); err != nil {
		t.Fatal(err)
	}
	checkFailure(t, get(t, s, path, bare), 403, "Forbidden", "Missing application roles. API required roles: Vulnerability.Read.All, application roles: .")
	if got := get(t, s, path+"?$orderby=x", token); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "60" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if err := s.SetThrottled("GET /api/vulnerabilities", false); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, path, token); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	if s.SetLicences("nobody") == nil || s.SetThrottled("GET /nowhere", true) == nil {
		t.Error("nonsense is taken")
	}
}
