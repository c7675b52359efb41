package defender_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// Devices are listed, one is tagged, and a mistake is told apart, on the emulator.
// On a real tenant the two lines with the transport go.
func Example() {
	server, err := emulator.Start(emulator.Options{Size: emulator.Size{Devices: 40}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	tenant := server.DefaultTenant()

	transport, _ := entra.EmulatorClient(server.Addr(), server.CA())
	defer transport.CloseIdleConnections()
	cred, _ := entra.NewCredential(entra.CredentialOptions{
		TenantID: tenant.TenantID, ClientID: tenant.ClientID, Secret: entra.NewSecret(tenant.Secret), Client: transport,
	})
	client, err := defender.New(cred, &defender.Options{Transport: transport})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, devices := context.Background(), 0
	var last defender.Machine
	for device, err := range client.Machines.List(ctx, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		devices++
		last = device
	}
	fmt.Println(devices, "devices in", client.Calls(), "call")

	tagged, err := client.Machines.Tag(ctx, last.ID, "reviewed", defender.TagAdd)
	fmt.Println(tagged.MachineTags[len(tagged.MachineTags)-1], err)

	_, err = client.Alerts.Get(ctx, "da0_0")
	fmt.Println("not found:", errors.Is(err, defender.ErrNotFound))
	// Output:
	// 40 devices in 1 call
	// reviewed <nil>
	// not found: true
}

// A document that was kept is read again, also where it differs from Microsoft's
// page: here the score is a text, and one member is not what it should be.
func ExampleDecode() {
	v, err := defender.Decode[defender.Vulnerability]([]byte(`{"id":"CVE-2026-0001","cvssV3":"9.8","exposedMachines":"many"}`))
	fmt.Println(v.ID, v.CVSSV3, len(v.Raw))
	if odd, ok := errors.AsType[*defender.DecodeError](err); ok {
		fmt.Println(odd.Members)
	}
	// Output:
	// CVE-2026-0001 9.8 62
	// [exposedMachines]
}
