package emulator

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// atEpoch stands still.
func atEpoch() time.Time { return epoch }

func TestTenantIsReproducible(t *testing.T) {
	t.Parallel()
	spec := TenantSpec{ID: defaultTenantID, Size: Size{Devices: 50}}
	a, b, other := newTenant(spec, 3, atEpoch, newShared(epoch, ActionRules{})), newTenant(spec, 3, atEpoch, newShared(epoch, ActionRules{})), newTenant(spec, 4, atEpoch, newShared(epoch, ActionRules{}))
	if !slices.Equal(a.truth().Alerts, b.truth().Alerts) || !slices.Equal(a.truth().Devices, b.truth().Devices) || !slices.Equal(a.installs, b.installs) {
		t.Error("one seed gave two tenants")
	}
	if slices.Equal(a.truth().Devices, other.truth().Devices) {
		t.Error("two seeds gave the same devices")
	}
	if !slices.Equal(a.truth().Vulnerabilities, other.truth().Vulnerabilities) {
		t.Error("the vulnerability catalogue depends on the seed")
	}
}

func TestTenantSizes(t *testing.T) {
	t.Parallel()
	standard := newTenant(TenantSpec{ID: defaultTenantID}, 1, atEpoch, newShared(epoch, ActionRules{})).truth()
	if len(standard.Devices) != 200 || len(standard.Alerts) != 120 || len(standard.Users) != 150 {
		t.Errorf("default size: %d devices, %d alerts, %d users", len(standard.Devices), len(standard.Alerts), len(standard.Users))
	}
	empty := newTenant(TenantSpec{ID: defaultTenantID, Size: Size{Devices: -1}}, 1, atEpoch, newShared(epoch, ActionRules{})).truth()
	if len(empty.Devices)+len(empty.Alerts)+empty.VulnerabilityRows != 0 {
		t.Errorf("an empty tenant holds %+v", empty)
	}
	big := newTenant(TenantSpec{ID: defaultTenantID, Size: Size{Devices: 10, Software: 500, Vulnerabilities: 9000}}, 1, atEpoch, newShared(epoch, ActionRules{}))
	if len(big.catalogue.products) != 500 || len(big.catalogue.flaws) != 9000 {
		t.Errorf("%d products, %d vulnerabilities", len(big.catalogue.products), len(big.catalogue.flaws))
	}
}

// TestVulnerabilityRowsAreExact holds for any size within reach: as many rows as asked for, and every row found by its
// ordinal is the one that walking finds.
func TestVulnerabilityRowsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		devices := rapid.IntRange(1, 60).Draw(t, "devices")
		rows := rapid.IntRange(devices, devices*40).Draw(t, "rows")
		seed := rapid.Uint64().Draw(t, "seed")
		data := newTenant(TenantSpec{ID: defaultTenantID, Size: Size{Devices: devices, VulnerabilityRows: rows}}, seed, atEpoch, newShared(epoch, ActionRules{}))
		onboarded := slices.ContainsFunc(data.machines, func(m *machine) bool { return m.onboarding == 0 })
		if onboarded && devices > 20 && data.exports.flaws.rows != rows {
			t.Fatalf("%d rows, want %d", data.exports.flaws.rows, rows)
		}
		if data.exports.flaws.rows == 0 {
			return
		}
		var walked []string
		data.truth().EachVulnerabilityRow(func(id string) bool { walked = append(walked, id); return true })
		n := rapid.IntRange(0, len(walked)-1).Draw(t, "row")
		if got := data.assetID(data.exportCursor().seek(n)); got != walked[n] {
			t.Fatalf("row %d is %s, walking found %s", n, got, walked[n])
		}
		if unique := slices.Compact(slices.Sorted(slices.Values(walked))); len(unique) != len(walked) {
			t.Fatalf("%d ids for %d rows", len(unique), len(walked))
		}
	})
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	c := newCatalogue(0, 0, epoch)
	if len(c.products) < 60 {
		t.Errorf("%d products", len(c.products))
	}
	if _, ok := c.byID["TVM-2024-0007"]; !ok {
		t.Error("no TVM id")
	}
	levels, severities := map[exploitLevel]int{}, map[uint8]int{}
	for i := range c.flaws {
		v := &c.flaws[i]
		levels[v.exploit]++
		severities[v.vector.severity()]++
		if v.epss < 0 || v.epss > 1 || v.published == 0 || v.published.time().After(epoch) {
			t.Errorf("%+v", v)
		}
		p := &c.products[v.product]
		if !slices.Contains(p.open(0), int32(i)) || slices.Contains(p.open(v.fixed), int32(i)) || !slices.Contains(p.open(v.fixed-1), int32(i)) {
			t.Errorf("%s: fixed in version %d, but %v", v.id, v.fixed, p.openFrom)
		}
	}
	if len(levels) != 4 || len(severities) != 4 || len(c.byID) != len(c.flaws) {
		t.Errorf("levels %v, severities %v, %d ids of %d", levels, severities, len(c.byID), len(c.flaws))
	}
}

// TestAlertsArePlausible holds that an alert is about a device that could raise it.
func TestAlertsArePlausible(t *testing.T) {
	t.Parallel()
	data := newTenant(TenantSpec{ID: defaultTenantID}, 9, atEpoch, newShared(epoch, ActionRules{}))
	for _, a := range data.alerts {
		m := data.machines[a.machine]
		if m.onboarding != 0 || m.firstSeen > a.created || m.lastSeen < a.created-stamp(48*time.Hour) {
			t.Errorf("alert %s at %s on a device seen from %s to %s", a.id, a.created.iso(), m.firstSeen.iso(), m.lastSeen.iso())
		}
		if a.first > a.created || a.last < a.first || a.updated < a.created || data.templates[a.template].os&data.platforms[m.platform].mask == 0 {
			t.Errorf("alert %+v", a)
		}
	}
	for i := range data.machines {
		for _, e := range data.events(int32(i)) {
			if e.at < stampOf(epoch.AddDate(0, 0, -huntingDays)) || e.at > stampOf(epoch) {
				t.Fatalf("event at %s", e.at.iso())
			}
		}
	}
}
