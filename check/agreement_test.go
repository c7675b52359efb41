package check_test

import (
	"slices"
	"testing"

	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
)

// TestEmulatorPlaysEveryHost holds the two tables of hosts against each other:
// the emulator has its own, so that it cannot share a mistake with entra.
func TestEmulatorPlaysEveryHost(t *testing.T) {
	t.Parallel()
	played := emulated.Start(t, emulator.Options{Size: smallTenant}).Hosts()
	for _, cloud := range entra.Clouds() {
		hosts := slices.Concat([]string{cloud.Authority[len("https://"):]}, cloud.MDE.Hosts, cloud.XDR.Hosts, cloud.Graph.Hosts)
		for _, host := range hosts {
			if !slices.Contains(played, host) {
				t.Errorf("cloud %s: entra sends to %s, which the emulator does not play", cloud.Name, host)
			}
		}
	}
}

// TestEmulatorKnowsEveryGuidePermission holds the seven permissions of the guide
// in both tables.
func TestEmulatorKnowsEveryGuidePermission(t *testing.T) {
	t.Parallel()
	granted := map[string]bool{}
	for _, role := range emulator.GuideRoles() {
		granted[role.Resource+"/"+role.Name] = true
	}
	for _, p := range entra.Permissions() {
		if p.Guide != granted[p.String()] {
			t.Errorf("%s: in the guide according to entra %t, according to the emulator %t", p, p.Guide, granted[p.String()])
		}
	}
}
