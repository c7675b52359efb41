package normalize

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/testkey"
)

// inventoryClients starts an emulator with one tenant and returns clients of it.
func inventoryClients(t *testing.T, o emulator.Options) (*defender.Client, *graph.Client) {
	t.Helper()
	o.Key = testkey.RSA()
	server, err := emulator.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	tenant := server.DefaultTenant()
	if err := server.Grant(tenant.TenantID, tenant.ClientID, emulator.MirrorRoles()...); err != nil {
		t.Fatal(err)
	}
	transport, err := entra.EmulatorClient(server.Addr(), server.CA())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	cred, err := entra.NewCredential(entra.CredentialOptions{
		TenantID: tenant.TenantID, ClientID: tenant.ClientID, Secret: entra.NewSecret(tenant.Secret), Client: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	mde, err := defender.New(cred, &defender.Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	security, err := graph.New(cred, &graph.Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return mde, security
}
