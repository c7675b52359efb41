package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/entra"
)

// version is what the User-Agent says.
const version = "0.1.0"

// The defaults of Options.
const (
	defaultMaxRetries = 6
	defaultMaxWait    = 5 * time.Minute
)

// Options describe a client. Base, Guard and Scope are required.
type Options struct {
	Base      *url.URL    // scheme and host, without path
	Guard     entra.Hosts // where a token may go; must allow Base
	Downloads entra.Hosts // where export links may point; no token goes there
	Scope     string      // what a token is asked for

	// Transport sends requests. Default: a client of our own. Redirects are never
	// followed when it is an *http.Client, any other must not follow them.
	Transport policy.Transporter
	// UserAgent is put before ours. Default: none.
	UserAgent string
	// Header is sent with every call. Default: none.
	Header http.Header
	// MaxRetries is how often a request is sent again. Default: six. Negative:
	// never.
	MaxRetries int
	// MaxWait is the longest single wait for a rate limit or a Retry-After; a
	// longer one is handed to the caller as an Error that is ErrThrottled.
	// Default: five minutes. Negative: never wait.
	MaxWait time.Duration
	// Budgets are shared with other clients of the same application and tenant.
	// Default: this client's own.
	Budgets *Budgets
	// OnCall is told of every request that left. It must be safe for concurrent
	// use. Default: none.
	OnCall func(Call)
	// OnWait is told when a call begins to wait because its route's rate limit is
	// spent, with how long that is expected to take. It is called on the caller's
	// goroutine, holds up the call until it returns, and must be safe for
	// concurrent use. Default: none.
	OnWait func(Operation, time.Duration)
}

// Client sends operations of one API for one application in one tenant. It is
// safe for concurrent use.
type Client struct {
	base      *url.URL
	guard     entra.Hosts
	downloads entra.Hosts
	pipeline  runtime.Pipeline
	wire      wire
	retries   int
	maxWait   time.Duration
	budgets   *Budgets
	userAgent string
	calls     atomic.Int64
	onCall    func(Call)
}

// New makes a client. It sends nothing.
func New(cred azcore.TokenCredential, o Options) (*Client, error) {
	if cred == nil {
		return nil, Inputf("no credential: give one, for example from entra.NewCredential")
	}
	if err := o.Guard.Allow(o.Base); err != nil {
		return nil, Inputf("base url: %w", err)
	}
	c := &Client{
		base: o.Base, guard: o.Guard, downloads: o.Downloads, wire: newWire(o.Transport),
		retries: orDefault(o.MaxRetries, defaultMaxRetries), maxWait: orDefault(o.MaxWait, defaultMaxWait),
		userAgent: userAgent(o.UserAgent), onCall: o.OnCall,
	}
	if o.Budgets == nil {
		o.Budgets = NewBudgets()
	}
	c.budgets = o.Budgets
	if o.OnWait == nil {
		o.OnWait = func(Operation, time.Duration) {}
	}
	token := &tokenPolicy{cred: cred, scope: o.Scope, guard: o.Guard}
	c.pipeline = runtime.NewPipeline("gatehouse", "v"+version, runtime.PipelineOptions{
		PerCall: []policy.Policy{
			headerPolicy{o.Header, c.userAgent},
			&retryPolicy{most: c.retries, maxWait: c.maxWait, token: token},
		},
		PerRetry: []policy.Policy{
			&budgetPolicy{budgets: o.Budgets, maxWait: c.maxWait, calls: &c.calls, onCall: c.onCall, onWait: o.OnWait},
			token,
		},
	}, &policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1}, // ours, above, knows the limits
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Transport: c.wire,
	})
	return c, nil
}

// orDefault is v, the default when v is zero, and zero when v is negative.
func orDefault[T int | time.Duration](v, def T) T {
	switch {
	case v == 0:
		return def
	case v < 0:
		return 0
	}
	return v
}

func userAgent(first string) string {
	if first == "" {
		return "Gatehouse/" + version
	}
	return first + " Gatehouse/" + version
}

// headerPolicy sets what every call of a client carries.
type headerPolicy struct {
	header    http.Header
	userAgent string
}

// Do sets the headers and sends the request.
func (p headerPolicy) Do(req *policy.Request) (*http.Response, error) {
	h := req.Raw().Header
	maps.Copy(h, p.header)
	h.Set("User-Agent", p.userAgent+workerOf(req.Raw().Context()))
	h.Set("Accept", "application/json")
	return req.Next()
}

// Calls returns how many requests have left, tries again and downloads
// included, requests for tokens not.
func (c *Client) Calls() int64 { return c.calls.Load() }

// Request is what an operation needs to be sent.
type Request struct {
	Operation Operation
	Vars      []string   // for the {name} segments of the path, in their order
	Query     url.Values // may be nil
	Body      any        // sent as JSON; nil for none
}

// url returns the address of the request.
func (c *Client) url(r Request) (*url.URL, error) {
	path, err := r.Operation.expand(r.Vars)
	if err != nil {
		return nil, Input(err)
	}
	u, err := c.base.Parse(path)
	if err != nil {
		return nil, Inputf("%s: the values do not make a path", r.Operation)
	}
	u.RawQuery = encodeQuery(r.Query)
	return u, nil
}

// open sends a request to u and returns the answer when it is a success. The
// caller closes its body.
func (c *Client) open(ctx context.Context, op Operation, u *url.URL, body any) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, op.Method, u.String())
	if err != nil {
		return nil, fmt.Errorf("%s: the request cannot be made", op)
	}
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s: encode the request: %w", op, err)
		}
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(encoded)), "application/json; charset=utf-8"); err != nil {
			return nil, err
		}
	}
	req.SetOperationValue(op)
	runtime.SkipBodyDownload(req)
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return nil, callError(ctx, op, u, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		return nil, c.refusal(op, u, resp, text)
	}
	return resp, nil
}

// refusal reads an answer that is no success. A 429 that does not say how long to
// wait takes that from the budget, which the 429 has closed for a while.
func (c *Client) refusal(op Operation, u *url.URL, resp *http.Response, text []byte) *Error {
	e := newError(op.Method, u.Path, resp, text)
	if e.StatusCode == http.StatusTooManyRequests && e.RetryAfter == 0 {
		_, e.RetryAfter = c.budgets.Left(op)
	}
	return e
}

// callError makes one of our errors from what the pipeline came back with. The
// end of the caller's context and a credential's refusal stay what they are.
func callError(ctx context.Context, op Operation, u *url.URL, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var (
		token *tokenError
		wait  *waitError
	)
	switch {
	case errors.As(err, &wait):
		return &Error{Method: op.Method, Path: u.Path, Code: codeBudget, Message: wait.Error(), RetryAfter: wait.wait}
	case errors.As(err, &token):
		return fmt.Errorf("%s %s: %w", op.Method, u.Path, err)
	}
	return &Error{Method: op.Method, Path: u.Path, Message: "no answer from " + u.Host + ":", Err: err}
}

// Fetch sends a request and returns the whole answer, which is one JSON value or
// nothing. One that breaks off is asked for again when the operation can be
// replayed.
func (c *Client) Fetch(ctx context.Context, r Request) (jsontext.Value, error) {
	u, err := c.url(r)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		raw, err := c.fetchOnce(ctx, r, u)
		if err == nil {
			return raw, nil
		}
		if err := c.again(ctx, r.Operation, err, try); err != nil {
			return nil, err
		}
	}
}

// again returns nil when a body that failed with err is worth being asked for
// again, after a pause; else what to say.
func (c *Client) again(ctx context.Context, op Operation, err error, try int) error {
	wait := backoff(try)
	switch {
	case !errors.Is(err, ErrTruncated):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case try >= c.retries || !op.Replay || !patient(ctx, wait):
		return err
	}
	return pause(ctx, wait, nil)
}

func (c *Client) fetchOnce(ctx context.Context, r Request, u *url.URL) (jsontext.Value, error) {
	resp, err := c.open(ctx, r.Operation, u, r.Body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := readWhole(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Operation.Method, u.Path, err)
	}
	return raw, nil
}

// Get sends a request whose answer is one item. Like an item of a list it may come
// with a [*DecodeError].
func Get[T any, P Item[T]](ctx context.Context, c *Client, r Request) (T, error) {
	var zero T
	raw, err := c.Fetch(ctx, r)
	if err != nil {
		return zero, err
	}
	if raw.Kind() != jsontext.KindBeginObject {
		return zero, fmt.Errorf("%s: %w", r.Operation, ErrMalformed)
	}
	return Decode[T, P](raw)
}

// Send sends a request whose answer does not matter beyond its success.
func (c *Client) Send(ctx context.Context, r Request) error {
	_, err := c.Fetch(ctx, r)
	return err
}
