package rest

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// attempt is the number of a try, carried from the retry policy inwards.
type attempt int

// Call is one request that left, as Options.OnCall sees it. It carries no query
// and no token.
type Call struct {
	Operation  Operation     // zero for a download
	Attempt    int           // from 1
	StatusCode int           // zero when no answer came
	Waited     time.Duration // for room in the budget
	Took       time.Duration // from leaving to the answer's head
	Err        error         // when no answer came
}

// budgetPolicy spends from the route's budget before each try, reports it, and
// corrects the budget by what the service answers.
type budgetPolicy struct {
	budgets *Budgets
	maxWait time.Duration
	calls   *atomic.Int64
	onCall  func(Call)
	onWait  func(Operation, time.Duration) // never nil
}

var _ policy.Policy = (*budgetPolicy)(nil)

// Do waits for room and sends the request.
func (p *budgetPolicy) Do(req *policy.Request) (*http.Response, error) {
	var op Operation
	var try attempt
	req.OperationValue(&op)
	req.OperationValue(&try)
	class, route := classOf(req.Raw().Context()), p.budgets.of(op)
	waited, err := route.spend(req.Raw().Context(), p.maxWait, func(d time.Duration) { p.onWait(op, d) })
	if err != nil {
		return nil, err
	}
	start := time.Now()
	resp, err := req.Next()
	route.settle(class)
	call := Call{Operation: op, Attempt: int(try), Waited: waited, Took: time.Since(start), Err: err}
	if resp != nil {
		call.StatusCode = resp.StatusCode
		if resp.StatusCode == http.StatusTooManyRequests {
			route.block(throttleWait(resp, int(try)))
		}
	}
	report(req.Raw().Context(), p.calls, p.onCall, call)
	return resp, err
}

// throttleWait is what a 429 asks for, or a growing pause when it does not say.
func throttleWait(resp *http.Response, try int) time.Duration {
	if wait, ok := retryAfter(resp.Header, time.Now()); ok && wait > 0 {
		return wait
	}
	return backoff(try)
}
