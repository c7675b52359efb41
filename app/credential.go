package app

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
)

// inputError is about what was given: nothing was sent, and nothing changed.
type inputError struct{ err error }

// Error is the error of what was given.
func (e *inputError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *inputError) Unwrap() error { return e.err }

// wrong says what is wrong with a credential that came over the API.
func wrong(text string, args ...any) error {
	return fmt.Errorf("%w: credential: %s", store.ErrInvalid, fmt.Sprintf(text, args...))
}

// credentialOf reads a credential that came over the API. References are
// patterns of what such a credential may name on this machine: a reference is read
// with the rights of the server, so that whoever may name any file reads them all.
func credentialOf(c api.NewCredential, references []string) (NewCredential, error) {
	kind, err := kindOf(c)
	if err != nil {
		return NewCredential{}, err
	}
	if c.Reference != "" && !slices.ContainsFunc(references, func(pattern string) bool { return refers(pattern, c.Reference) }) {
		return NewCredential{}, wrong("the reference %q is not among those that the server takes over its API: start it with --credential-ref and a pattern for it, or send the credential itself", c.Reference)
	}
	n := NewCredential{Credential: gatehouse.Credential{Kind: kind, Reference: c.Reference}, Password: entra.NewSecret(c.Password)}
	switch {
	case kind == gatehouse.CredentialClientSecret:
		n.Secret = entra.NewSecret(c.Secret)
	case kind == gatehouse.CredentialCertificate && c.Certificate != "":
		n.Secret, err = certificateOf(c.Certificate)
	}
	return n, err
}

// refers reports whether a pattern allows a reference. A path with dots that climb
// is never allowed.
func refers(pattern, reference string) bool {
	if name, isFile := strings.CutPrefix(reference, "file:"); isFile && path.Clean(name) != name {
		return false
	}
	ok, err := path.Match(pattern, reference)
	return ok && err == nil
}

// kindOf is the kind of a credential: what it says, or what its members say.
func kindOf(c api.NewCredential) (gatehouse.CredentialKind, error) {
	given := 0
	for _, member := range []string{c.Secret, c.Certificate, c.Reference} {
		if member != "" {
			given++
		}
	}
	kind := gatehouse.CredentialKind(c.Kind)
	switch {
	case kind == gatehouse.CredentialManagedIdentity && given > 0:
		return "", wrong("a managed identity has no secret, certificate or reference")
	case kind == gatehouse.CredentialManagedIdentity:
		return kind, nil
	case given != 1:
		return "", wrong("give one of secret, certificate and reference")
	case kind == gatehouse.CredentialClientSecret && c.Certificate != "", kind == gatehouse.CredentialCertificate && c.Secret != "",
		kind == gatehouse.CredentialWorkloadIdentity && c.Reference == "":
		return "", wrong("kind %s does not go with what is given", kind)
	case c.Password != "" && c.Secret != "":
		return "", wrong("a password belongs to a certificate, and a client secret is given")
	case kind != "":
		return kind, nil
	case c.Certificate != "", c.Password != "":
		return gatehouse.CredentialCertificate, nil
	}
	return gatehouse.CredentialClientSecret, nil
}

// certificateOf reads a certificate file as it comes over the API.
func certificateOf(text string) (entra.Secret, error) {
	if strings.Contains(text, "-----BEGIN ") {
		return entra.NewSecret(text), nil
	}
	content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return entra.Secret{}, wrong("the certificate is neither PEM text nor a PFX file in base64")
	}
	return entra.NewSecret(string(content)), nil
}
