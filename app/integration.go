package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
)

// NewIntegration describes an integration that is to be added.
type NewIntegration struct {
	// Integration says what it is called and which account it is. ID, State,
	// Created and Changed are filled in.
	Integration gatehouse.Integration
	// Secret is the credential itself, the client secret or the certificate file
	// whole, to be kept encrypted. Leave it empty when
	// Integration.Credential.Reference says where to read it.
	Secret entra.Secret
	// Password opens the certificate file, in the same way.
	Password entra.Secret
	// SkipCheck adds it without asking Microsoft anything.
	SkipCheck bool
	// Progress is told each step of the check. Default: nobody is.
	Progress func(step string)
}

// ErrCheckFailed says that an integration was not added, or its credential not
// replaced, since the check found that nothing can be read with it; the report has
// the findings.
var ErrCheckFailed = errors.New("nothing was changed: the check found that it cannot work")

// AddIntegration checks an account and, when something can be read with it,
// keeps it. A permission that is missing is no reason to refuse it: its streams
// are off. The report is nil when the check was skipped or could not begin.
func (a *App) AddIntegration(ctx context.Context, n NewIntegration) (gatehouse.Integration, *check.Report, error) {
	if err := a.mayAdd(ctx, n.Integration); err != nil {
		return gatehouse.Integration{}, nil, err
	}
	o, err := credentialOptions(n.Integration, literal{n.Secret, n.Password})
	if err != nil {
		return gatehouse.Integration{}, nil, &inputError{err}
	}
	cred, base, err := a.accounts.signIn(n.Integration, o)
	if err != nil {
		return gatehouse.Integration{}, nil, &inputError{err}
	}
	n.Integration.Cloud = base.Cloud.Name
	if end, known := cred.Expires(); known {
		n.Integration.Credential.Expires = end
	}
	var report *check.Report
	if !n.SkipCheck {
		if report, err = a.check(ctx, n, o); err != nil {
			return gatehouse.Integration{}, report, err
		}
	}
	added, err := a.keep(ctx, n)
	return added, report, err
}

// mayAdd finds what speaks against an integration before anybody is asked.
func (a *App) mayAdd(ctx context.Context, i gatehouse.Integration) error {
	for _, name := range i.Streams {
		if !a.accounts.knows(name) {
			return fmt.Errorf("there is no stream %q: %w", name, store.ErrInvalid)
		}
	}
	_, err := a.store.Integration(ctx, i.Name)
	switch {
	case err == nil:
		return fmt.Errorf("integration %q: %w: choose another name, or remove the other one first", i.Name, store.ErrExists)
	case errors.Is(err, store.ErrNotFound):
		return nil
	}
	return err
}

// check asks Microsoft.
func (a *App) check(ctx context.Context, n NewIntegration, o entra.CredentialOptions) (*check.Report, error) {
	report, err := check.Run(ctx, check.Options{
		Credential: o, BaseURL: n.Integration.BaseURL, AllowHosts: n.Integration.AllowHosts, Cloud: n.Integration.Cloud,
		Client: a.options.HTTPClient, LookupHost: a.options.LookupHost, Progress: n.Progress, Now: a.options.Now,
	})
	if err != nil {
		return report, err
	}
	if !works(report) {
		return report, fmt.Errorf("integration %q: %w", n.Integration.Name, ErrCheckFailed)
	}
	return report, nil
}

// works reports whether anything can be read.
func works(r *check.Report) bool {
	return slices.ContainsFunc(r.Capabilities, func(c check.CapabilityStatus) bool { return c.State == check.Works })
}

// keep stores an integration with its secrets.
func (a *App) keep(ctx context.Context, n NewIntegration) (gatehouse.Integration, error) {
	i := n.Integration
	i.ID, i.State = "", gatehouse.IntegrationActive
	return a.store.AddIntegration(ctx, i, keptSecrets(n.Secret, n.Password)...)
}

// keptSecrets are the secrets of an integration for the store. One that is not
// given is not kept, and what is kept of an old one is forgotten.
func keptSecrets(credential, password entra.Secret) []store.NamedSecret {
	return []store.NamedSecret{{Name: store.SecretCredential, Value: credential}, {Name: store.SecretPassword, Value: password}}
}

// Pause stops work on an integration; what is mirrored stays.
func (a *App) Pause(ctx context.Context, idOrName string) error {
	return a.setState(ctx, idOrName, gatehouse.IntegrationPaused)
}

// Resume takes up work again.
func (a *App) Resume(ctx context.Context, idOrName string) error {
	return a.setState(ctx, idOrName, gatehouse.IntegrationActive)
}

func (a *App) setState(ctx context.Context, idOrName string, state gatehouse.IntegrationState) error {
	i, err := a.store.Integration(ctx, idOrName)
	if err != nil {
		return err
	}
	if err := a.store.SetIntegrationState(ctx, i.ID, state); err != nil || state != gatehouse.IntegrationActive {
		return err
	}
	return a.engine.Wake(ctx, i.ID)
}

// Remove deletes an integration with all that is mirrored of it, also one whose
// settings cannot be read.
func (a *App) Remove(ctx context.Context, idOrName string) error {
	i, err := a.store.ListedIntegration(ctx, idOrName)
	if err != nil {
		return err
	}
	a.accounts.forget(i.ID)
	return a.store.RemoveIntegration(ctx, i.ID)
}

// secretSource says where secrets are read that no reference names.
type secretSource interface {
	secret(name string) (entra.Secret, error)
}

// literal are secrets that are given.
type literal struct{ credential, password entra.Secret }

func (l literal) secret(name string) (entra.Secret, error) {
	if name == store.SecretPassword {
		return l.password, nil
	}
	return l.credential, nil
}

// credentialOptions reads the credential of an integration.
func credentialOptions(i gatehouse.Integration, from secretSource) (entra.CredentialOptions, error) {
	o := entra.CredentialOptions{TenantID: i.Tenant, ClientID: i.ClientID, AllowHosts: i.AllowHosts}
	c := i.Credential
	var err error
	switch c.Kind {
	case gatehouse.CredentialClientSecret:
		o.Secret, err = readSecret(c.Reference, store.SecretCredential, from)
	case gatehouse.CredentialCertificate:
		if o.Certificate, err = readFile(c.Reference, from); err == nil {
			o.CertificatePassword, err = readSecret(c.PasswordReference, store.SecretPassword, from)
		}
	case gatehouse.CredentialWorkloadIdentity:
		path, isFile := strings.CutPrefix(c.Reference, "file:")
		if !isFile {
			return o, fmt.Errorf("%w: the credential of integration %q names no token file: write file:PATH", store.ErrInvalid, i.Name)
		}
		o.FederatedTokenFile = path
	case gatehouse.CredentialManagedIdentity:
		o.ManagedIdentity = true
	default:
		return o, fmt.Errorf("%w: integration %q has a credential of the unknown kind %q", store.ErrInvalid, i.Name, c.Kind)
	}
	return o, err
}

// readSecret reads a secret where the reference says, or from the source.
func readSecret(reference, name string, from secretSource) (entra.Secret, error) {
	if reference == "" {
		return from.secret(name)
	}
	s, err := store.ReadReference(reference)
	return entra.NewSecret(s.Reveal()), err
}

// readFile reads a certificate file, every byte of it: a PFX file may end in
// what looks like the end of a line.
func readFile(reference string, from secretSource) (entra.Secret, error) {
	path, isFile := strings.CutPrefix(reference, "file:")
	if !isFile {
		return readSecret(reference, store.SecretCredential, from)
	}
	content, err := os.ReadFile(path) //nolint:gosec // whoever added the integration names the file
	if err != nil {
		return entra.Secret{}, fmt.Errorf("the certificate of the integration: %w", err)
	}
	return entra.NewSecret(string(content)), nil
}
