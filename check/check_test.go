package check_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
)

// smallTenant is enough to answer every probe.
var smallTenant = emulator.Size{Devices: 5, Alerts: 5}

// start runs an emulator with one tenant, as spec changes it, until the test
// ends.
func start(t *testing.T, spec func(*emulator.TenantSpec)) (*emulator.Server, emulator.TenantAccess) {
	t.Helper()
	tenant := emulator.TenantSpec{
		ID: "2f1c0c8e-5d0e-4f3a-9a51-6c1f0b6a7d11", Size: smallTenant,
		Apps: []emulator.AppSpec{{
			ClientID: "7b0d8a52-41c3-4b7e-8f19-3a5e2c9d6f22",
			Secrets:  []emulator.SecretSpec{{ID: "c3d9e1f4-0b6a-4c58-9d27-51f8a4b3e633", Value: "emulator~correct-horse-battery-staple"}},
			Roles:    emulator.GuideRoles(),
		}},
	}
	if spec != nil {
		spec(&tenant)
	}
	started := emulated.Start(t, emulator.Options{Tenants: []emulator.TenantSpec{tenant}})
	return started.Server, started.TenantAccess
}

// optionsFor are what a user with the right settings gives.
func optionsFor(t *testing.T, server *emulator.Server, access emulator.TenantAccess) check.Options {
	t.Helper()
	return check.Options{
		Credential: entra.CredentialOptions{TenantID: access.TenantID, ClientID: access.ClientID, Secret: entra.NewSecret(access.Secret)},
		Client:     clientOf(t, server),
		LookupHost: func(context.Context, string) error { return nil },
	}
}

func clientOf(t *testing.T, server *emulator.Server) *http.Client {
	t.Helper()
	client, err := entra.EmulatorClient(server.Addr(), server.CA())
	if err != nil {
		t.Fatal(err)
	}
	client.Timeout = 20 * time.Second
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func run(t *testing.T, o check.Options) *check.Report {
	t.Helper()
	report, err := check.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// codes are the codes of the findings of one severity.
func codes(report *check.Report, s check.Severity) []check.Code {
	var codes []check.Code
	for _, f := range report.Of(s) {
		codes = append(codes, f.Code)
	}
	return codes
}

func TestEverythingWorks(t *testing.T) {
	t.Parallel()
	server, access := start(t, func(spec *emulator.TenantSpec) {
		spec.Apps[0].Roles = append(emulator.GuideRoles(), emulator.GraphSecurityRoles()...)
	})
	report := run(t, optionsFor(t, server, access))
	for _, s := range report.Capabilities {
		if s.State != check.Works {
			t.Errorf("%s: %s, want works", s.Capability, s.State)
		}
	}
	if got := codes(report, check.Error); len(got) > 0 {
		t.Errorf("errors %v: %v", got, report.Of(check.Error))
	}
	// What no permission on Graph can replace yet is all that the check warns of.
	var lost []string
	for _, f := range report.Of(check.Warning) {
		lost = append(lost, string(f.Code)+" "+f.Subject)
	}
	want := []string{"retirement devices.update", "retirement scores.read"}
	if diff := cmp.Diff(want, lost); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if report.Worst() != check.Warning {
		t.Errorf("worst is %s, want warning", report.Worst())
	}
	if stats := server.Stats(); len(stats.Violations) > 0 {
		t.Errorf("the check broke a limit: %v", stats.Violations)
	}
}

// TestRetirementNamesTheGrant holds that each capability which Graph could take
// over names the permission to grant there.
func TestRetirementNamesTheGrant(t *testing.T) {
	t.Parallel()
	server, access := start(t, nil)
	report := run(t, optionsFor(t, server, access))
	want := map[gatehouse.Capability]string{
		gatehouse.AlertsRead: "SecurityAlert.Read.All", gatehouse.AlertsUpdate: "SecurityAlert.ReadWrite.All",
		gatehouse.DevicesRead: "ThreatHunting.Read.All", gatehouse.VulnerabilitiesRead: "ThreatHunting.Read.All",
		gatehouse.HuntingRun: "ThreatHunting.Read.All", gatehouse.DevicesUpdate: "Nothing can be granted yet",
		gatehouse.ScoresRead: "Nothing can be granted yet",
	}
	for _, f := range report.Findings {
		if f.Code != check.Retirement {
			continue
		}
		capability := gatehouse.Capability(f.Subject)
		if !strings.Contains(f.Mend, want[capability]) {
			t.Errorf("%s: mend %q lacks %q", capability, f.Mend, want[capability])
		}
		delete(want, capability)
	}
	if len(want) > 0 {
		t.Errorf("no word about %v", want)
	}
}

// TestEachPermissionRemoved takes each of the seven away in turn: the check names
// that one with what is lost by it, and says nothing else that it does not say
// when all are held.
func TestEachPermissionRemoved(t *testing.T) {
	t.Parallel()
	lost := map[string][]gatehouse.Capability{
		"AdvancedQuery.Read.All": {gatehouse.HuntingRun},
		"Alert.Read.All":         nil, // Alert.ReadWrite.All reads too
		"Alert.ReadWrite.All":    {gatehouse.AlertsUpdate},
		"Machine.Read.All":       nil, // Machine.ReadWrite.All reads too
		"Machine.ReadWrite.All":  {gatehouse.DevicesUpdate},
		"Score.Read.All":         {gatehouse.ScoresRead},
		"Vulnerability.Read.All": {gatehouse.VulnerabilitiesRead},
	}
	server, access := start(t, nil)
	all := run(t, optionsFor(t, server, access))
	for _, role := range emulator.GuideRoles() {
		t.Run(role.Name, func(t *testing.T) {
			t.Parallel()
			server, access := start(t, func(spec *emulator.TenantSpec) {
				spec.Apps[0].Roles = slices.DeleteFunc(emulator.GuideRoles(), func(r emulator.Role) bool { return r == role })
			})
			report := run(t, optionsFor(t, server, access))
			added := newFindings(all, report)
			if len(added) != 1 {
				t.Fatalf("%d findings more than with all permissions, want 1: %v", len(added), added)
			}
			f := added[0]
			if f.Code != check.PermissionMissing || f.Permission == nil || f.Permission.Name != role.Name {
				t.Errorf("finding %s about %v, want %s about %s", f.Code, f.Permission, check.PermissionMissing, role.Name)
			}
			if diff := cmp.Diff(lost[role.Name], f.Capabilities); diff != "" {
				t.Errorf("capabilities lost (-want +got):\n%s", diff)
			}
			for _, s := range report.Capabilities {
				if slices.Contains(lost[role.Name], s.Capability) != (s.State == check.Missing) && s.Capability != gatehouse.SecureScoreRead {
					t.Errorf("%s is %s", s.Capability, s.State)
				}
			}
		})
	}
}

// newFindings lists the errors and warnings of report that base has not.
func newFindings(base, report *check.Report) []check.Finding {
	known := map[string]bool{}
	for _, f := range base.Findings {
		known[string(f.Code)+f.Subject] = true
	}
	var added []check.Finding
	for _, f := range report.Findings {
		if (f.Severity == check.Error || f.Severity == check.Warning) && !known[string(f.Code)+f.Subject] {
			added = append(added, f)
		}
	}
	return added
}

// TestNothingIsChanged holds that a check leaves every device and every alert as
// it was.
func TestNothingIsChanged(t *testing.T) {
	t.Parallel()
	server, access := start(t, nil)
	o := optionsFor(t, server, access)
	before := everything(t, o)
	run(t, o)
	if diff := cmp.Diff(before, everything(t, o)); diff != "" {
		t.Errorf("the check changed the tenant (-before +after):\n%s", diff)
	}
}

// everything reads what a check could have changed, as Microsoft sends it.
func everything(t *testing.T, o check.Options) []string {
	t.Helper()
	o.Credential.Client = o.Client
	cred, err := entra.NewCredential(o.Credential)
	must(t, err)
	client, err := defender.New(cred, &defender.Options{Transport: o.Client})
	must(t, err)
	var all []string
	for m, err := range client.Machines.List(t.Context(), nil) {
		must(t, err)
		all = append(all, string(m.Raw))
	}
	for a, err := range client.Alerts.List(t.Context(), nil) {
		must(t, err)
		all = append(all, string(a.Raw))
	}
	if len(all) == 0 {
		t.Fatal("the tenant is empty")
	}
	return all
}

// TestBadInput holds that options which cannot be used are an error with the
// mend, and that nothing is sent.
func TestBadInput(t *testing.T) {
	t.Parallel()
	server, access := start(t, nil)
	tests := []struct {
		name   string
		change func(*entra.CredentialOptions)
		want   string
	}{
		{"client id", func(o *entra.CredentialOptions) { o.ClientID = "gatehouse" }, "client id"},
		{"tenant id", func(o *entra.CredentialOptions) { o.TenantID = "not a tenant" }, "tenant id"},
		{"no credential", func(o *entra.CredentialOptions) { o.Secret = entra.Secret{} }, "secret"},
		{"two credentials", func(o *entra.CredentialOptions) { o.ManagedIdentity = true }, "one"},
		{"bad certificate", func(o *entra.CredentialOptions) {
			o.Secret, o.Certificate = entra.Secret{}, entra.NewSecret("-----BEGIN NOTHING-----")
		}, "certificate"},
	}
	for _, tt := range tests {
		o := optionsFor(t, server, access)
		tt.change(&o.Credential)
		_, err := check.Run(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
	}
}
