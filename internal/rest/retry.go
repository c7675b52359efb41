package rest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// retryPolicy sends a request again where that can help and does no harm. It
// takes the place of azcore's, which gives up at once when Retry-After is longer
// than its own longest delay.
type retryPolicy struct {
	most    int           // tries after the first
	maxWait time.Duration // longer waits are handed to the caller
	token   *tokenPolicy
}

var _ policy.Policy = (*retryPolicy)(nil)

// firstDelay and longestDelay bound the pauses of our own making.
const (
	firstDelay   = 250 * time.Millisecond
	longestDelay = 30 * time.Second
)

// Do sends the request until it succeeds, cannot be helped, or has been sent
// often enough.
func (p *retryPolicy) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	var op Operation
	req.OperationValue(&op)
	refreshed := false
	var last *http.Response
	for try := 0; ; try++ {
		req.SetOperationValue(attempt(try + 1))
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
		resp, err := req.Next()
		var tooLong *waitError
		if errors.As(err, &tooLong) && last != nil {
			return last, nil // the answer that made us wait says more
		}
		if err == nil && resp.StatusCode == http.StatusUnauthorized && !refreshed && refreshHelps(resp) {
			refreshed = true
			var sent sentToken
			req.OperationValue(&sent)
			p.token.refuse(sent)
			continue
		}
		if try >= p.most || ctx.Err() != nil {
			return resp, err
		}
		wait, again := p.judge(op, resp, err, try)
		if !again || wait > p.maxWait || !patient(ctx, wait) {
			return resp, err
		}
		last = resp
		if err := pause(ctx, wait, nil); err != nil {
			return nil, err
		}
	}
}

// judge tells whether another try can help, and how long to wait before it. The
// wait after a 429 is the budget's: it holds back every call of the route.
func (p *retryPolicy) judge(op Operation, resp *http.Response, err error, try int) (time.Duration, bool) {
	if err != nil {
		return backoff(try), retryableError(op, err)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return 0, true
	}
	if !op.Replay || !retryableStatus(resp.StatusCode) {
		return 0, false
	}
	if wait, ok := retryAfter(resp.Header, time.Now()); ok {
		return wait, true
	}
	return backoff(try), true
}

func retryableStatus(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryableError tells broken connections from refusals of our own. What never
// left may always be sent again, what may have arrived only when op can be
// replayed.
func retryableError(op Operation, err error) bool {
	var (
		token *tokenError
		wait  *waitError
		dns   *net.DNSError
	)
	switch {
	case errors.As(err, &token), errors.As(err, &wait), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case unconnected(err):
		return !errors.As(err, &dns) || !dns.IsNotFound
	}
	return op.Replay
}

// backoff doubles from firstDelay, with a fifth of chance either way so that
// many clients do not come back together.
func backoff(try int) time.Duration {
	d := min(firstDelay<<min(try, 10), longestDelay)
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // no secret hangs on it
}

// refreshHelps is false for the 401 that means a missing licence: its token is
// good.
func refreshHelps(resp *http.Response) bool {
	body, err := runtime.Payload(resp)
	return err != nil || !newError("", "", resp, body).Is(ErrUnlicensed)
}
