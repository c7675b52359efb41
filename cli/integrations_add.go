package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
)

// integrationFlags are the flags of integrations add.
type integrationFlags struct {
	api                  *enumFlag
	streams              *streamsFlag
	secretRef, passwords string
	force                bool
}

func newIntegrationsAddCommand(p *program) *cobra.Command {
	f := &integrationFlags{}
	cmd := withExits(&cobra.Command{
		Use: "add NAME", Short: "Add an account to the mirror, once a check has read something with it",
		Long: `Add the account that the settings describe: tenant id, client id, credential,
cloud and base URL, from flags, environment or file as for every command. The
check runs first. When it can read nothing, the account is not added; when it can
read some of it, what it has found missing stands on standard error.

The secret or the certificate is kept sealed with the key of the mirror. With
--secret-ref only a reference is kept, and the value is read there each time:
env:NAME is a variable of the environment, file:PATH a file. A file in PEM or
PFX is taken for a certificate. A federated token file and a managed identity
hold no secret, and are always kept as a reference.`,
		Example: `  gatehouse integrations add contoso
  gatehouse integrations add contoso --secret-ref file:/run/secrets/contoso
  gatehouse integrations add fabrikam --certificate fabrikam.pem --stream alerts,incidents`,
		Args: wants("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.addIntegration(cmd.Context(), args[0], f) },
	}, exitFindings, exitSignIn)
	f.streams = addStreams(cmd, "mirror only this stream")
	f.api = addEnum(cmd, "api", "API to read through, auto by default", []string{anyAPI, string(gatehouse.APIMDE), string(gatehouse.APIXDR), string(gatehouse.APIGraph)})
	f.addReferences(cmd)
	cmd.Flags().BoolVar(&f.force, "force", false, "add it without asking Microsoft anything")
	return cmd
}

// addReferences adds the flags for a credential that is not kept.
func (f *integrationFlags) addReferences(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.secretRef, "secret-ref", "", "`REFERENCE` to the secret or certificate, which is then not kept: env:NAME or file:PATH")
	flags.StringVar(&f.passwords, "password-ref", "", "`REFERENCE` to the password of the certificate file that --secret-ref names")
}

// addIntegration adds an account. Every mistake that can be seen from here is
// found before anything is sent or made.
func (p *program) addIntegration(ctx context.Context, name string, f *integrationFlags) error {
	if err := checkIntegrationName(name); err != nil {
		return err
	}
	if p.remote() {
		return p.addThere(ctx, name, f)
	}
	n, err := p.newIntegration(name, f)
	if err != nil {
		return err
	}
	if err := p.needKey(n); err != nil {
		return err
	}
	forget, err := p.freshMirror()
	if err != nil {
		return err
	}
	err = p.useApp(ctx, true, app.Options{}, func(a *app.App) error {
		if err := refuseTwin(ctx, a.Store(), n.Integration); err != nil {
			return err
		}
		added, report, err := a.AddIntegration(ctx, n)
		p.out.progress.hide()
		if errors.Is(err, app.ErrCheckFailed) && report != nil {
			return p.refusedByCheck(ctx, name, report)
		}
		if err != nil {
			return err
		}
		p.warnOf(report)
		if err := printOne(p, integrationView(), added); err != nil {
			return err
		}
		p.sayf("added %s; gatehouse sync mirrors it", name)
		return nil
	})
	if err != nil {
		forget(context.WithoutCancel(ctx))
	}
	return err
}

// needKey refuses a secret that could not be sealed: a database, which several
// machines share, has no file beside it that could hold the key.
func (p *program) needKey(n app.NewIntegration) error {
	place, err := p.mirrorPlace()
	if err != nil || place.url == "" || place.key != "" || n.Secret.Reveal() == "" {
		return err
	}
	return usagef("no key to seal the secret with: name a file with --key-file or GATEHOUSE_KEY_FILE, the same on every machine " +
		"(head -c 32 /dev/urandom | base64 makes one), or keep only a reference with --secret-ref")
}

// refuseTwin refuses a name that is taken, and a second integration of the same
// account: two would spend each other's limits.
func refuseTwin(ctx context.Context, held *store.Store, i gatehouse.Integration) error {
	all, err := held.Integrations(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Name == i.Name {
			return usagef("there is an integration %q already: choose another name, or remove that one first", i.Name)
		}
		if other.ClientID != "" && strings.EqualFold(other.Tenant, i.Tenant) && strings.EqualFold(other.ClientID, i.ClientID) {
			return usagef("integration %q is the same application of the same tenant already: two would spend each other's rate limits; go on with that one, or register an application of its own", other.Name)
		}
	}
	return nil
}

// newIntegration describes the account that the settings and the flags mean.
func (p *program) newIntegration(name string, f *integrationFlags) (app.NewIntegration, error) {
	base, err := p.resolveBaseURL()
	if err != nil {
		return app.NewIntegration{}, err
	}
	n := app.NewIntegration{
		Integration: gatehouse.Integration{
			Name: name, Tenant: p.config.tenantID, ClientID: p.config.clientID,
			Cloud: base.Cloud.Name, BaseURL: p.config.baseURL, AllowHosts: p.config.allowHosts,
			Streams: f.streams.streams,
		},
		SkipCheck: f.force,
		Progress:  func(step string) { p.out.progress.note("checking " + step) },
	}
	if f.api.value != anyAPI {
		n.Integration.API = gatehouse.API(f.api.value)
	}
	return n, p.takeCredential(&n, f)
}

// takeCredential takes the reference that is given, or the credential of the
// settings.
func (p *program) takeCredential(n *app.NewIntegration, f *integrationFlags) error {
	if f.secretRef != "" {
		return p.referTo(n, f)
	}
	if f.passwords != "" {
		return usagef("--password-ref needs --secret-ref: without it the password is kept sealed")
	}
	return p.seal(n)
}

// seal takes the credential of the settings.
func (p *program) seal(n *app.NewIntegration) error {
	o, err := p.credentialOptions()
	if err != nil {
		return err
	}
	o.Authority, o.AllowHosts, o.Now = p.config.authority, p.config.allowHosts, p.now
	credential, err := entra.NewCredential(o)
	if err != nil {
		return usagef("%w", err)
	}
	held := &n.Integration.Credential
	held.Kind = gatehouse.CredentialKind(credential.Kind())
	held.Expires, _ = credential.Expires()
	switch {
	case o.ManagedIdentity:
	case o.FederatedTokenFile != "":
		path, err := filepath.Abs(o.FederatedTokenFile)
		if err != nil {
			return usagef("--federated-token-file: %w", err)
		}
		held.Reference = "file:" + path
	case o.Certificate.Reveal() != "":
		n.Secret, n.Password = o.Certificate, o.CertificatePassword
	default:
		n.Secret = o.Secret
	}
	return nil
}

// referTo takes a reference and reads what it names once, to see that it is
// there and what it is.
func (p *program) referTo(n *app.NewIntegration, f *integrationFlags) error {
	if n.Integration.Tenant == "" || n.Integration.ClientID == "" {
		return p.needIDs(entra.CredentialOptions{TenantID: n.Integration.Tenant, ClientID: n.Integration.ClientID})
	}
	reference, value, err := p.reference("--secret-ref", f.secretRef)
	if err != nil {
		return err
	}
	held := &n.Integration.Credential
	held.Kind, held.Reference = gatehouse.CredentialClientSecret, reference
	if isCertificate(value, reference) {
		held.Kind = gatehouse.CredentialCertificate
	}
	if f.passwords == "" {
		return nil
	}
	if held.Kind != gatehouse.CredentialCertificate {
		return usagef("--password-ref is for a certificate file, and --secret-ref names none")
	}
	held.PasswordReference, _, err = p.reference("--password-ref", f.passwords)
	return err
}

// reference checks a reference, makes its path absolute, and reads it once.
func (p *program) reference(flag, text string) (string, string, error) {
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		full, err := filepath.Abs(path)
		if err != nil {
			return "", "", usagef("%s: %w", flag, err)
		}
		text = "file:" + full
	}
	value, err := store.ReadReference(text)
	if err != nil {
		return "", "", usagef("%s: %w", flag, err)
	}
	p.stderr.hide(value.Reveal())
	return text, value.Reveal(), nil
}

// isCertificate tells a certificate file from a client secret: PEM says so, and
// PFX is recognised by its name or by the ASN.1 sequence that it begins with.
func isCertificate(value, reference string) bool {
	name := strings.ToLower(reference)
	return strings.Contains(value, "-----BEGIN ") || strings.HasPrefix(value, "\x30\x82") ||
		strings.HasSuffix(name, ".pfx") || strings.HasSuffix(name, ".p12")
}
