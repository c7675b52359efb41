package graph

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// Options describe a [Client]. The zero value is the global cloud.
type Options struct {
	// Cloud is the name of the cloud. Default: "global".
	Cloud string
	// BaseURL takes the place of the cloud's, without path. Default: the cloud's.
	// A host that is not the cloud's must be named in AllowHosts.
	BaseURL string
	// AllowHosts are hosts outside Microsoft's that BaseURL may point to, and that
	// a token is sent to when it does. Default: none.
	AllowHosts []string
	// Resource is what a token is asked for. Default: the cloud's Graph.
	Resource string
	// Transport sends requests, usually an [*http.Client]. Default: one of our
	// own. Redirects are never followed; a transport that is no *http.Client must
	// hand them back by itself.
	Transport policy.Transporter
	// UserAgent is put before ours. Default: none.
	UserAgent string
	// MaxRetries is how often a request is sent again after 429, a fault of the
	// service or a broken connection. Default: six. Negative: never.
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

// Client reads and updates the security data of one tenant through Microsoft
// Graph. It is safe for concurrent use.
type Client struct {
	Alerts       *AlertsService       // alerts of all Defender products
	Incidents    *IncidentsService    // incidents of all Defender products
	SecureScores *SecureScoresService // daily secure scores and the controls behind them
	Hunting      *HuntingService      // advanced hunting over every table

	rest *rest.Client
}

// service is what every service is: the client behind it.
type service struct{ rest *rest.Client }

// New makes a client. It sends nothing: wrong credentials show at the first
// call. A nil o means the zero Options.
func New(cred azcore.TokenCredential, o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	name := o.Cloud
	if name == "" {
		name = entra.CloudGlobal
	}
	cloud, err := entra.CloudByName(name)
	if err != nil {
		return nil, rest.Input(err)
	}
	base, guard, err := baseOf(o, cloud)
	if err != nil {
		return nil, err
	}
	scope := cloud.Graph.Scope()
	if o.Resource != "" {
		scope = strings.TrimSuffix(o.Resource, "/") + "/.default"
	}
	shared, err := rest.New(cred, rest.Options{
		Base: base, Guard: guard, Scope: scope,
		Header:    http.Header{"Prefer": {"include-unknown-enum-members"}},
		Transport: o.Transport, UserAgent: o.UserAgent,
		MaxRetries: o.MaxRetries, MaxWait: o.MaxWait, Budgets: o.Budgets, OnCall: o.OnCall, OnWait: o.OnWait,
	})
	if err != nil {
		return nil, err
	}
	s := service{shared}
	return &Client{
		Alerts: &AlertsService{s}, Incidents: &IncidentsService{s}, SecureScores: &SecureScoresService{s}, Hunting: &HuntingService{s}, rest: shared,
	}, nil
}

// baseOf returns where calls go, and the hosts that a token may be sent to: the
// cloud's, or the one that BaseURL names and AllowHosts permits.
func baseOf(o *Options, cloud entra.Cloud) (*url.URL, entra.Hosts, error) {
	if o.BaseURL == "" {
		base, err := url.Parse(cloud.Graph.URL)
		return base, cloud.Graph.Guard(), err
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" {
		return nil, entra.Hosts{}, rest.Inputf("base url is not a scheme and a host: give one such as https://graph.microsoft.com")
	}
	base.Path = ""
	guard := cloud.Graph.Guard()
	if guard.Allow(base) == nil {
		return base, guard, nil
	}
	if !slices.ContainsFunc(o.AllowHosts, func(h string) bool { return strings.EqualFold(h, base.Host) }) {
		return nil, entra.Hosts{}, rest.Inputf("base url: host %q is not Microsoft Graph's in cloud %s: use %s, or allow the host by name", base.Host, cloud.Name, cloud.Graph.URL)
	}
	guard, err = entra.NewHosts(base.Host)
	return base, guard, err
}

// Calls returns how many requests have left so far, tries again included,
// requests for tokens not.
func (c *Client) Calls() int64 { return c.rest.Calls() }

// Operations returns every operation of this package, in the order of the
// services of [Client].
func Operations() []Operation {
	return slices.Concat(alertOperations(), incidentOperations(), secureScoreOperations(), huntingOperations())
}

// docs is where Microsoft's pages of this API are.
const docs = "https://learn.microsoft.com/graph/api/"

// The limits that operations share. Microsoft states 150 calls a minute for alerts
// and for secure scores, whatever is done with them, on a page that is old and
// names neither alerts_v2 nor incidents nor hunting.
const (
	perMinute      = 150
	limitAlerts    = "alert"
	limitIncidents = "incident"
	limitScores    = "secureScore"
)

// operation describes a call, which counts against a limit, or against none.
func operation(method, path, page, limit string, permissions ...string) Operation {
	o := Operation{
		API: gatehouse.APIGraph, Method: method, Path: path, Limit: limit,
		Permissions: permissions, Replay: method == http.MethodGet, Docs: docs + page,
	}
	if limit != "" {
		o.PerMinute = perMinute
	}
	return o
}

// Scheduled returns a context whose calls are scheduled work, which can wait: of
// each rate limit they leave a fifth, and at least one call, to those that somebody
// waits for. A call of any other context may spend all that is left of the limit.
// The worker is sent along in User-Agent, as "worker/NAME", reduced to letters,
// digits, dots, dashes and underscores; empty means that nobody is named.
func Scheduled(ctx context.Context, worker string) context.Context {
	return rest.Scheduled(ctx, worker)
}
