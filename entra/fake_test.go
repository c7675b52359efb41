package entra

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

const (
	testTenant = "11111111-2222-4333-8444-555555555555"
	testClient = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
	testScope  = "https://api.securitycenter.microsoft.com/.default"
)

// fakeEntra answers discovery and token requests and keeps what it was sent.
type fakeEntra struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
	forms []url.Values
	// token answers the token request; default: a token.
	token http.HandlerFunc
	// discovery answers the discovery request; default: the document.
	discovery http.HandlerFunc
}

func newFakeEntra(t *testing.T) *fakeEntra {
	t.Helper()
	f := &fakeEntra{}
	f.Server = httptest.NewTLSServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeEntra) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	f.paths = append(f.paths, r.Method+" "+r.URL.Path)
	if r.Method == http.MethodPost {
		f.forms = append(f.forms, r.PostForm)
	}
	token, discovery := f.token, f.discovery
	f.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && token != nil:
		token(w, r)
	case r.Method == http.MethodPost:
		writeJSON(w, 200, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": testToken(map[string]any{"aud": testScope})})
	case discovery != nil:
		discovery(w, r)
	default:
		writeJSON(w, 200, discoveryDocument(f.URL, nil))
	}
}

// seen returns the requests so far, and the last form.
func (f *fakeEntra) seen() ([]string, url.Values) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.forms) == 0 {
		return f.paths, nil
	}
	return f.paths, f.forms[len(f.forms)-1]
}

func discoveryDocument(base string, more map[string]any) map[string]any {
	doc := map[string]any{
		"issuer":                  "https://login.microsoftonline.com/" + testTenant + "/v2.0",
		"token_endpoint":          base + "/" + testTenant + "/oauth2/v2.0/token",
		"authorization_endpoint":  base + "/" + testTenant + "/oauth2/v2.0/authorize",
		"cloud_instance_name":     "microsoftonline.com",
		"tenant_region_scope":     "EU",
		"tenant_region_sub_scope": nil,
	}
	maps.Copy(doc, more)
	return doc
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// refusal answers as Entra refuses.
func refusal(status, code int, oauth, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, status, map[string]any{
			"error": oauth, "error_codes": []int{code}, "timestamp": "2026-03-04 05:06:07Z",
			"error_description": fmt.Sprintf("AADSTS%d: %s\r\nTrace ID: t-1\r\nCorrelation ID: c-1\r\nTimestamp: 2026-03-04 05:06:07Z", code, text),
			"trace_id":          "t-1", "correlation_id": "c-1",
		})
	}
}

// testToken makes a JWT with a signature that nobody checks.
func testToken(claims map[string]any) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(map[string]any{"typ": "JWT", "alg": "RS256"}) + "." + part(claims) + "." + part("signature")
}

// The keys are made once; making an RSA key takes long.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	otherKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	testNow  = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// testCertificate makes a self-signed certificate around testNow.
func testCertificate(name string, public, private any) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: testNow.AddDate(0, -1, 0), NotAfter: testNow.AddDate(1, 0, 0),
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, public, private))
	return must(x509.ParseCertificate(der))
}

func rsaCertificate() *x509.Certificate {
	return testCertificate("gatehouse", &rsaKey().PublicKey, rsaKey())
}

func pemBlock(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkcs8(key any) string {
	return pemBlock("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
}

// pemFile is a certificate with its key.
func pemFile() Secret {
	return NewSecret(pemBlock("CERTIFICATE", rsaCertificate().Raw) + pkcs8(rsaKey()))
}
