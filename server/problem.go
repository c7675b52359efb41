package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// kind is what is the same in every problem of one code.
type kind struct {
	status int
	title  string
	mend   string // what helps, when nothing better is known
}

// kinds are the codes of problems.
func kinds() map[api.Code]kind {
	return map[api.Code]kind{
		api.CodeBadRequest:         {http.StatusBadRequest, "The request cannot be understood", "compare it with /openapi.json"},
		api.CodeInvalid:            {http.StatusUnprocessableEntity, "The request has a value that is not allowed", "see fields, and /openapi.json"},
		api.CodeUnknownFilter:      {http.StatusUnprocessableEntity, "There is no such filter", "GET /v1/capabilities lists the filters of every resource"},
		api.CodeBadCursor:          {http.StatusUnprocessableEntity, "The cursor is not one of this list", "begin again without a cursor, and keep the other parameters the same from page to page"},
		api.CodeUnauthenticated:    {http.StatusUnauthorized, "No valid key", "send an API key that lives: Authorization: Bearer gh_…"},
		api.CodeScope:              {http.StatusForbidden, "The key lacks the scope", "use a key with the scope, or ask whoever has an admin key for one"},
		api.CodeNotFound:           {http.StatusNotFound, "There is no such thing", ""},
		api.CodeConflict:           {http.StatusConflict, "What is there stands against it", ""},
		api.CodeIdempotency:        {http.StatusConflict, "The idempotency key was used for another request", "send a new Idempotency-Key with a new request, the old one with a repeat of the old"},
		api.CodeIdempotencyMissing: {http.StatusBadRequest, "The Idempotency-Key header is missing", "send one that is new for each request and the same for its repeats, such as a UUID"},
		api.CodePrecondition:       {http.StatusPreconditionFailed, "It was changed meanwhile", "get it again and send the ETag of that answer in If-Match"},
		api.CodeTooLarge:           {http.StatusRequestEntityTooLarge, "The body is too large", ""},
		api.CodeRateLimited:        {http.StatusTooManyRequests, "Too many requests", "wait for as long as Retry-After says"},
		api.CodeAmbiguous:          {http.StatusConflict, "The name means more than one", "send the id of one of the candidates"},
		api.CodePermission:         {http.StatusForbidden, "The integration lacks a permission", "grant the application permission in Entra ID, with admin consent"},
		api.CodeCheckFailed:        {http.StatusUnprocessableEntity, "The account cannot work as it is wired", "see check.findings; the troubleshooting guide explains each code"},
		api.CodeUpstream:           {http.StatusBadGateway, "Defender refused or failed", "see upstream"},
		api.CodeUpstreamThrottled:  {http.StatusServiceUnavailable, "Defender has had enough of us for now", "wait for as long as Retry-After says"},
		api.CodeUnavailable:        {http.StatusServiceUnavailable, "Gatehouse cannot work just now", "try again; GET /readyz says when it can"},
		api.CodeInternal:           {http.StatusInternalServerError, "A fault of Gatehouse", "look for the request id in Gatehouse's log, and report it"},
	}
}

// newProblem makes a problem. Without a mend it has that of its code.
func newProblem(code api.Code, detail, mend string) *api.Problem {
	k := kinds()[code]
	if mend == "" {
		mend = k.mend
	}
	return &api.Problem{Type: "urn:gatehouse:problem:" + string(code), Title: k.title, Status: k.status, Detail: detail, Code: code, Mend: mend}
}

// notFound is the problem of what is not there or may not be seen.
func notFound(detail, mend string) *api.Problem { return newProblem(api.CodeNotFound, detail, mend) }

// invalid is the problem of one member of a request, as body.name or query.limit.
func invalid(field, message, mend string) *api.Problem {
	p := newProblem(api.CodeInvalid, field+": "+message, mend)
	p.Fields = []api.FieldError{{Field: field, Message: message}}
	return p
}

// problem turns any error into a problem, and logs what nobody outside is told.
func (s *Server) problem(ctx context.Context, err error) *api.Problem {
	var p *api.Problem
	if errors.As(err, &p) {
		return s.complete(p)
	}
	if p = s.backend.Problem(err); p != nil {
		return s.complete(p)
	}
	if p = storeProblem(err); p == nil {
		s.log.ErrorContext(ctx, "a request failed", "request", requestID(ctx), "error", err)
		p = newProblem(api.CodeInternal, "", "")
	}
	if p.Status >= http.StatusInternalServerError && p.Code == api.CodeUnavailable {
		s.log.WarnContext(ctx, "a request could not be answered", "request", requestID(ctx), "error", err)
	}
	return p
}

// complete fills in what follows from the code. The problem itself may be shared.
func (s *Server) complete(p *api.Problem) *api.Problem {
	full, known := *p, kinds()[p.Code]
	if full.Status == 0 {
		full.Status = known.status
	}
	if full.Title == "" {
		full.Title = known.title
	}
	if full.Mend == "" {
		full.Mend = known.mend
	}
	if full.Type == "" {
		full.Type = "urn:gatehouse:problem:" + string(full.Code)
	}
	return &full
}

// storeProblem turns the causes of package store into problems; nil for others.
func storeProblem(err error) *api.Problem {
	for _, c := range []struct {
		cause error
		code  api.Code
		show  bool
		mend  string
	}{
		{store.ErrNotFound, api.CodeNotFound, true, ""},
		{store.ErrExists, api.CodeConflict, true, ""},
		{store.ErrInvalid, api.CodeInvalid, true, ""},
		{store.ErrConflict, api.CodeIdempotency, false, ""},
		{store.ErrUnreadable, api.CodeConflict, true, "run the version that wrote it; an integration or a hunt can be removed and made anew as well"},
		{store.ErrBusy, api.CodeConflict, true, ""},
		{store.ErrFull, api.CodeUnavailable, false, ""},
		{store.ErrLocked, api.CodeUnavailable, false, ""},
		{store.ErrUnavailable, api.CodeUnavailable, false, ""},
		{context.DeadlineExceeded, api.CodeUnavailable, false, ""},
		{context.Canceled, api.CodeUnavailable, false, ""},
	} {
		if !errors.Is(err, c.cause) {
			continue
		}
		detail := c.cause.Error()
		if c.show {
			detail = strings.TrimPrefix(err.Error(), "store: ")
		}
		return newProblem(c.code, detail, c.mend)
	}
	return nil
}

// asProblem is a transformer of Huma's: what Huma itself refuses becomes a problem
// of ours, and every problem says which request it belongs to.
func (s *Server) asProblem(ctx huma.Context, _ string, v any) (any, error) {
	var p api.Problem
	switch e := v.(type) {
	case *huma.ErrorModel:
		p = *modelProblem(e)
	case *api.Problem:
		p = *e
	default:
		return v, nil
	}
	u := ctx.URL()
	p.Instance, p.RequestID = u.Path, requestID(ctx.Context())
	if p.RetryAfter > 0 {
		ctx.SetHeader("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	return &p, nil
}

// modelProblem turns an error of Huma's into a problem.
func modelProblem(e *huma.ErrorModel) *api.Problem {
	code := api.CodeBadRequest
	switch e.Status {
	case http.StatusUnprocessableEntity:
		code = api.CodeInvalid
	case http.StatusRequestEntityTooLarge:
		code = api.CodeTooLarge
	case http.StatusInternalServerError:
		code = api.CodeInternal
	}
	p := newProblem(code, e.Detail, "")
	if e.Status != 0 {
		p.Status = e.Status
	}
	for _, d := range e.Errors {
		if d != nil {
			p.Fields = append(p.Fields, api.FieldError{Field: d.Location, Message: d.Message})
		}
	}
	if len(p.Fields) > 0 {
		p.Detail = strings.TrimPrefix(p.Fields[0].Field+": "+p.Fields[0].Message, ": ")
	}
	return p
}
