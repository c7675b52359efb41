package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a whole Gatehouse with its API, over an emulator.
type house struct {
	*testing.T
	emulator emulated.Tenant
	app      *app.App
	rest     *server.Server
	url      string
	log      *logged
	admin    string // a key that may do everything
	clock    *clock
}

// clock is a clock that tests move.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// logged keeps what is logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newHouse starts an emulator with its default tenant and the API beside it.
func newHouse(t *testing.T, change ...func(*app.Options)) *house {
	t.Helper()
	return houseOver(t, emulator.Size{Devices: 12, Alerts: 10, VulnerabilityRows: 60}, change...)
}

// houseOver is a house over a tenant of some size.
func houseOver(t *testing.T, size emulator.Size, change ...func(*app.Options)) *house {
	t.Helper()
	e := emulated.Start(t, emulator.Options{Size: size})
	e.Allow(t, emulator.MDERoles("Machine.Isolate", "Machine.ReadWrite.All", "Alert.ReadWrite.All")...)
	h := &house{T: t, emulator: e, log: &logged{}, clock: &clock{}}
	o := app.Options{
		Data: t.TempDir(), HTTPClient: e.Transport, Now: h.clock.now,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	h.app, err = app.New(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, h.app.Close()) })
	h.rest, err = h.app.REST()
	must(t, err)
	listening := httptest.NewServer(h.rest.Handler())
	t.Cleanup(listening.Close)
	h.url = listening.URL
	_, text, made, err := h.app.Bootstrap(t.Context(), "")
	must(t, err)
	if !made {
		t.Fatal("no first key was made")
	}
	h.admin = text.Reveal()
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add connects the emulator's default tenant, unchecked.
func (h *house) add(name string) gatehouse.Integration {
	h.Helper()
	access := h.emulator.DefaultTenant()
	i, _, err := h.app.AddIntegration(h.Context(), app.NewIntegration{
		Integration: gatehouse.Integration{
			Name: name, Tenant: access.TenantID, ClientID: access.ClientID,
			Credential: gatehouse.Credential{Kind: gatehouse.CredentialClientSecret},
		},
		Secret: entra.NewSecret(access.Secret), SkipCheck: true,
	})
	must(h, err)
	return i
}

// key makes a key and returns its text.
func (h *house) key(scope gatehouse.Scope, integrations ...string) (id, text string) {
	h.Helper()
	k, secret, err := h.app.AddKey(h.Context(), app.NewKey{Name: "test " + string(scope), Scopes: []gatehouse.Scope{scope}, Integrations: integrations})
	must(h, err)
	return k.ID, secret.Reveal()
}

// reply is an answer.
type reply struct {
	*http.Response
	body []byte
}

// ask sends a request. The body is JSON, or any value to be encoded; headers are
// names and values in turn.
func (h *house) ask(key, method, path string, body any, headers ...string) reply {
	h.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		must(h, err)
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(h.Context(), method, h.url+path, content)
	must(h, err)
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for n := 0; n+1 < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	resp, err := http.DefaultClient.Do(req)
	must(h, err)
	return read(h, resp)
}

// read takes an answer in.
func read(t testing.TB, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	return reply{resp, text}
}

// into asserts a status and decodes the body.
func into[T any](t testing.TB, r reply, status int) (v T) {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d\n%s", r.Request.Method, r.Request.URL, r.Status, status, r.body)
	}
	if len(r.body) > 0 {
		if err := json.Unmarshal(r.body, &v); err != nil {
			t.Fatalf("%v in %s", err, r.body)
		}
	}
	return v
}

// refused asserts a problem.
func refused(t testing.TB, r reply, status int, code api.Code) api.Problem {
	t.Helper()
	p := into[api.Problem](t, r, status)
	if p.Code != code || p.Status != status || p.RequestID == "" || p.Title == "" || p.Type == "" || p.Instance != r.Request.URL.Path {
		t.Errorf("%s %s: %s", r.Request.Method, r.Request.URL, r.body)
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("%s %s: a problem of type %q", r.Request.Method, r.Request.URL, got)
	}
	return p
}
