package defender_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// stage is an emulator with one tenant and a client of it.
type stage struct {
	emulated.Tenant
	client *defender.Client

	testing *testing.T // for readings that need a context
}

// ctx is the context of the test that reads.
func (s stage) ctx() context.Context { return s.testing.Context() }

// raise starts an emulator whose application holds every permission of the SDK.
func raise(t testing.TB, size emulator.Size) stage {
	t.Helper()
	tenant := emulated.Start(t, emulator.Options{Size: size})
	tenant.Allow(t, emulator.MirrorRoles()...)
	tenant.Allow(t, emulator.MDERoles("User.Read.All", "File.Read.All", "Ip.Read.All", "Url.Read.All")...)
	return stage{Tenant: tenant, client: tenant.Defender(t, defender.Options{})}
}

// get fails when a call does.
func get[T any](t testing.TB) func(item T, err error) T {
	return func(item T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return item
	}
}

func ids[T any](items []T, id func(T) string) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = id(item)
	}
	return out
}

func alertID(a defender.Alert) string     { return a.ID }
func machineID(m defender.Machine) string { return m.ID }

func TestAlertsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 30, Alerts: 60, PageSize: 25})
	truth := s.Truth(s.TenantID)
	c, ctx := s.client.Alerts, t.Context()
	all := sdktest.Collect(t, c.List(ctx, nil))
	newestFirst := slices.Clone(truth.Alerts)
	slices.Reverse(newestFirst)
	if diff := cmp.Diff(newestFirst, ids(all, alertID)); diff != "" {
		t.Error(diff)
	}
	if got := sdktest.Collect(t, c.List(ctx, &defender.Query{Top: 26, Skip: 3})); !slices.Equal(ids(got, alertID), newestFirst[3:29]) {
		t.Error("top and skip read other alerts")
	}
	high := sdktest.Collect(t, c.List(ctx, &defender.Query{Filter: defender.Eq("severity", defender.SeverityHigh), Expand: []string{"evidence"}}))
	if len(high) == 0 || len(high) == len(all) || slices.ContainsFunc(high, func(a defender.Alert) bool {
		return a.Severity != defender.SeverityHigh || len(a.Evidence) == 0 || len(a.Raw) == 0
	}) {
		t.Errorf("%d of %d alerts are high, or lack evidence", len(high), len(all))
	}
	a := get[defender.Alert](t)(c.Get(ctx, high[0].ID))
	if diff := cmp.Diff(high[0], a, cmpopts.IgnoreFields(defender.Alert{}, "Record")); diff != "" {
		t.Error(diff)
	}
	if m := get[defender.Machine](t)(c.Machine(ctx, a.ID)); m.ID != a.MachineID || m.ComputerDNSName != a.ComputerDNSName {
		t.Errorf("machine %+v", m)
	}
	if u, err := c.User(ctx, a.ID); err == nil && u.AccountName != a.RelatedUser.UserName || err != nil && !errors.Is(err, defender.ErrNotFound) {
		t.Errorf("user %+v, %v", u, err)
	}
	files, ips, domains := sdktest.Collect(t, c.Files(ctx, a.ID)), sdktest.Collect(t, c.IPs(ctx, a.ID)), sdktest.Collect(t, c.Domains(ctx, a.ID))
	for _, f := range files {
		if len(f.SHA1) != 40 || f.GlobalFirstObserved.IsZero() {
			t.Errorf("file %+v", f)
		}
	}
	t.Logf("alert %s has %d files, %d addresses, %d domains", a.ID, len(files), len(ips), len(domains))
	if _, err := c.Get(ctx, "da1_1"); !errors.Is(err, defender.ErrNotFound) {
		t.Errorf("an unknown alert: %v", err)
	}
}

func TestAlertUpdatesOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 10, Alerts: 5})
	c, ctx := s.client.Alerts, t.Context()
	truth := s.Truth(s.TenantID)
	u := defender.AlertUpdate{Status: "Resolved", AssignedTo: "ada@contoso.example", Classification: "TruePositive", Determination: "Malware", Comment: "dealt with"}
	for _, a := range []defender.Alert{
		get[defender.Alert](t)(c.Update(ctx, truth.Alerts[0], u)),
		get[defender.Alert](t)(c.Get(ctx, truth.Alerts[0])),
	} {
		if a.Status != "Resolved" || a.AssignedTo != u.AssignedTo || a.Classification != u.Classification || a.Determination != u.Determination ||
			a.ResolvedTime.IsZero() || len(a.Comments) == 0 || a.Comments[len(a.Comments)-1].Comment != "dealt with" {
			t.Errorf("%+v", a)
		}
	}
	if err := c.BatchUpdate(ctx, truth.Alerts[1:3], defender.AlertUpdate{Status: "InProgress"}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []defender.AlertStatus{"Resolved", "InProgress", "InProgress"} {
		if a := get[defender.Alert](t)(c.Get(ctx, truth.Alerts[i])); a.Status != want {
			t.Errorf("alert %d is %s, want %s", i, a.Status, want)
		}
	}
	if _, err := c.Update(ctx, "da1_1", u); !errors.Is(err, defender.ErrNotFound) {
		t.Errorf("an unknown alert: %v", err)
	}
}

func TestAlertByReferenceOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 10, Alerts: 3})
	ctx := t.Context()
	hunt := get[*defender.Hunt](t)(s.client.Hunting.Run(ctx, "DeviceProcessEvents | project Timestamp, ReportId, DeviceId | take 1"))
	rows := sdktest.Collect(t, hunt.Rows())
	if len(rows) != 1 {
		t.Fatalf("%d events", len(rows))
	}
	at, err := time.Parse(time.RFC3339, rows[0].Text(0))
	if err != nil {
		t.Fatal(err)
	}
	a := get[defender.Alert](t)(s.client.Alerts.CreateByReference(ctx, defender.AlertReference{
		MachineID: rows[0].Text(2), ReportID: rows[0].Text(1), EventTime: at, Severity: "Medium", Title: "Found by a hunt",
		Description: "d", RecommendedAction: "look", Category: "Execution",
	}))
	if a.Title != "Found by a hunt" || a.MachineID != rows[0].Text(2) || a.Severity != "Medium" {
		t.Errorf("%+v", a)
	}
}

func TestMachinesOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 57, Alerts: 40, PageSize: 20})
	truth := s.Truth(s.TenantID)
	c, ctx := s.client.Machines, t.Context()
	all := sdktest.Collect(t, c.List(ctx, nil))
	if diff := cmp.Diff(truth.Devices, ids(all, machineID)); diff != "" {
		t.Error(diff)
	}
	if calls := s.Stats().Requests["GET /api/machines"]; calls != 3 {
		t.Errorf("%d calls, the floor is 3", calls)
	}
	m := get[defender.Machine](t)(c.Get(ctx, all[7].ID))
	if diff := cmp.Diff(all[7], m, cmpopts.IgnoreFields(defender.Machine{}, "Record")); diff != "" {
		t.Error(diff)
	}
	if byName := get[defender.Machine](t)(c.Get(ctx, m.ComputerDNSName)); byName.ID != m.ID {
		t.Errorf("by name %s, by id %s", byName.ID, m.ID)
	}
	if m.LastSeen.IsZero() || m.OSPlatform == "" || len(m.IPAddresses) == 0 || m.RbacGroupID == "" {
		t.Errorf("%+v", m)
	}
	filtered := sdktest.Collect(t, c.List(ctx, &defender.Query{Filter: defender.And(defender.Eq("osPlatform", m.OSPlatform), defender.Gt("lastSeen", time.Now().AddDate(-1, 0, 0)))}))
	if len(filtered) == 0 || slices.ContainsFunc(filtered, func(d defender.Machine) bool { return d.OSPlatform != m.OSPlatform }) {
		t.Errorf("%d filtered", len(filtered))
	}
	if users := sdktest.Collect(t, c.LogonUsers(ctx, m.ID)); len(users) == 0 || users[0].AccountName == "" {
		t.Errorf("users %+v", users)
	}
	at := m.LastSeen.Add(-time.Minute)
	if found := sdktest.Collect(t, c.FindByIP(ctx, netip.MustParseAddr(m.LastIPAddress), at)); len(found) > 0 && !slices.Contains(ids(found, machineID), m.ID) {
		t.Errorf("by address %v", ids(found, machineID))
	}
	checkMachineAlerts(t, s, all)
}

// checkMachineAlerts holds the alerts of each device, and their number, against
// the list of all alerts.
func checkMachineAlerts(t *testing.T, s stage, machines []defender.Machine) {
	t.Helper()
	want := map[string]int64{}
	for _, a := range sdktest.Collect(t, s.client.Alerts.List(t.Context(), nil)) {
		want[a.MachineID]++
	}
	for _, m := range machines[:20] {
		alerts := sdktest.Collect(t, s.client.Machines.Alerts(t.Context(), m.ID))
		n := get[int64](t)(s.client.Machines.CountAlerts(t.Context(), m.ID, ""))
		resolved := get[int64](t)(s.client.Machines.CountAlerts(t.Context(), m.ID, "status eq 'Resolved'"))
		if n != want[m.ID] || int64(len(alerts)) != n || resolved > n {
			t.Errorf("%s: %d alerts, counted %d (%d resolved), want %d", m.ID, len(alerts), n, resolved, want[m.ID])
		}
	}
}

func TestMachineUpdatesOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 10, Alerts: -1})
	c, ctx := s.client.Machines, t.Context()
	id := s.Truth(s.TenantID).Devices
	must := get[defender.Machine](t)
	if m := must(c.Tag(ctx, id[0], "crown jewel", defender.TagAdd)); !slices.Contains(m.MachineTags, "crown jewel") {
		t.Errorf("tags %v", m.MachineTags)
	}
	changed := get[[]defender.Machine](t)(c.TagMany(ctx, id[1:4], "crown jewel", defender.TagAdd))
	t.Logf("%d devices came back", len(changed))
	if got := ids(sdktest.Collect(t, c.FindByTag(ctx, "crown jewel", false)), machineID); !slices.Equal(got, id[:4]) {
		t.Errorf("found %v, want %v", got, id[:4])
	}
	if got := sdktest.Collect(t, c.FindByTag(ctx, "crown", true)); len(got) != 4 {
		t.Errorf("found %d by the beginning", len(got))
	}
	if m := must(c.Tag(ctx, id[0], "crown jewel", defender.TagRemove)); slices.Contains(m.MachineTags, "crown jewel") {
		t.Errorf("tags %v", m.MachineTags)
	}
	if m := must(c.Update(ctx, id[5], defender.MachineUpdate{MachineTags: []string{"a", "b"}, DeviceValue: "High"})); m.DeviceValue != "High" || !slices.Equal(m.MachineTags, []string{"a", "b"}) {
		t.Errorf("%s %v", m.DeviceValue, m.MachineTags)
	}
	if m := must(c.Update(ctx, id[5], defender.MachineUpdate{MachineTags: []string{}})); len(m.MachineTags) != 0 || m.DeviceValue != "High" {
		t.Errorf("%s %v", m.DeviceValue, m.MachineTags)
	}
	if m := must(c.SetDeviceValue(ctx, id[5], "low")); m.DeviceValue != "Low" {
		t.Errorf("%s", m.DeviceValue)
	}
	if m := must(c.Get(ctx, id[5])); m.DeviceValue != "Low" {
		t.Errorf("%s", m.DeviceValue)
	}
}

func TestEmptyTenantOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: -1})
	ctx := t.Context()
	if n := len(sdktest.Collect(t, s.client.Machines.List(ctx, nil))); n != 0 {
		t.Errorf("%d machines", n)
	}
	if n := len(sdktest.Collect(t, s.client.SoftwareVulnerabilities.Export(ctx, nil))); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestVulnerabilitiesOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 12, Alerts: -1, PageSize: 30})
	truth := s.Truth(s.TenantID)
	c, ctx := s.client.Vulnerabilities, t.Context()
	all := sdktest.Collect(t, c.List(ctx, nil))
	if got := ids(all, func(v defender.Vulnerability) string { return v.ID }); !slices.Equal(got, truth.Vulnerabilities) {
		t.Error(cmp.Diff(truth.Vulnerabilities, got))
	}
	i := slices.IndexFunc(all, func(v defender.Vulnerability) bool { return v.ExposedMachines > 0 })
	v := get[defender.Vulnerability](t)(c.Get(ctx, all[i].ID))
	if v.CVSSV3 == 0 || v.PublishedOn.IsZero() || v.Severity == "" {
		t.Errorf("%+v", v)
	}
	machines := sdktest.Collect(t, c.Machines(ctx, v.ID))
	if int64(len(machines)) != v.ExposedMachines {
		t.Errorf("%d machines, exposed %d", len(machines), v.ExposedMachines)
	}
	ofMachine := sdktest.Collect(t, c.ByMachine(ctx, machines[0].ID))
	if !slices.ContainsFunc(ofMachine, func(o defender.Vulnerability) bool { return o.ID == v.ID }) {
		t.Errorf("%s is not among the %d of machine %s", v.ID, len(ofMachine), machines[0].ID)
	}
	rows := sdktest.Collect(t, c.ByMachines(ctx, nil))
	if len(rows) != truth.MachinesVulnerabilities {
		t.Errorf("%d rows, want %d", len(rows), truth.MachinesVulnerabilities)
	}
	some := sdktest.Collect(t, c.ByMachines(ctx, &defender.Query{Filter: defender.Eq("cveId", v.ID)}))
	if len(some) == 0 || slices.ContainsFunc(some, func(r defender.MachineVulnerability) bool { return r.CVEID != v.ID || r.ProductName == "" }) {
		t.Errorf("%d rows of %s", len(some), v.ID)
	}
}

// The rows of the export are the same as pages and as files, though the names of
// their members are spelled in another case and nulls are left out.
func TestSoftwareVulnerabilitiesOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 25, Alerts: -1})
	truth := s.Truth(s.TenantID)
	c, ctx := s.client.SoftwareVulnerabilities, t.Context()
	var want []string
	truth.EachVulnerabilityRow(func(id string) bool { want = append(want, id); return true })
	id := func(r defender.SoftwareVulnerability) string { return r.ID }
	pages := sdktest.Collect(t, c.List(ctx, &defender.ExportQuery{PageSize: 300}))
	if diff := cmp.Diff(want, ids(pages, id)); diff != "" {
		t.Error(diff)
	}
	files := sdktest.Collect(t, c.Export(ctx, &defender.ExportOptions{SASValidHours: 2}))
	same := cmpopts.IgnoreFields(defender.SoftwareVulnerability{}, "Record")
	if diff := cmp.Diff(pages, files, same, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if r := files[0]; r.DeviceID == "" || r.SoftwareName == "" || r.FirstSeenTimestamp.IsZero() || r.RbacGroupID == "" || len(r.Raw) == 0 {
		t.Errorf("%+v", r)
	}
	if got := sdktest.Collect(t, c.List(ctx, &defender.ExportQuery{Top: 301, PageSize: 300})); !slices.Equal(ids(got, id), want[:301]) {
		t.Errorf("%d rows of 301", len(got))
	}
	links := get[*defender.ExportFiles](t)(c.ExportFiles(ctx, nil))
	if len(links.Files) != truth.ExportFiles || links.GeneratedTime.IsZero() {
		t.Errorf("%d files of %d, generated %s", len(links.Files), truth.ExportFiles, links.GeneratedTime)
	}
	changes := sdktest.Collect(t, c.Changes(ctx, time.Now().Add(-13*24*time.Hour), nil))
	for _, r := range changes {
		if r.Status == "" || r.EventTimestamp.IsZero() {
			t.Errorf("%+v", r)
		}
	}
	t.Logf("%d rows, %d changes", len(want), len(changes))
}

func TestScoresOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 20, Alerts: -1})
	c, ctx := s.client.Scores, t.Context()
	for _, score := range []defender.Score{get[defender.Score](t)(c.Exposure(ctx)), get[defender.Score](t)(c.Configuration(ctx))} {
		if score.Score <= 0 || score.Time.IsZero() {
			t.Errorf("%+v", score)
		}
	}
	groups := sdktest.Collect(t, c.ExposureByMachineGroup(ctx))
	if len(groups) == 0 || groups[0].RbacGroupName == "" {
		t.Errorf("%+v", groups)
	}
}

func TestHuntingOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 20, Alerts: -1})
	c, ctx := s.client.Hunting, t.Context()
	hunt := get[*defender.Hunt](t)(c.Run(ctx, "DeviceInfo | summarize arg_max(Timestamp, *) by DeviceId | project DeviceId, DeviceName, Timestamp | sort by DeviceName asc"))
	if want := []string{"DeviceId", "DeviceName", "Timestamp"}; len(hunt.Columns) != 3 || hunt.Columns[0].Name != want[0] || hunt.Columns[2].Type != "DateTime" {
		t.Errorf("columns %+v", hunt.Columns)
	}
	rows := sdktest.Collect(t, hunt.Rows())
	if len(rows) != 20 || !slices.IsSortedFunc(rows, func(a, b defender.Row) int {
		if a.Text(1) < b.Text(1) {
			return -1
		}
		return 1
	}) {
		t.Errorf("%d rows", len(rows))
	}
	_, err := c.Run(ctx, "DeviceInfo | wher x")
	var e *defender.Error
	if !errors.As(err, &e) || e.StatusCode != 400 || e.Message == "" {
		t.Errorf("a wrong query: %v", err)
	}
	left := get[*defender.Hunt](t)(c.Run(ctx, "DeviceInfo | take 5"))
	for range left.Rows() {
		break
	}
	if err := left.Close(); err != nil {
		t.Error(err)
	}
}

func TestRefusalsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 5, Alerts: 2})
	ctx := t.Context()
	if err := s.SetRoles(s.TenantID, s.ClientID, emulator.MDERoles("Alert.Read.All", "Vulnerability.Read.All")...); err != nil {
		t.Fatal(err)
	}
	_, err := s.client.Machines.Get(ctx, "x")
	var e *defender.Error
	if !errors.Is(err, defender.ErrForbidden) || !errors.As(err, &e) ||
		!cmp.Equal(e.RequiredRoles, []string{"Machine.Read.All", "Machine.ReadWrite.All"}) || !slices.Contains(e.HeldRoles, "Alert.Read.All") || e.RequestID == "" {
		t.Errorf("a missing role: %v", err)
	}
	if err := s.SetLicences(s.TenantID, emulator.LicenceMDE); err != nil {
		t.Fatal(err)
	}
	if _, err = s.client.Vulnerabilities.Get(ctx, "CVE-2026-0001"); !errors.Is(err, defender.ErrUnlicensed) || errors.Is(err, defender.ErrUnauthorized) {
		t.Errorf("a missing licence: %v", err)
	}
	wrong := s.Defender(t, defender.Options{Resource: "https://graph.microsoft.com"})
	if _, err = wrong.Alerts.Get(ctx, "x"); !errors.Is(err, defender.ErrForbidden) {
		t.Errorf("a wrong audience: %v", err)
	}
	if v := s.Stats().Violations; len(v) > 1 {
		t.Errorf("violations %v", v)
	}
}
