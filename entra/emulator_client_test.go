package entra

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// startByName starts a TLS server that plays every host, and returns its address
// and its CA.
func startByName(t *testing.T, h http.Handler) (addr string, ca []byte) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &rsaKey().PublicKey, rsaKey()))
	root := must(x509.ParseCertificate(der))
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(2), DNSNames: []string{hello.ServerName}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, leaf, root, &otherKey().PublicKey, rsaKey())
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: otherKey()}, err
	}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String(), []byte(pemBlock("CERTIFICATE", der))
}

// TestEmulatorClientKeepsNames signs in at Microsoft's own name, with the stand-in
// behind it.
func TestEmulatorClientKeepsNames(t *testing.T) {
	t.Parallel()
	f := &fakeEntra{}
	var mu sync.Mutex
	hosts := map[string]string{}
	addr, ca := startByName(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hosts[r.Host] = r.Proto
		mu.Unlock()
		if r.Method == http.MethodGet {
			writeJSON(w, 200, discoveryDocument(AuthorityGlobal, nil))
			return
		}
		f.ServeHTTP(w, r)
	}))
	client, err := EmulatorClient(addr, ca)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	c := newTestCredential(t, CredentialOptions{TenantID: testTenant, ClientID: testClient, Secret: NewSecret("x~y"), Client: client})
	if _, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{testScope}}); err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get("https://us.api.security.microsoft.com/api/alerts")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	mu.Lock()
	defer mu.Unlock()
	if len(hosts) != 2 || hosts["login.microsoftonline.com"] != "HTTP/2.0" || hosts["us.api.security.microsoft.com"] != "HTTP/2.0" {
		t.Errorf("hosts %v", hosts)
	}
}

func TestEmulatorClientTrustsItsOwnCA(t *testing.T) {
	t.Parallel()
	addr, _ := startByName(t, http.NotFoundHandler())
	another := []byte(pemBlock("CERTIFICATE", testCertificate("another", &otherKey().PublicKey, otherKey()).Raw))
	client := must(EmulatorClient(strings.Replace(addr, "127.0.0.1", "localhost", 1), another))
	resp, err := client.Get("https://login.microsoftonline.com/")
	if err == nil {
		_ = resp.Body.Close()
		t.Error("another CA's certificate was trusted")
	}
}

func TestEmulatorClientRefuses(t *testing.T) {
	t.Parallel()
	ca := []byte(pemBlock("CERTIFICATE", rsaCertificate().Raw))
	for _, addr := range []string{"", "127.0.0.1", "127.0.0.1:0", "10.0.0.1:443", "0.0.0.0:443", "login.microsoftonline.com:443", "localhost", "evil.localhost:1"} {
		if _, err := EmulatorClient(addr, ca); err == nil {
			t.Errorf("%q: no error", addr)
		}
	}
	if _, err := EmulatorClient("127.0.0.1:8443", []byte("x")); err == nil {
		t.Error("no CA: no error")
	}
	if _, err := EmulatorClient("[::1]:8443", ca); err != nil {
		t.Error(err)
	}
}
