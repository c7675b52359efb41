package graph_test

import (
	"context"
	"fmt"

	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// A hunt over Graph, on the emulator. On a real tenant the two lines with the
// transport go.
func Example() {
	server, err := emulator.Start(emulator.Options{Size: emulator.Size{Devices: 7}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	tenant := server.DefaultTenant()
	_ = server.Grant(tenant.TenantID, tenant.ClientID, emulator.GraphSecurityRoles()...)

	transport, _ := entra.EmulatorClient(server.Addr(), server.CA())
	defer transport.CloseIdleConnections()
	cred, _ := entra.NewCredential(entra.CredentialOptions{
		TenantID: tenant.TenantID, ClientID: tenant.ClientID, Secret: entra.NewSecret(tenant.Secret), Client: transport,
	})
	client, _ := graph.New(cred, &graph.Options{Transport: transport})

	hunt, err := client.Hunting.Run(context.Background(), "DeviceInfo | summarize Devices = dcount(DeviceId)", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range hunt.Rows() {
		fmt.Println(hunt.Columns[0].Name, row.Text(0), err)
	}
	// Output: Devices 7 <nil>
}
