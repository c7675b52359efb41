package check

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// Options say what to check. Everything but the credential has a default.
type Options struct {
	// Credential says who signs in. An empty Authority means that of the cloud;
	// an empty Client means Client below.
	Credential entra.CredentialOptions
	// BaseURL is where Defender for Endpoint is called. Default: the host of the
	// cloud.
	BaseURL string
	// AllowHosts are hosts outside Microsoft's that BaseURL may name. Default:
	// none.
	AllowHosts []string
	// Cloud is the name of the cloud. Default: that of BaseURL.
	Cloud string
	// Resource is what a Defender for Endpoint token is asked for. Default: the
	// cloud's. Only hosts allowed by hand need another one.
	Resource string
	// Permissions are those that must be held. Default: the seven of the guide.
	Permissions []gatehouse.Permission
	// Client sends every request. Default: one with a timeout of 30 seconds.
	Client *http.Client
	// LookupHost asks DNS for a name. Default: the system's resolver. An emulator
	// that answers under Microsoft's names needs one that finds nothing wrong.
	LookupHost func(ctx context.Context, host string) error
	// Progress is told each step as it begins, in a few words. Default: nobody is.
	Progress func(step string)
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Run checks one integration. Whatever is wrong with it is a finding of the
// report; the error is for a context that ended and for credential options that
// cannot be used at all, and says how to mend them.
func Run(ctx context.Context, o Options) (*Report, error) {
	c := newRun(o)
	for _, s := range c.steps() {
		c.o.Progress(s.title)
		goOn, err := s.do(ctx)
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !goOn {
			break
		}
	}
	c.settle()
	return c.report, nil
}

// run is one check under way.
type run struct {
	o      Options
	report *Report

	base   entra.BaseURL
	cred   *entra.Credential
	silent map[string]bool // hosts that do not answer: nothing more is asked of them
	tokens map[gatehouse.Resource]entra.Claims
	shut   map[gatehouse.Resource]bool // resources whose refusal has been reported already
}

// step is one part of a check. It returns false when what follows could not
// mean anything.
type step struct {
	title string
	do    func(ctx context.Context) (goOn bool, err error)
}

func (c *run) steps() []step {
	return []step{
		{"base URL", c.checkBaseURL},
		{"credential", c.checkCredential},
		{"names and TLS of the hosts", c.checkHosts},
		{"tenant", c.checkTenant},
		{"token of each resource", c.checkTokens},
		{"permissions", c.checkPermissions},
		{"one call per capability", c.checkCapabilities},
		{"what stops on " + gatehouse.Retirement, c.checkRetirement},
		{"end of the credential", c.checkExpiry},
	}
}

func newRun(o Options) *run {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 30 * time.Second}
	}
	if o.LookupHost == nil {
		o.LookupHost = func(ctx context.Context, host string) error {
			_, err := net.DefaultResolver.LookupHost(ctx, host)
			return err
		}
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Permissions == nil {
		o.Permissions = guidePermissions()
	}
	return &run{
		o: o,
		report: &Report{
			TenantID: o.Credential.TenantID, ClientID: o.Credential.ClientID,
			Tokens: []Token{}, Capabilities: []CapabilityStatus{}, Findings: []Finding{},
		},
		silent: map[string]bool{},
		tokens: map[gatehouse.Resource]entra.Claims{},
		shut:   map[gatehouse.Resource]bool{},
	}
}

// settle completes the report: a capability that the check did not reach is
// there, as unknown.
func (c *run) settle() {
	if len(c.report.Capabilities) > 0 {
		return
	}
	for _, e := range entra.Capabilities() {
		c.report.Capabilities = append(c.report.Capabilities, CapabilityStatus{
			Capability: e.Capability, Title: e.Title, State: Unknown, Doors: doorsOf(e, nil),
		})
	}
}

// guidePermissions are the seven that the setup guide asks for.
func guidePermissions() []gatehouse.Permission {
	var guide []gatehouse.Permission
	for _, p := range entra.Permissions() {
		if p.Guide {
			guide = append(guide, p.Permission)
		}
	}
	return guide
}
