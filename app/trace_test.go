package app_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// collecting takes what a process sends by OTLP over HTTP.
type collecting struct {
	*httptest.Server

	mu    sync.Mutex
	raw   bytes.Buffer
	spans []*otlp.Span
	bad   []string
}

func newCollecting(t *testing.T) *collecting {
	t.Helper()
	c := &collecting{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	text, err := io.ReadAll(body)
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(text, &sent)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(text)
	if err != nil || r.URL.Path != "/v1/traces" {
		c.bad = append(c.bad, fmt.Sprint(r.URL.Path, " ", err))
	}
	for _, of := range sent.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// attributes are those of a span, as text.
func attributes(s *otlp.Span) map[string]string {
	all := map[string]string{}
	for _, a := range s.GetAttributes() {
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			all[a.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			all[a.GetKey()] = fmt.Sprint(v.IntValue)
		case *common.AnyValue_BoolValue:
			all[a.GetKey()] = fmt.Sprint(v.BoolValue)
		}
	}
	return all
}

// named are the spans of a name.
func (c *collecting) named(name string) (found []*otlp.Span) {
	for _, s := range c.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

// mirrorTraced mirrors a tenant once, with every fault that costs a second try.
func mirrorTraced(t *testing.T, o app.Options) (i gatehouse.Integration, secret string) {
	t.Helper()
	e := emulate(t, emulator.Options{Size: small()})
	must(t, e.SetFaults(emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultServerError, Calls: []int{1}}}}))
	a := open(t, e, o)
	access := e.DefaultTenant()
	i = added(t, a, newIntegration("contoso", access))
	_, err := a.SyncOnce(t.Context(), i.ID, []gatehouse.Stream{stream.Alerts, stream.Devices, stream.Vulnerabilities}, nil)
	must(t, err)
	must(t, a.Close())
	return i, access.Secret
}

// A session, its runs, their pages and calls reach a collector as one trace, and
// nothing secret with them.
func TestTraces(t *testing.T) {
	c := newCollecting(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	i, secret := mirrorTraced(t, app.Options{Data: t.TempDir(), Traces: true})
	sessions := c.named("session")
	if len(c.bad) > 0 || len(sessions) != 1 {
		t.Fatalf("%d sessions, %v", len(sessions), c.bad)
	}
	runs := map[string]*otlp.Span{}
	for _, name := range []string{"alerts", "devices", "vulnerabilities"} {
		found := c.named("run " + name)
		if len(found) != 1 || string(found[0].GetParentSpanId()) != string(sessions[0].GetSpanId()) {
			t.Fatalf("%d runs of %s", len(found), name)
		}
		runs[string(found[0].GetSpanId())] = found[0]
		if got := attributes(found[0]); got["gatehouse.integration"] != i.ID || got["gatehouse.stream"] != name || got["gatehouse.mode"] != "full" {
			t.Errorf("run of %s: %v", name, got)
		}
	}
	again, tokens, rows := 0, 0, map[string]bool{}
	for _, s := range c.spans {
		switch got := attributes(s); {
		case string(s.GetTraceId()) != string(sessions[0].GetTraceId()):
			t.Errorf("%s: in another trace", s.GetName())
		case s.GetName() == "commit page":
			rows[got["gatehouse.stream"]+" "+got["gatehouse.mode"]+" "+got["gatehouse.rows"]] = true
		case s.GetName() == "token request" && string(s.GetParentSpanId()) == string(sessions[0].GetSpanId()):
			tokens++
		case s.GetKind() == otlp.Span_SPAN_KIND_CLIENT && s.GetName() != "token endpoint discovery":
			if runs[string(s.GetParentSpanId())] == nil || got["url.template"] == "" || s.GetEndTimeUnixNano() < s.GetStartTimeUnixNano() {
				t.Errorf("%s: %v", s.GetName(), got)
			}
			if got["gatehouse.attempt"] != "1" {
				again++
			}
		}
	}
	if !rows["devices full 30"] || !rows["alerts full 25"] || again == 0 || tokens != 3 || len(c.named("GET /api/machines")) == 0 || len(c.named("download")) == 0 {
		t.Errorf("pages %v, %d calls made again, %d tokens", rows, again, tokens)
	}
	for _, hidden := range []string{secret, "Bearer", "eyJhbGciOi", "sig=", "$filter", "$top", "client_assertion", "blob.core"} {
		if bytes.Contains(c.raw.Bytes(), []byte(hidden)) {
			t.Errorf("%q was sent", hidden)
		}
	}
}

// Nothing is sent unless the environment and whoever runs it want it, and what
// cannot be done is said.
func TestTracesAreOff(t *testing.T) {
	c := newCollecting(t)
	for name, with := range map[string]struct {
		settings map[string]string
		off      bool
		says     string
	}{
		"not configured":       {},
		"not wanted":           {settings: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL}, off: true},
		"none":                 {settings: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_TRACES_EXPORTER": "none"}},
		"disabled":             {settings: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_SDK_DISABLED": "true"}},
		"an unknown protocol":  {settings: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, says: "http/protobuf"},
		"an unknown exporter":  {settings: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, says: "OTEL_TRACES_EXPORTER"},
		"a collector is away":  {settings: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "200"}, says: "traces could not be sent"},
		"otlp without address": {settings: map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": c.URL}},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range with.settings {
				t.Setenv(name, value)
			}
			log := &logged{}
			mirrorTraced(t, app.Options{Data: t.TempDir(), Traces: !with.off, Log: log.logger()})
			if with.says != "" && !strings.Contains(log.text(), with.says) {
				t.Errorf("it says %q", log.text())
			}
			if c.raw.Len() > 0 {
				t.Error("something was sent")
			}
		})
	}
}
