package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

const (
	fabrikam = "b1b1b1b1-0000-4000-8000-000000000001"
	client   = "c1c1c1c1-0000-4000-8000-000000000001"
	secretID = "d1d1d1d1-0000-4000-8000-000000000001"
	other    = "b2b2b2b2-0000-4000-8000-000000000002"
)

// twoTenants are two tenants with an application each.
func twoTenants(roles ...emulator.Role) emulator.Options {
	app := emulator.AppSpec{ClientID: client, Secrets: []emulator.SecretSpec{{ID: secretID, Value: "fabrikam~value"}}, Roles: roles}
	return emulator.Options{Tenants: []emulator.TenantSpec{
		{ID: fabrikam, Domain: "fabrikam.example", Name: "Fabrikam", Size: small(), Apps: []emulator.AppSpec{app}},
		{ID: other, Domain: "other.example", Name: "Other", Size: small(), Apps: []emulator.AppSpec{app}},
	}}
}

func tenant(name, id string) app.NewIntegration {
	n := newIntegration(name, emulator.TenantAccess{TenantID: id, ClientID: client, Secret: "fabrikam~value"})
	n.SkipCheck = true
	return n
}

// What becomes of one integration is said in its state, with the mend, and the
// others go on.
func TestTroubles(t *testing.T) {
	t.Parallel()
	chosen := []gatehouse.Stream{stream.Devices, stream.Alerts}
	for name, trouble := range map[string]struct {
		cause func(*testing.T, *emulator.Server)
		state gatehouse.StreamState
		mend  string
	}{
		"secret expired": {func(t *testing.T, e *emulator.Server) {
			must(t, e.ExpireSecret(fabrikam, client, secretID))
		}, gatehouse.StreamUnauthorized, "new client secret"},
		"role withdrawn": {func(t *testing.T, e *emulator.Server) {
			must(t, e.Revoke(fabrikam, client, emulator.GuideRoles()...))
		}, gatehouse.StreamForbidden, "Machine.Read"},
		"tenant gone": {func(t *testing.T, e *emulator.Server) {
			must(t, e.SetRefusal(fabrikam, client, 90002))
		}, gatehouse.StreamUnauthorized, "tenant still exists"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, o app.Options) {
				e := emulate(t, twoTenants(emulator.GuideRoles()...))
				a := open(t, e, o)
				for name, id := range map[string]string{"fabrikam": fabrikam, "other": other} {
					if _, _, err := a.AddIntegration(t.Context(), tenant(name, id)); err != nil {
						t.Fatal(err)
					}
					if _, err := a.SyncOnce(t.Context(), name, chosen, nil); err != nil {
						t.Fatal(err)
					}
				}
				trouble.cause(t, e)
				// As a process that starts then sees it: tokens that are held stay good
				// for an hour.
				b := open(t, e, o)
				status, err := b.SyncOnce(t.Context(), "fabrikam", chosen, nil)
				if err != nil {
					t.Fatal(err)
				}
				h := status[indexOf(t, status, stream.Devices)]
				if h.State != trouble.state || h.Owner != "you" || !strings.Contains(h.Mend, trouble.mend) || h.FailingSince.IsZero() || h.Held != 30 {
					t.Errorf("got %+v", h)
				}
				status, err = b.SyncOnce(t.Context(), "other", chosen, nil)
				if h := status[indexOf(t, status, stream.Devices)]; err != nil || h.State != gatehouse.StreamHealthy {
					t.Errorf("the other: got %+v, %v", h, err)
				}
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func indexOf(t *testing.T, status []gatehouse.StreamHealth, name gatehouse.Stream) int {
	t.Helper()
	for i, h := range status {
		if h.Stream == name {
			return i
		}
	}
	t.Fatalf("no %s in\n%s", name, states(status))
	return 0
}

// An integration that holds only permissions of Graph mirrors what Graph gives,
// and names what it cannot.
func TestGraphAlone(t *testing.T) {
	t.Parallel()
	e := emulate(t, twoTenants(emulator.GraphSecurityRoles()...))
	a := open(t, e, app.Options{Data: t.TempDir()})
	n := tenant("fabrikam", fabrikam)
	n.SkipCheck = false
	if _, report, err := a.AddIntegration(t.Context(), n); err != nil {
		t.Fatalf("%v: %+v", err, report)
	}
	status, err := a.SyncOnce(t.Context(), "fabrikam", []gatehouse.Stream{stream.Alerts, stream.SecureScores, stream.ExposureScore}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[gatehouse.Stream]gatehouse.StreamState{
		stream.Alerts: gatehouse.StreamHealthy, stream.SecureScores: gatehouse.StreamHealthy, stream.ExposureScore: gatehouse.StreamOff, stream.CVEs: gatehouse.StreamPending,
	} {
		if h := status[indexOf(t, status, name)]; h.State != want || (want == gatehouse.StreamOff) != (h.Mend != "") {
			t.Errorf("%s: got %+v, want %s", name, h, want)
		}
	}
}

// Another door to the same alerts makes no event.
func TestChangeOfDoor(t *testing.T) {
	t.Parallel()
	e := emulate(t, emulator.Options{Size: small()})
	a := open(t, e, app.Options{Data: t.TempDir()})
	i := added(t, a, newIntegration("contoso", e.DefaultTenant()))
	must(t, e.Grant(i.Tenant, i.ClientID, emulator.GraphSecurityRoles()...))
	var last int64
	for _, door := range []gatehouse.API{gatehouse.APIMDE, gatehouse.APIGraph, gatehouse.APIMDE} {
		i.API = door
		must(t, a.Store().UpdateIntegration(t.Context(), i))
		if h := read(t, a, i.ID, stream.Alerts); h.State != gatehouse.StreamHealthy || h.API != door || h.Held != 25 {
			t.Errorf("%s: got %+v", door, h)
		}
		now := lastEvent(t, a)
		if last != 0 && now != last {
			t.Errorf("%s: %d false events", door, now-last)
		}
		last = now
	}
}

// Where the first door answers that it is gone, the next one is read, which the
// health says and no event tells; a door that the user has chosen is kept.
func TestDoorIsGone(t *testing.T) {
	t.Parallel()
	e := emulate(t, emulator.Options{Size: small()})
	a := open(t, e, app.Options{Data: t.TempDir()})
	i := added(t, a, newIntegration("contoso", e.DefaultTenant()))
	must(t, e.Grant(i.Tenant, i.ClientID, emulator.GraphSecurityRoles()...))
	read(t, a, i.ID, stream.Alerts)
	last := lastEvent(t, a)
	must(t, e.SetFaults(emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultServerError, Route: "GET /api/alerts", Status: 410, Probability: 1}}}))
	read(t, a, i.ID, stream.Alerts)
	<-time.After(time.Second) // for the failures to be more than chance
	h := read(t, a, i.ID, stream.Alerts)
	if h.State != gatehouse.StreamDegraded || h.API != gatehouse.APIGraph || h.Held != 25 || !strings.Contains(h.Reason, "reads through graph since mde fails") || !strings.Contains(h.Reason, "410") {
		t.Errorf("got %+v", h)
	}
	if now := lastEvent(t, a); now != last {
		t.Errorf("%d false events", now-last)
	}
	i.API = gatehouse.APIMDE
	must(t, a.Store().UpdateIntegration(t.Context(), i))
	for range 3 {
		if h := read(t, a, i.ID, stream.Alerts); h.API != gatehouse.APIMDE || h.State != gatehouse.StreamUpstream {
			t.Errorf("the chosen door was left: %+v", h)
		}
	}
}

// A device that hunting cannot show, since it was last seen too long ago, is not
// removed for that; one that would be shown is.
func TestHorizon(t *testing.T) {
	t.Parallel()
	clock := emulator.NewFakeClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	e := emulate(t, emulator.Options{Clock: clock, Size: small()})
	a := open(t, e, app.Options{Data: t.TempDir(), Now: clock.Now})
	i := added(t, a, newIntegration("contoso", e.DefaultTenant()))
	must(t, e.Grant(i.Tenant, i.ClientID, emulator.GraphSecurityRoles()...))
	holds := func(api gatehouse.API, want int64) {
		i.API = api
		must(t, a.Store().UpdateIntegration(t.Context(), i))
		if h := read(t, a, i.ID, stream.Devices); h.Held != want || h.API != api || h.State != gatehouse.StreamHealthy && h.State != gatehouse.StreamDegraded {
			t.Errorf("through %s at %s, want %d: got %+v", api, clock.Now(), want, h)
		}
	}
	remove := func(draw uint64) {
		_, err := e.Do(i.Tenant, emulator.Step{Kind: emulator.StepRemoveDevice, Draw: draw})
		must(t, err)
	}
	holds(gatehouse.APIMDE, 30)
	remove(1)
	holds(gatehouse.APIGraph, 29)
	clock.Advance(40 * 24 * time.Hour)
	remove(2)
	holds(gatehouse.APIGraph, 29)
	holds(gatehouse.APIMDE, 28) // which shows every device
}

func TestIntegrations(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o app.Options) {
		e := emulate(t, twoTenants(emulator.GuideRoles()...))
		a := open(t, e, o)
		bad := tenant("fabrikam", fabrikam)
		bad.SkipCheck, bad.Secret = false, entra.NewSecret("not~the~value")
		if _, report, err := a.AddIntegration(t.Context(), bad); !errors.Is(err, app.ErrCheckFailed) || report == nil {
			t.Errorf("a wrong secret: got %v", err)
		}
		bad = tenant("fabrikam", "no tenant")
		if _, _, err := a.AddIntegration(t.Context(), bad); err == nil {
			t.Error("a bad tenant id was taken")
		}
		bad = tenant("fabrikam", fabrikam)
		bad.Integration.Streams = []gatehouse.Stream{"nonsense"}
		if _, _, err := a.AddIntegration(t.Context(), bad); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("got %v", err)
		}
		i, _, err := a.AddIntegration(t.Context(), tenant("fabrikam", fabrikam))
		must(t, err)
		if _, _, err := a.AddIntegration(t.Context(), tenant("fabrikam", fabrikam)); !errors.Is(err, store.ErrExists) {
			t.Errorf("got %v", err)
		}
		must(t, a.Pause(t.Context(), "fabrikam"))
		status, err := a.Status(t.Context(), "fabrikam")
		if err != nil || len(status) != len(stream.All()) || status[0].State != gatehouse.StreamPaused {
			t.Errorf("got %v\n%s", err, states(status))
		}
		must(t, a.Resume(t.Context(), i.ID))
		must(t, a.Remove(t.Context(), i.ID))
		if _, err := a.SyncOnce(t.Context(), i.ID, nil, nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}
