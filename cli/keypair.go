package cli

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// keyPair is a self-signed client certificate, as one would upload it to an
// application.
type keyPair struct {
	certificate []byte // PEM, the public part
	private     []byte // PEM, certificate and key
	pfx         []byte
	password    string // of the pfx
}

// newKeyPair makes a certificate that is valid for a year around now.
func newKeyPair(now time.Time) (keyPair, error) {
	const bits, day = 2048, 24 * time.Hour
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return keyPair{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return keyPair{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "gatehouse emulator client"},
		NotBefore: now.Add(-day), NotAfter: now.Add(365 * day),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return keyPair{}, err
	}
	return encodeKeyPair(der, key)
}

func encodeKeyPair(der []byte, key *rsa.PrivateKey) (keyPair, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return keyPair{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return keyPair{}, err
	}
	pair := keyPair{password: randomText(12)}
	pair.certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pair.private = append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), pair.certificate...)
	pair.pfx, err = pkcs12.Modern.Encode(key, certificate, nil, pair.password)
	return pair, err
}

// randomText returns n random bytes as URL-safe text.
func randomText(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(raw)
}
