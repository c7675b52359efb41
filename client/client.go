package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
)

// Options are the settings of a [Client].
type Options struct {
	// Key is the API key, or a bearer token of the server's OIDC issuer.
	Key gatehouse.Secret
	// HTTPClient sends requests. Default: one of our own. Redirects are never
	// followed.
	HTTPClient *http.Client
	// UserAgent names the caller. Default: "gatehouse-client".
	UserAgent string
	// MaxRetries is how often what can be repeated is repeated. Default: 4. Negative:
	// never.
	MaxRetries int
	// MaxWait is the longest wait that the server may ask for before a repeat.
	// Default: one minute. A longer one comes back at once as the problem.
	MaxWait time.Duration
	// AllowHTTP allows plain HTTP to another machine. The key can then be read on the
	// way.
	AllowHTTP bool
}

// Client calls one server with one key. It is safe for concurrent use.
type Client struct {
	Integrations *IntegrationsService
	Keys         *KeysService
	Actions      *ActionsService
	Hunts        *HuntsService
	Events       *EventsService
	Scores       *ScoresService
	Audit        *AuditService

	Devices             *RecordsService
	Alerts              *RecordsService
	Incidents           *RecordsService
	Vulnerabilities     *RecordsService
	CVEs                *RecordsService
	Software            *RecordsService
	Recommendations     *RecordsService
	MachineActions      *RecordsService
	SecureScoreControls *RecordsService

	base *url.URL
	http *http.Client
	o    Options
}

// New returns a client of the server at a URL, such as
// https://gatehouse.example.com. Nothing is sent yet.
func New(server string, o Options) (*Client, error) {
	base, err := url.Parse(server)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("server %q is not a URL: write it as https://gatehouse.example.com", server)
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("server %q has more than a host and a path: a key does not belong in a URL", base.Redacted())
	}
	if base.Scheme == "http" && !o.AllowHTTP && !loopback(base.Hostname()) {
		return nil, fmt.Errorf("server %q is on another machine and not https: the key could be read on the way", server)
	}
	base.Path = strings.TrimSuffix(strings.TrimSuffix(base.Path, "/"), "/v1")
	if o.UserAgent == "" {
		o.UserAgent = "gatehouse-client"
	}
	switch {
	case o.MaxRetries == 0:
		o.MaxRetries = 4
	case o.MaxRetries < 0:
		o.MaxRetries = 0
	}
	if o.MaxWait <= 0 {
		o.MaxWait = time.Minute
	}
	c := &Client{base: base, http: careful(o.HTTPClient), o: o}
	c.services()
	return c, nil
}

// services fills in the services.
func (c *Client) services() {
	c.Integrations, c.Keys, c.Actions = &IntegrationsService{c}, &KeysService{c}, &ActionsService{c}
	c.Hunts, c.Events, c.Scores, c.Audit = &HuntsService{c}, &EventsService{c}, &ScoresService{c}, &AuditService{c}
	for service, resource := range map[**RecordsService]string{
		&c.Devices: "devices", &c.Alerts: "alerts", &c.Incidents: "incidents", &c.Vulnerabilities: "vulnerabilities",
		&c.CVEs: "cves", &c.Software: "software", &c.Recommendations: "recommendations",
		&c.MachineActions: "machine-actions", &c.SecureScoreControls: "secure-score-controls",
	} {
		*service = &RecordsService{c: c, resource: resource}
	}
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// careful is an HTTP client that follows no redirect: it would carry the key.
func careful(given *http.Client) *http.Client {
	c := &http.Client{}
	if given != nil {
		*c = *given
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// request is one call.
type request struct {
	method, path string
	query        url.Values
	header       map[string]string
	body         any
}

// repeatable tells whether a call can be made twice without harm.
func (r request) repeatable() bool {
	return r.method == http.MethodGet || r.method == http.MethodPut || r.method == http.MethodDelete || r.header["Idempotency-Key"] != ""
}

// call makes a call and decodes its answer.
func call[T any](ctx context.Context, c *Client, r request) (T, error) {
	var out T
	res, err := c.send(ctx, r)
	if err != nil {
		return out, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusNoContent {
		return out, nil
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("%s %s: the answer broke off or is not JSON: %w", r.method, r.path, err)
	}
	return out, nil
}

// send makes a call, again where that is safe and can help, and returns the
// answer of a success. The caller closes its body.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	for attempt := 0; ; attempt++ {
		res, err := c.once(ctx, r)
		if err == nil {
			return res, nil
		}
		wait, again := c.later(err, attempt)
		if !again || !r.repeatable() || attempt >= c.o.MaxRetries {
			return nil, err
		}
		if stopped := pause.For(ctx, wait); stopped != nil {
			return nil, errors.Join(err, stopped)
		}
	}
}

// later tells whether a failure may pass, and when to try again.
func (c *Client) later(err error, attempt int) (time.Duration, bool) {
	wait := min(200*time.Millisecond<<attempt, 5*time.Second)
	var busy *busyError
	var p *api.Problem
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return 0, false
	case errors.As(err, &busy):
		return max(busy.after, wait), busy.after <= c.o.MaxWait
	case errors.As(err, &p):
		return 0, false
	}
	return wait, true
}

// busyError is a problem that may pass.
type busyError struct {
	*api.Problem
	after time.Duration
}

// Unwrap returns the problem.
func (e *busyError) Unwrap() error { return e.Problem }

// once makes a call once.
func (c *Client) once(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	at := c.base.JoinPath(r.path)
	at.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, at.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	req.Header.Set("Accept", "application/json")
	if key := c.o.Key.Reveal(); key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		defer func() { _ = res.Body.Close() }()
		return nil, refusal(r, res)
	}
	return res, nil
}

// mostOfProblem is how much of a problem is read.
const mostOfProblem = 1 << 20

// refusal reads the problem of an answer.
func refusal(r request, res *http.Response) error {
	p := &api.Problem{}
	text, _ := io.ReadAll(io.LimitReader(res.Body, mostOfProblem)) // what was read is enough, or nothing is
	if json.Unmarshal(text, p) != nil || p.Code == "" {
		p = &api.Problem{
			Code: api.CodeBadRequest, Title: http.StatusText(res.StatusCode),
			Detail: fmt.Sprintf("%s %s was answered with %s, and not by Gatehouse", r.method, r.path, res.Status),
			Mend:   "see whether the server's URL is right, and what stands before it",
		}
	}
	p.Status = res.StatusCode
	if res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusServiceUnavailable {
		return p
	}
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After")) // none is none
	return &busyError{p, time.Duration(seconds) * time.Second}
}

// get asks a question.
func get[T any](ctx context.Context, c *Client, query url.Values, parts ...string) (T, error) {
	return call[T](ctx, c, request{method: http.MethodGet, path: pathOf(parts...), query: query})
}

// pathOf joins the parts of a path below /v1, each escaped.
func pathOf(parts ...string) string {
	var path strings.Builder
	path.WriteString("v1")
	for _, part := range parts {
		path.WriteString("/" + url.PathEscape(part))
	}
	return path.String()
}

// Identity says who the server takes the caller for.
func (c *Client) Identity(ctx context.Context) (api.Identity, error) {
	return get[api.Identity](ctx, c, nil, "me")
}

// Capabilities says what can be asked, and what each integration can do.
func (c *Client) Capabilities(ctx context.Context) (api.Capabilities, error) {
	return get[api.Capabilities](ctx, c, nil, "capabilities")
}

// Streams is the catalogue of what is mirrored.
func (c *Client) Streams(ctx context.Context) (api.Streams, error) {
	return get[api.Streams](ctx, c, nil, "streams")
}
