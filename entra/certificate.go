package entra

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the portal prints SHA-1 thumbprints; nothing is signed with it
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// What can be wrong with a certificate file. Errors of [ParseCertificate] and
// [Certificate.Valid] match one of these by errors.Is and say how to mend it.
var (
	ErrCertificateFormat   = errors.New("not a certificate file")
	ErrCertificatePassword = errors.New("wrong certificate password")
	ErrCertificateKey      = errors.New("no usable private key")
	ErrCertificateMissing  = errors.New("no certificate")
	ErrCertificateMismatch = errors.New("the private key belongs to another certificate")
	ErrCertificateExpired  = errors.New("certificate expired")
	ErrCertificateEarly    = errors.New("certificate not valid yet")
)

// maxCertificateFile bounds what is parsed: a chain with its key has a few
// kilobytes.
const maxCertificateFile = 1 << 20

// Certificate is an application's certificate together with its private key. It
// prints as its subject and thumbprint; the key is never printed.
type Certificate struct {
	chain []*x509.Certificate // the key's own certificate first
	key   *rsa.PrivateKey
}

var _ fmt.Formatter = (*Certificate)(nil)

// ParseCertificate reads a certificate and its RSA private key from a PEM file
// (blocks in any order, key as PKCS#8 or PKCS#1 and not encrypted) or from a PFX
// (PKCS#12) file. The password is for PFX alone; an empty one is fine for a file
// made without. The certificate may have expired: ask [Certificate.Valid].
func ParseCertificate(file, password Secret) (*Certificate, error) {
	data := []byte(strings.TrimPrefix(file.Reveal(), "\uFEFF")) // Windows tools put a byte order mark first
	if len(data) == 0 || len(data) > maxCertificateFile {
		return nil, fmt.Errorf("%w: the file has %d bytes, give a PEM or PFX file of at most 1 MiB", ErrCertificateFormat, len(data))
	}
	parse := parsePFX
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		parse = parsePEM
	}
	certs, key, err := parse(data, password.Reveal())
	if err != nil {
		return nil, err
	}
	return pairCertificate(certs, key)
}

// pairCertificate puts the certificate that belongs to the key first.
func pairCertificate(certs []*x509.Certificate, key any) (*Certificate, error) {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: its kind is %s and Entra takes RSA keys alone: make a new certificate with an RSA key of 2048 bits or more",
			ErrCertificateKey, keyKind(key))
	}
	i := slices.IndexFunc(certs, func(c *x509.Certificate) bool {
		public, ok := c.PublicKey.(*rsa.PublicKey)
		return ok && public.Equal(&private.PublicKey)
	})
	if i < 0 {
		return nil, fmt.Errorf("%w: put the certificate that was made with this key into the file", ErrCertificateMismatch)
	}
	chain := slices.Concat([]*x509.Certificate{certs[i]}, certs[:i], certs[i+1:])
	return &Certificate{chain: chain, key: private}, nil
}

// keyKind names the type of a key without its value.
func keyKind(key any) string {
	name := fmt.Sprintf("%T", key)
	name = strings.TrimSuffix(strings.TrimPrefix(name, "*"), ".PrivateKey")
	return strings.ToUpper(name)
}

// Thumbprint returns the SHA-1 thumbprint as the portal prints it: 40 hex digits
// in upper case.
func (c *Certificate) Thumbprint() string {
	sum := sha1.Sum(c.chain[0].Raw) //nolint:gosec // as above
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// ThumbprintSHA256 returns the SHA-256 thumbprint, 64 hex digits in upper case.
// Entra names a key by it in AADSTS700027.
func (c *Certificate) ThumbprintSHA256() string {
	sum := sha256.Sum256(c.chain[0].Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// Subject returns the distinguished name of the certificate.
func (c *Certificate) Subject() string { return plain.Short(c.chain[0].Subject.String()) }

// NotBefore returns the instant from which the certificate is valid, in UTC.
func (c *Certificate) NotBefore() time.Time { return c.chain[0].NotBefore.UTC() }

// NotAfter returns the instant until which the certificate is valid, in UTC.
func (c *Certificate) NotAfter() time.Time { return c.chain[0].NotAfter.UTC() }

// Valid returns an error when the certificate has expired or is not valid yet.
func (c *Certificate) Valid(now time.Time) error {
	switch {
	case now.After(c.NotAfter()):
		return fmt.Errorf("%w on %s: make a new one and upload its public part to the app under Certificates & secrets",
			ErrCertificateExpired, c.NotAfter().Format(time.DateOnly))
	case now.Before(c.NotBefore()):
		return fmt.Errorf("%w: it begins on %s: check this machine's clock",
			ErrCertificateEarly, c.NotBefore().Format(time.RFC3339))
	}
	return nil
}

// Format prints subject and thumbprint for every verb, never the key.
func (c *Certificate) Format(f fmt.State, _ rune) {
	if c == nil || len(c.chain) == 0 {
		_, _ = io.WriteString(f, "no certificate")
		return
	}
	_, _ = io.WriteString(f, "certificate "+c.Subject()+" "+c.Thumbprint())
}

// MarshalText returns what Format prints.
func (c *Certificate) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", c), nil }
