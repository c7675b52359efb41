package api

import "fmt"

// Code says what kind of problem it is. Codes are stable: programs may branch
// on them.
type Code string

// The codes of problems.
const (
	CodeBadRequest         Code = "bad-request"          // the request cannot be understood
	CodeInvalid            Code = "invalid"              // a member has a value that is not allowed
	CodeUnknownFilter      Code = "unknown-filter"       // the resource has no such filter, or not with this operator
	CodeBadCursor          Code = "bad-cursor"           // the cursor was not made by this list
	CodeUnauthenticated    Code = "unauthenticated"      // no key, or one that is unknown, expired or revoked
	CodeScope              Code = "scope"                // the key lacks the scope
	CodeNotFound           Code = "not-found"            // there is no such thing, or the key may not see it
	CodeConflict           Code = "conflict"             // what is there stands against it
	CodeIdempotency        Code = "idempotency-conflict" // the same idempotency key came with another request
	CodeIdempotencyMissing Code = "idempotency-key-missing"
	CodePrecondition       Code = "precondition-failed" // the ETag is not the one that was asked for
	CodeTooLarge           Code = "too-large"           // the body is larger than the server takes
	CodeRateLimited        Code = "rate-limited"        // this key has made too many requests
	CodeAmbiguous          Code = "ambiguous-target"    // a name fits more than one; Candidates lists them
	CodePermission         Code = "permission-missing"  // the integration lacks a permission in Entra ID
	CodeCheckFailed        Code = "check-failed"        // the account cannot work as it is wired
	CodeUpstream           Code = "upstream"            // Defender refused or failed; Upstream has its words
	CodeUpstreamThrottled  Code = "upstream-throttled"  // Defender has had enough of us for now
	CodeUnavailable        Code = "unavailable"         // the database or the engine is away
	CodeInternal           Code = "internal"            // a fault of Gatehouse
)

// Problem is an error as RFC 9457 has it, of the media type
// application/problem+json. It is an error of Go as well, so that a client can
// return it.
type Problem struct { //nolint:errname // RFC 9457 calls it so
	Type        string       `json:"type" doc:"A URI that names the kind of problem." example:"urn:gatehouse:problem:scope"`
	Title       string       `json:"title" doc:"The kind of problem in a few words."`
	Status      int          `json:"status" doc:"The HTTP status."`
	Detail      string       `json:"detail,omitempty" doc:"What was wrong this time."`
	Instance    string       `json:"instance,omitempty" doc:"The path that was asked for."`
	Code        Code         `json:"code" doc:"The kind of problem, for programs. Stable."`
	Mend        string       `json:"mend,omitempty" doc:"What to do about it."`
	RequestID   string       `json:"requestId,omitempty" doc:"The number of the request in the log and the audit."`
	Integration string       `json:"integration,omitempty" doc:"The integration that it concerns, where one of several has a problem."`
	Upstream    *Upstream    `json:"upstream,omitempty" doc:"What Microsoft answered, where it is Microsoft's problem."`
	Fields      []FieldError `json:"fields,omitempty" doc:"What is wrong with single members of the request."`
	Candidates  []Candidate  `json:"candidates,omitempty" doc:"What an ambiguous name may have meant."`
	RetryAfter  int          `json:"retryAfter,omitempty" doc:"Seconds until it is worth trying again, as the header Retry-After."`
	Check       *Check       `json:"check,omitempty" doc:"What the check of an account has found, where that is the problem."`
}

// Upstream is an error of Microsoft's API, without tokens or secrets.
type Upstream struct {
	API       string `json:"api,omitempty" doc:"mde, xdr or graph."`
	Status    int    `json:"status,omitempty" doc:"Microsoft's HTTP status."`
	Code      string `json:"code,omitempty" doc:"Microsoft's code."`
	Message   string `json:"message,omitempty" doc:"Microsoft's words."`
	RequestID string `json:"requestId,omitempty" doc:"What Microsoft's support asks for."`
}

// FieldError is what is wrong with one member of a request.
type FieldError struct {
	Field   string `json:"field" doc:"Where it stands, as body.member, query.name or path.name."`
	Message string `json:"message" doc:"What is wrong with it."`
}

// Candidate is one thing that an ambiguous name may mean.
type Candidate struct {
	Integration string `json:"integration" doc:"Id of the integration."`
	ID          string `json:"id" doc:"What to send in place of the name."`
	Name        string `json:"name,omitempty" doc:"Its name."`
	Detail      string `json:"detail,omitempty" doc:"What tells it from the others: when it was last seen, its platform."`
}

// Error is the problem in one line.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if p.Mend != "" {
		return fmt.Sprintf("%s (%s): %s", text, p.Code, p.Mend)
	}
	return fmt.Sprintf("%s (%s)", text, p.Code)
}

// GetStatus returns the HTTP status, 500 where none is set.
func (p *Problem) GetStatus() int {
	if p.Status == 0 {
		return 500
	}
	return p.Status
}

// ContentType is application/problem+json for a problem that is sent as JSON.
func (p *Problem) ContentType(string) string { return "application/problem+json" }
