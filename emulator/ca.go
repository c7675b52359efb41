package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"
)

// errDeadHost ends the handshake with a host that is retired or that nobody knows.
var errDeadHost = errors.New("no such host")

// authority is the emulator's certificate authority. It signs a leaf for each name it is asked for, and keeps it.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	leaf *ecdsa.PrivateKey // one key serves every leaf

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// newAuthority makes a new certificate authority. It lives as long as the emulator, so that nothing can come to trust
// it for good.
func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificateTemplate("Gatehouse emulator CA")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{key: key, cert: cert, leaf: leaf, leaves: map[string]*tls.Certificate{}}, nil
}

// certificateTemplate is what every certificate of the emulator begins with. Validity follows the machine's clock and
// not the emulator's, since the client's TLS does too.
func certificateTemplate(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(fmt.Sprintf("emulator: no randomness: %v", err)) // crypto/rand does not fail on a working machine
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Gatehouse emulator"}},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(0, 3, 0), // no forgotten emulator outlives a season
	}
}

// pem is the certificate of the authority in PEM.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// pool holds the authority alone.
func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// certificate signs a leaf for a name, once.
func (a *authority) certificate(name string) (*tls.Certificate, error) {
	name = strings.ToLower(name)
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.leaves[name]; ok {
		return c, nil
	}
	template := certificateTemplate(name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.leaf.Public(), a.key)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: a.leaf}
	a.leaves[name] = c
	return c, nil
}

// serverTLS is the listener's configuration: a leaf for each name of the host table, and a connection closed without a
// word for any other, as from an address where nothing lives.
func serverTLS(a *authority, hosts *hostTable) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := hello.ServerName
			if name == "" { // a client that dialled an IP address sends no name
				name, _, _ = net.SplitHostPort(hello.Conn.LocalAddr().String())
			}
			if _, known := hosts.find(name); !known || hosts.dead(name) {
				_ = hello.Conn.Close()
				return nil, errDeadHost
			}
			return a.certificate(name)
		},
	}
}

// newSelfSigned makes a certificate of its own signing, as people upload to an app registration, and an RSA key for it
// unless one is given. It is valid for a year by the emulator's clock.
func newSelfSigned(name string, now time.Time, key *rsa.PrivateKey) (*rsa.PrivateKey, *x509.Certificate, error) {
	if key == nil {
		var err error
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return nil, nil, err
		}
	}
	template := certificateTemplate(name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.AddDate(1, 0, 0)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return key, cert, err
}
