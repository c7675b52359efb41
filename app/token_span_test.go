package app

import (
	"fmt"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// traced makes an application whose spans stay in memory, and an integration of the
// emulator's tenant.
func traced(t *testing.T) (*App, *tracetest.InMemoryExporter, *emulator.Server, gatehouse.Integration) {
	t.Helper()
	e := emulated.Start(t, emulator.Options{Size: emulator.Size{Devices: 30, Alerts: 25, VulnerabilityRows: 200}})
	a, err := New(t.Context(), Options{Data: t.TempDir(), HTTPClient: e.Transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	a.accounts.tracing = &tracing{provider: provider, tracer: provider.Tracer("test"), sessions: map[string]*session{}}
	i, _, err := a.AddIntegration(t.Context(), NewIntegration{SkipCheck: true, Secret: entra.NewSecret(e.Secret), Integration: gatehouse.Integration{
		Name: "contoso", Tenant: e.TenantID, ClientID: e.ClientID, Credential: gatehouse.Credential{Kind: gatehouse.CredentialClientSecret},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return a, spans, e.Server, i
}

// A request for a token is a span below what needed it: the session that signs in,
// or the call whose token was refused. It names host and tenant and nothing else of
// what was sent.
func TestTokenSpans(t *testing.T) {
	t.Parallel()
	a, spans, e, i := traced(t)
	if err := e.SetFaults(emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultExpiredToken, Route: "GET /api/machines", Calls: []int{1}}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SyncOnce(t.Context(), i.ID, []gatehouse.Stream{stream.Devices}, nil); err != nil {
		t.Fatal(err)
	}
	all := spans.GetSpans()
	named := map[trace.SpanID]string{}
	for _, s := range all {
		name := s.Name
		for _, at := range s.Attributes {
			if at.Key == "gatehouse.attempt" {
				name += fmt.Sprint(" attempt ", at.Value.AsInt64())
			}
		}
		named[s.SpanContext.SpanID()] = name
	}
	got := map[string]int{}
	for _, s := range all {
		if !strings.HasPrefix(s.Name, "token") {
			continue
		}
		got[s.Name+" below "+named[s.Parent.SpanID()]]++
		about := map[string]string{}
		for _, at := range s.Attributes {
			about[string(at.Key)] = at.Value.String()
		}
		if about["server.address"] != "login.microsoftonline.com" || about["gatehouse.tenant"] != i.Tenant || about["http.response.status_code"] != "200" || len(about) != 6 {
			t.Errorf("%s: %v", s.Name, about)
		}
		if s.EndTime.Before(s.StartTime) || s.SpanKind != trace.SpanKindClient {
			t.Errorf("%s: from %s to %s", s.Name, s.StartTime, s.EndTime)
		}
	}
	if got["token request below session"] != 3 || got["token request below GET /api/machines attempt 2"] != 1 {
		t.Errorf("got %v", got)
	}
}

// A refusal is a span with an error, and without the text of it.
func TestTokenSpanRefused(t *testing.T) {
	t.Parallel()
	a, spans, e, i := traced(t)
	if err := e.SetRefusal(i.Tenant, i.ClientID, 700016); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SyncOnce(t.Context(), i.ID, []gatehouse.Stream{stream.Devices}, nil); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, s := range spans.GetSpans() {
		if s.Name == "token request" {
			if refused++; s.Status.Code.String() != "Error" || s.Status.Description != "" {
				t.Errorf("got %+v", s.Status)
			}
		}
	}
	if refused == 0 {
		t.Error("no span")
	}
}
