package emulator

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// capable gives the nth device that can do every action: Windows, Active, onboarded, in a group.
func (w *world) capable(n int) string {
	w.t.Helper()
	return w.devices(func(o object) bool {
		return strings.HasPrefix(o["osPlatform"].(string), "Windows") && o["healthStatus"] == "Active" && o["onboardingStatus"] == "Onboarded" && o["rbacGroupName"] != nil
	})[n]
}

// devices lists the devices that fit.
func (w *world) devices(fits func(o object) bool) []string {
	w.t.Helper()
	rows, _ := w.pages("/api/machines")
	list := texts(slices.DeleteFunc(rows, func(o object) bool { return !fits(o) }), "id")
	if len(list) == 0 {
		w.t.Fatal("no such device")
	}
	return list
}

// act begins an action, which must be accepted.
func (w *world) act(device, path, body string) object {
	w.t.Helper()
	got := w.send(http.MethodPost, "/api/machines/"+device+"/"+path, body)
	if got.status != http.StatusCreated {
		w.t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	return parse(w.t, got.body)
}

// statusOf reads the status of an action.
func (w *world) statusOf(id string) string {
	w.t.Helper()
	return w.read("/api/machineactions/" + id)["status"].(string)
}

// rules sets the rules of actions.
func (w *world) rules(r ActionRules) {
	w.t.Helper()
	if err := w.s.SetActionRules(defaultTenantID, r); err != nil {
		w.t.Fatal(err)
	}
}

// actionWorld is a world for actions with rules.
func actionWorld(t testing.TB, r ActionRules) *world {
	t.Helper()
	w := newWorld(t, Size{Devices: 60, Alerts: 20, Actions: -1})
	w.rules(r)
	return w
}

const plain = `{"Comment":"x"}`
