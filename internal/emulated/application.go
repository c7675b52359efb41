package emulated

import (
	"net/http"
	"testing"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// Application is an application of a tenant: how it reaches an emulator, and what
// it signs in with.
type Application struct {
	Transport  *http.Client
	Credential *entra.Credential
}

// SignIn makes the application of an emulator at an address, which may be that of
// another process. Its connections are closed when the test ends.
func SignIn(tb testing.TB, addr string, ca []byte, access emulator.TenantAccess) Application {
	tb.Helper()
	transport, err := entra.EmulatorClient(addr, ca)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(transport.CloseIdleConnections)
	cred, err := entra.NewCredential(entra.CredentialOptions{
		TenantID: access.TenantID, ClientID: access.ClientID, Secret: entra.NewSecret(access.Secret), Client: transport,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return Application{transport, cred}
}

// Defender makes a client of Defender for Endpoint. Where the options name no
// transport it is the application's.
func (a Application) Defender(tb testing.TB, o defender.Options) *defender.Client {
	tb.Helper()
	if o.Transport == nil {
		o.Transport = a.Transport
	}
	c, err := defender.New(a.Credential, &o)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Graph makes a client of Microsoft Graph. Where the options name no transport it
// is the application's.
func (a Application) Graph(tb testing.TB, o graph.Options) *graph.Client {
	tb.Helper()
	if o.Transport == nil {
		o.Transport = a.Transport
	}
	c, err := graph.New(a.Credential, &o)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}
