package emulator

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
)

// manyTenants makes specifications of many small tenants with one application each.
func manyTenants(n int, size Size) []TenantSpec {
	specs := make([]TenantSpec, n)
	for i := range specs {
		specs[i] = TenantSpec{
			ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1), Domain: fmt.Sprintf("t%d.example", i), Seed: uint64(i + 1), Size: size,
			Apps: []AppSpec{{
				ClientID: fmt.Sprintf("11111111-0000-4000-8000-%012d", i+1), Secrets: []SecretSpec{{Value: fmt.Sprint("secret", i)}}, Roles: MirrorRoles(),
			}},
		}
	}
	return specs
}

// heap measures the memory in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestManyTenantsAreLight holds that a thousand tenants cost little, and next to nothing until they are asked for.
func TestManyTenantsAreLight(t *testing.T) { //nolint:paralleltest // it measures memory
	before := heap()
	s, err := Start(Options{Clock: NewFakeClock(epoch), Tenants: manyTenants(1000, Size{Devices: 20, Alerts: 20, Actions: 5})})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	idle := heap() - before
	for _, spec := range manyTenants(1000, Size{}) {
		if got := s.Truth(spec.ID); len(got.Devices) != 20 {
			t.Fatalf("%d devices", len(got.Devices))
		}
	}
	full := heap() - before
	t.Logf("1,000 tenants: %d KiB before anybody asks, %d KiB with all data", idle>>10, full>>10)
	if idle > 8<<20 || full > 100<<20 {
		t.Errorf("1,000 tenants take %d KiB, then %d KiB", idle>>10, full>>10)
	}
	a := TenantAccess{TenantID: "00000000-0000-4000-8000-000000000777", ClientID: "11111111-0000-4000-8000-000000000777", Secret: "secret776"}
	if got := get(t, s, mdeBase+"/api/machines", tokenAt(t, s, globalLogin, a, mdeResource)); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// BenchmarkIncidents reads incidents of 400 alerts each, by XDR and by Graph with their alerts.
func BenchmarkIncidents(b *testing.B) {
	for _, target := range []string{"/api/incidents", "/v1.0/security/incidents?$expand=alerts", "/api/alerts?$expand=evidence"} {
		b.Run(target, func(b *testing.B) {
			w := newWorld(b, Size{Devices: 2000, Incidents: 50, AlertsPerIncident: 400})
			for b.Loop() {
				w.send(http.MethodGet, target, "")
			}
			b.ReportMetric(20000*float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
		})
	}
}
