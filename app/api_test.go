package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
)

// writeCertificate puts a new certificate for 127.0.0.1 into two files.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
	must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

// The REST API is served over TLS, and a new certificate takes the place of the
// old one without a new start. Files that do not fit leave the old one in place.
func TestCertificateIsReadAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	writeCertificate(t, certFile, keyFile, 1)
	var ahead atomic.Int64
	e := emulate(t, emulator.Options{Size: small()})
	a := open(t, e, app.Options{
		Data: t.TempDir(), API: app.APIOptions{Listen: "127.0.0.1:0", CertFile: certFile, KeyFile: keyFile},
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	must(t, a.Start(t.Context()))
	if !strings.HasPrefix(a.APIAddr(), "https://127.0.0.1:") {
		t.Fatalf("served at %q", a.APIAddr())
	}
	serial := func() int64 {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
		resp, err := client.Get(a.APIAddr() + "/healthz")
		must(t, err)
		defer resp.Body.Close()
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("certificate %d", n)
	}
	must(t, os.WriteFile(certFile, []byte("half a file"), 0o600))
	ahead.Add(int64(time.Minute))
	if n := serial(); n != 1 {
		t.Errorf("certificate %d while the files do not fit", n)
	}
	writeCertificate(t, certFile, keyFile, 2)
	ahead.Add(int64(time.Minute))
	if n := serial(); n != 2 {
		t.Errorf("certificate %d after the new one", n)
	}
}

// Keys do not go over plain HTTP to another machine, unless somebody says that a
// proxy stands before the server.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		app.APIOptions
		fine bool
	}{
		{app.APIOptions{Listen: "127.0.0.1:8080"}, true},
		{app.APIOptions{Listen: "[::1]:8080"}, true},
		{app.APIOptions{Listen: "localhost:8080"}, true},
		{app.APIOptions{Listen: ":8080"}, false},
		{app.APIOptions{Listen: "0.0.0.0:8080"}, false},
		{app.APIOptions{Listen: "gatehouse.example:8080"}, false},
		{app.APIOptions{Listen: "0.0.0.0:8080", BehindProxy: true}, true},
		{app.APIOptions{Listen: "0.0.0.0:8443", CertFile: "a", KeyFile: "b"}, true},
		{app.APIOptions{Listen: "0.0.0.0:8443", CertFile: "a"}, false},
		{app.APIOptions{Listen: "127.0.0.1:8080", OIDC: &app.OIDC{Issuer: "https://issuer.example"}}, false},
	} {
		if err := c.Validate(); (err == nil) != c.fine {
			t.Errorf("%+v: %v", c.APIOptions, err)
		}
	}
}
