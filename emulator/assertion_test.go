package emulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"software.sslmate.com/src/go-pkcs12"
)

// assertionCase changes a good client assertion.
type assertionCase struct {
	name   string
	method jwt.SigningMethod // default PS256
	header func(h map[string]any)
	claims func(c jwt.MapClaims)
	key    *rsa.PrivateKey
	code   int // 0 is success
}

// thumbprints of a certificate, as the header carries them.
func x5tS256(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func x5t(cert *x509.Certificate) string {
	sum := sha1.Sum(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func assertionCases(cert *x509.Certificate, stranger *rsa.PrivateKey, strangeCert *x509.Certificate, now time.Time) []assertionCase {
	rs := jwt.SigningMethodRS256
	old := func(h map[string]any) { delete(h, "x5t#S256"); h["x5t"] = x5t(cert) }
	claim := func(name string, value any) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
	}
	return []assertionCase{
		{name: "PS256 with x5t#S256"},
		{name: "PS256 with padded thumbprint", header: func(h map[string]any) {
			sum := sha256.Sum256(cert.Raw)
			h["x5t#S256"] = base64.StdEncoding.EncodeToString(sum[:])
		}},
		{name: "RS256 with x5t", method: rs, header: old},
		{name: "audience is the issuer", claims: claim("aud", globalLogin+"/"+defaultTenantID+"/v2.0")},
		{name: "audience by domain", claims: claim("aud", globalLogin+"/contoso.example/oauth2/v2.0/token")},
		{name: "PS256 with x5t only", header: old, code: 700027},
		{name: "not registered", header: func(h map[string]any) { h["x5t#S256"] = x5tS256(strangeCert) }, key: stranger, code: 700027},
		{name: "signed with another key", key: stranger, code: 700027},
		{name: "no thumbprint", header: func(h map[string]any) { delete(h, "x5t#S256") }, code: 700027},
		{name: "PS512", method: jwt.SigningMethodPS512, code: 700027},
		{name: "issuer", claims: claim("iss", govTenant), code: 700021},
		{name: "subject", claims: claim("sub", govTenant), code: 700021},
		{name: "audience of another tenant", claims: claim("aud", globalLogin+"/"+govTenant+"/oauth2/v2.0/token"), code: 700023},
		{name: "audience of another authority", claims: claim("aud", "https://login.microsoftonline.us/"+defaultTenantID+"/oauth2/v2.0/token"), code: 700023},
		{name: "no audience", claims: claim("aud", nil), code: 700023},
		{name: "expired", claims: claim("exp", now.Add(-6*time.Minute).Unix()), code: 700024},
		{name: "expired within the leeway", claims: claim("exp", now.Add(-4*time.Minute).Unix())},
		{name: "not yet", claims: claim("nbf", now.Add(6*time.Minute).Unix()), code: 700024},
		{name: "no expiry", claims: claim("exp", nil), code: 700024},
		{name: "no jti", claims: claim("jti", nil), code: 50012},
		{name: "critical header", header: func(h map[string]any) { h["crit"] = []string{"b64"} }, code: 50027},
		{name: "negative expiry", claims: claim("exp", -5), code: 50027},
	}
}

// assertionForm makes a token request with an assertion signed by a library that is not ours.
func assertionForm(t *testing.T, a TenantAccess, c assertionCase, key *rsa.PrivateKey, cert *x509.Certificate, now time.Time) url.Values {
	t.Helper()
	claims := jwt.MapClaims{
		"aud": globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token", "iss": a.ClientID, "sub": a.ClientID, "jti": rand.Text(),
		"nbf": now.Unix(), "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	if c.claims != nil {
		c.claims(claims)
	}
	method := c.method
	if method == nil {
		method = jwt.SigningMethodPS256
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["x5t#S256"] = x5tS256(cert)
	if c.header != nil {
		c.header(token.Header)
	}
	if c.key != nil {
		key = c.key
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return withAssertion(a, signed)
}

func withAssertion(a TenantAccess, signed string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {a.ClientID}, "scope": {mdeResource + "/.default openid offline_access profile"},
		"client_assertion_type": {assertionType}, "client_assertion": {signed}, "client_info": {"1"},
		"claims": {`{"access_token":{"xms_cc":{"values":["CP1"]}}}`},
	}
}

func TestClientAssertions(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Clock: NewFakeClock(epoch)})
	a := s.DefaultTenant()
	key, cert := keyPair(t, a.CertificatePEM)
	stranger, strangeCert, err := newSelfSigned("stranger", epoch, nil)
	if err != nil {
		t.Fatal(err)
	}
	target := globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token"
	for _, c := range assertionCases(cert, stranger, strangeCert, epoch) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := post(t, s, target, assertionForm(t, a, c, key, cert, epoch))
			switch {
			case c.code == 0 && got.status != http.StatusOK:
				t.Errorf("%d %s", got.status, got.body)
			case c.code == 50027:
				checkRefusal(t, got, c.code, 400, "invalid_request")
			case c.code != 0:
				checkRefusal(t, got, c.code, 401, "invalid_client")
			}
		})
	}
}

func TestAssertionIsGoodOnce(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	s := begin(t, Options{Clock: clock})
	a := s.DefaultTenant()
	key, cert := keyPair(t, a.CertificatePEM)
	form := assertionForm(t, a, assertionCase{}, key, cert, epoch)
	target := globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token"
	if got := post(t, s, target, form); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	checkRefusal(t, post(t, s, target, form), 50012, 401, "invalid_client")
	clock.Advance(2 * 366 * 24 * time.Hour)
	form = assertionForm(t, a, assertionCase{}, key, cert, clock.Now())
	checkRefusal(t, post(t, s, target, form), 700027, 401, "invalid_client") // the certificate has expired
}

func TestCertificateOfDefaultTenant(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := s.DefaultTenant()
	key, cert := keyPair(t, a.CertificatePEM)
	pfxKey, pfxCert, err := pkcs12.Decode(a.CertificatePFX, a.CertificatePassword)
	if err != nil {
		t.Fatal(err)
	}
	if !key.Equal(pfxKey) || !cert.Equal(pfxCert) {
		t.Error("PEM and PFX differ")
	}
	if block, _ := pem.Decode(a.CertificatePEM); block.Type != "CERTIFICATE" {
		t.Error("the certificate does not come first")
	}
	if b := s.DefaultTenant(); string(b.CertificatePEM) != string(a.CertificatePEM) || b.Secret != a.Secret {
		t.Error("a second call differs")
	}
	if err := s.RemoveCertificates(a.TenantID, a.ClientID); err != nil {
		t.Fatal(err)
	}
	target := globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token"
	checkRefusal(t, post(t, s, target, assertionForm(t, a, assertionCase{}, key, cert, s.Now())), 700027, 401, "invalid_client")
}

func TestFederatedAssertions(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Clock: NewFakeClock(epoch)})
	a := secretAccess(s)
	target := globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token"
	for _, c := range []struct {
		name string
		o    AssertionOptions
		code int
	}{
		{name: "good"},
		{name: "issuer", o: AssertionOptions{Issuer: "https://evil.example"}, code: 700211},
		{name: "subject", o: AssertionOptions{Subject: "system:serviceaccount:other:one"}, code: 700213},
		{name: "audience", o: AssertionOptions{Audience: "api://other"}, code: 700212},
		{name: "expired", o: AssertionOptions{Lifetime: -time.Hour}, code: 700024},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			signed, err := s.FederatedAssertion(c.o)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // a workload sends the same one until its file changes
				got := post(t, s, target, withAssertion(a, signed))
				if c.code != 0 {
					checkRefusal(t, got, c.code, 401, "invalid_client")
				} else if got.status != http.StatusOK {
					t.Errorf("%d %s", got.status, got.body)
				}
			}
		})
	}
	forged, err := newSigner("forger", s.now, nil).sign(map[string]any{"iss": outsideIssuer, "sub": outsideSubject, "aud": outsideAudience, "exp": epoch.Add(time.Hour).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, post(t, s, target, withAssertion(a, forged)), 50013, 401, "invalid_client")
}

func FuzzClientAssertion(f *testing.F) {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	f.Add("")
	f.Add("a.b.c")
	f.Add(part(`{"alg":"PS256","x5t#S256":"AA"}`) + "." + part(`{"iss":"a","sub":"a","aud":["x"],"exp":1,"nbf":0,"jti":"j"}`) + ".AA")
	f.Add(part(`{"alg":"none"}`) + "." + part(`{"aud":"x","exp":1e400}`) + ".")
	f.Add(part(`{"alg":"RS256"}{}`) + "." + part(`{}`) + ".")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		a, err := parseAssertion(token)
		if err != nil {
			return
		}
		if a.verify(&key.PublicKey) == nil {
			t.Errorf("a signature by nobody is taken: %q", token)
		}
		again, err := parseAssertion(a.signed + "." + base64.RawURLEncoding.EncodeToString(a.signature))
		if err != nil || again.signed != a.signed || again.issuer != a.issuer {
			t.Errorf("parsed %q, then %v, %v", token, again, err)
		}
		a.inTime(epoch)
	})
}
