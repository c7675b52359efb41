package entra

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// GetToken gets an app-only token, from the cache if one is still good. It takes
// exactly one scope, which must end in /.default: Entra grants an application all
// its permissions on one resource at a time.
//
// A refusal by Entra is a [*TokenError]. A failure to reach it wraps the network
// error, so that errors.As finds *net.DNSError and the like.
func (c *Credential) GetToken(ctx context.Context, opts policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if len(opts.Scopes) != 1 || !strings.HasSuffix(opts.Scopes[0], defaultScope) {
		return azcore.AccessToken{}, errors.New("an application asks for exactly one scope, <resource>/.default")
	}
	if opts.Claims == "" {
		// Tokens for continuous access evaluation live in a second cache; nothing
		// here needs one, and sharing the cache halves the token requests.
		opts.EnableCAE = false
	}
	ex := &exchange{}
	token, err := c.inner.GetToken(context.WithValue(ctx, exchangeKey{}, ex), opts)
	if err == nil {
		return token, nil
	}
	return azcore.AccessToken{}, c.explain(ctx, ex, err)
}

// explain makes an error of our own. The one from azidentity is dropped, since it
// holds the HTTP request with the secret in its body.
func (c *Credential) explain(ctx context.Context, ex *exchange, err error) error {
	if te, ok := AsTokenError(err); ok {
		te.scrub(c.secrets)
		return te
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("token request stopped: %w", cause)
	}
	if failure := ex.failure(); failure != nil {
		return fmt.Errorf("no token: %w", failure)
	}
	// MSAL quotes a reply that it cannot decode, and the reply may hold a token.
	text, _, _ := strings.Cut(err.Error(), "json message bytes were")
	return &plainError{text: "no token: " + plain.Short(scrub(text, c.secrets...))}
}

// plainError is a failure that no retry mends.
type plainError struct{ text string }

// Error returns the text.
func (e *plainError) Error() string { return e.text }

// NonRetriable tells azcore's pipelines not to repeat the request.
func (*plainError) NonRetriable() {}

// exchange collects, through the context of one GetToken call, the error below
// azidentity, which would keep only its text.
type exchange struct {
	mu  sync.Mutex
	err error
}

type exchangeKey struct{}

// note remembers the failure of a request; a later success forgets it.
func note(ctx context.Context, err error) {
	if ex, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		ex.mu.Lock()
		defer ex.mu.Unlock()
		ex.err = err
	}
}

func (e *exchange) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// clientOptions are the azcore options common to every kind. Bodies are never
// logged (azcore's default), whatever a listener is set.
func (o CredentialOptions) clientOptions(a authorityInfo, guarded bool) azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: a.url},
		Telemetry: policy.TelemetryOptions{ApplicationID: "gatehouse"},
		Transport: newTransport(o.Client, a.hosts, guarded),
	}
}

// now is the clock of the options.
func (o CredentialOptions) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// Instance discovery asks a Microsoft host whether the authority is genuine. The
// authority was checked against our own table, so the question is left out: it
// saves a request and a host that a firewall would have to open.
const disableInstanceDiscovery = true

func (c *Credential) useSecret(o CredentialOptions, a authorityInfo) error {
	secret := o.Secret.Reveal()
	if strings.ContainsAny(secret, " \t\r\n") {
		return errors.New("client secret holds white space: copy the value again, without line breaks")
	}
	inner, err := azidentity.NewClientSecretCredential(o.TenantID, o.ClientID, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: o.clientOptions(a, true), DisableInstanceDiscovery: disableInstanceDiscovery,
	})
	c.inner = inner
	return c.buildError(err)
}

func (c *Credential) useCertificate(o CredentialOptions, a authorityInfo) error {
	cert, err := ParseCertificate(o.Certificate, o.CertificatePassword)
	if err != nil {
		return err
	}
	if err := cert.Valid(o.now()); err != nil {
		return err
	}
	// SendCertificateChain stays off: it is for subject-name trust, which an app
	// registration of one's own does not use.
	inner, err := azidentity.NewClientCertificateCredential(o.TenantID, o.ClientID, cert.chain, cert.key, &azidentity.ClientCertificateCredentialOptions{
		ClientOptions: o.clientOptions(a, true), DisableInstanceDiscovery: disableInstanceDiscovery,
	})
	c.inner, c.cert = inner, cert
	return c.buildError(err)
}

func (c *Credential) useFederatedToken(o CredentialOptions, a authorityInfo) error {
	if _, err := readFederatedToken(o.FederatedTokenFile, o.now()); err != nil {
		return err
	}
	assertion := func(ctx context.Context) (string, error) {
		token, err := readFederatedToken(o.FederatedTokenFile, o.now())
		note(ctx, err)
		return token, err
	}
	inner, err := azidentity.NewClientAssertionCredential(o.TenantID, o.ClientID, assertion, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: o.clientOptions(a, true), DisableInstanceDiscovery: disableInstanceDiscovery,
	})
	c.inner = inner
	return c.buildError(err)
}

func (c *Credential) useManagedIdentity(o CredentialOptions, a authorityInfo) error {
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o.clientOptions(a, false)}
	if o.ClientID != "" {
		options.ID = azidentity.ClientID(o.ClientID)
	}
	inner, err := azidentity.NewManagedIdentityCredential(options)
	c.inner = inner
	return c.buildError(err)
}

func (c *Credential) buildError(err error) error {
	if err == nil {
		return nil
	}
	return &plainError{text: plain.Short(scrub(err.Error(), c.secrets...))}
}

// maxFederatedToken bounds the token file.
const maxFederatedToken = 64 << 10

// readFederatedToken reads the file anew and refuses what Entra would refuse for
// sure, with an error that names the file and never its content.
func readFederatedToken(path string, now time.Time) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", &plainError{text: fmt.Sprintf("federated token file %q: %v", path, errors.Unwrap(err))}
	}
	if !info.Mode().IsRegular() || info.Size() > maxFederatedToken {
		return "", &plainError{text: fmt.Sprintf("federated token file %q is not a file of at most 64 KiB", path)}
	}
	data, err := os.ReadFile(path) //nolint:gosec // the path is the operator's own setting
	if err != nil {
		return "", &plainError{text: fmt.Sprintf("federated token file %q: %v", path, errors.Unwrap(err))}
	}
	token := strings.TrimSpace(string(data))
	claims, err := ParseClaims(token)
	if err != nil {
		return "", &plainError{text: fmt.Sprintf("federated token file %q holds no token: it must hold one JWT and nothing else", path)}
	}
	if !claims.Expires.IsZero() && now.After(claims.Expires) {
		return "", &plainError{text: fmt.Sprintf("federated token file %q holds a token that expired at %s: check what renews the file", path, claims.Expires.Format(time.RFC3339))}
	}
	return token, nil
}
