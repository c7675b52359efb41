package defender_test

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// sameAsTruth holds a list against what the tenant holds: the same keys, the same
// content, nothing twice.
func sameAsTruth[T any](t *testing.T, s stage, stream, door string, list iter.Seq2[T, error], read func(T) (key string, raw []byte)) {
	t.Helper()
	got := map[string]any{}
	for item, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		key, raw := read(item)
		if _, twice := got[key]; twice {
			t.Errorf("%s came twice", key)
		}
		got[key] = parsed(t, raw)
	}
	documents, err := s.Truth(s.TenantID).Documents(stream, door)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{}
	for key, raw := range documents {
		want[key] = parsed(t, raw)
	}
	if len(want) == 0 {
		t.Errorf("the tenant has no %s", stream)
	}
	if missing, more := apart(want, got), apart(got, want); len(missing)+len(more) > 0 {
		t.Fatalf("%s: %d of %d records; missing %v, too many %v", stream, len(got), len(want), missing, more)
	}
	for key := range want {
		if diff := cmp.Diff(want[key], got[key]); diff != "" {
			t.Fatalf("%s %s\n%s", stream, key, diff)
		}
	}
}

// apart returns a few of the keys that only a has.
func apart(a, b map[string]any) []string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[key]; !ok && len(keys) < 5 {
			keys = append(keys, key)
		}
	}
	return keys
}

func parsed(t *testing.T, raw []byte) any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	delete(v, "@odata.context")
	return v
}

func TestSoftwareOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 25, Alerts: -1, PageSize: 30})
	c, ctx := s.client.Software, t.Context()
	sameAsTruth(t, s, "software", "mde", c.List(ctx, nil), func(v defender.Software) (string, []byte) { return v.ID, v.Raw })
	sameAsTruth(t, s, "software", "mde", c.List(ctx, &defender.Query{PageSize: 11}), func(v defender.Software) (string, []byte) { return v.ID, v.Raw })
	all := sdktest.Collect(t, c.List(ctx, nil))
	i := slices.IndexFunc(all, func(v defender.Software) bool { return v.ExposedMachines > 0 && v.Weaknesses > 0 })
	one := get[defender.Software](t)(c.Get(ctx, all[i].ID))
	if diff := cmp.Diff(all[i], one, cmpopts.IgnoreFields(defender.Software{}, "Record")); diff != "" {
		t.Error(diff)
	}
	machines, flaws := sdktest.Collect(t, c.Machines(ctx, one.ID)), sdktest.Collect(t, c.Vulnerabilities(ctx, one.ID))
	installed := int64(0)
	for _, d := range sdktest.Collect(t, c.Distributions(ctx, one.ID)) {
		installed += d.Installations
	}
	if int64(len(flaws)) != one.Weaknesses || int64(len(machines)) < one.ExposedMachines || installed != int64(len(machines)) {
		t.Errorf("%d machines, %d CVEs, %d installed of %+v", len(machines), len(flaws), installed, one)
	}
	onIt := sdktest.Collect(t, c.ByMachine(ctx, machines[0].ID))
	if !slices.ContainsFunc(onIt, func(v defender.Software) bool { return v.ID == one.ID }) {
		t.Errorf("%s is not among the %d of machine %s", one.ID, len(onIt), machines[0].ID)
	}
	kbs := 0
	for _, v := range onIt {
		kbs += len(sdktest.Collect(t, c.MissingKBs(ctx, v.ID)))
	}
	missing := sdktest.Collect(t, c.MissingKBsByMachine(ctx, machines[0].ID))
	if len(missing) > 0 && (kbs == 0 || missing[0].ID == "" || missing[0].URL == "") {
		t.Errorf("%d updates are missing, %d by software: %+v", len(missing), kbs, missing[0])
	}
	if _, err := c.Get(ctx, "nobody-_-nothing"); !errors.Is(err, defender.ErrNotFound) {
		t.Errorf("an unknown software: %v", err)
	}
}

func TestSoftwareInventoryOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 40, Alerts: -1, PageSize: 100})
	c, ctx := s.client.SoftwareInventory, t.Context()
	key := func(v defender.SoftwareInventory) string {
		return v.DeviceID + "|" + v.SoftwareVendor + "|" + v.SoftwareName + "|" + v.SoftwareVersion
	}
	var pages []defender.PageRead
	paged := sdktest.Collect(t, c.List(ctx, &defender.ExportQuery{OnPage: func(p defender.PageRead) error { pages = append(pages, p); return nil }}))
	var files []defender.FileRead
	filed := sdktest.Collect(t, c.Export(ctx, &defender.ExportOptions{OnFile: func(f defender.FileRead) error { files = append(files, f); return nil }}))
	a, b := ids(paged, key), ids(filed, key)
	slices.Sort(a)
	slices.Sort(b)
	if len(a) == 0 || !slices.Equal(a, b) || len(slices.Compact(a)) != len(paged) {
		t.Errorf("%d rows by pages, %d by files", len(a), len(b))
	}
	if want := (len(paged) + 99) / 100; len(pages) != want || pages[want-1].Next != "" {
		t.Errorf("%d pages of 100 for %d rows: %+v", len(pages), len(paged), pages[len(pages)-1])
	}
	rows, calls := 0, int64(0)
	for _, f := range files {
		rows, calls = rows+f.Rows, calls+f.Calls
	}
	if rows != len(filed) || calls != int64(1+len(files)) {
		t.Errorf("%d rows and %d calls of %d files", rows, calls, len(files))
	}
	for _, v := range slices.Concat(paged[:10], filed[:10]) {
		if v.SoftwareFirstSeenTimestamp.IsZero() || v.OSPlatform == "" || v.DeviceName == "" {
			t.Errorf("%+v", v)
		}
	}
}

func TestRecommendationsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 25, Alerts: -1, PageSize: 10})
	c, ctx := s.client.Recommendations, t.Context()
	sameAsTruth(t, s, "recommendations", "mde", c.List(ctx, nil), func(v defender.Recommendation) (string, []byte) { return v.ID, v.Raw })
	all := sdktest.Collect(t, c.List(ctx, &defender.Query{Filter: defender.Eq("status", "Active"), Top: 12}))
	r := get[defender.Recommendation](t)(c.Get(ctx, all[0].ID))
	if diff := cmp.Diff(all[0], r, cmpopts.IgnoreFields(defender.Recommendation{}, "Record")); diff != "" {
		t.Error(diff)
	}
	machines := sdktest.Collect(t, c.Machines(ctx, r.ID))
	if int64(len(machines)) != r.ExposedMachinesCount {
		t.Errorf("%d machines of %+v", len(machines), r)
	}
	software := get[defender.Software](t)(c.Software(ctx, r.ID))
	if flaws := sdktest.Collect(t, c.Vulnerabilities(ctx, r.ID)); software.Name != r.ProductName || int64(len(flaws)) != r.Weaknesses {
		t.Errorf("%d CVEs of %s for %+v", len(flaws), software.ID, r)
	}
	for _, m := range machines[:1] {
		if got := sdktest.Collect(t, c.ByMachine(ctx, m.ID)); !slices.ContainsFunc(got, func(v defender.Recommendation) bool { return v.ID == r.ID }) {
			t.Errorf("%s is not among the %d of machine %s", r.ID, len(got), m.ID)
		}
	}
}

func TestMachineActionsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 10, Alerts: -1, Actions: 45, PageSize: 20})
	c, ctx := s.client.MachineActions, t.Context()
	sameAsTruth(t, s, "machine-actions", "mde", c.List(ctx, nil), func(a defender.MachineAction) (string, []byte) { return a.ID, a.Raw })
	all := sdktest.Collect(t, c.List(ctx, nil))
	a := get[defender.MachineAction](t)(c.Get(ctx, all[3].ID))
	if diff := cmp.Diff(all[3], a, cmpopts.IgnoreFields(defender.MachineAction{}, "Record")); diff != "" {
		t.Error(diff)
	}
	if a.Type == "" || a.Status == "" || a.MachineID == "" || a.CreationDateTimeUTC.IsZero() || a.LastUpdateDateTimeUTC.IsZero() {
		t.Errorf("%+v", a)
	}
	since := sdktest.Collect(t, c.List(ctx, &defender.Query{Filter: defender.And(defender.Ge("creationDateTimeUtc", a.CreationDateTimeUTC.Time), defender.Eq("machineId", a.MachineID))}))
	if !slices.ContainsFunc(since, func(v defender.MachineAction) bool { return v.ID == a.ID }) ||
		slices.ContainsFunc(since, func(v defender.MachineAction) bool {
			return v.MachineID != a.MachineID || v.CreationDateTimeUTC.Before(a.CreationDateTimeUTC.Time)
		}) {
		t.Errorf("since %s: %v", a.CreationDateTimeUTC, ids(since, func(v defender.MachineAction) string { return v.ID }))
	}
}

func TestIncidentsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 20, Incidents: 130, AlertsPerIncident: 4})
	c, ctx := s.client.Incidents, t.Context()
	read := func(i defender.Incident) (string, []byte) { return itoa(i.IncidentID), i.Raw }
	sameAsTruth(t, s, "incidents", "xdr", c.List(ctx, nil), read)
	if calls := s.Stats().Requests["GET /api/incidents"]; calls != 2 && calls != 3 {
		t.Errorf("%d calls", calls) // 100 and 30; a round number is followed by a call that proves the end
	}
	var log []defender.PageRead
	sameAsTruth(t, s, "incidents", "xdr", c.List(ctx, &defender.Query{PageSize: 33, OnPage: func(p defender.PageRead) error { log = append(log, p); return nil }}), read)
	if len(log) != 4 || log[3].Rows != 31 {
		t.Errorf("%+v", log)
	}
	all := sdktest.Collect(t, c.List(ctx, nil))
	one := get[defender.Incident](t)(c.Get(ctx, all[5].IncidentID))
	if diff := cmp.Diff(all[5], one, cmpopts.IgnoreFields(defender.Incident{}, "Record")); diff != "" {
		t.Error(diff)
	}
	alerts := sdktest.Collect(t, one.Alerts())
	if len(alerts) != 4 || slices.ContainsFunc(alerts, func(a defender.IncidentAlert) bool {
		return a.AlertID == "" || a.IncidentID != one.IncidentID || a.FirstActivity.IsZero() || len(a.Devices) == 0 || a.Devices[0].MDATPDeviceID == "" || len(a.Entities) == 0
	}) {
		t.Errorf("%+v", alerts)
	}
	since := one.LastUpdateTime.Time
	changed := sdktest.Collect(t, c.List(ctx, &defender.Query{Filter: defender.Ge("lastUpdateTime", since)}))
	want := 0
	for _, i := range all {
		if !i.LastUpdateTime.Before(since) {
			want++
		}
	}
	if len(changed) != want || want == len(all) {
		t.Errorf("%d changed since %s, want %d of %d", len(changed), since, want, len(all))
	}
	if _, err := c.Get(ctx, 1); !errors.Is(err, defender.ErrNotFound) {
		t.Errorf("an unknown incident: %v", err)
	}
}

// An application without a role of Defender XDR reads all but incidents, and is
// told so.
func TestIncidentsWithoutTheirPermission(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Size{Devices: 5})
	if err := s.Revoke(s.TenantID, s.ClientID, emulator.XDRRoles("Incident.Read.All", "Incident.ReadWrite.All")...); err != nil {
		t.Fatal(err)
	}
	if err := sdktest.Each(s.client.Incidents.List(t.Context(), nil)); !errors.Is(err, defender.ErrForbidden) {
		t.Errorf("incidents: %v", err)
	}
	if got := sdktest.Collect(t, s.client.Alerts.List(t.Context(), nil)); len(got) == 0 {
		t.Error("no alerts")
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
