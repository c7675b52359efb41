package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// OIDC says whose tokens let people in.
type OIDC struct {
	// Issuer is what stands in tokens as iss. Its discovery document is read from
	// below it.
	Issuer string
	// Discovery is where the discovery document is read instead, without
	// /.well-known/openid-configuration. Entra ID needs it for its tokens of version
	// 1.0: their issuer is https://sts.windows.net/TENANT/, and their discovery is
	// https://login.microsoftonline.com/TENANT.
	Discovery string
	// Audience is what tokens must be meant for.
	Audience string
	// RolesClaim is the claim with the roles. Default: "roles".
	RolesClaim string
	// Roles says which scope each role gives. Default: gatehouse.read,
	// gatehouse.respond and gatehouse.admin give the scopes of those names.
	Roles map[string]gatehouse.Scope
	// IntegrationsClaim is the claim with the ids or names of the integrations that
	// the person may see; a token without it sees none. Default: no claim is looked
	// at, and whoever has a role sees all.
	IntegrationsClaim string
	// Client reaches the issuer. Default: one with a timeout of 10 seconds.
	Client *http.Client
}

// Validate says what is missing.
func (o OIDC) Validate() error {
	if o.Issuer == "" || o.Audience == "" {
		return errors.New("OpenID Connect needs an issuer and an audience")
	}
	for role, scope := range o.Roles {
		if !slices.Contains(gatehouse.Scopes(), scope) {
			return fmt.Errorf("OpenID Connect: role %q gives the scope %q, which there is not: use read, respond or admin", role, scope)
		}
	}
	return nil
}

// tokens checks the tokens of an issuer.
type tokens struct {
	options OIDC
	now     func() time.Time

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier // nil until the issuer has answered
	failed   time.Time             // when it last did not
	failure  error
}

// oidcPatience is how long an issuer that does not answer is left alone.
const oidcPatience = 5 * time.Second

func newTokens(o *OIDC, now func() time.Time) *tokens {
	if o == nil {
		return nil
	}
	t := &tokens{options: *o, now: now}
	if t.options.RolesClaim == "" {
		t.options.RolesClaim = "roles"
	}
	if t.options.Roles == nil {
		t.options.Roles = map[string]gatehouse.Scope{}
		for _, scope := range gatehouse.Scopes() {
			t.options.Roles["gatehouse."+string(scope)] = scope
		}
	}
	if t.options.Client == nil {
		t.options.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return t
}

// ready returns what checks tokens. The issuer is asked when the first token
// comes: it may be away when the server starts.
func (t *tokens) ready() (*oidc.IDTokenVerifier, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.verifier != nil {
		return t.verifier, nil
	}
	if t.failure != nil && t.now().Sub(t.failed) < oidcPatience {
		return nil, t.failure
	}
	// The issuer's keys are fetched with this context for as long as the server
	// lives.
	ctx := oidc.ClientContext(context.Background(), seldomClient(t.options.Client, t.now))
	at := t.options.Issuer
	if t.options.Discovery != "" {
		at = t.options.Discovery
		ctx = oidc.InsecureIssuerURLContext(ctx, t.options.Issuer) // iss of each token is compared all the same
	}
	provider, err := oidc.NewProvider(ctx, at)
	if err != nil {
		t.failed, t.failure = t.now(), err
		return nil, err
	}
	t.verifier = provider.VerifierContext(ctx, &oidc.Config{
		ClientID: t.options.Audience, Now: t.now,
		SupportedSigningAlgs: []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA},
	})
	return t.verifier, nil
}

// byToken lets in who has a token of the issuer.
func (s *Server) byToken(ctx context.Context, text string) (*caller, *api.Problem) {
	verifier, err := s.tokens.ready()
	if err != nil {
		s.log.WarnContext(ctx, "the OpenID Connect issuer does not answer", "issuer", s.tokens.options.Issuer, "error", err)
		return nil, newProblem(api.CodeUnavailable, "the OpenID Connect issuer does not answer", "")
	}
	token, err := verifier.Verify(ctx, text)
	if err != nil {
		s.log.InfoContext(ctx, "a token was refused", "request", requestID(ctx), "error", err)
		return nil, unauthenticated()
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil || token.Subject == "" { // nobody in particular cannot be told from others
		return nil, unauthenticated()
	}
	c := &caller{kind: gatehouse.ActorPerson, id: token.Issuer + "#" + token.Subject, name: nameIn(claims, token.Subject), expires: token.Expiry.UTC()}
	for _, role := range textsIn(claims[s.tokens.options.RolesClaim]) {
		if scope, ok := s.tokens.options.Roles[role]; ok && !slices.Contains(c.scopes, scope) {
			c.scopes = append(c.scopes, scope)
		}
	}
	if s.tokens.options.IntegrationsClaim == "" {
		c.all = true
		return c, nil
	}
	return s.confine(ctx, c, textsIn(claims[s.tokens.options.IntegrationsClaim]))
}

// confine lets a person see the integrations that are named, and no others.
func (s *Server) confine(ctx context.Context, c *caller, names []string) (*caller, *api.Problem) {
	all, err := s.store.Integrations(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	c.sees = []string{}
	for _, name := range names {
		if i, ok := named(all, name); ok {
			c.sees = append(c.sees, i.ID)
		}
	}
	return c, nil
}

// nameIn is what a person is called.
func nameIn(claims map[string]any, otherwise string) string {
	for _, claim := range []string{"preferred_username", "email", "name", "app_displayname"} {
		if name, ok := claims[claim].(string); ok && name != "" {
			return name
		}
	}
	return otherwise
}

// textsIn reads a claim that is a text or a list of texts.
func textsIn(claim any) []string {
	switch v := claim.(type) {
	case string:
		return []string{v}
	case []any:
		var texts []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}
