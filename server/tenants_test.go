package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// Hunts of two tenants may have one name: neither learns of the other's.
func TestHuntNamesOfTenants(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine, theirs := h.add("mine"), h.add("theirs")
	_, a := h.key(gatehouse.ScopeRespond, mine.ID)
	_, b := h.key(gatehouse.ScopeRespond, theirs.ID)
	ours := map[string]api.Hunt{}
	for _, key := range []string{a, b} {
		ours[key] = into[api.Hunt](t, h.ask(key, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "secret", Query: "DeviceInfo"}), http.StatusCreated)
	}
	for key, hunt := range ours {
		got := into[api.Hunt](t, h.ask(key, http.MethodGet, "/v1/hunts/secret", nil), http.StatusOK)
		if got.ID != hunt.ID || got.Name != "secret" {
			t.Errorf("got %+v, want %+v", got, hunt)
		}
		refused(t, h.ask(key, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "secret", Query: "AlertInfo"}), http.StatusConflict, api.CodeConflict)
		list := into[api.Hunts](t, h.ask(key, http.MethodGet, "/v1/hunts", nil), http.StatusOK)
		if len(list.Items) != 1 || list.Items[0].Name != "secret" {
			t.Errorf("listed %+v", list.Items)
		}
	}
	p := refused(t, h.ask(h.admin, http.MethodGet, "/v1/hunts/secret", nil), http.StatusConflict, api.CodeAmbiguous)
	if len(p.Candidates) != 2 {
		t.Errorf("candidates %+v", p.Candidates)
	}
	changed := into[api.Hunt](t, h.ask(a, http.MethodPut, "/v1/hunts/secret", api.NewHunt{Name: "secret", Query: "AlertInfo"}), http.StatusOK)
	if changed.ID != ours[a].ID || changed.Name != "secret" || changed.Query != "AlertInfo" {
		t.Errorf("changed %+v", changed)
	}
	refused(t, h.ask(a, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "secret\x1fx", Query: "x"}), http.StatusUnprocessableEntity, api.CodeInvalid)
}

// The idempotency key of another tenant's action is free, and a key of it learns
// nothing by trying.
func TestIdempotencyKeysOfTenants(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine, theirs := h.add("mine"), h.add("theirs")
	existing := h.thingsOf(theirs) // made a plan with the key "drill"
	_, err := h.app.SyncOnce(t.Context(), mine.ID, []gatehouse.Stream{stream.Devices}, nil)
	must(t, err)
	_, key := h.key(gatehouse.ScopeRespond, mine.ID)
	got := into[api.Action](t, h.ask(key, http.MethodPost, "/v1/actions", api.NewAction{
		Action: "isolate", Targets: []string{existing["device"]}, Comment: "a drill", DryRun: true,
	}, "Idempotency-Key", "drill"), http.StatusOK)
	if got.Integration != mine.ID || got.ID == existing["action"] {
		t.Errorf("got %+v", got)
	}
	refused(t, h.ask(key, http.MethodPost, "/v1/actions", api.NewAction{
		Integration: "theirs", Action: "isolate", Targets: []string{existing["device"]}, Comment: "a drill", DryRun: true,
	}, "Idempotency-Key", "drill"), http.StatusNotFound, api.CodeNotFound)
}

// Paths and headers that want to lead elsewhere lead nowhere.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine, theirs := h.add("mine"), h.add("theirs")
	h.change(theirs, 1, 10)
	_, key := h.key(gatehouse.ScopeRead, mine.ID)
	for _, path := range []string{
		"/v1/devices/mine/..%2F..%2Ftheirs%2Ftheirs-0", "/v1/devices/mine/..%2Ftheirs%2Ftheirs-0?live=true", "/v1/devices/mine/theirs-0",
		"/v1/devices/mine%2F..%2Ftheirs/theirs-0", "/v1/devices/theirs/theirs-0", "/v1/devices/mine/%00", "/v1/devices/mine/%ff?live=true",
		"/v1/devices/mine/" + strings.Repeat("a", 20_000), "/v1/integrations/%0d%0aX-Evil:%201", "/v1/actions?cursor=act_x", "/v1/audit%2f",
	} {
		r := h.ask(key, http.MethodGet, path, nil)
		if r.StatusCode < 400 || r.StatusCode >= 500 || strings.Contains(string(r.body), theirs.ID) || r.Header.Get("X-Evil") != "" {
			t.Errorf("%s: %s %s", path, r.Status, r.body)
		}
	}
	r := h.ask(key, http.MethodGet, "/v1/me", nil, "X-Request-ID", "a b\tlevel=ERROR")
	if id := r.Header.Get("X-Request-ID"); !strings.HasPrefix(id, "req_") {
		t.Errorf("the request is called %q", id)
	}
	if strings.Contains(h.log.String(), "\nX-Evil") {
		t.Error("the log has a line of a caller's")
	}
}

// A device is isolated through the API: the mirror reads the machine action and says
// so of the device, until it is released.
func TestDerivedIsolation(t *testing.T) {
	t.Parallel()
	h, i := filled(t)
	must(t, h.app.Start(t.Context()))
	defer func() { must(t, h.app.Stop(t.Context())) }()
	device := h.isolable()
	for _, c := range []struct {
		action   string
		isolated bool
	}{{"isolate", true}, {"release", false}} {
		a := into[api.Action](t, h.ask(h.admin, http.MethodPost, "/v1/actions", api.NewAction{
			Integration: i.Name, Action: c.action, Targets: []string{device}, Comment: "a drill",
		}, "Idempotency-Key", c.action), http.StatusAccepted)
		a = h.finished(a.ID)
		if a.State != "succeeded" {
			t.Fatalf("%s: %+v", c.action, a)
		}
		_, err := h.app.SyncOnce(t.Context(), i.ID, []gatehouse.Stream{stream.MachineActions}, nil)
		must(t, err)
		got := into[api.Record](t, h.ask(h.admin, http.MethodGet, "/v1/devices/contoso/"+device, nil), http.StatusOK)
		if got.Derived == nil || got.Derived.Isolated != c.isolated || c.isolated && (got.Derived.Scope == "" || got.Derived.IsolatedSince.IsZero()) {
			t.Errorf("after %s: %+v", c.action, got.Derived)
		}
		if c.isolated {
			forgetActions(t, h.app.Store(), i.ID)
			got := into[api.Record](t, h.ask(h.admin, http.MethodGet, "/v1/devices/contoso/"+device, nil), http.StatusOK)
			if got.Derived == nil || !got.Derived.Isolated {
				t.Errorf("after Microsoft has forgotten the action: %+v", got.Derived)
			}
		}
	}
}

// forgetActions removes all machine actions from a mirror, as Microsoft does after
// some months.
func forgetActions(t *testing.T, s *store.Store, integration string) {
	t.Helper()
	run, err := s.BeginRun(t.Context(), integration, stream.MachineActions, gatehouse.SyncFull)
	must(t, err)
	_, err = s.CommitPage(t.Context(), store.Page{Run: run, Complete: true})
	must(t, err)
	swept, err := s.FinishSweep(t.Context(), run, func(store.SweepCount) error { return nil })
	must(t, err)
	if swept.Removed == 0 {
		t.Error("no action was removed")
	}
	_, err = s.EndRun(t.Context(), run, store.RunEnd{})
	must(t, err)
}

// finished follows an action to its end.
func (h *house) finished(id string) (a api.Action) {
	h.Helper()
	for range 3000 {
		a = into[api.Action](h, h.ask(h.admin, http.MethodGet, "/v1/actions/"+id, nil), http.StatusOK)
		if !a.Ended.IsZero() {
			return a
		}
		<-time.After(10 * time.Millisecond)
	}
	return a
}

// isolable is a device that Defender can isolate.
func (h *house) isolable() string {
	h.Helper()
	for _, r := range h.records(h.T, "/v1/devices", "filter", "onboarding[eq]Onboarded", "filter", "health[eq]Active", "raw", "true").Items {
		if strings.Contains(string(r.Raw), `"osPlatform":"Windows`) && !strings.Contains(string(r.Raw), `"rbacGroupName":null`) {
			return r.ID
		}
	}
	h.Fatal("no device can be isolated")
	return ""
}

// Devices that were merged and incidents that were redirected say into which.
func TestDerivedMerges(t *testing.T) {
	t.Parallel()
	h, i := filled(t)
	put := func(name gatehouse.Stream, key, document string) {
		run, err := h.app.Store().BeginRun(t.Context(), i.ID, name, gatehouse.SyncIncremental)
		must(t, err)
		_, err = h.app.Store().CommitPage(t.Context(), store.Page{Run: run, Records: []store.PageRecord{{Key: key, API: gatehouse.APIMDE, Document: []byte(document)}}})
		must(t, err)
		_, err = h.app.Store().EndRun(t.Context(), run, store.RunEnd{})
		must(t, err)
	}
	put(stream.Devices, "first", `{"id":"first","mergedIntoMachineId":"gone"}`)
	put(stream.Devices, "gone", `{"id":"gone","mergedIntoMachineId":"there"}`)
	put(stream.Devices, "round", `{"id":"round","mergedIntoMachineId":"about"}`)
	put(stream.Devices, "about", `{"id":"about","mergedIntoMachineId":"round"}`)
	put(stream.Incidents, "5", `{"incidentId":5,"redirectIncidentId":7}`)
	put(stream.Incidents, "7", `{"incidentId":7,"redirectIncidentId":9}`)
	for path, want := range map[string]string{
		"/v1/devices/contoso/gone": "there", "/v1/devices/contoso/first": "there", "/v1/devices/contoso/round": "about",
		"/v1/incidents/contoso/7": "9", "/v1/incidents/contoso/5": "9",
	} {
		got := into[api.Record](t, h.ask(h.admin, http.MethodGet, path, nil), http.StatusOK)
		if got.Derived == nil || got.Derived.MergedInto != want {
			t.Errorf("%s: %+v", path, got.Derived)
		}
	}
	all := h.all(t, "/v1/devices", "limit", "5")
	if n := slices.IndexFunc(all, func(r api.Record) bool { return r.ID == "gone" }); n < 0 || all[n].Derived.MergedInto != "there" {
		t.Error("the list does not say so")
	}
}

// A hunt of more rows than Microsoft gives is cut, and says so.
func TestHuntIsCut(t *testing.T) {
	t.Parallel()
	h, _ := filled(t)
	runs := into[api.HuntRuns](t, h.ask(h.admin, http.MethodPost, "/v1/hunt-runs", api.RunHunt{Query: "range x from 1 to 100500 step 1"}), http.StatusAccepted)
	var r api.HuntRun
	for range 1000 {
		if r = into[api.HuntRun](t, h.ask(h.admin, http.MethodGet, "/v1/hunt-runs/"+runs.Items[0].ID, nil), http.StatusOK); !r.Ended.IsZero() {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	if r.State != "succeeded" || !r.Truncated || r.Rows != 100_000 {
		t.Errorf("got %+v: %+v", r, r.Problem)
	}
}
