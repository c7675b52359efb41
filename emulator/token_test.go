package emulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	govTenant  = "0e9a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
	bareTenant = "1e9a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
	otherApp   = "2e9a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
	publicApp  = "3e9a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
	blockedApp = "4e9a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
)

// entraTenants are a commercial tenant with applications of every state, one of the government's cloud, and one
// without Defender.
func entraTenants() []TenantSpec {
	first := defaultTenant(Size{})
	first.Apps[0].Secrets = append(first.Apps[0].Secrets, SecretSpec{Value: "old", Expires: epoch.Add(-time.Hour)})
	first.Apps = append(first.Apps,
		AppSpec{ClientID: otherApp, Disabled: true, Secrets: []SecretSpec{{Value: "s"}}},
		AppSpec{ClientID: publicApp, Public: true},
		AppSpec{ClientID: blockedApp, Refuse: 53003})
	return []TenantSpec{
		first,
		{ID: govTenant, Domain: "agency.example", Cloud: "gcc-high", Apps: []AppSpec{{ClientID: otherApp, Secrets: []SecretSpec{{Value: "gov"}}, Roles: GuideRoles()}}},
		{ID: bareTenant, Domain: "bare.example", Without: []string{ResourceMDE}, Apps: []AppSpec{{ClientID: otherApp, Secrets: []SecretSpec{{Value: "bare"}}}}},
	}
}

// refusalCase is one token request that Entra refuses.
type refusalCase struct {
	name   string
	at     string // authority and tenant; default: the commercial tenant
	v1     bool
	change func(f url.Values)
	code   int
	status int
	kind   string
}

func set(pairs ...string) func(url.Values) {
	return func(f url.Values) {
		for i := 0; i+1 < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
	}
}

func refusalCases(secretID string) []refusalCase {
	gov, bare := "https://login.microsoftonline.us/", globalLogin+"/"+bareTenant
	return []refusalCase{
		{name: "secret id for value", change: set("client_secret", secretID), code: 7000215, status: 401, kind: "invalid_client"},
		{name: "wrong secret", change: set("client_secret", "nonsense"), code: 7000215, status: 401, kind: "invalid_client"},
		{name: "expired secret", change: set("client_secret", "old"), code: 7000222, status: 401, kind: "invalid_client"},
		{name: "no secret", change: func(f url.Values) { f.Del("client_secret") }, code: 7000218, status: 401, kind: "invalid_client"},
		{name: "app not in tenant", change: set("client_id", govTenant), code: 700016, status: 400, kind: "unauthorized_client"},
		{name: "disabled app", change: set("client_id", otherApp), code: 70001, status: 400, kind: "unauthorized_client"},
		{name: "public app", change: set("client_id", publicApp), code: 700025, status: 401, kind: "invalid_client"},
		{name: "conditional access", change: set("client_id", blockedApp), code: 53003, status: 400, kind: "access_denied"},
		{name: "unknown tenant", at: globalLogin + "/9e9a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b", code: 90002, status: 400, kind: "invalid_request"},
		{name: "unknown domain", at: globalLogin + "/nobody.example", code: 90002, status: 400, kind: "invalid_request"},
		{name: "no tenant name", at: globalLogin + "/not_a_tenant", code: 900023, status: 400, kind: "invalid_request"},
		{name: "common", at: globalLogin + "/common", code: 9001023, status: 400, kind: "invalid_request"},
		{name: "government tenant at the commercial authority", at: globalLogin + "/" + govTenant, code: 900382, status: 400, kind: "invalid_request"},
		{name: "commercial tenant at the government's authority", at: gov + defaultTenantID, code: 90002, status: 400, kind: "invalid_request"},
		{name: "government tenant, commercial resource", at: gov + govTenant, change: set("client_id", otherApp, "client_secret", "gov"), code: 500011, status: 400, kind: "invalid_resource"},
		{name: "tenant without Defender", at: bare, change: set("client_id", otherApp, "client_secret", "bare"), code: 500011, status: 400, kind: "invalid_resource"},
		{name: "unknown resource", change: set("scope", "https://vault.azure.net/.default"), code: 500011, status: 400, kind: "invalid_resource"},
		{name: "no .default", change: set("scope", "https://graph.microsoft.com/User.Read"), code: 1002012, status: 400, kind: "invalid_scope"},
		{name: "only openid", change: set("scope", "openid profile"), code: 1002012, status: 400, kind: "invalid_scope"},
		{name: "scope is no URI", change: set("scope", "graph/.default"), code: 70011, status: 400, kind: "invalid_scope"},
		{name: "two resources", change: set("scope", mdeResource+"/.default https://graph.microsoft.com/.default"), code: 700022, status: 400, kind: "invalid_scope"},
		{name: "no scope", change: func(f url.Values) { f.Del("scope") }, code: 900144, status: 400, kind: "invalid_request"},
		{name: "no client id", change: func(f url.Values) { f.Del("client_id") }, code: 900144, status: 400, kind: "invalid_request"},
		{name: "no grant", change: func(f url.Values) { f.Del("grant_type") }, code: 900144, status: 400, kind: "invalid_request"},
		{name: "password grant", change: set("grant_type", "password"), code: 70003, status: 400, kind: "unsupported_grant_type"},
		{name: "resource at v2.0", change: set("resource", mdeResource), code: 901002, status: 400, kind: "invalid_request"},
		{name: "scope at v1.0", v1: true, code: 900144, status: 400, kind: "invalid_request"},
		{name: "parameter twice", change: func(f url.Values) { f.Add("client_id", "x") }, code: 9002313, status: 400, kind: "invalid_request"},
		{name: "claims are no JSON", change: set("claims", "{"), code: 9002313, status: 400, kind: "invalid_request"},
		{name: "secret and assertion", change: set("client_assertion", "x"), code: 9002313, status: 400, kind: "invalid_request"},
		{name: "assertion without its type", change: func(f url.Values) { f.Del("client_secret"); f.Set("client_assertion", "x") }, code: 900144, status: 400, kind: "invalid_request"},
		{name: "assertion of another type", change: func(f url.Values) {
			f.Del("client_secret")
			f.Set("client_assertion", "x")
			f.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
		}, code: 9002313, status: 400, kind: "invalid_request"},
		{name: "assertion is no JWT", change: func(f url.Values) {
			f.Del("client_secret")
			f.Set("client_assertion", "x.y.z")
			f.Set("client_assertion_type", assertionType)
		}, code: 50027, status: 400, kind: "invalid_request"},
	}
}

func TestEntraRefuses(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Tenants: entraTenants(), Clock: NewFakeClock(epoch)})
	a := secretAccess(s)
	for _, c := range refusalCases(a.SecretID) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			form := secretForm(a, mdeResource)
			if c.change != nil {
				c.change(form)
			}
			path := "/oauth2/v2.0/token"
			if c.v1 {
				path = "/oauth2/token"
			}
			got := post(t, s, orText(c.at, globalLogin+"/"+a.TenantID)+path, form)
			checkRefusal(t, got, c.code, c.status, c.kind)
		})
	}
}

// trailer is what follows the text of every error.
var trailer = regexp.MustCompile(`\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: [0-9a-f-]{36}\r\nTimestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$`)

// checkRefusal holds the whole shape of an error of Entra.
func checkRefusal(t *testing.T, got answer, code, status int, kind string) {
	t.Helper()
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Codes       []int  `json:"error_codes"`
		Timestamp   string `json:"timestamp"`
		Trace       string `json:"trace_id"`
		Correlation string `json:"correlation_id"`
		URI         string `json:"error_uri"`
	}
	decode(t, got.body, &body)
	if got.status != status || body.Error != kind || len(body.Codes) != 1 || body.Codes[0] != code {
		t.Fatalf("got %d %s, want %d %s AADSTS%d", got.status, got.body, status, kind, code)
	}
	if !strings.HasPrefix(body.Description, "AADSTS"+strconv.Itoa(code)+": ") || !trailer.MatchString(body.Description) {
		t.Errorf("description %q", body.Description)
	}
	if strings.ContainsAny(body.Description, "{}") {
		t.Errorf("description has an unfilled place: %q", body.Description)
	}
	if !validGUID(body.Trace) || !validGUID(body.Correlation) || body.Timestamp == "" {
		t.Errorf("ids %q %q %q", body.Trace, body.Correlation, body.Timestamp)
	}
	if body.URI != "" && !strings.HasSuffix(body.URI, "/error?code="+strconv.Itoa(code)) {
		t.Errorf("error_uri %q", body.URI)
	}
	if !strings.HasPrefix(got.body, `{"error":`) {
		t.Errorf("the order of members differs: %s", got.body)
	}
}

func TestEveryRefusalCanBeForced(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := secretAccess(s)
	for _, e := range aadstsErrors() {
		if err := s.SetRefusal(a.TenantID, a.ClientID, e.code); err != nil {
			t.Fatal(err)
		}
		got := post(t, s, globalLogin+"/"+a.TenantID+"/oauth2/v2.0/token", secretForm(a, mdeResource))
		if got.status != e.status || !strings.Contains(got.body, "AADSTS"+strconv.Itoa(e.code)) {
			t.Errorf("AADSTS%d: %d %s", e.code, got.status, got.body)
		}
	}
	if s.SetRefusal(a.TenantID, a.ClientID, 1) == nil {
		t.Error("an unknown code is taken")
	}
	if err := s.SetRefusal(a.TenantID, a.ClientID, 0); err != nil {
		t.Fatal(err)
	}
	tokenFor(t, s, mdeResource)
}

func TestTokenRequestIsAForm(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := secretAccess(s)
	got := fetch(t, s, http.MethodPost, globalLogin+"/"+a.TenantID+"/oauth2/v2.0/token", `{"grant_type":"client_credentials"}`, "Content-Type", "application/json")
	checkRefusal(t, got, 9002313, 400, "invalid_request")
	got = fetch(t, s, http.MethodGet, globalLogin+"/"+a.TenantID+"/oauth2/v2.0/token", "")
	if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
}

func TestTokenAnswers(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	s := begin(t, Options{Clock: clock})
	a := secretAccess(s)
	got := post(t, s, globalLogin+"/"+a.Domain+"/oauth2/v2.0/token", secretForm(a, mdeResource), "client-request-id", govTenant)
	var v2 map[string]any
	decode(t, got.body, &v2)
	if v2["token_type"] != "Bearer" || v2["expires_in"] != 3599.0 || v2["ext_expires_in"] != 3599.0 || v2["refresh_token"] != nil {
		t.Errorf("v2.0: %s", got.body)
	}
	form := secretForm(a, mdeResource)
	form.Del("scope")
	form.Set("resource", mdeResource)
	got = post(t, s, globalLogin+"/"+a.TenantID+"/oauth2/token", form)
	var v1 map[string]string
	decode(t, got.body, &v1)
	if v1["token_type"] != "Bearer" || v1["expires_in"] != "3599" || v1["resource"] != mdeResource ||
		v1["expires_on"] != strconv.FormatInt(epoch.Add(time.Hour).Unix(), 10) {
		t.Errorf("v1.0: %s", got.body)
	}
	if got.header.Get("Cache-Control") != "no-store, no-cache" {
		t.Errorf("Cache-Control %q", got.header.Get("Cache-Control"))
	}
}

func TestTokenByBasic(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := secretAccess(s)
	form := secretForm(a, mdeResource)
	form.Del("client_secret")
	form.Del("client_id")
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(a.ClientID+":"+url.QueryEscape(a.Secret)))
	target := globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token"
	if got := post(t, s, target, form, "Authorization", basic); got.status != http.StatusOK {
		t.Errorf("Basic: %d %s", got.status, got.body)
	}
	form.Set("client_secret", a.Secret)
	checkRefusal(t, post(t, s, target, form, "Authorization", basic), 9002313, 400, "invalid_request")
}

func TestCorrelationIsEchoed(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := secretAccess(s)
	got := post(t, s, globalLogin+"/"+a.TenantID+"/oauth2/v2.0/token", url.Values{}, "client-request-id", govTenant)
	if !strings.Contains(got.body, `"correlation_id":"`+govTenant+`"`) {
		t.Errorf("%s", got.body)
	}
}

func TestSecretExpiresAtRunTime(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	s := begin(t, Options{Clock: clock})
	a := secretAccess(s)
	target := globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token"
	if err := s.ExpireSecret(a.TenantID, a.ClientID, a.SecretID); err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, post(t, s, target, secretForm(a, mdeResource)), 7000222, 401, "invalid_client")
	if err := s.AddSecret(a.TenantID, a.ClientID, SecretSpec{Value: "fresh", Expires: epoch.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	a.Secret = "fresh"
	tokenAt(t, s, globalLogin, a, mdeResource)
	clock.Advance(time.Hour)
	checkRefusal(t, post(t, s, target, secretForm(a, mdeResource)), 7000222, 401, "invalid_client")
	if s.ExpireSecret(a.TenantID, a.ClientID, "nonsense") == nil || s.AddSecret(a.TenantID, a.ClientID, SecretSpec{}) == nil {
		t.Error("nonsense is taken")
	}
}
