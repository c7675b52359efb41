package entra

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

func TestParseCertificate(t *testing.T) {
	t.Parallel()
	leaf := rsaCertificate()
	ca := testCertificate("another", &otherKey().PublicKey, otherKey())
	cert, key := pemBlock("CERTIFICATE", leaf.Raw), pkcs8(rsaKey())
	pfx := func(e *pkcs12.Encoder, password string) string {
		return string(must(e.Encode(rsaKey(), leaf, []*x509.Certificate{ca}, password)))
	}
	cases := []struct{ name, file, password string }{
		{"certificate first", cert + key, ""},
		{"key first", key + cert, ""},
		{"pkcs1 key", cert + pemBlock("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), ""},
		{"chain before its certificate", pemBlock("CERTIFICATE", ca.Raw) + cert + key, ""},
		{"text and other blocks around", "Bag Attributes\r\n" + pemBlock("DH PARAMETERS", []byte("x")) + cert + "friendlyName: x\n" + key, ""},
		{"byte order mark", "\uFEFF" + cert + key, ""},
		{"line ends of windows", strings.ReplaceAll(cert+key, "\n", "\r\n"), ""},
		{"a password that PEM does not need", cert + key, "ignored"},
		{"pfx of today", pfx(pkcs12.Modern, "pä$$word"), "pä$$word"},
		{"pfx of old", pfx(pkcs12.LegacyDES, "password"), "password"},
		{"pfx of older", pfx(pkcs12.LegacyRC2, "password"), "password"},
		{"pfx without password", pfx(pkcs12.Modern, ""), ""},
		{"pfx not encrypted", pfx(pkcs12.Passwordless, ""), ""},
	}
	for _, tc := range cases {
		got, err := ParseCertificate(NewSecret(tc.file), NewSecret(tc.password))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if !got.chain[0].Equal(leaf) || !got.key.Equal(rsaKey()) {
			t.Errorf("%s: wrong certificate %v", tc.name, got)
		}
	}
}

func TestCertificateFacts(t *testing.T) {
	t.Parallel()
	c := must(ParseCertificate(pemFile(), Secret{}))
	sum := sha1.Sum(c.chain[0].Raw)
	if want := strings.ToUpper(hex.EncodeToString(sum[:])); c.Thumbprint() != want {
		t.Errorf("thumbprint %s", c.Thumbprint())
	}
	if len(c.ThumbprintSHA256()) != 64 || c.Subject() != "CN=gatehouse" || !c.NotAfter().Equal(testNow.AddDate(1, 0, 0)) || !c.NotBefore().Equal(testNow.AddDate(0, -1, 0)) {
		t.Errorf("%s %s %s", c.ThumbprintSHA256(), c.Subject(), c.NotAfter())
	}
	if err := c.Valid(testNow); err != nil {
		t.Error(err)
	}
	if err := c.Valid(testNow.AddDate(1, 0, 1)); !errors.Is(err, ErrCertificateExpired) {
		t.Error(err)
	}
	if err := c.Valid(testNow.AddDate(-1, 0, 0)); !errors.Is(err, ErrCertificateEarly) {
		t.Error(err)
	}
	if got := fmt.Sprintf("%v", (*Certificate)(nil)); got != "no certificate" {
		t.Error(got)
	}
}

// TestCertificateMistakes holds the sentinel and the text of every mistake.
func TestCertificateMistakes(t *testing.T) {
	t.Parallel()
	leaf := rsaCertificate()
	cert, key := pemBlock("CERTIFICATE", leaf.Raw), pkcs8(rsaKey())
	ecCert := pemBlock("CERTIFICATE", testCertificate("ec", &ecKey().PublicKey, ecKey()).Raw)
	other := testCertificate("another", &otherKey().PublicKey, otherKey())
	pfx := must(pkcs12.Modern.Encode(rsaKey(), leaf, nil, "password"))
	legacyKey := must(x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()), []byte("password"), x509.PEMCipherAES256)) //nolint:staticcheck // what old files hold
	cases := []struct {
		name, file, password string
		want                 error
	}{
		{"empty", "", "", ErrCertificateFormat},
		{"too large", strings.Repeat("a", maxCertificateFile+1), "", ErrCertificateFormat},
		{"text", "hello", "", ErrCertificateFormat},
		{"damaged der", "0hello", "", ErrCertificateFormat},
		{"pfx cut off", string(pfx[:len(pfx)/2]), "password", ErrCertificateFormat},
		{"pfx wrong password", string(pfx), "Password", ErrCertificatePassword},
		{"pfx no password given", string(pfx), "", ErrCertificatePassword},
		{"pfx without key", string(must(pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{leaf}, "password"))), "password", ErrCertificateKey},
		{"pfx of another key", string(must(pkcs12.Modern.Encode(rsaKey(), other, nil, "password"))), "password", ErrCertificateMismatch},
		{"public part alone", string(leaf.Raw), "", ErrCertificateKey},
		{"pem empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "", ErrCertificateFormat},
		{"pem request", pemBlock("CERTIFICATE REQUEST", []byte("x")), "", ErrCertificateFormat},
		{"pem cut off", cert[:len(cert)/2], "", ErrCertificateFormat},
		{"pem without key", cert, "", ErrCertificateKey},
		{"pem without certificate", key, "", ErrCertificateMissing},
		{"pem two keys", cert + key + key, "", ErrCertificateKey},
		{"pem of another key", pemBlock("CERTIFICATE", other.Raw) + key, "", ErrCertificateMismatch},
		{"pem encrypted key", cert + pemBlock("ENCRYPTED PRIVATE KEY", []byte("x")), "password", ErrCertificateKey},
		{"pem old encrypted key", cert + string(pem.EncodeToMemory(legacyKey)), "password", ErrCertificateKey},
		{"pem damaged key", cert + pemBlock("PRIVATE KEY", []byte("x")), "", ErrCertificateKey},
		{"pem key of another kind", cert + pemBlock("OPENSSH PRIVATE KEY", []byte("x")), "", ErrCertificateKey},
		{"pem damaged pkcs1 key", cert + pemBlock("RSA PRIVATE KEY", []byte("x")), "", ErrCertificateKey},
		{"pem elliptic key", ecCert + pkcs8(ecKey()), "", ErrCertificateKey},
		{"pem sec1 elliptic key", ecCert + pemBlock("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ecKey()))), "", ErrCertificateKey},
	}
	var out strings.Builder
	for _, tc := range cases {
		_, err := ParseCertificate(NewSecret(tc.file), NewSecret(tc.password))
		if !errors.Is(err, tc.want) || strings.Contains(fmt.Sprint(err), "\n") {
			t.Errorf("%s: %v", tc.name, err)
		}
		fmt.Fprintf(&out, "%s\n\t%v\n", tc.name, err)
	}
	golden.Check(t, "testdata/certificate_mistakes.golden", out.String())
}

func TestManyRounds(t *testing.T) {
	t.Parallel()
	leaf := rsaCertificate()
	few := must(pkcs12.Modern.WithIterations(300_000).Encode(rsaKey(), leaf, nil, "p"))
	if tooManyRounds(few, 0) {
		t.Error("300,000 rounds are fine")
	}
	// The rounds stand in the file as an INTEGER after the salt, 300,000 in three
	// bytes; more of them in as many bytes is 0x7fffff.
	many := strings.ReplaceAll(string(few), "\x02\x03\x04\x93\xe0", "\x02\x03\x7f\xff\xff")
	if _, err := ParseCertificate(NewSecret(many), NewSecret("p")); !errors.Is(err, ErrCertificateFormat) || !strings.Contains(err.Error(), "rounds") {
		t.Errorf("error %v", err)
	}
}

func FuzzParseCertificate(f *testing.F) {
	leaf := rsaCertificate()
	f.Add([]byte(pemFile().Reveal()), "")
	f.Add(must(pkcs12.Modern.Encode(rsaKey(), leaf, nil, "p")), "p")
	f.Add(must(pkcs12.LegacyDES.Encode(rsaKey(), leaf, nil, "p")), "p")
	f.Add(leaf.Raw, "")
	f.Add([]byte("-----BEGIN PRIVATE KEY-----"), "")
	f.Fuzz(func(t *testing.T, file []byte, password string) {
		c, err := ParseCertificate(NewSecret(string(file)), NewSecret(password))
		if (c == nil) == (err == nil) {
			t.Fatal("either a certificate or an error")
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q", err)
		}
		if c != nil {
			_ = fmt.Sprint(c, c.Valid(testNow))
		}
	})
}
