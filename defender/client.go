package defender

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// Options describe a [Client]. The zero value is the global cloud with Microsoft's
// preferred host.
type Options struct {
	// BaseURL is the API base URL in any spelling that [entra.ResolveBaseURL]
	// takes. Default: the preferred host of the cloud.
	BaseURL string
	// AllowHosts are hosts outside Microsoft's that BaseURL and download links may
	// point to. Default: none. A token is sent to the one that BaseURL names.
	AllowHosts []string
	// Cloud is the name of the cloud. Default: that of BaseURL, else "global".
	Cloud string
	// Resource is what a token is asked for, for all but incidents, which belong to
	// Defender XDR and always have the cloud's. Default: the resource of the cloud's
	// MDE service, which for the global cloud is not the name of its host.
	Resource string
	// Transport sends requests, usually an [*http.Client]. Default: one of our
	// own. Redirects are never followed; a transport that is no *http.Client must
	// hand them back by itself.
	Transport policy.Transporter
	// UserAgent is put before ours, for example "MdatpPartner-Contoso-App/1.0",
	// the form that Microsoft asks of partners. Default: none.
	UserAgent string
	// MaxRetries is how often a request is sent again after 429, a fault of the
	// service or a broken connection. Default: six. Negative: never. What cannot
	// be repeated safely (a comment on an alert) is only sent again after 429.
	MaxRetries int
	// MaxWait is the longest single wait for a rate limit. A longer one comes back
	// at once as an [*Error] that is [ErrThrottled]. Default: five minutes.
	// Negative: never wait.
	MaxWait time.Duration
	// Budgets are shared with other clients of the same application and tenant.
	// Default: this client's own.
	Budgets *Budgets
	// OnCall is told of every request that left. It must be safe for concurrent
	// use. Default: none.
	OnCall func(Call)
	// OnWait is told when a call begins to wait because its route's rate limit is
	// spent, with how long that is expected to take. The call goes on when it
	// returns. It must be safe for concurrent use. Default: none.
	OnWait func(Operation, time.Duration)
}

// Client reads and updates one tenant through the Defender for Endpoint API, and
// through that of Defender XDR, which has a token of its own. It is safe for
// concurrent use.
type Client struct {
	Alerts                  *AlertsService                  // alerts and what they are related to
	Machines                *MachinesService                // devices
	Vulnerabilities         *VulnerabilitiesService         // the catalogue of CVEs and who is exposed
	SoftwareVulnerabilities *SoftwareVulnerabilitiesService // one row per device, software and CVE
	Software                *SoftwareService                // products and the devices that have them
	SoftwareInventory       *SoftwareInventoryService       // one row per device and version of a software
	Recommendations         *RecommendationsService         // what Vulnerability Management advises to do
	MachineActions          *MachineActionsService          // what was done to devices, and doing it
	Investigations          *InvestigationsService          // automated investigations
	Incidents               *IncidentsService               // incidents, from the API of Defender XDR
	Scores                  *ScoresService                  // exposure and configuration scores
	Hunting                 *HuntingService                 // advanced hunting

	rest, xdr *rest.Client
	base      entra.BaseURL
}

// service is what every service is: the client behind it.
type service struct{ rest *rest.Client }

// New makes a client. It sends nothing: wrong credentials show at the first
// call. An unknown host, an unknown cloud and a host of another cloud are errors.
// A nil o means the zero Options.
func New(cred azcore.TokenCredential, o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	base, err := entra.ResolveBaseURL(o.BaseURL, entra.BaseURLOptions{AllowHosts: o.AllowHosts, Cloud: o.Cloud})
	if err != nil {
		return nil, rest.Input(err)
	}
	downloads, err := entra.NewHosts(slices.Concat(base.Cloud.DownloadGuard().Names(), o.AllowHosts)...)
	if err != nil {
		return nil, rest.Input(err)
	}
	scope, err := scopeOf(o.Resource, base.Cloud)
	if err != nil {
		return nil, err
	}
	ro := rest.Options{
		Base: base.URL, Guard: base.Guard(), Downloads: downloads, Scope: scope,
		Transport: o.Transport, UserAgent: o.UserAgent,
		MaxRetries: o.MaxRetries, MaxWait: o.MaxWait, Budgets: o.Budgets, OnCall: o.OnCall, OnWait: o.OnWait,
	}
	mde, err := rest.New(cred, ro)
	if err != nil {
		return nil, err
	}
	ro.Scope = base.Cloud.XDR.Scope()
	if ro.Base, ro.Guard, err = xdrBase(base); err != nil {
		return nil, err
	}
	xdr, err := rest.New(cred, ro)
	if err != nil {
		return nil, err
	}
	return newClient(mde, xdr, base), nil
}

// newClient makes the services.
func newClient(mde, xdr *rest.Client, base entra.BaseURL) *Client {
	s := service{mde}
	return &Client{
		Alerts: &AlertsService{s}, Machines: &MachinesService{s}, Vulnerabilities: &VulnerabilitiesService{s},
		SoftwareVulnerabilities: &SoftwareVulnerabilitiesService{s}, Software: &SoftwareService{s},
		SoftwareInventory: &SoftwareInventoryService{s}, Recommendations: &RecommendationsService{s},
		MachineActions: &MachineActionsService{s}, Investigations: &InvestigationsService{s}, Incidents: &IncidentsService{service{xdr}},
		Scores: &ScoresService{s}, Hunting: &HuntingService{s},
		rest: mde, xdr: xdr, base: base,
	}
}

// xdrBase returns where the calls of Defender XDR go, and the hosts that its token
// may be sent to: those of the cloud, or the one unlisted host of the base URL,
// which stands for both APIs.
func xdrBase(base entra.BaseURL) (*url.URL, entra.Hosts, error) {
	if base.Unlisted {
		return base.URL, base.Guard(), nil
	}
	u, err := url.Parse(base.Cloud.XDR.URL)
	return u, base.Cloud.XDR.Guard(), err
}

// scopeOf returns the scope for a resource, the cloud's own when it is empty.
func scopeOf(resource string, c entra.Cloud) (string, error) {
	if resource == "" {
		return c.MDE.Scope(), nil
	}
	if u, err := url.Parse(resource); err != nil || u.Scheme != "https" || u.Host == "" {
		return "", rest.Inputf("resource is not an https URL: give one such as %s", c.MDE.Resource)
	}
	return resource + "/.default", nil
}

// BaseURL returns where the client sends its calls, with warnings for people.
func (c *Client) BaseURL() entra.BaseURL { return c.base }

// Calls returns how many requests have left so far, tries again and downloads
// included, requests for tokens not.
func (c *Client) Calls() int64 { return c.rest.Calls() + c.xdr.Calls() }

// Operations returns every operation of this package, in the order of the
// services of [Client].
func Operations() []Operation {
	return slices.Concat(alertOperations(), machineOperations(), vulnerabilityOperations(),
		softwareVulnerabilityOperations(), softwareOperations(), softwareInventoryOperations(), recommendationOperations(),
		machineActionOperations(), investigationOperations(), incidentOperations(), scoreOperations(), huntingOperations())
}

// Scheduled returns a context whose calls are scheduled work, which can wait: of
// each rate limit they leave a fifth, and at least one call, to those that somebody
// waits for. A call of any other context may spend all that is left of the limit.
// The worker is sent along in User-Agent, as "worker/NAME", reduced to letters,
// digits, dots, dashes and underscores; empty means that nobody is named.
func Scheduled(ctx context.Context, worker string) context.Context {
	return rest.Scheduled(ctx, worker)
}

// WithPatience returns a context whose calls wait for most in all: for room in a
// rate limit, for what Retry-After asks, and before they are sent again. What would
// have to wait longer ends at once, with the last answer or, where the limit is
// spent, with an error that is [ErrThrottled] and says how long. It is for those
// that somebody waits for; the time that answers take is not counted.
func WithPatience(ctx context.Context, most time.Duration) context.Context {
	return rest.WithPatience(ctx, most)
}
