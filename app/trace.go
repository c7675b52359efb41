package app

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tracing sends OpenTelemetry traces. A nil one sends none and costs nothing.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer

	mu       sync.Mutex
	sessions map[string]*session // under way, by integration
}

// traceSendTime is how long the collector has to take what is left when the
// application ends.
const traceSendTime = 5 * time.Second

// tracesWanted reads OpenTelemetry's own settings. Traces are wanted when somebody
// says where they go, or that they go, and are not when somebody says that they do
// not. What is asked for and cannot be done is said.
func tracesWanted(getenv func(string) string, log *slog.Logger) bool {
	first := func(names ...string) string {
		for _, name := range names {
			if v := strings.TrimSpace(getenv(name)); v != "" {
				return v
			}
		}
		return ""
	}
	if strings.EqualFold(first("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	switch exporter := first("OTEL_TRACES_EXPORTER"); exporter {
	case "otlp":
	case "":
		if first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") == "" {
			return false
		}
	case "none":
		return false
	default:
		log.Warn("no traces are sent: OTEL_TRACES_EXPORTER knows otlp and none", "exporter", exporter)
		return false
	}
	switch protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); protocol {
	case "", "http/protobuf":
		return true
	default:
		log.Warn("no traces are sent: OTEL_EXPORTER_OTLP_PROTOCOL knows http/protobuf alone", "protocol", protocol)
		return false
	}
}

// newTracing starts to send traces if that is wanted, and returns nil if not.
func newTracing(ctx context.Context, o Options, worker string) (*tracing, error) {
	if !o.Traces || !tracesWanted(os.Getenv, o.Log) {
		return nil, nil //nolint:nilnil // nil is the tracing that sends nothing
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	who, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "gatehouse"), attribute.String("service.instance.id", worker)),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		o.Log.Warn("a setting of OpenTelemetry is not understood", "error", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(complaining{exporter, o.Log}), sdktrace.WithResource(who))
	return &tracing{provider: provider, tracer: provider.Tracer("github.com/gatehouse-sec/gatehouse"), sessions: map[string]*session{}}, nil
}

// close sends what is left.
func (t *tracing) close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), traceSendTime)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// complaining is an exporter whose failures go to our log. A collector that is
// away must not disturb the work.
type complaining struct {
	sdktrace.SpanExporter

	log *slog.Logger
}

// ExportSpans sends spans.
func (c complaining) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := c.SpanExporter.ExportSpans(ctx, spans); err != nil {
		c.log.Warn("traces could not be sent", "spans", len(spans), "error", err)
	}
	return nil
}
