package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// gate stands before every route: it names the request, knows who asks, whether
// they may and how often, keeps answers for repeats, writes the audit and the log,
// and turns a panic into a problem.
func (s *Server) gate(r route, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		begun := s.now()
		id := requestName(req.Header.Get("X-Request-ID"))
		ctx := context.WithValue(req.Context(), requestKey, id)
		ctx = context.WithValue(ctx, noteKey, &note{})
		secure(w.Header(), id)
		out := &recorder{ResponseWriter: w, passing: r.streams}
		if r.streams {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(s.drained, cancel)()
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // the one of the connection's last answer
		} else if isRead(req) {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, readTime)
			defer cancel()
		}
		ctx = s.pass(ctx, out, req, r, next)
		s.settle(ctx, out, req, r)
		out.release(req)
		s.log.InfoContext(ctx, "request", "request", id, "method", req.Method, "route", r.path, "operation", r.id,
			"status", out.code(), "bytes", out.sent, "actor", callerOf(ctx).id, "took", s.now().Sub(begun).Round(time.Microsecond))
	}
}

// pass lets the request through to its handler, or refuses it. It returns the
// context with whoever asks.
func (s *Server) pass(ctx context.Context, out *recorder, req *http.Request, r route, next http.HandlerFunc) context.Context {
	if r.scope != scopeNone {
		c, p := s.authenticate(ctx, req)
		if p != nil {
			out.Header().Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
			s.refuse(ctx, out, req, p)
			return ctx
		}
		ctx = context.WithValue(ctx, callerKey, c)
		if !s.spend(out.Header(), c.id) {
			s.refuse(ctx, out, req, newProblem(api.CodeRateLimited, "this key has made all the requests of this minute", ""))
			return ctx
		}
		if !c.allows(r.scope) {
			s.refuse(ctx, out, req, newProblem(api.CodeScope, "this needs the scope "+string(r.scope), ""))
			return ctx
		}
		leave, p := s.crowd.enter(c.id, r.streams)
		if p != nil {
			out.Header().Set("Retry-After", "1")
			s.refuse(ctx, out, req, p)
			return ctx
		}
		defer leave()
	}
	req = req.WithContext(ctx)
	if p := s.takeBody(out, req, r); p != nil {
		s.refuse(ctx, out, req, p)
		return ctx
	}
	s.guarded(out, req, func() { s.repeatable(out, req, r, next) })
	return ctx
}

// readTime is how long a question may take that changes nothing. A live one may
// have to wait for Microsoft's limits.
const readTime = 3 * time.Minute

// bodyTime is how long a body may take to arrive.
const bodyTime = 30 * time.Second

// takeBody reads the body whole, while the clock of the connection runs: who sends
// a letter now and then holds nothing up.
func (s *Server) takeBody(out *recorder, req *http.Request, r route) *api.Problem {
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	conn := http.NewResponseController(out.ResponseWriter)
	if err := conn.SetReadDeadline(time.Now().Add(bodyTime)); err == nil {
		defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	}
	most := s.maxBody(r)
	body, err := io.ReadAll(http.MaxBytesReader(out, req.Body, most))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return newProblem(api.CodeTooLarge, fmt.Sprintf("the body has more than %d bytes", most), "send less at once")
	}
	if err != nil {
		return newProblem(api.CodeBadRequest, "the body broke off, or took too long", "")
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.ContentLength = int64(len(body))
	return nil
}

// guarded runs f and answers its panic. An answer that is under way is cut off, so
// that nobody takes it for whole.
func (s *Server) guarded(out *recorder, req *http.Request, f func()) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if fault == http.ErrAbortHandler { //nolint:errorlint,err113 // it is compared so in net/http, too
			panic(fault)
		}
		s.log.ErrorContext(req.Context(), "a handler panicked", "request", requestID(req.Context()), "panic", fault, "stack", string(debug.Stack()))
		if out.committed {
			panic(http.ErrAbortHandler)
		}
		out.reset()
		s.refuse(req.Context(), out, req, newProblem(api.CodeInternal, "", ""))
	}()
	f()
}

// settle writes the audit entry of a request that changes something. When that
// fails the caller is told, since nothing may happen unseen.
func (s *Server) settle(ctx context.Context, out *recorder, req *http.Request, r route) {
	if !r.changes() {
		return
	}
	err := s.audit(ctx, r, out.code(), out.problemCode())
	if err == nil {
		return
	}
	s.log.ErrorContext(ctx, "the audit entry of a request could not be written", "request", requestID(ctx), "operation", r.does, "status", out.code(), "error", err)
	if out.code() < http.StatusBadRequest && !out.committed {
		out.reset()
		s.refuse(ctx, out, req, newProblem(api.CodeUnavailable, "it was done, but its entry in the audit log could not be written", "look whether the database is well; the server's log has the request"))
	}
}

// refuse answers with a problem.
func (s *Server) refuse(ctx context.Context, out *recorder, req *http.Request, p *api.Problem) {
	full := *s.complete(p)
	full.Instance, full.RequestID = req.URL.Path, requestID(ctx)
	out.problem = full.Code
	h := out.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	out.WriteHeader(full.GetStatus())
	_ = json.NewEncoder(out).Encode(full) //nolint:errchkjson // whoever asked may be gone
}

// secure sets the headers of every answer.
func secure(h http.Header, id string) {
	h.Set("X-Request-ID", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
}

// requestName is the name of a request: the caller's, if it is fit for a log, or a
// new one.
func requestName(given string) string {
	if regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`).MatchString(given) {
		return given
	}
	return "req_" + strings.ToLower(rand.Text()[:20])
}

// requestID returns the name of the request.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

// unknown answers what no route fits. Only who is known gets this far.
func (s *Server) unknown(w http.ResponseWriter, req *http.Request) {
	out, _ := w.(*recorder)
	if allowed := s.allowed(req); len(allowed) > 0 {
		out.Header().Set("Allow", strings.Join(allowed, ", "))
		p := newProblem(api.CodeBadRequest, req.Method+" is not among the methods of "+req.URL.Path, "use one of "+strings.Join(allowed, ", "))
		p.Status, p.Title = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed)
		s.refuse(req.Context(), out, req, p)
		return
	}
	s.refuse(req.Context(), out, req, notFound("there is no route "+req.URL.Path, "GET /openapi.json lists the routes, /docs shows them"))
}

// allowed are the methods that a path has.
func (s *Server) allowed(req *http.Request) []string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		as := req.Clone(req.Context())
		as.Method = method
		if _, pattern := s.mux.Handler(as); pattern != "/" && pattern != "" {
			methods = append(methods, method)
		}
	}
	return methods
}

// scopesOf are the scopes of a caller, for the wire.
func scopesOf(scopes []gatehouse.Scope) []api.Scope {
	all := make([]api.Scope, 0, len(scopes))
	for _, s := range scopes {
		all = append(all, api.Scope(s))
	}
	return all
}
