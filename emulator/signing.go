package emulator

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// signer signs JWTs with RS256: Entra's own key, and that of the outside issuer. The key is made on first use, since
// making one takes longer than everything else at the start.
type signer struct {
	make func() (*signingKey, error)
}

type signingKey struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

func newSigner(name string, now func() time.Time, given *rsa.PrivateKey) *signer {
	return &signer{make: sync.OnceValues(func() (*signingKey, error) {
		key, cert, err := newSelfSigned(name, now(), given)
		return &signingKey{key: key, cert: cert}, err
	})}
}

// thumbprint is x5t and kid of the key, as in Entra's key set.
func (k *signingKey) thumbprint() string { return base64.RawURLEncoding.EncodeToString(sha1Of(k.cert)) }

// sign encodes and signs a JWT.
func (s *signer) sign(claims map[string]any) (string, error) {
	k, err := s.make()
	if err != nil {
		return "", err
	}
	header := map[string]string{"typ": "JWT", "alg": "RS256", "x5t": k.thumbprint(), "kid": k.thumbprint()}
	head, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	digest := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

// public is the key to verify with.
func (s *signer) public() (*rsa.PublicKey, error) {
	k, err := s.make()
	if err != nil {
		return nil, err
	}
	return &k.key.PublicKey, nil
}
