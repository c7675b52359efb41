package entra

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// CredentialKind is the way in which an integration proves itself.
type CredentialKind string

// The kinds of credential.
const (
	KindClientSecret     CredentialKind = "client_secret"
	KindCertificate      CredentialKind = "certificate"
	KindWorkloadIdentity CredentialKind = "workload_identity"
	KindManagedIdentity  CredentialKind = "managed_identity"
)

// defaultScope ends the scope of every app-only token request.
const defaultScope = "/.default"

// CredentialOptions say who signs in, where and with what. Exactly one of
// Secret, Certificate, FederatedTokenFile and ManagedIdentity must be set. The
// struct can be printed: secrets show as [redacted].
type CredentialOptions struct {
	// TenantID is the directory: a GUID or a domain name. Not needed for a
	// managed identity.
	TenantID string
	// ClientID is the application, a GUID. For a managed identity it names the
	// user-assigned one; empty means the system-assigned one.
	ClientID string
	// Secret is the client secret's value (not its id).
	Secret Secret
	// Certificate is the content of a PEM or PFX file with certificate and key.
	Certificate Secret
	// CertificatePassword opens the PFX file. Default: none.
	CertificatePassword Secret
	// FederatedTokenFile is the path of a file with a token of another identity
	// provider. It is read anew for each token request.
	FederatedTokenFile string
	// ManagedIdentity uses the identity of the Azure machine this runs on.
	ManagedIdentity bool
	// Authority is where to sign in: an https URL without path. Default:
	// AuthorityGlobal. One that is not Microsoft's is refused, since it would
	// receive the secret, unless it is a loopback address or AllowHosts names it.
	Authority string
	// AllowHosts are authority hosts outside Microsoft's that may be used, each a
	// host or a host with a port. Default: none.
	AllowHosts []string
	// Client sends the requests; it is copied, and redirects are never followed.
	// Default: a client with a timeout of 30 seconds.
	Client *http.Client
	// Now is the clock against which a certificate's dates are held. Default:
	// time.Now.
	Now func() time.Time
}

// Credential signs an application in to Entra ID. It caches tokens in memory and
// is safe for concurrent use.
type Credential struct {
	inner     azcore.TokenCredential
	kind      CredentialKind
	tenantID  string
	clientID  string
	authority string
	cert      *Certificate
	secrets   []Secret // scrubbed from whatever the authority answers
}

var (
	_ azcore.TokenCredential = (*Credential)(nil)
	_ fmt.Formatter          = (*Credential)(nil)
)

// NewCredential checks the options and builds the credential. Nothing is sent.
// Each mistake that can be seen without asking Entra is an error that says how to
// mend it.
func NewCredential(o CredentialOptions) (*Credential, error) {
	kind, err := o.kind()
	if err != nil {
		return nil, err
	}
	o.TenantID, o.ClientID = strings.TrimSpace(o.TenantID), strings.TrimSpace(o.ClientID)
	if err := o.checkIDs(kind); err != nil {
		return nil, err
	}
	authority, err := resolveAuthority(cmp.Or(o.Authority, AuthorityGlobal), o.AllowHosts)
	if err != nil {
		return nil, err
	}
	c := &Credential{
		kind: kind, tenantID: o.TenantID, clientID: o.ClientID, authority: authority.url,
		secrets: []Secret{o.Secret, o.Certificate, o.CertificatePassword},
	}
	build := map[CredentialKind]func(*Credential, CredentialOptions, authorityInfo) error{
		KindClientSecret:     (*Credential).useSecret,
		KindCertificate:      (*Credential).useCertificate,
		KindWorkloadIdentity: (*Credential).useFederatedToken,
		KindManagedIdentity:  (*Credential).useManagedIdentity,
	}[kind]
	if err := build(c, o, authority); err != nil {
		return nil, err
	}
	return c, nil
}

// kind finds the one way that is set.
func (o CredentialOptions) kind() (CredentialKind, error) {
	var found []string
	for _, way := range []struct {
		kind CredentialKind
		set  bool
	}{
		{KindClientSecret, !o.Secret.IsZero()},
		{KindCertificate, !o.Certificate.IsZero()},
		{KindWorkloadIdentity, o.FederatedTokenFile != ""},
		{KindManagedIdentity, o.ManagedIdentity},
	} {
		if way.set {
			found = append(found, string(way.kind))
		}
	}
	switch len(found) {
	case 0:
		return "", errors.New("no credential: give a client secret, a certificate, a federated token file or managed identity")
	case 1:
		return CredentialKind(found[0]), nil
	}
	return "", fmt.Errorf("more than one credential (%s): give exactly one", strings.Join(found, ", "))
}

// checkIDs holds the form of tenant and client id.
func (o CredentialOptions) checkIDs(kind CredentialKind) error {
	if kind == KindManagedIdentity {
		if o.ClientID != "" && !isGUID(o.ClientID) {
			return clientIDError(o.ClientID)
		}
		return nil
	}
	if err := checkTenant(o.TenantID); err != nil {
		return err
	}
	if !isGUID(o.ClientID) {
		return clientIDError(o.ClientID)
	}
	if strings.EqualFold(o.ClientID, o.TenantID) {
		return errors.New("client id and tenant id are the same: copy 'Application (client) ID' and 'Directory (tenant) ID' from the app's Overview page")
	}
	return nil
}

// clientIDError does not repeat what was given unless it is close to a GUID: it
// may be the secret, pasted into the wrong field.
func clientIDError(given string) error {
	if given == "" {
		return errors.New("client id is missing: copy 'Application (client) ID' from the app's Overview page")
	}
	return fmt.Errorf("client id %s is not a GUID: copy 'Application (client) ID' from the app's Overview page", nearGUID(given))
}

func checkTenant(tenant string) error {
	const mend = "copy 'Directory (tenant) ID' from the app's Overview page"
	lower := strings.ToLower(tenant)
	switch {
	case tenant == "":
		return errors.New("tenant id is missing: " + mend)
	case lower == "common" || lower == "organizations" || lower == "consumers":
		return fmt.Errorf("tenant id %q names no single tenant and an application cannot sign in to it: %s", lower, mend)
	case isGUID(tenant), isHostName(lower) && strings.Contains(lower, "."):
		return nil
	}
	return fmt.Errorf("tenant id %s is neither a GUID nor a domain name: %s", nearGUID(tenant), mend)
}

// nearGUID quotes a value made of hex digits and punctuation, and describes any
// other by its length.
func nearGUID(s string) string {
	if len(s) < 60 && strings.Trim(s, "0123456789abcdefABCDEF-{} ") == "" {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("(%d characters)", len([]rune(s)))
}

// Kind returns the way in which this credential proves itself.
func (c *Credential) Kind() CredentialKind { return c.kind }

// TenantID returns the tenant as it was given, a GUID or a domain name.
func (c *Credential) TenantID() string { return c.tenantID }

// ClientID returns the application's id.
func (c *Credential) ClientID() string { return c.clientID }

// Authority returns the https URL, without path, where this credential signs in.
func (c *Credential) Authority() string { return c.authority }

// Certificate returns the certificate, or nil for other kinds.
func (c *Credential) Certificate() *Certificate { return c.cert }

// Expires returns the end of the certificate. For other kinds it is not known:
// Entra does not tell when a secret ends.
func (c *Credential) Expires() (end time.Time, known bool) {
	if c.cert == nil {
		return time.Time{}, false
	}
	return c.cert.NotAfter(), true
}

// Thumbprint returns the certificate's SHA-1 thumbprint as the portal prints it,
// or the empty string for other kinds.
func (c *Credential) Thumbprint() string {
	if c.cert == nil {
		return ""
	}
	return c.cert.Thumbprint()
}

// Format prints the kind and the ids for every verb, never a secret.
func (c *Credential) Format(f fmt.State, _ rune) {
	if c == nil {
		_, _ = io.WriteString(f, "no credential")
		return
	}
	_, _ = fmt.Fprintf(f, "%s of client %s in tenant %s", c.kind, c.clientID, c.tenantID)
}

// MarshalText returns what Format prints.
func (c *Credential) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", c), nil }

// Token gets a token for a resource, for example Cloud.MDE.Resource. See
// [Credential.GetToken].
func (c *Credential) Token(ctx context.Context, resource string) (azcore.AccessToken, error) {
	return c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{strings.TrimSuffix(resource, "/") + defaultScope}})
}
