package app

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// tokenRequest is a request to Entra ID that was answered, or was not. It knows
// neither what was sent nor what came back, where a secret and a token are.
type tokenRequest struct {
	name, method, host string
	begun, ended       time.Time
	status             int // 0 when no answer came
}

// tokenRequests are those that a piece of work has made, which makes its calls one
// after the other. They are kept until it is known what needed them: a call is told
// of when it has ended, and the token that it waited for came before.
type tokenRequests struct {
	mu   sync.Mutex
	made []tokenRequest
}

// tokenRequestsKey finds the token requests of a context.
type tokenRequestsKey struct{}

// add notes a request.
func (r *tokenRequests) add(t tokenRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made = append(r.made, t)
}

// take hands out what was noted so far, once.
func (r *tokenRequests) take() []tokenRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	made := r.made
	r.made = nil
	return made
}

// watched returns a client whose requests are noted in the token requests of their
// contexts, and the client itself when there are no traces.
func (t *tracing) watched(client *http.Client) *http.Client {
	if t == nil {
		return client
	}
	// Who gives no client gets the one that the credential would make.
	c := *cmp.Or(client, &http.Client{Timeout: 30 * time.Second})
	c.Transport = watch{cmp.Or[http.RoundTripper](c.Transport, http.DefaultTransport)}
	return &c
}

// watch notes requests for tokens.
type watch struct{ next http.RoundTripper }

// RoundTrip sends a request.
func (w watch) RoundTrip(req *http.Request) (*http.Response, error) {
	made, ok := req.Context().Value(tokenRequestsKey{}).(*tokenRequests)
	if !ok {
		return w.next.RoundTrip(req)
	}
	t := tokenRequest{name: "token request", method: req.Method, host: req.URL.Host, begun: time.Now()}
	if strings.Contains(req.URL.Path, "/.well-known/") {
		t.name = "token endpoint discovery"
	}
	resp, err := w.next.RoundTrip(req)
	t.ended = time.Now()
	if err == nil {
		t.status = resp.StatusCode
	}
	made.add(t)
	return resp, err
}

// watching returns a context whose token requests are collected.
func (s *session) watching(ctx context.Context) (context.Context, *tokenRequests) {
	made := &tokenRequests{}
	if s == nil {
		return ctx, made
	}
	return context.WithValue(ctx, tokenRequestsKey{}, made), made
}

// needed records token requests below the span of what needed them.
func (s *session) needed(by trace.Span, requests []tokenRequest) {
	if s == nil {
		return
	}
	for _, r := range requests {
		_, span := s.tracer.Start(trace.ContextWithSpan(context.Background(), by), r.name, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(r.begun),
			trace.WithAttributes(s.about(
				attribute.String("http.request.method", r.method), attribute.String("server.address", r.host),
				attribute.String("gatehouse.tenant", s.integration.Tenant))...))
		if r.status > 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", r.status))
		}
		if r.status == 0 || r.status >= http.StatusBadRequest {
			span.SetStatus(codes.Error, "")
		}
		span.End(trace.WithTimestamp(r.ended))
	}
}
