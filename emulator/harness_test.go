package emulator

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-sec/gatehouse/internal/testkey"
)

// epoch is where fake clocks begin.
var epoch = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// testRoutes are a few routes that need no data, so that the server half is tested apart from the data half.
func testRoutes() []route {
	page := func(c *call) reply {
		return reply{body: map[string]any{
			"@odata.context": c.base + "/api/$metadata#Machines", "value": []int{1, 2, 3},
			"@odata.nextLink": c.base + "/api/machines?$filter=" + url.QueryEscape("riskScore eq 'High'") + "&$skip=3",
		}}
	}
	echo := func(c *call) reply { return reply{body: c.vars} }
	file := func(c *call) reply {
		return reply{header: http.Header{"Content-Type": {"application/gzip"}}, stream: func(w io.Writer) error {
			_, err := io.WriteString(w, "0123456789")
			return err
		}}
	}
	return []route{
		{method: "GET", path: "/api/machines", api: apiMDE, roles: []string{"Machine.Read.All", "Machine.ReadWrite.All"}, perMinute: 100, perHour: 1500, options: []string{"$top", "$skip", "$filter"}, handle: page},
		{method: "GET", path: "/api/machines/{id}", api: apiMDE, roles: []string{"Machine.Read.All"}, handle: echo},
		{method: "GET", path: "/api/machines/findbytag", api: apiMDE, roles: []string{"Machine.Read.All"}, options: []string{"tag"}, handle: echo},
		{method: "GET", path: "/api/machines/{id}/alerts/$count", api: apiMDE, roles: []string{"Machine.Read.All"}, handle: echo},
		{method: "GET", path: "/api/machines/findbyip(ip='{ip}',timestamp={timestamp})", api: apiMDE, roles: []string{"Machine.Read.All"}, handle: echo},
		{method: "GET", path: "/api/vulnerabilities", api: apiMDE, needs: LicenceTVM, roles: []string{"Vulnerability.Read.All"}, perMinute: 3, perHour: 5, handle: page},
		{method: "GET", path: "/api/alerts/{id}", api: apiMDE, roles: []string{"Alert.Read.All", "Alert.ReadWrite.All"}, handle: echo},
		{method: "PATCH", path: "/api/alerts/{id}", api: apiMDE, roles: []string{"Alert.ReadWrite.All"}, handle: echo},
		{method: "POST", path: "/api/advancedhunting/run", api: apiXDR, roles: []string{"AdvancedHunting.Read.All"}, handle: echo},
		{method: "GET", path: "/v1.0/security/alerts_v2", api: apiGraph, roles: []string{"SecurityAlert.Read.All"}, options: []string{"$top"}, handle: page},
		{method: "GET", path: "/{container}/{file...}", api: apiBlob, handle: file},
	}
}

// begin starts an emulator with the test routes, no data and the default tenant, and stops it with the test.
func begin(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Size.Devices == 0 {
		o.Size.Devices = -1
	}
	for i := range o.Tenants {
		o.Tenants[i].Size.Devices = -1
	}
	o.Key = testkey.RSA()
	s, err := start(o, testRoutes())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// fetch sends a request and reads the answer whole.
func fetch(t testing.TB, s *Server, method, target, body string, header ...string) answer {
	t.Helper()
	a, err := try(t, s, method, target, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// try is fetch that may fail. A body is JSON unless a header says otherwise.
func try(t testing.TB, s *Server, method, target, body string, header ...string) (answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(text)}, err
}

// get calls an API with a token.
func get(t testing.TB, s *Server, target, token string) answer {
	t.Helper()
	return fetch(t, s, http.MethodGet, target, "", "Authorization", "Bearer "+token)
}

const (
	globalLogin = "https://login.microsoftonline.com"
	mdeBase     = "https://api.security.microsoft.com"
	mdeResource = "https://api.securitycenter.microsoft.com"
)

// secretForm is a good v2.0 token request.
func secretForm(a TenantAccess, resource string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {a.ClientID}, "client_secret": {a.Secret}, "scope": {resource + "/.default"}}
}

// post sends a form.
func post(t testing.TB, s *Server, target string, form url.Values, header ...string) answer {
	t.Helper()
	return fetch(t, s, http.MethodPost, target, form.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

// secretAccess is DefaultTenant without the certificate, which takes a while to make.
func secretAccess(s *Server) TenantAccess {
	t := s.dir.tenants[0]
	app, _ := t.app(s.firstApp)
	return TenantAccess{TenantID: t.id, Domain: t.domain, ClientID: app.clientID, SecretID: app.secrets[0].ID, Secret: app.secrets[0].Value}
}

// tokenFor gets an access token of the default application.
func tokenFor(t testing.TB, s *Server, resource string) string {
	t.Helper()
	return tokenAt(t, s, globalLogin, secretAccess(s), resource)
}

func tokenAt(t testing.TB, s *Server, login string, a TenantAccess, resource string) string {
	t.Helper()
	got := post(t, s, login+"/"+a.TenantID+"/oauth2/v2.0/token", secretForm(a, resource))
	if got.status != http.StatusOK {
		t.Fatalf("token for %s: %d %s", resource, got.status, got.body)
	}
	var body struct {
		Token string `json:"access_token"`
	}
	decode(t, got.body, &body)
	return body.Token
}

func decode(t testing.TB, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
}

// keyPair takes the PEM of TenantAccess apart.
func keyPair(t testing.TB, text []byte) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	certBlock, rest := pem.Decode(text)
	keyBlock, _ := pem.Decode(rest)
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey), cert
}

// claimsOf reads a token with a library that is not ours, and verifies it against the key set.
func claimsOf(t testing.TB, s *Server, token string) (jwt.MapClaims, map[string]any) {
	t.Helper()
	got := fetch(t, s, http.MethodGet, globalLogin+"/common/discovery/v2.0/keys", "")
	var set struct {
		Keys []struct {
			Kid string   `json:"kid"`
			X5c [][]byte `json:"x5c"`
		} `json:"keys"`
	}
	decode(t, got.body, &set)
	claims := jwt.MapClaims{}
	parsed, err := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(s.now)).ParseWithClaims(token, claims, func(tok *jwt.Token) (any, error) {
		cert, err := x509.ParseCertificate(set.Keys[0].X5c[0])
		if err != nil || tok.Header["kid"] != set.Keys[0].Kid {
			t.Errorf("kid %v, key set %v, %v", tok.Header["kid"], set.Keys[0].Kid, err)
			return nil, jwt.ErrTokenUnverifiable
		}
		return cert.PublicKey, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return claims, parsed.Header
}
