package normalize

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
)

// inventoryClients starts an emulator with one tenant and returns clients of it.
func inventoryClients(t *testing.T, o emulator.Options) (*defender.Client, *graph.Client) {
	t.Helper()
	tenant := emulated.Start(t, o)
	tenant.Allow(t, emulator.MirrorRoles()...)
	return tenant.Defender(t, defender.Options{}), tenant.Graph(t, graph.Options{})
}
