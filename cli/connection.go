package cli

import (
	"context"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// connection is an integration made ready by the settings. Making one sends
// nothing: every mistake that can be seen from here is found first.
type connection struct {
	base       entra.BaseURL
	credential azcore.TokenCredential
	client     *http.Client      // nil: the SDK's own
	budgets    *defender.Budgets // shared by every client of this run
}

// connect checks the settings and makes the connection.
func (p *program) connect() (*connection, error) {
	if err := p.onlySettings(); err != nil {
		return nil, err
	}
	base, err := p.resolveBaseURL()
	if err != nil {
		return nil, err
	}
	client, err := p.httpClient()
	if err != nil {
		return nil, err
	}
	o, err := p.credentialOptions()
	if err != nil {
		return nil, err
	}
	o.Authority = orElse(p.config.authority, base.Cloud.Authority)
	o.AllowHosts, o.Client, o.Now = p.config.allowHosts, client, p.now
	credential, err := entra.NewCredential(o)
	if err != nil {
		return nil, usagef("%w", err)
	}
	for _, warning := range base.Warnings {
		p.warnf("%s", warning)
	}
	p.connected = true
	return &connection{base: base, credential: &watchedCredential{credential, &p.signedIn}, client: client, budgets: defender.NewBudgets()}, nil
}

// onlySettings refuses the name of an integration where Microsoft is asked with the
// account of the settings, which may be another one.
func (p *program) onlySettings() error {
	if p.config.integration == "" {
		return nil
	}
	return usagef("this asks Microsoft with the account of the settings, and --integration (or GATEHOUSE_INTEGRATION) names one of the mirror: leave it out, or ask a server with --server")
}

// watchedCredential notes that a token was asked for: an error that comes up
// before is about the input, since nothing has been sent.
type watchedCredential struct {
	azcore.TokenCredential

	used *atomic.Bool
}

// GetToken notes and passes on.
func (c *watchedCredential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.used.Store(true)
	return c.TokenCredential.GetToken(ctx, o)
}

var _ azcore.TokenCredential = (*watchedCredential)(nil)

func (p *program) resolveBaseURL() (entra.BaseURL, error) {
	base, err := entra.ResolveBaseURL(p.config.baseURL, entra.BaseURLOptions{
		AllowHosts: p.config.allowHosts, Cloud: p.config.cloud,
	})
	if err != nil {
		return base, usagef("%w", err)
	}
	return base, nil
}

// httpClient returns the client that reaches the emulator when the environment
// names one, and nil for Microsoft itself.
func (p *program) httpClient() (*http.Client, error) {
	if p.config.emulator == "" {
		return nil, nil
	}
	if p.config.emulatorCA == "" {
		return nil, usagef("GATEHOUSE_EMULATOR is set and GATEHOUSE_EMULATOR_CA is not: gatehouse emulate prints both")
	}
	authority, err := os.ReadFile(p.config.emulatorCA)
	if err != nil {
		return nil, usagef("GATEHOUSE_EMULATOR_CA: %w", err)
	}
	client, err := entra.EmulatorClient(p.config.emulator, authority)
	if err != nil {
		return nil, usagef("GATEHOUSE_EMULATOR: %w", err)
	}
	p.log.Info("an emulator stands in for Microsoft", "address", p.config.emulator)
	return client, nil
}
