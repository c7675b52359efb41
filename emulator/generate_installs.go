package emulator

import (
	"math/rand/v2"
	"slices"
)

// span is where the software of a device lies in tenant.installs.
type span struct {
	from  uint32
	count uint8
}

// install is one product on one device.
type install struct {
	product uint16
	version uint8
	change  changeKind
	window  uint8 // how many six-hour windows ago the change was found
	moved   uint8 // how often it was found in another place since
}

// changeKind is what happened to an install in the last two weeks; it is what the delta export tells.
type changeKind uint8

// The kinds of change.
const (
	unchanged changeKind = iota
	installedNew
	upgraded   // from the version before
	reassessed // same version, but the facts of a vulnerability changed
)

// deltaWindows is the number of six-hour windows of two weeks, as far back as the delta export goes.
const deltaWindows = 14 * 4

// rows counts the rows that an install has in the vulnerability export: one for each vulnerability, or a single one without.
func (c *catalogue) rows(in install) int {
	return max(1, len(c.products[in.product].open(in.version)))
}

// generateInstalls gives each device its software and derives from it the exposure of devices and vulnerabilities.
func (t *tenant) generateInstalls() {
	menus := t.productMenus()
	t.spans = make([]span, len(t.machines))
	total, nth := 0, 0
	for i := range t.machines {
		if t.machines[i].onboarding == 0 {
			total++
		}
	}
	for i := range t.machines {
		m := t.machines[i]
		t.spans[i].from = uint32(len(t.installs))
		if m.onboarding != 0 {
			continue // no sensor, no inventory
		}
		random := t.rand("installs", i)
		quota := 8 + random.IntN(45)
		if want := t.size.VulnerabilityRows; want > 0 {
			quota = want*(nth+1)/total - want*nth/total
		}
		nth++
		t.installs = append(t.installs, t.pickInstalls(random, menus[m.platform], quota)...)
		t.spans[i].count = uint8(len(t.installs) - int(t.spans[i].from))
	}
	t.installs = slices.Clip(t.installs)
}

// productMenus lists, by platform, the products a device can have: its system first.
func (t *tenant) productMenus() [][]uint16 {
	var menus [][]uint16
	for _, kind := range t.platforms {
		var system, others []uint16
		for p := range t.catalogue.products {
			entry := &t.catalogue.products[p]
			switch {
			case entry.name == kind.product:
				system = append(system, uint16(p))
			case entry.os&kind.mask != 0 && !slices.ContainsFunc(t.platforms, func(k platform) bool { return k.product == entry.name }):
				others = append(others, uint16(p))
			}
		}
		menus = append(menus, append(system, others...))
	}
	return menus
}

// pickInstalls draws products until their rows fill the quota: exactly when Size asks for a number of rows and the
// menu reaches that far, else as far as the products' shares go.
func (t *tenant) pickInstalls(random *rand.Rand, menu []uint16, quota int) []install {
	list := make([]install, 0, 16)
	menu = slices.Clone(menu)
	random.Shuffle(len(menu)-1, func(a, b int) { menu[a+1], menu[b+1] = menu[b+1], menu[a+1] })
	later := make([]uint16, 0, len(menu))
	for n, p := range menu {
		if quota <= 0 || len(list) == maxInstalls {
			break
		}
		if n > 0 && random.IntN(100) >= t.catalogue.products[p].share {
			later = append(later, p)
			continue
		}
		list, quota = t.addInstall(random, list, p, quota)
	}
	for _, p := range later {
		if quota <= 0 || t.size.VulnerabilityRows == 0 || len(list) == maxInstalls {
			break
		}
		list, quota = t.addInstall(random, list, p, quota)
	}
	slices.SortFunc(list, func(a, b install) int { return int(a.product) - int(b.product) })
	return list
}

// maxInstalls is the most products a device has: span.count is a byte.
const maxInstalls = 255

// addInstall adds a product in the oldest version whose rows still fit, leaning to the newer ones.
func (t *tenant) addInstall(random *rand.Rand, list []install, p uint16, quota int) ([]install, int) {
	entry := &t.catalogue.products[p]
	newest := len(entry.releases) - 1
	in := install{product: p, version: uint8(max(random.IntN(newest+1), random.IntN(newest+1)))}
	for t.catalogue.rows(in) > quota {
		in.version++
	}
	switch roll := random.IntN(100); {
	case roll < 4:
		in.change = installedNew
	case roll < 10 && in.version > 0:
		in.change = upgraded
	case roll < 13 && len(entry.open(in.version)) > 0:
		in.change = reassessed
	}
	if in.change != unchanged {
		in.window = uint8(random.IntN(deltaWindows))
	}
	return append(list, in), quota - t.catalogue.rows(in)
}

// countExposure counts a device for each of its vulnerabilities and tells its exposure level: the worst of them.
func (t *tenant) countExposure(i int32, seen []int32) uint8 {
	worst := 0
	for _, in := range t.installsOf(i) {
		for _, f := range t.catalogue.products[in.product].open(in.version) {
			flaw := &t.catalogue.flaws[f]
			if seen[f] != i+1 {
				seen[f] = i + 1
				t.exposed[f]++
			}
			worst = max(worst, flaw.danger())
		}
	}
	return uint8(worst)
}

// danger weighs a vulnerability for the exposure level of a device: 0 none to 3 high.
func (v *vulnerability) danger() int {
	switch severity := v.vector.severity(); {
	case severity >= sevHigh && v.exploit == exploitInKit, severity == sevCritical && v.exploit >= exploitVerified:
		return 3
	case severity == sevCritical, severity == sevHigh && v.exploit >= exploitPublic:
		return 2
	}
	return 1
}

// installsOf gives the software of a device.
func (t *tenant) installsOf(i int32) []install {
	if int(i) >= len(t.spans) {
		return nil // a device that came after the last snapshot
	}
	s := t.spans[i]
	return t.installs[s.from : s.from+uint32(s.count)]
}
