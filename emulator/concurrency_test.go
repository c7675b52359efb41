package emulator

import (
	"net/http"
	"sync"
	"testing"
	"time"
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
		func() { w.send(http.MethodPost, "/api/machines/"+device+"/isolate", `{"Comment":"x"}`) },
		func() { w.send(http.MethodPost, "/api/machines/"+device+"/unisolate", `{"Comment":"x"}`) },
		func() { w.send(http.MethodPatch, "/api/incidents/1001", `{"comment":"x"}`) },
		func() { w.send(http.MethodPost, "/v1.0/security/incidents/1001/comments", `{"comment":"x"}`) },
		func() { _, _ = w.s.Accepted(defaultTenantID) },
		func() { _ = w.s.SetOnline(defaultTenantID, device, true) },
		func() { _, _ = w.s.AddAlert(defaultTenantID) },
		func() { w.read("/api/machines/findbytag?tag=x") },
		func() { w.read("/api/incidents") },
		func() { w.read("/v1.0/security/incidents?$expand=alerts") },
		func() { w.read("/api/machineactions") },
		func() { w.read("/api/recommendations") },
		func() { w.read("/api/machines/SoftwareVulnerabilityChangesByMachine?sinceTime=2026-05-03T00:00:00Z") },
		func() { w.hunt("DeviceTvmSoftwareVulnerabilities | count") },
		func() { shelve(t, w.s) },
		func() { w.clock.Advance(7 * time.Minute) },
	}
	for kind := range stepKinds() {
		if kind != StepAddAlert && kind != StepRemoveAlert && kind != StepRemoveDevice { // the counts and the device are held below
			calls = append(calls, func() { _, _ = w.s.Do(defaultTenantID, Step{Kind: kind}) })
		}
	}
	if _, err := w.s.Play(defaultTenantID, Life{Span: 20 * time.Minute, Kinds: []StepKind{StepUpgrade, StepMergeIncident, StepAddDevice}}); err != nil {
		t.Fatal(err)
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
