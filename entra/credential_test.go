package entra

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// options are good ones for a secret, at the fake.
func options(f *fakeEntra) CredentialOptions {
	return CredentialOptions{
		TenantID: testTenant, ClientID: testClient, Secret: NewSecret("s3cr3t~value"),
		Authority: f.URL, Client: f.Client(), Now: func() time.Time { return testNow },
	}
}

func newTestCredential(t *testing.T, o CredentialOptions) *Credential {
	t.Helper()
	c, err := NewCredential(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSecretCredential(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	c := newTestCredential(t, options(f))
	// With and without CAE, as azcore's policy asks and as check asks: one token.
	for _, cae := range []bool{false, true, false} {
		token, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{testScope}, EnableCAE: cae})
		if err != nil || token.Token == "" {
			t.Fatalf("token %q, error %v", token.Token, err)
		}
	}
	paths, form := f.seen()
	want := []string{
		"GET /" + testTenant + "/v2.0/.well-known/openid-configuration",
		"POST /" + testTenant + "/oauth2/v2.0/token",
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("requests: %s", diff)
	}
	if form.Get("client_secret") != "s3cr3t~value" || form.Get("client_id") != testClient || !strings.HasPrefix(form.Get("scope"), testScope) {
		t.Errorf("form %v", form)
	}
	if c.Kind() != KindClientSecret || c.Thumbprint() != "" || c.Certificate() != nil || c.Authority() != f.URL || c.TenantID() != testTenant || c.ClientID() != testClient {
		t.Errorf("credential %v", c)
	}
	if _, known := c.Expires(); known {
		t.Error("the end of a secret is not known")
	}
}

func TestCertificateCredential(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	o := options(f)
	o.Secret, o.Certificate = Secret{}, pemFile()
	c := newTestCredential(t, o)
	if _, err := c.Token(t.Context(), "https://api.securitycenter.microsoft.com/"); err != nil {
		t.Fatal(err)
	}
	_, form := f.seen()
	if got := form.Get("client_assertion_type"); got != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		t.Errorf("assertion type %q", got)
	}
	claims := jwt.RegisteredClaims{}
	parsed, err := jwt.ParseWithClaims(form.Get("client_assertion"), &claims, func(*jwt.Token) (any, error) { return &rsaKey().PublicKey, nil },
		jwt.WithValidMethods([]string{"PS256"}), jwt.WithAudience(f.URL+"/"+testTenant+"/oauth2/v2.0/token"), jwt.WithIssuer(testClient), jwt.WithSubject(testClient))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(c.Certificate().chain[0].Raw)
	// MSAL encodes the thumbprint with the standard alphabet, against RFC 7515;
	// Entra takes both.
	text, _ := parsed.Header["x5t#S256"].(string)
	if text != base64.StdEncoding.EncodeToString(sum[:]) && text != base64.RawURLEncoding.EncodeToString(sum[:]) {
		t.Errorf("x5t#S256 is %q", text)
	}
	if _, sent := parsed.Header["x5c"]; sent {
		t.Error("the chain was sent")
	}
	if end, known := c.Expires(); !known || !end.Equal(testNow.AddDate(1, 0, 0)) || c.Thumbprint() != c.Certificate().Thumbprint() {
		t.Errorf("expires %v %v", end, known)
	}
}

func TestFederatedTokenIsReadAnew(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	path := filepath.Join(t.TempDir(), "token")
	write := func(n int) string {
		token := testToken(map[string]any{"sub": fmt.Sprintf("workload-%d", n)})
		if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := write(1)
	o := options(f)
	o.Secret, o.FederatedTokenFile = Secret{}, path
	c := newTestCredential(t, o)
	send := func(resource, want string) {
		t.Helper()
		if _, err := c.Token(t.Context(), resource); err != nil {
			t.Fatal(err)
		}
		if _, form := f.seen(); form.Get("client_assertion") != want {
			t.Error("the assertion is not the content of the file")
		}
	}
	send("https://api.securitycenter.microsoft.com", first)
	send("https://graph.microsoft.com", write(2))

	if err := os.WriteFile(path, []byte("not a token"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := c.Token(t.Context(), "https://api.security.microsoft.com")
	if err == nil || !strings.Contains(err.Error(), "holds no token") || strings.Contains(err.Error(), "not a token") {
		t.Errorf("error %v", err)
	}
}

func TestManagedIdentity(t *testing.T) {
	var got http.Request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = *r
		writeJSON(w, 200, map[string]any{"access_token": "mi-token", "expires_on": fmt.Sprint(time.Now().Add(time.Hour).Unix()), "resource": "r", "token_type": "Bearer"})
	}))
	defer srv.Close()
	t.Setenv("IDENTITY_ENDPOINT", srv.URL)
	t.Setenv("IDENTITY_HEADER", "header")
	c := newTestCredential(t, CredentialOptions{ManagedIdentity: true, ClientID: testClient, Client: srv.Client()})
	token, err := c.Token(t.Context(), "https://api.securitycenter.microsoft.com")
	if err != nil || token.Token != "mi-token" || c.Kind() != KindManagedIdentity {
		t.Fatalf("token %q, error %v", token.Token, err)
	}
	if q := got.URL.Query(); q.Get("resource") != "https://api.securitycenter.microsoft.com" || q.Get("client_id") != testClient {
		t.Errorf("query %v", q)
	}
}

// TestCredentialMistakes holds the text of every mistake that is seen without
// asking Entra.
func TestCredentialMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := CredentialOptions{TenantID: testTenant, ClientID: testClient, Secret: NewSecret("x~y"), Now: func() time.Time { return testNow }}
	federated := func(path string) func(*CredentialOptions) {
		return func(o *CredentialOptions) { o.Secret, o.FederatedTokenFile = Secret{}, path }
	}
	cases := []struct {
		name string
		edit func(*CredentialOptions)
	}{
		{"no credential", func(o *CredentialOptions) { o.Secret = Secret{} }},
		{"two credentials", func(o *CredentialOptions) { o.ManagedIdentity = true }},
		{"no tenant", func(o *CredentialOptions) { o.TenantID = " " }},
		{"tenant common", func(o *CredentialOptions) { o.TenantID = "Common" }},
		{"tenant short", func(o *CredentialOptions) { o.TenantID = testTenant[1:] }},
		{"tenant is a path", func(o *CredentialOptions) { o.TenantID = "../evil" }},
		{"tenant is a single name", func(o *CredentialOptions) { o.TenantID = "contoso" }},
		{"no client", func(o *CredentialOptions) { o.ClientID = "" }},
		{"client is the secret", func(o *CredentialOptions) { o.ClientID = "abc8Q~planted" }},
		{"client in braces", func(o *CredentialOptions) { o.ClientID = "{" + testClient + "}" }},
		{"client is the tenant", func(o *CredentialOptions) { o.ClientID = testTenant }},
		{"secret with line break", func(o *CredentialOptions) { o.Secret = NewSecret("x~y\n") }},
		{"authority over http", func(o *CredentialOptions) { o.Authority = "http://login.microsoftonline.com" }},
		{"authority with path", func(o *CredentialOptions) { o.Authority = "https://login.microsoftonline.com/common" }},
		{"authority unknown", func(o *CredentialOptions) { o.Authority = "https://login.microsoftonline.com.evil.example" }},
		{"authority with user", func(o *CredentialOptions) { o.Authority = "https://login.microsoftonline.com@evil.example" }},
		{"authority is no url", func(o *CredentialOptions) { o.Authority = "https://a b" }},
		{"allowed host is no host", func(o *CredentialOptions) {
			o.Authority, o.AllowHosts = "https://sts.example", []string{"https://sts.example/"}
		}},
		{"certificate expired", func(o *CredentialOptions) {
			o.Secret, o.Certificate = Secret{}, pemFile()
			o.Now = func() time.Time { return testNow.AddDate(2, 0, 0) }
		}},
		{"certificate early", func(o *CredentialOptions) {
			o.Secret, o.Certificate = Secret{}, pemFile()
			o.Now = func() time.Time { return testNow.AddDate(-2, 0, 0) }
		}},
		{"token file missing", federated(filepath.Join(dir, "missing"))},
		{"token file is a folder", federated(dir)},
		{"token file empty", federated(file("empty", ""))},
		{"token file huge", federated(file("huge", strings.Repeat("a", maxFederatedToken+1)))},
		{"token file expired", federated(file("old", testToken(map[string]any{"exp": testNow.Add(-time.Hour).Unix()})))},
		{"managed identity with a name", func(o *CredentialOptions) { o.Secret, o.ManagedIdentity, o.ClientID = Secret{}, true, "my-identity" }},
	}
	var out strings.Builder
	for _, tc := range cases {
		o := good
		tc.edit(&o)
		_, err := NewCredential(o)
		if err == nil {
			t.Errorf("%s: no error", tc.name)
			continue
		}
		if strings.ContainsAny(err.Error(), "\n\r") || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %q", tc.name, err)
		}
		fmt.Fprintf(&out, "%s\n\t%s\n", tc.name, strings.ReplaceAll(err.Error(), dir, "DIR"))
	}
	golden.Check(t, "testdata/credential_mistakes.golden", out.String())
}

func TestKnownAuthorities(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://login.microsoftonline.com/":    AuthorityGlobal,
		"LOGIN.microsoftonline.us":              AuthorityUSGov,
		"https://login.windows.net":             AuthorityGlobal,
		"https://login.microsoftonline.com:443": AuthorityGlobal,
		"https://127.0.0.1:8443":                "https://127.0.0.1:8443",
		"https://[::1]:8443":                    "https://[::1]:8443",
		"https://sts.example":                   "https://sts.example",
	} {
		got, err := resolveAuthority(in, []string{"sts.example"})
		if err != nil || got.url != want {
			t.Errorf("%s: %q, %v", in, got.url, err)
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	c := newTestCredential(t, options(f))
	for _, scopes := range [][]string{nil, {"https://graph.microsoft.com"}, {testScope, "https://graph.microsoft.com/.default"}} {
		if _, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: scopes}); err == nil {
			t.Errorf("%q: no error", scopes)
		}
	}
	if _, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{testScope}, TenantID: "another.example"}); err == nil {
		t.Error("another tenant: no error")
	}
	if paths, _ := f.seen(); len(paths) != 0 {
		t.Errorf("something was sent: %v", paths)
	}
}

// TestSecretStaysWithTheAuthority plants each way in which the token request
// could be led elsewhere.
func TestSecretStaysWithTheAuthority(t *testing.T) {
	t.Parallel()
	evil := newFakeEntra(t)
	cases := map[string]func(*fakeEntra){
		"redirected token request": func(f *fakeEntra) {
			f.token = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, evil.URL+"/token", http.StatusTemporaryRedirect)
			}
		},
		"redirected discovery": func(f *fakeEntra) {
			f.discovery = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, evil.URL, http.StatusFound) }
		},
		"foreign token endpoint": func(f *fakeEntra) {
			f.discovery = func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, discoveryDocument(evil.URL, nil)) }
		},
	}
	for name, plant := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFakeEntra(t)
			plant(f)
			_, err := newTestCredential(t, options(f)).Token(t.Context(), "https://graph.microsoft.com")
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v", err)
			}
			var refused *HostError
			if name == "foreign token endpoint" && !errors.As(err, &refused) {
				t.Errorf("error %v is no HostError", err)
			}
		})
	}
	t.Cleanup(func() {
		if paths, _ := evil.seen(); len(paths) != 0 {
			t.Errorf("the other host was sent %v", paths)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUnreachableAuthority(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	t.Run("not trusted", func(t *testing.T) {
		t.Parallel()
		o := options(f)
		o.Client = nil
		_, err := newTestCredential(t, o).Token(t.Context(), "https://graph.microsoft.com")
		if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
			t.Errorf("error %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newTestCredential(t, options(f)).Token(ctx, "https://graph.microsoft.com")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no such host", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		o := options(f)
		o.Client = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			cancel() // so that azcore does not wait to try again
			return nil, &net.DNSError{Err: "no such host", Name: "login.example", IsNotFound: true}
		})}
		c := newTestCredential(t, o)
		ex := &exchange{}
		_, _ = c.inner.GetToken(context.WithValue(ctx, exchangeKey{}, ex), policy.TokenRequestOptions{Scopes: []string{testScope}})
		err := c.explain(t.Context(), ex, errors.New("azidentity's text"))
		var dns *net.DNSError
		if !errors.As(err, &dns) || !strings.HasPrefix(err.Error(), "no token: ") {
			t.Errorf("error %v", err)
		}
	})
}
