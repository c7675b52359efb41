package contract_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
)

// stage is a whole Gatehouse over an emulator, with its API behind TLS.
type stage struct {
	testing.TB
	emulator    emulated.Tenant
	app         *app.App
	web         *httptest.Server
	integration gatehouse.Integration
}

// newStage starts an emulator, connects its default tenant and mirrors all of it.
func newStage(t testing.TB, devices int) *stage {
	t.Helper()
	e := emulated.Start(t, emulator.Options{
		Size: emulator.Size{Devices: devices, Alerts: 10, VulnerabilityRows: 60}, NoLimits: true,
		Actions: emulator.ActionRules{Pace: 300 * time.Millisecond},
	})
	e.HoldAll(t)
	s := &stage{TB: t, emulator: e}
	var err error
	s.app, err = app.New(t.Context(), app.Options{
		Data: t.TempDir(), HTTPClient: e.Transport, API: app.APIOptions{RatePerMinute: -1},
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	})
	must(t, err)
	t.Cleanup(func() { must(t, s.app.Close()) })
	s.integration = s.connect("main")
	_, err = s.app.SyncOnce(t.Context(), s.integration.ID, nil, nil)
	must(t, err)
	rest, err := s.app.REST()
	must(t, err)
	s.web = httptest.NewTLSServer(rest.Handler())
	t.Cleanup(s.web.Close)
	return s
}

// connect adds the emulator's default tenant under a name.
func (s *stage) connect(name string) gatehouse.Integration {
	s.Helper()
	i, _, err := s.app.AddIntegration(s.Context(), app.NewIntegration{
		Integration: gatehouse.Integration{
			Name: name, Tenant: s.emulator.TenantID, ClientID: s.emulator.ClientID,
			Credential: gatehouse.Credential{Kind: gatehouse.CredentialClientSecret},
		},
		Secret: entra.NewSecret(s.emulator.Secret), SkipCheck: true,
	})
	must(s, err)
	return i
}

// key makes an API key of one scope and returns its id and its text.
func (s *stage) key(scope gatehouse.Scope) (id, text string) {
	s.Helper()
	k, secret, err := s.app.AddKey(s.Context(), app.NewKey{Name: "contract " + string(scope), Scopes: []gatehouse.Scope{scope}})
	must(s, err)
	return k.ID, secret.Reveal()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
