package app

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/engine"
)

// session is the span of the work on one integration, and the spans of the runs
// below it. A nil one records nothing.
type session struct {
	*tracing

	span        trace.Span
	integration gatehouse.Integration

	runsMu sync.Mutex
	runs   map[gatehouse.Stream]trace.Span // the newest of each stream, also when it has ended
}

// begin begins the span of a session.
func (t *tracing) begin(ctx context.Context, i gatehouse.Integration) *session {
	if t == nil {
		return nil
	}
	s := &session{tracing: t, integration: i, runs: map[gatehouse.Stream]trace.Span{}}
	_, s.span = t.tracer.Start(ctx, "session", trace.WithNewRoot(), trace.WithAttributes(s.about()...)) //nolint:spancheck // end ends it
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sessions[i.ID] = s
	return s
}

// about are the attributes of every span of the session.
func (s *session) about(more ...attribute.KeyValue) []attribute.KeyValue {
	return append(more, attribute.String("gatehouse.integration", s.integration.ID), attribute.String("gatehouse.integration.name", s.integration.Name))
}

// end ends the span of the session.
func (s *session) end(err error) {
	if s == nil {
		return
	}
	s.mu.Lock()
	delete(s.sessions, s.integration.ID)
	s.mu.Unlock()
	failed(s.span, err)
	s.span.End()
}

// failed marks a span as one that did not end well.
func failed(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, strings.Join(strings.Fields(err.Error()), " "))
	}
}

// run begins the span of an attempt at a run of a stream.
func (s *session) run(ctx context.Context, name gatehouse.Stream, api gatehouse.API, r engine.Request) (context.Context, func(error)) {
	if s == nil {
		return ctx, func(error) {}
	}
	ctx, span := s.tracer.Start(trace.ContextWithSpan(ctx, s.span), "run "+string(name), trace.WithAttributes(s.about(
		attribute.String("gatehouse.stream", string(name)), attribute.String("gatehouse.api", string(api)),
		attribute.String("gatehouse.mode", string(r.Mode)), attribute.Bool("gatehouse.resumed", r.Resumed))...))
	s.runsMu.Lock()
	defer s.runsMu.Unlock()
	s.runs[name] = span
	return ctx, func(err error) {
		failed(span, err)
		span.End()
	}
}

// page records the commit of a page, which has just ended.
func (t *tracing) page(p Progress) {
	if t == nil || p.Page.Took <= 0 {
		return
	}
	t.mu.Lock()
	s := t.sessions[p.Integration.ID]
	t.mu.Unlock()
	if s == nil {
		return
	}
	s.runsMu.Lock()
	run := s.runs[p.Run.Stream]
	s.runsMu.Unlock()
	if run == nil {
		return
	}
	end := time.Now()
	_, span := s.tracer.Start(trace.ContextWithSpan(context.Background(), run), "commit page", trace.WithTimestamp(end.Add(-p.Page.Took)),
		trace.WithAttributes(s.about(
			attribute.String("gatehouse.stream", string(p.Run.Stream)), attribute.String("gatehouse.mode", string(p.Run.Mode)),
			attribute.Int64("gatehouse.rows", p.Page.Rows), attribute.Int64("gatehouse.created", p.Page.Created),
			attribute.Int64("gatehouse.updated", p.Page.Updated), attribute.Int64("gatehouse.removed", p.Page.Removed))...))
	span.End(trace.WithTimestamp(end))
}

// call records a request that left, by the template of its route: neither its
// query nor what stands in its path, for a download not even its host. The token
// requests that were made since the last one are its own.
func (s *session) call(ctx context.Context, call defender.Call, made *tokenRequests) {
	if s == nil {
		return
	}
	name, template := "download", "download"
	method := "GET"
	if call.Operation.Path != "" {
		name, method, template = call.Operation.String(), call.Operation.Method, call.Operation.Path
	}
	end := time.Now()
	_, span := s.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(end.Add(-call.Took)),
		trace.WithAttributes(s.about(
			attribute.String("http.request.method", method), attribute.String("url.template", template),
			attribute.String("gatehouse.api", string(call.Operation.API)), attribute.Int("gatehouse.attempt", call.Attempt),
			attribute.Float64("gatehouse.waited_seconds", call.Waited.Seconds()))...))
	if call.StatusCode > 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", call.StatusCode))
	}
	if call.StatusCode >= 400 {
		span.SetStatus(codes.Error, "")
	}
	failed(span, call.Err)
	s.needed(span, made.take())
	span.End(trace.WithTimestamp(end))
}
