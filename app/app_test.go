package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// server is the PostgreSQL of this package's tests.
var server pgtest.Shared

func TestMain(m *testing.M) { os.Exit(server.Run(m)) }

// databases are what the tests run on.
func databases() map[string]func(testing.TB) app.Options {
	return map[string]func(testing.TB) app.Options{
		"sqlite": func(t testing.TB) app.Options { return app.Options{Data: t.TempDir()} },
		"postgres": func(t testing.TB) app.Options {
			return app.Options{DatabaseURL: server.Database(t), Key: "file:" + keyFile(t)}
		},
	}
}

func onEach(t *testing.T, test func(*testing.T, app.Options)) {
	t.Helper()
	for name, options := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, options(t))
		})
	}
}

// keyFile makes a key for secrets, as SQLite makes it by itself.
func keyFile(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(context.Background(), store.Options{Path: filepath.Join(dir, "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	i, err := s.AddIntegration(context.Background(), gatehouse.Integration{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutSecret(context.Background(), i.ID, "x", store.NewSecret("x")); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "x.db.key")
}

// emulate starts an emulator.
func emulate(t testing.TB, o emulator.Options) *emulator.Server {
	t.Helper()
	return emulated.Start(t, o).Server
}

// open makes an application that speaks to the emulator.
func open(t testing.TB, e *emulator.Server, o app.Options) *app.App {
	t.Helper()
	return openAt(t, e.Addr(), e.CA(), o)
}

// openAt makes one that speaks to an emulator at an address, which may be that of
// another process.
func openAt(t testing.TB, addr string, ca []byte, o app.Options) *app.App {
	t.Helper()
	client, err := entra.EmulatorClient(addr, ca)
	if err != nil {
		t.Fatal(err)
	}
	o.HTTPClient = client
	a, err := app.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// small is a tenant that is read in a second.
func small() emulator.Size {
	return emulator.Size{Devices: 30, Alerts: 25, VulnerabilityRows: 200}
}

// newIntegration describes the account of the emulator's default tenant.
func newIntegration(name string, access emulator.TenantAccess) app.NewIntegration {
	return app.NewIntegration{
		Integration: gatehouse.Integration{
			Name: name, Tenant: access.TenantID, ClientID: access.ClientID,
			Credential: gatehouse.Credential{Kind: gatehouse.CredentialClientSecret},
		},
		Secret: entra.NewSecret(access.Secret),
	}
}

// added adds an account without asking Microsoft anything.
func added(t testing.TB, a *app.App, n app.NewIntegration) gatehouse.Integration {
	t.Helper()
	n.SkipCheck = true
	i, _, err := a.AddIntegration(context.Background(), n)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// read reads a stream now and returns how it fares.
func read(t *testing.T, a *app.App, id string, name gatehouse.Stream) gatehouse.StreamHealth {
	t.Helper()
	status, err := a.SyncOnce(t.Context(), id, []gatehouse.Stream{name}, nil)
	must(t, err)
	return status[indexOf(t, status, name)]
}

func keys(t testing.TB, a *app.App, id string, name gatehouse.Stream) []string {
	t.Helper()
	var all []string
	for r, err := range a.Store().Records(context.Background(), id, name, store.RecordQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.Key)
	}
	return all
}

func states(all []gatehouse.StreamHealth) string {
	var text []string
	for _, h := range all {
		text = append(text, fmt.Sprintf("%s=%s held=%d upstream=%d %s", h.Stream, h.State, h.Held, h.Upstream, h.Reason))
	}
	return strings.Join(text, "\n")
}

func TestMirror(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o app.Options) {
		e := emulate(t, emulator.Options{Size: small()})
		a := open(t, e, o)
		i, report, err := a.AddIntegration(t.Context(), newIntegration("contoso", e.DefaultTenant()))
		if err != nil {
			t.Fatalf("%v: %+v", err, report)
		}
		if i.State != gatehouse.IntegrationActive || report == nil {
			t.Errorf("got %+v", i)
		}
		var pages int
		status, err := a.SyncOnce(t.Context(), "contoso", nil, func(p app.Progress) { pages++ })
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range status {
			if h.State != gatehouse.StreamHealthy && h.State != gatehouse.StreamOff {
				t.Errorf("%s is %s: %s", h.Stream, h.State, h.Reason)
			}
		}
		truth := e.Truth(i.Tenant)
		for name, want := range map[gatehouse.Stream][]string{stream.Devices: truth.Devices, stream.Alerts: truth.Alerts, stream.CVEs: truth.Vulnerabilities} {
			want = slices.Sorted(slices.Values(want))
			if got := keys(t, a, i.ID, name); !slices.Equal(got, want) {
				t.Errorf("%s: %d records, want %d", name, len(got), len(want))
			}
		}
		last, err := a.Store().LastEvent(t.Context())
		if err != nil || pages == 0 || last == 0 {
			t.Errorf("%d events, %d progress: %v", last, pages, err)
		}
		// Those that Microsoft limits to few calls a minute are left out.
		idle := []gatehouse.Stream{stream.Alerts, stream.Devices, stream.CVEs, stream.SecureScores}
		if _, err := a.SyncOnce(t.Context(), i.ID, idle, nil); err != nil {
			t.Fatal(err)
		}
		if again, err := a.Store().LastEvent(t.Context()); err != nil || again != last {
			t.Errorf("an idle sync made %d events (%v):\n%s", again-last, err, states(status))
		}
	})
}

func TestServe(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o app.Options) {
		e := emulate(t, emulator.Options{Size: small()})
		o.Listen = "127.0.0.1:0"
		read := make(chan gatehouse.Stream, 100)
		o.Progress = func(p app.Progress) {
			if p.Done {
				read <- p.Run.Stream
			}
		}
		a := open(t, e, o)
		i := added(t, a, newIntegration("contoso", e.DefaultTenant()))
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range stream.All() {
			<-read
		}
		for path, want := range map[string]string{"/metrics": `gatehouse_stream_records{integration="contoso",stream="devices"} 30`, "/healthz": "alive", "/readyz": "ready"} {
			if got := get(t, "http://"+a.Addr()+path); !strings.Contains(got, want) {
				t.Errorf("%s: got %s", path, got)
			}
		}
		status, err := a.Status(t.Context(), "")
		if err != nil || len(status) != len(stream.All()) || len(keys(t, a, i.ID, stream.Devices)) != 30 {
			t.Errorf("got %v\n%s", err, states(status))
		}
		for _, h := range status {
			if d := time.Until(h.NextAttempt); d < time.Minute {
				t.Errorf("%s comes again in %s", h.Stream, d)
			}
		}
		stop, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := a.Stop(stop); err != nil {
			t.Error(err)
		}
	})
}

func get(t testing.TB, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
