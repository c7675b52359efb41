package client_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/client"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// house is a whole Gatehouse on an emulator, whose API is asked over loopback.
type house struct {
	t      testing.TB
	app    *app.App
	rest   *server.Server
	tenant emulator.TenantAccess
	url    string

	mu     sync.Mutex
	routes map[string]bool // those that were asked for
}

// newHouse builds a house with one mirrored tenant.
func newHouse(t testing.TB) *house {
	t.Helper()
	tenant := emulated.Start(t, emulator.Options{Size: emulator.Size{Devices: 30, Alerts: 12, VulnerabilityRows: 80}, Actions: emulator.ActionRules{Pace: 10 * time.Millisecond}})
	tenant.HoldAll(t)
	h := &house{t: t, tenant: tenant.TenantAccess, routes: map[string]bool{}}
	var err error
	h.app, err = app.New(t.Context(), app.Options{Data: t.TempDir(), HTTPClient: tenant.Transport})
	must(t, err)
	t.Cleanup(func() { must(t, h.app.Close()) })
	h.rest, err = h.app.REST()
	must(t, err)
	must(t, h.app.Start(t.Context()))
	listening := httptest.NewServer(h.watch(h.rest))
	t.Cleanup(listening.Close)
	h.url = listening.URL
	return h
}

// watch notes which routes are asked for.
func (h *house) watch(rest *server.Server) http.Handler {
	table := http.NewServeMux()
	for _, r := range rest.Routes() {
		table.Handle(r.Method+" "+r.Path, http.NotFoundHandler())
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, pattern := table.Handler(req)
		h.mu.Lock()
		h.routes[pattern] = true
		h.mu.Unlock()
		rest.Handler().ServeHTTP(w, req)
	})
}

// key makes an API key.
func (h *house) key(scope gatehouse.Scope) gatehouse.Secret {
	h.t.Helper()
	_, text, err := h.app.AddKey(h.t.Context(), app.NewKey{Name: "test", Scopes: []gatehouse.Scope{scope}, Life: -1})
	must(h.t, err)
	return text
}

// client is a client over the network.
func (h *house) client(scope gatehouse.Scope) *client.Client {
	h.t.Helper()
	transport := &http.Transport{}
	h.t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(h.url, client.Options{Key: h.key(scope), HTTPClient: &http.Client{Transport: transport}})
	must(h.t, err)
	return c
}
