package emulated

import (
	"slices"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/testkey"
)

// Tenant is an emulator, the access to the first of its tenants, and an
// application that has signed in to it.
type Tenant struct {
	*emulator.Server
	emulator.TenantAccess
	Application
}

// Start starts an emulator that stands until the test ends. Its key is the one of
// all tests.
func Start(tb testing.TB, o emulator.Options) Tenant {
	tb.Helper()
	o.Key = testkey.RSA()
	server, err := emulator.Start(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
	})
	access := server.DefaultTenant()
	return Tenant{server, access, SignIn(tb, server.Addr(), server.CA(), access)}
}

// Allow gives the application roles beside those that it has.
func (s Tenant) Allow(tb testing.TB, roles ...emulator.Role) {
	tb.Helper()
	if err := s.Grant(s.TenantID, s.ClientID, roles...); err != nil {
		tb.Fatal(err)
	}
}

// Hold gives the application these permissions and takes all others from it.
func (s Tenant) Hold(tb testing.TB, permissions ...gatehouse.Permission) {
	tb.Helper()
	roles := make([]emulator.Role, len(permissions))
	for i, p := range permissions {
		roles[i] = emulator.Role{Resource: string(p.Resource), Name: p.Name}
	}
	if err := s.SetRoles(s.TenantID, s.ClientID, roles...); err != nil {
		tb.Fatal(err)
	}
}

// HoldAll gives the application every permission but those of these names.
func (s Tenant) HoldAll(tb testing.TB, without ...string) {
	tb.Helper()
	var held []gatehouse.Permission
	for _, p := range entra.Permissions() {
		if !slices.Contains(without, p.Name) {
			held = append(held, p.Permission)
		}
	}
	s.Hold(tb, held...)
}
