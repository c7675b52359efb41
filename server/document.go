package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// refused is a problem that an operation may answer with, as the OpenAPI document
// has it.
type refused struct {
	status      int
	name        string // among the responses of the document's components
	description string
	when        func(r route, op *huma.Operation) bool
}

// refusals are all of them. What is answered beyond these is a mistake, which the
// fuzz of package contract looks for.
func refusals() []refused {
	known := func(r route, _ *huma.Operation) bool { return r.scope != scopeNone }
	takes := func(_ route, op *huma.Operation) bool { return len(op.Parameters) > 0 || op.RequestBody != nil }
	body := func(_ route, op *huma.Operation) bool { return op.RequestBody != nil }
	return []refused{
		{http.StatusBadRequest, "BadRequest", "The request cannot be understood.", known},
		{http.StatusUnauthorized, "Unauthenticated", "There is no key, or it is unknown, expired or revoked.", known},
		{http.StatusForbidden, "Forbidden", "The key lacks the scope, or the integration a permission.", func(r route, _ *huma.Operation) bool {
			return r.scope != scopeNone && r.scope != scopeAny
		}},
		{http.StatusNotFound, "NotFound", "There is no such thing, or the key may not see it.", func(r route, op *huma.Operation) bool {
			return strings.Contains(r.path, "{") || has(op, "integration") || op.RequestBody != nil
		}},
		{http.StatusConflict, "Conflict", "What is there stands against it, a name means more than one, or the idempotency key was used for another request.", func(r route, _ *huma.Operation) bool {
			return r.changes() || r.id == "getActionResult"
		}},
		{http.StatusPreconditionFailed, "PreconditionFailed", "It was changed meanwhile: the ETag is not the one of If-Match.", func(_ route, op *huma.Operation) bool {
			return has(op, "If-Match")
		}},
		{http.StatusRequestEntityTooLarge, "TooLarge", "The body is too large.", known},
		{http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The body is not JSON.", body},
		{http.StatusUnprocessableEntity, "Invalid", "The request has a value that is not allowed.", takes},
		{http.StatusTooManyRequests, "RateLimited", "The key has made all the requests of this minute. Wait for as long as Retry-After says.", known},
		{http.StatusInternalServerError, "Internal", "A fault of Gatehouse.", known},
		{http.StatusBadGateway, "Upstream", "Defender refused or failed.", asksUpstream},
		{http.StatusServiceUnavailable, "Unavailable", "Gatehouse or Defender cannot work just now. Wait for as long as Retry-After says.", known},
	}
}

// asksUpstream reports whether an operation may ask Defender.
func asksUpstream(r route, op *huma.Operation) bool {
	return has(op, "live") || strings.HasPrefix(r.path, "/v1/integrations") ||
		strings.HasPrefix(r.path, "/v1/actions") && (r.changes() || r.streams)
}

// has reports whether an operation has a parameter.
func has(op *huma.Operation, name string) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == name })
}

// finish adds to the OpenAPI document what Huma cannot know: which problems each
// operation has, what the gate reads and answers, and what never is null.
func (s *Server) finish() {
	doc := s.api.OpenAPI()
	doc.Components.Headers = map[string]*huma.Header{
		"RequestID":       {Description: "The name of the request, as in the log and the audit.", Schema: &huma.Schema{Type: huma.TypeString}},
		"RateLimit":       {Description: "What is left of the requests of this minute, and the seconds until it ends: \"key\";r=5999;t=60.", Schema: &huma.Schema{Type: huma.TypeString}},
		"RateLimitPolicy": {Description: "How many requests a key may make in how many seconds: \"key\";q=6000;w=60.", Schema: &huma.Schema{Type: huma.TypeString}},
		"RetryAfter":      {Description: "Seconds until it is worth trying again.", Schema: &huma.Schema{Type: huma.TypeInteger}},
	}
	doc.Components.Responses = map[string]*huma.Response{"Problem": problemResponse("Any other problem.", 0)}
	for _, p := range refusals() {
		doc.Components.Responses[p.name] = problemResponse(p.description, p.status)
	}
	tags := map[string]bool{}
	for _, r := range s.routes {
		op := operationOf(doc, r)
		if op == nil {
			continue
		}
		finishOperation(r, op)
		if !tags[r.tag] {
			tags[r.tag] = true
			doc.Tags = append(doc.Tags, &huma.Tag{Name: r.tag})
		}
	}
	finishSchemas(doc)
}

// operationOf finds a route in the document; nil when it is left out there.
func operationOf(doc *huma.OpenAPI, r route) *huma.Operation {
	item := doc.Paths[r.path]
	if item == nil || r.hidden {
		return nil
	}
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[r.method]
}

// problemResponse is an answer with a problem.
func problemResponse(description string, status int) *huma.Response {
	headers := map[string]*huma.Param{"X-Request-Id": {Ref: "#/components/headers/RequestID"}}
	if status == http.StatusTooManyRequests {
		rateHeaders(headers)
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		headers["Retry-After"] = &huma.Param{Ref: "#/components/headers/RetryAfter"}
	}
	return &huma.Response{
		Description: description, Headers: headers,
		Content: map[string]*huma.MediaType{"application/problem+json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}},
	}
}

// finishOperation completes one operation.
func finishOperation(r route, op *huma.Operation) {
	for _, p := range op.Parameters {
		finishSchema(p.Schema, false)
		if p.Description == "" {
			p.Description = parameterDocs()[p.Name]
		}
		if r.path == "/v1/actions" && p.Name == "Idempotency-Key" {
			p.Required = true
		}
	}
	finishBody(r, op)
	finishSuccesses(r, op)
	finishRepeats(r, op)
	finishParameters(r, op)
	for _, p := range refusals() {
		if p.when(r, op) {
			op.Responses[statusName(p.status)] = &huma.Response{Ref: "#/components/responses/" + p.name}
		}
	}
	op.Responses["default"] = &huma.Response{Ref: "#/components/responses/Problem"}
}

// parameterDocs describe parameters that say nothing of themselves.
func parameterDocs() map[string]string {
	return map[string]string{
		"limit":   "How many to answer at most.",
		"target":  "Id of a target.",
		"id":      "Microsoft's id of the record.",
		"run":     "Id of the run.",
		"stream":  "The stream of the score: exposure-score, configuration-score or secure-scores.",
		"outcome": "How it ended.",
		"sort":    "A field to sort by; a minus before it turns the order around.",
	}
}
