package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// The kinds of [Error], for errors.Is.
var (
	ErrNotFound     = errors.New("not found")    // 404: the thing, or the route, does not exist
	ErrUnauthorized = errors.New("unauthorized") // 401: the token is missing, expired or for another audience
	ErrForbidden    = errors.New("forbidden")    // 403: the token is good and a permission is missing
	ErrThrottled    = errors.New("throttled")    // 429, or our own budget for the route is spent
	// ErrActiveRequest tells that the same is under way already. Microsoft documents
	// the code for one operation and the text for the others.
	ErrActiveRequest = errors.New("the same is under way already")
	ErrUnlicensed    = errors.New("not licensed")           // 401 whose text names a licence or an inactive tenant
	ErrUnreachable   = errors.New("service is not reached") // no answer at all: DNS, TLS, connection
	// ErrResultTooLarge tells that a hunt found more rows or bytes than the service
	// gives: 100,000 rows, 50 or 124 MB. Ask for less at once.
	ErrResultTooLarge = errors.New("the result is too large")
	// ErrQueryTooHeavy tells that a hunt would take more time, memory or processor
	// than the service allows. Ask for less at once, or more simply.
	ErrQueryTooHeavy = errors.New("the query is too heavy")
	ErrRedirected    = errors.New("redirect is not allowed") // 3xx: never followed, since a token must not travel
)

// Error is what a call came back with when it did not succeed.
type Error struct {
	Method     string // GET, POST, PATCH
	Path       string // path of the request, without its query
	StatusCode int    // HTTP status; zero when no answer came
	// Code is Microsoft's, for example "ResourceNotFound". It may be empty: some
	// refusals have no body.
	Code      string
	Message   string // Microsoft's text
	RequestID string // Microsoft's correlation id, which support asks for
	// RetryAfter is how long to wait: from the header of that name, or until our own
	// budget for the route has room again. Zero when neither is known.
	RetryAfter time.Duration
	// RequiredRoles and HeldRoles are parsed from the text of a 403: any one of
	// the first would do, the token carries the second.
	RequiredRoles, HeldRoles []string
	// Err is the cause when there was no answer.
	Err error
}

// Error returns one line without any query, since a query may carry a secret.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:", e.Method, e.Path)
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, " %d", e.StatusCode)
		if e.Code != "" {
			fmt.Fprintf(&b, " %s", plain.Short(e.Code))
		} else {
			fmt.Fprintf(&b, " %s", http.StatusText(e.StatusCode))
		}
		if e.Message != "" {
			b.WriteByte(':')
		}
	}
	if e.Message != "" {
		fmt.Fprintf(&b, " %s", plain.Short(e.Message))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, " %v", e.Err)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (retry after %s)", e.RetryAfter.Round(100*time.Millisecond))
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", plain.Short(e.RequestID))
	}
	return b.String()
}

// Unwrap returns the cause when there was no answer.
func (e *Error) Unwrap() error { return e.Err }

// Is tells whether the error is of one of the kinds ErrNotFound, ErrForbidden
// and so on. A refusal for want of a licence is ErrUnlicensed and not
// ErrUnauthorized, although its status is 401.
func (e *Error) Is(target error) bool { return target == e.kind() }

func (e *Error) kind() error {
	switch {
	case e.unlicensed():
		return ErrUnlicensed
	case e.Code == codeBudget || e.StatusCode == http.StatusTooManyRequests:
		return ErrThrottled
	case e.StatusCode == 0:
		return ErrUnreachable
	case e.StatusCode >= 300 && e.StatusCode < 400:
		return ErrRedirected
	case e.StatusCode == http.StatusUnauthorized:
		return ErrUnauthorized
	case e.StatusCode == http.StatusForbidden:
		return ErrForbidden
	case e.StatusCode == http.StatusNotFound:
		return ErrNotFound
	case e.activeRequest():
		return ErrActiveRequest
	}
	return e.huntKind()
}

// huntLimit is a text of Microsoft's by which the end of a hunt is recognised.
type huntLimit struct {
	text string // in lower case
	kind error
}

// huntLimits are the texts of MDE's page, of the portal's page of errors, and
// what Graph was seen to answer. There are no codes for them.
func huntLimits() []huntLimit {
	return []huntLimit{
		{"allowed result size", ErrResultTooLarge},
		{"result size limit exceeded", ErrResultTooLarge},
		{"exceeded the allowed limits", ErrQueryTooHeavy},
		{"was preempted", ErrQueryTooHeavy},
		{"excessive resource consumption", ErrQueryTooHeavy},
		{"exceeded the timeout period", ErrQueryTooHeavy},
		{"exceeded processing resources", ErrQueryTooHeavy},
	}
}

// huntKind recognises a hunt that met one of the service's limits.
func (e *Error) huntKind() error {
	text := strings.ToLower(plain.Short(e.Message))
	for _, l := range huntLimits() {
		if strings.Contains(text, l.text) {
			return l.kind
		}
	}
	return nil
}

// unlicensed recognises the two known refusals by their text: "Account mode is
// inactive" and "No Tvm license". Both come with 401, though the token is good.
func (e *Error) unlicensed() bool {
	if e.StatusCode != http.StatusUnauthorized && e.StatusCode != http.StatusForbidden {
		return false
	}
	text := strings.ToLower(e.Message)
	return strings.Contains(text, "account mode is inactive") || strings.Contains(text, "license")
}

// activeRequest recognises the refusal of a second action of the same kind.
func (e *Error) activeRequest() bool {
	if e.StatusCode != http.StatusBadRequest && e.StatusCode != http.StatusConflict {
		return false
	}
	return e.Code == "ActiveRequestAlreadyExists" || strings.Contains(strings.ToLower(e.Message), "already in progress")
}

// newError reads an answer that is no success. Microsoft's envelope is
// {"error":{"code","message","target"}}; Graph has innerError in place of
// target. Bodies may be empty, HTML from something in between, or our own.
func newError(method, path string, resp *http.Response, body []byte) *Error {
	e := &Error{Method: method, Path: path, StatusCode: resp.StatusCode}
	var envelope struct {
		Error errorBody `json:"error"`
	}
	if json.Unmarshal(body, &envelope, tolerantly) == nil {
		envelope.Error.into(e)
	}
	if e.RequestID == "" {
		e.RequestID = firstHeader(resp.Header, "request-id", "mise-correlation-id", "x-ms-request-id")
	}
	if wait, ok := retryAfter(resp.Header, time.Now()); ok {
		e.RetryAfter = wait
	}
	if e.Is(ErrRedirected) {
		e.Message = "redirects are not followed, because a token must not travel to another address"
	}
	if e.StatusCode == http.StatusForbidden {
		e.RequiredRoles, e.HeldRoles = parseMissingRoles(e.Message)
	}
	return e
}

type errorBody struct {
	Code       string         `json:"code"`
	Message    string         `json:"message"`
	Target     string         `json:"target"`
	InnerError jsontext.Value `json:"innerError"`
}

func (b errorBody) into(e *Error) {
	e.Code, e.Message, e.RequestID = b.Code, b.Message, b.Target
	var inner struct {
		RequestID string `json:"request-id"`
	}
	if e.RequestID == "" && len(b.InnerError) > 0 && json.Unmarshal(b.InnerError, &inner, tolerantly) == nil {
		e.RequestID = inner.RequestID
	}
}

func firstHeader(h http.Header, names ...string) string {
	for _, n := range names {
		if v := h.Get(n); v != "" {
			return v
		}
	}
	return ""
}
