package emulator

import (
	"net/http"
	"sync"
	"testing"
)

// TestConcurrentUse lists, hunts and changes at once; the race detector is the judge.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 30, Alerts: 30})
	device, alert := w.truth.Devices[0], w.truth.Alerts[0]
	calls := []func(){
		func() { w.read("/api/machines") },
		func() { w.read("/api/alerts?$expand=evidence") },
		func() { w.read("/v1.0/security/alerts_v2") },
		func() { w.hunt("AlertInfo | join AlertEvidence on AlertId | count") },
		func() { w.hunt("DeviceInfo | where DeviceManualTags has 'x' | count") },
		func() { w.send(http.MethodPost, "/api/machines/"+device+"/tags", `{"Value":"x","Action":"Add"}`) },
		func() { w.send(http.MethodPatch, "/api/machines/"+device, `{"machineTags":["y"]}`) },
		func() { w.send(http.MethodPatch, "/api/alerts/"+alert, `{"comment":"x"}`) },
		func() { _, _ = w.s.AddAlert(defaultTenantID) },
		func() { w.read("/api/machines/findbytag?tag=x") },
	}
	var done sync.WaitGroup
	for _, call := range calls {
		done.Go(func() {
			for range 5 {
				call()
			}
		})
	}
	done.Wait()
	if got := len(w.s.Truth(defaultTenantID).Alerts); got != 35 {
		t.Errorf("%d alerts", got)
	}
	if got := len(w.read("/api/alerts/" + alert)["comments"].([]any)); got < 5 {
		t.Errorf("%d comments", got)
	}
}
