package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
)

// serveFlags are what serve can be told beside the settings.
type serveFlags struct {
	listen, metrics  string
	cert, key        string
	behindProxy      bool
	adminKeyFile     string
	rate             int
	credentialRefs   []string
	approveDangerous bool

	issuer, discovery, audience   string
	rolesClaim, integrationsClaim string
	roles                         []string
}

// add registers the flags.
func (f *serveFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`ADDRESS` and port of the REST API")
	flags.StringVar(&f.metrics, "metrics-listen", "127.0.0.1:9464", "`ADDRESS` and port of metrics and health; \"\" for none")
	_ = flags.SetAnnotation("metrics-listen", mayBeEmpty, nil)
	flags.StringVar(&f.cert, "tls-cert", "", "`FILE` with the certificate of the REST API, in PEM")
	flags.StringVar(&f.key, "tls-key", "", "`FILE` with its key, in PEM")
	flags.BoolVar(&f.behindProxy, "behind-proxy", false, "allow plain HTTP on any address, since a proxy with TLS stands before it")
	flags.StringVar(&f.adminKeyFile, "admin-key-file", "", "`FILE` that takes the first key, in place of standard error")
	flags.IntVar(&f.rate, "rate", 6000, "`REQUESTS` that one key may make in a minute; 0 sets no limit")
	flags.StringArrayVar(&f.credentialRefs, "credential-ref", nil, "`PATTERN` of references that a credential may be given by over the REST API, as env:DEFENDER_* or file:/run/secrets/*; may be repeated. Default: none")
	flags.BoolVar(&f.approveDangerous, "approve-dangerous", false, "let every dangerous response action wait for the approval of a second key; the policy is kept on this data and binds every process on it, until a serve without this flag is started")
	flags.StringVar(&f.issuer, "oidc-issuer", "", "`URL` of an OpenID Connect issuer whose tokens let people in")
	flags.StringVar(&f.discovery, "oidc-discovery", "", "`URL` below which the discovery document is, where that is not the issuer")
	flags.StringVar(&f.audience, "oidc-audience", "", "`AUDIENCE` that tokens must be meant for")
	flags.StringVar(&f.rolesClaim, "oidc-roles-claim", "roles", "`CLAIM` with the roles")
	flags.StringArrayVar(&f.roles, "oidc-role", nil, "`ROLE=SCOPE` gives a role the scope read, respond or admin; may be repeated. Default: gatehouse.read and so on")
	flags.StringVar(&f.integrationsClaim, "oidc-integrations-claim", "", "`CLAIM` with the ids or names of the integrations that a person sees. Default: every role sees all")
}

// options turns the flags into those of the application.
func (f *serveFlags) options() (app.Options, error) {
	if err := hostPort("listen", f.listen, "127.0.0.1:8080"); err != nil {
		return app.Options{}, err
	}
	if f.metrics != "" {
		if err := hostPort("metrics-listen", f.metrics, "127.0.0.1:9464"); err != nil {
			return app.Options{}, err
		}
	}
	rate := f.rate
	switch {
	case rate < 0:
		return app.Options{}, usagef("--rate is %d: want a number of requests, or 0 for no limit", rate)
	case rate == 0:
		rate = -1
	}
	people, err := f.oidc()
	if err != nil {
		return app.Options{}, err
	}
	o := app.Options{
		Listen: f.metrics, Traces: true, CredentialRefs: f.credentialRefs, ApproveDangerous: f.approveDangerous,
		API: app.APIOptions{
			Listen: f.listen, CertFile: f.cert, KeyFile: f.key, BehindProxy: f.behindProxy, OIDC: people, RatePerMinute: rate,
		},
	}
	if err := o.API.Validate(); err != nil {
		return o, usagef("%w (--tls-cert and --tls-key, or --behind-proxy)", err)
	}
	return o, f.checkReferences()
}

// checkReferences refuses a pattern that no reference can fit.
func (f *serveFlags) checkReferences() error {
	for _, pattern := range f.credentialRefs {
		if !strings.HasPrefix(pattern, "env:") && !strings.HasPrefix(pattern, "file:") {
			return usagef("--credential-ref %q fits no reference: write env:DEFENDER_* or file:/run/secrets/*", pattern)
		}
	}
	return nil
}

// oidc reads the flags of OpenID Connect; nil without an issuer.
func (f *serveFlags) oidc() (*app.OIDC, error) {
	if f.issuer == "" {
		if f.audience != "" || len(f.roles) > 0 {
			return nil, usagef("--oidc-audience and --oidc-role need --oidc-issuer")
		}
		return nil, nil //nolint:nilnil // none is wanted
	}
	if f.audience == "" {
		return nil, usagef("--oidc-issuer needs --oidc-audience: without it a token for another application would let people in")
	}
	o := &app.OIDC{Issuer: f.issuer, Discovery: f.discovery, Audience: f.audience, RolesClaim: f.rolesClaim, IntegrationsClaim: f.integrationsClaim}
	for _, pair := range f.roles {
		role, scope, ok := strings.Cut(pair, "=")
		if !ok || role == "" {
			return nil, usagef("--oidc-role %q is not ROLE=SCOPE: write SOC.Analyst=respond", pair)
		}
		if o.Roles == nil {
			o.Roles = map[string]gatehouse.Scope{}
		}
		o.Roles[role] = gatehouse.Scope(scope)
	}
	return o, nil
}
