package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// account is a signed-in integration.
type account struct {
	changed time.Time // the settings that it was made from
	since   time.Time
	expires time.Time
	clients stream.Clients
	held    []gatehouse.Permission
}

// accounts are the signed-in integrations, and so what connects the engine to
// Microsoft.
type accounts struct {
	store    *store.Store
	options  Options
	worker   string   // names this process in its requests
	tracing  *tracing // nil: no traces
	readings readings

	mu      sync.Mutex
	open    map[string]*account
	budgets map[string]*defender.Budgets // by tenant and application
}

var _ engine.Connector = (*accounts)(nil)

func newAccounts(s *store.Store, o Options) *accounts {
	return &accounts{store: s, options: o, open: map[string]*account{}, budgets: map[string]*defender.Budgets{}}
}

// accountAge is how long an account is used before it signs in anew, to learn
// which permissions it has got or lost meanwhile.
const accountAge = time.Hour

// maxWait is the longest wait for a rate limit inside a reading. For a longer one
// the stream gives its worker free and comes back.
const maxWait = 90 * time.Second

// Connect signs an integration in and finds a door for each of its streams.
func (c *accounts) Connect(ctx context.Context, i gatehouse.Integration) (engine.Connection, error) {
	s := c.tracing.begin(ctx, i)
	acc, err := c.signedIn(ctx, i, s)
	connection := engine.Connection{Sources: c.sources(i, acc), Close: func() { s.end(err) }}
	if acc != nil {
		connection.Expires = acc.expires
	}
	for n := range connection.Sources {
		c.asScheduled(i, s, &connection.Sources[n])
	}
	return connection, err
}

// signedIn is account for a session, which records the token requests that it takes.
func (c *accounts) signedIn(ctx context.Context, i gatehouse.Integration, s *session) (*account, error) {
	ctx, tokens := s.watching(ctx)
	acc, err := c.account(ctx, i)
	if s != nil {
		s.needed(s.span, tokens.take())
	}
	return acc, err
}

// account returns the account of an integration, signed in not long ago.
func (c *accounts) account(ctx context.Context, i gatehouse.Integration) (*account, error) {
	now := c.options.Now()
	c.mu.Lock()
	acc := c.open[i.ID]
	c.mu.Unlock()
	if acc != nil && acc.changed.Equal(i.Changed) && now.Sub(acc.since) < accountAge {
		return acc, nil
	}
	acc, err := c.newAccount(ctx, i)
	if err != nil {
		return nil, err
	}
	acc.changed, acc.since = i.Changed, now
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[i.ID] = acc
	return acc, nil
}

// forget lets an integration sign in anew.
func (c *accounts) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, id)
}

// close lets go of connections that are kept alive.
func (c *accounts) close() {
	if c.options.HTTPClient != nil {
		c.options.HTTPClient.CloseIdleConnections()
	}
}

// kept are the secrets that the store keeps of an integration.
type kept struct {
	ctx   context.Context
	store *store.Store
	id    string
}

func (k kept) secret(name string) (entra.Secret, error) {
	s, err := k.store.Secret(k.ctx, k.id, name)
	if name == store.SecretPassword && errors.Is(err, store.ErrNotFound) {
		return entra.Secret{}, nil
	}
	return entra.NewSecret(s.Reveal()), err
}

// credential reads the credential of an integration, and returns the settings that it
// belongs to. Secrets are read after the settings: when these have changed since, both
// are read anew, for a secret is of one kind with the settings that came with it.
func (c *accounts) credential(ctx context.Context, i gatehouse.Integration) (gatehouse.Integration, entra.CredentialOptions, error) {
	for {
		o, err := credentialOptions(i, kept{ctx, c.store, i.ID})
		now, unread := c.store.Integration(ctx, i.ID)
		if unread != nil || now.Changed.Equal(i.Changed) {
			return i, o, err
		}
		i = now
	}
}

// newAccount signs an integration in.
func (c *accounts) newAccount(ctx context.Context, i gatehouse.Integration) (*account, error) {
	i, o, err := c.credential(ctx, i)
	if err != nil {
		return nil, &settingError{err}
	}
	cred, base, err := c.signIn(i, o)
	if err != nil {
		return nil, &settingError{err}
	}
	acc := &account{expires: i.Credential.Expires}
	if end, known := cred.Expires(); known {
		acc.expires = end
	}
	if acc.held, err = permissionsOf(ctx, cred, base.Cloud); err != nil {
		return nil, err
	}
	if acc.clients, err = c.clients(i, cred, base); err != nil {
		return nil, &settingError{err}
	}
	return acc, nil
}

// signIn makes the credential. Nothing is sent.
func (c *accounts) signIn(i gatehouse.Integration, o entra.CredentialOptions) (*entra.Credential, entra.BaseURL, error) {
	base, err := entra.ResolveBaseURL(i.BaseURL, entra.BaseURLOptions{AllowHosts: i.AllowHosts, Cloud: i.Cloud})
	if err != nil {
		return nil, base, err
	}
	o.Authority, o.Client, o.Now = base.Cloud.Authority, c.tracing.watched(c.options.HTTPClient), c.options.Now
	cred, err := entra.NewCredential(o)
	return cred, base, err
}

// clients makes the SDKs. All of one application in one tenant share a budget.
func (c *accounts) clients(i gatehouse.Integration, cred *entra.Credential, base entra.BaseURL) (stream.Clients, error) {
	budgets := c.budgetsOf(i)
	var transport policy.Transporter
	if c.options.HTTPClient != nil {
		transport = c.options.HTTPClient
	}
	d, err := defender.New(cred, &defender.Options{
		BaseURL: base.String(), AllowHosts: i.AllowHosts, Cloud: base.Cloud.Name, Transport: transport,
		UserAgent: c.options.UserAgent, MaxWait: maxWait, Budgets: budgets,
	})
	if err != nil {
		return stream.Clients{}, err
	}
	g, err := graph.New(cred, &graph.Options{
		Cloud: base.Cloud.Name, Transport: transport, UserAgent: c.options.UserAgent, MaxWait: maxWait, Budgets: budgets,
	})
	return stream.Clients{Defender: d, Graph: g}, err
}

// permissionsOf returns what the tokens of the three resources carry. A resource
// that the tenant does not have gives none; when no resource gives a token the
// first refusal is the error.
func permissionsOf(ctx context.Context, cred *entra.Credential, cloud entra.Cloud) ([]gatehouse.Permission, error) {
	var held []gatehouse.Permission
	var refusal error
	tokens := 0
	for resource, service := range map[gatehouse.Resource]entra.Service{
		gatehouse.ResourceMDE: cloud.MDE, gatehouse.ResourceXDR: cloud.XDR, gatehouse.ResourceGraph: cloud.Graph,
	} {
		token, err := cred.Token(ctx, service.Resource)
		switch {
		case err == nil:
		case absent(err):
			refusal = err
			continue
		default:
			return nil, err
		}
		claims, err := entra.ParseClaims(token.Token)
		if err != nil {
			return nil, err
		}
		tokens++
		for _, role := range claims.Roles {
			held = append(held, gatehouse.Permission{Resource: resource, Name: role})
		}
	}
	if tokens == 0 {
		return nil, refusal
	}
	return held, nil
}

// absent tells whether the tenant does not have a resource.
func absent(err error) bool {
	const resourceNotFound, notInTenant = 50001, 500011
	refused, ok := entra.AsTokenError(err)
	return ok && (refused.Code == notInTenant || refused.Code == resourceNotFound)
}

// knows tells whether there is a stream of that name.
func (c *accounts) knows(name gatehouse.Stream) bool {
	return slices.ContainsFunc(c.options.Streams, func(s stream.Stream) bool { return s.Name == name })
}

// streams are what is mirrored of an integration.
func (c *accounts) streams(i gatehouse.Integration) []stream.Stream {
	if len(i.Streams) == 0 {
		return c.options.Streams
	}
	var chosen []stream.Stream
	for _, s := range c.options.Streams {
		if slices.Contains(i.Streams, s.Name) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}
