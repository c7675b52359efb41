package server

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/gatehouse-sec/gatehouse"
)

// Scopes of routes beside those of keys.
const (
	scopeNone gatehouse.Scope = ""    // anyone may ask
	scopeAny  gatehouse.Scope = "any" // whoever is known may ask
)

// idempotency says what a route makes of the header Idempotency-Key.
type idempotency int

const (
	// The answer of a POST is kept under the key and given again, unless it says
	// something else.
	_ idempotency = iota
	// own: the handler has its own way, and the header is its affair.
	own
	// once: the same, but the answer holds a secret and is not kept. A repeat is
	// refused.
	once
)

// route is one operation of the API.
type route struct {
	method, path string
	scope        gatehouse.Scope
	id           string // the operation in the OpenAPI document, as createIntegration
	does         string // the operation in the audit, as integrations.create; needed for what changes anything
	tag          string // the noun, for the docs
	summary      string // one line
	description  string // more, as Markdown
	status       int    // of a success. Default: 200, 204 for DELETE
	idempotency  idempotency
	streams      bool  // the answer is sent as it comes about: no ETag, no buffer
	anyQuery     bool  // the handler checks the names of query parameters itself
	maxBody      int64 // Default: that of the server
	hidden       bool  // not in the OpenAPI document
}

// pattern is the route as the mux has it.
func (r route) pattern() string { return r.method + " " + r.path }

// changes reports whether the route changes anything, and so is audited.
func (r route) changes() bool { return r.does != "" }

// answer is an answer of nothing but a body.
type answer[T any] struct{ Body T }

// tagged is an answer with the version of what it shows.
type tagged[T any] struct {
	ETag string `header:"ETag" doc:"The version of what is shown: for If-Match and If-None-Match."`
	Body T
}

// none is an answer without a body, or a question without parameters.
type none struct{}

// add registers one route. Errors of the handler become problems.
func add[I, O any](s *Server, r route, handle func(context.Context, *I) (*O, error)) {
	mustBeRead[I]()
	s.routes = append(s.routes, r)
	huma.Register(s.api, s.operation(r), func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// mustBeRead finds the mistake of an input whose embedded struct has a small
// letter: Huma skips it without a word.
func mustBeRead[I any]() {
	in := reflect.TypeFor[I]()
	for f := range in.Fields() {
		if f.Anonymous && !f.IsExported() {
			panic(fmt.Sprintf("server: %s embeds %s, which Huma does not read: write its fields out", in, f.Name))
		}
	}
}

// addPlain registers a route that writes its answer itself and is not in the
// OpenAPI document.
func addPlain(s *Server, r route, handle http.HandlerFunc) {
	r.hidden = true
	s.routes = append(s.routes, r)
	gatedMux{s}.HandleFunc(r.pattern(), handle)
}

// operation describes a route for the OpenAPI document.
func (s *Server) operation(r route) huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Tags: []string{r.tag},
		Summary: r.summary, Description: r.description, DefaultStatus: r.status,
		MaxBodyBytes: s.maxBody(r), RejectUnknownQueryParameters: !r.anyQuery,
		Hidden: r.hidden, Extensions: map[string]any{"x-gatehouse-scope": string(r.scope)},
	}
	if r.scope != scopeNone {
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	if op.DefaultStatus == 0 && r.method == http.MethodDelete {
		op.DefaultStatus = http.StatusNoContent
	}
	return op
}

// maxBody is how large a body the route takes.
func (s *Server) maxBody(r route) int64 {
	if r.maxBody > 0 {
		return r.maxBody
	}
	return s.options.MaxBody
}

// Route is one operation of the API, for those who document or test it.
type Route struct {
	Method, Path string
	Scope        gatehouse.Scope // empty: anyone; "any": whoever is known
	ID           string          // of the operation in the OpenAPI document
	Hidden       bool            // whether it is left out there
	Audited      string          // the operation in the audit log; empty for what changes nothing
}

// Routes returns every route.
func (s *Server) Routes() []Route {
	all := make([]Route, 0, len(s.routes))
	for _, r := range s.routes {
		all = append(all, Route{r.method, r.path, r.scope, r.id, r.hidden, r.does})
	}
	return slices.Clip(all)
}

// gatedMux puts the gate before every route that is registered.
type gatedMux struct{ s *Server }

// HandleFunc registers a handler behind the gate. A pattern that is not in the
// table is a mistake of ours.
func (m gatedMux) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	n := slices.IndexFunc(m.s.routes, func(r route) bool { return r.pattern() == pattern })
	if n < 0 {
		panic("server: " + pattern + " is not in the table of routes")
	}
	m.s.mux.Handle(pattern, m.s.gate(m.s.routes[n], handle))
}

// ServeHTTP answers a request.
func (m gatedMux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.s.mux.ServeHTTP(w, r) }
