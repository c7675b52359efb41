package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// softwarePage is the most entries that GET /api/Software returns at once.
const softwarePage = 10000

// readSoftware is the role for software. Its name is that of the current pages.
func readSoftware() []string { return []string{"Software.Read.All"} }

// softwareRoutes lists the operations on software (tvm-xdr-graph.md 2.1). Microsoft states no rate; the common one holds.
func softwareRoutes() []route {
	get := func(path string, roles, options []string, handle func(*call) reply) route {
		return route{
			method: http.MethodGet, path: path, api: apiMDE, roles: roles, perMinute: 100, perHour: 1500, options: options,
			needs: licenceForTVM, handle: handle,
		}
	}
	export := func(path string, perMinute, perHour int, options []string, handle func(*call) reply) route {
		r := get(path, readSoftware(), options, handle)
		r.perMinute, r.perHour = perMinute, perHour
		return r
	}
	return []route{
		get("/api/software", readSoftware(), []string{"$filter", "$top", "$skip"}, listSoftware),
		get("/api/software/{id}", readSoftware(), nil, getSoftware),
		get("/api/software/{id}/distributions", readSoftware(), nil, softwareDistributions),
		get("/api/software/{id}/machinereferences", readSoftware(), nil, softwareMachines),
		get("/api/software/{id}/vulnerabilities", []string{"Vulnerability.Read.All"}, nil, softwareVulnerabilities),
		get("/api/software/{id}/getmissingkbs", readSoftware(), nil, softwareMissingKBs),
		get("/api/machines/{id}/software", readSoftware(), nil, machineSoftware),
		get("/api/machines/{id}/getmissingkbs", readSoftware(), nil, machineMissingKBs),
		export("/api/machines/softwareinventorybymachine", 30, 1000, []string{"pagesize", "$top", "$skiptoken"},
			exportPages(kindInventory, "microsoft.windowsDefenderATP.api.AssetSoftware")),
		export("/api/machines/softwareinventoryexport", 5, 20, []string{"sasvalidhours"}, exportFiles(kindInventory)),
	}
}

// productSum counts what devices have of a product.
type productSum struct {
	devices  int   // that have it
	exposed  int   // that have it with a vulnerability
	versions []int // devices by version
}

// countInstalls derives from the installs what the catalogues count: exposure of devices, vulnerabilities and products.
// The caller holds the lock once the tenant is in use.
func (t *tenant) countInstalls() {
	t.exposed = make([]int32, len(t.catalogue.flaws))
	t.sums = make([]productSum, len(t.catalogue.products))
	seen := make([]int32, len(t.catalogue.flaws)) // last device counted for a vulnerability
	t.assessed = 0
	for i := range t.machines {
		if len(t.installsOf(int32(i))) > 0 {
			t.assessed++
		}
		t.machines[i].exposure = t.countExposure(int32(i), seen)
		for _, in := range t.installsOf(int32(i)) {
			p, sum := &t.catalogue.products[in.product], &t.sums[in.product]
			if sum.versions == nil {
				sum.versions = make([]int, len(p.releases))
			}
			sum.devices++
			sum.versions[in.version]++
			if len(p.open(in.version)) > 0 {
				sum.exposed++
			}
		}
	}
}

// oldest gives the oldest version of a product that a device has.
func (s *productSum) oldest() int {
	return slices.IndexFunc(s.versions, func(n int) bool { return n > 0 })
}

// weaknesses gives the vulnerabilities of a product that a device has: those of the oldest version there is.
func (t *tenant) weaknesses(product int) []int32 {
	if at := t.sums[product].oldest(); at >= 0 {
		return t.catalogue.products[product].open(uint8(at))
	}
	return nil
}

// softwareRow is a product as the API prints it (tvm-xdr-graph.md 4.2).
type softwareRow struct {
	ID              string  `json:"id"`
	Name            string  `json:"name"`
	Vendor          string  `json:"vendor"`
	Weaknesses      int     `json:"weaknesses"`
	PublicExploit   bool    `json:"publicExploit"`
	ActiveAlert     bool    `json:"activeAlert"`
	ExposedMachines int     `json:"exposedMachines"`
	ImpactScore     float64 `json:"impactScore"`
}

// softwareRow computes the wire row of a product.
func (t *tenant) softwareRow(product int) softwareRow {
	p, open := &t.catalogue.products[product], t.weaknesses(product)
	return softwareRow{
		ID: p.id(), Name: p.name, Vendor: p.vendor, Weaknesses: len(open), PublicExploit: t.anyExploit(open),
		ExposedMachines: t.sums[product].exposed, ImpactScore: t.impact(product),
	}
}

// anyExploit tells whether one of the vulnerabilities has a public exploit.
func (t *tenant) anyExploit(flaws []int32) bool {
	return slices.ContainsFunc(flaws, func(f int32) bool { return t.catalogue.flaws[f].exploit >= exploitPublic })
}

// impact weighs a product: the share of devices it exposes, times the worst of its scores.
func (t *tenant) impact(product int) float64 {
	worst := 0.0
	for _, f := range t.weaknesses(product) {
		worst = max(worst, t.catalogue.flaws[f].vector.score)
	}
	return worst * float64(t.sums[product].exposed) / float64(max(1, t.assessed))
}

// inventory lists the products that devices have.
func (t *tenant) inventory() []int {
	var list []int
	for p := range t.sums {
		if t.sums[p].devices > 0 {
			list = append(list, p)
		}
	}
	return list
}

// softwareColumns lists what $filter may name on software.
func softwareColumns() []column[softwareRow] {
	return []column[softwareRow]{
		{"id", kindString, func(r *softwareRow) odataValue { return textValue(r.ID) }},
		{"name", kindString, func(r *softwareRow) odataValue { return textValue(r.Name) }},
		{"vendor", kindString, func(r *softwareRow) odataValue { return textValue(r.Vendor) }},
	}
}

// listSoftware is GET /api/Software.
func listSoftware(c *call) reply {
	products := c.tenant.inventory()
	return listing[softwareRow]{
		set: "Software", typeName: "Analytics.Contracts.PublicAPI.PublicProductDto", count: len(products), page: softwarePage,
		columns: softwareColumns(), at: func(n int) softwareRow { return c.tenant.softwareRow(products[n]) },
	}.serve(c)
}

// productNamed finds a product that a device has by its id.
func (t *tenant) productNamed(id string) (int, bool) {
	for p := range t.sums {
		if t.sums[p].devices > 0 && strings.EqualFold(t.catalogue.products[p].id(), id) {
			return p, true
		}
	}
	return 0, false
}

// withSoftware finds the product of a route and hands it on.
func withSoftware(c *call, then func(product int) reply) reply {
	p, ok := c.tenant.productNamed(c.vars["id"])
	if !ok {
		return notFound("Software", c.vars["id"])
	}
	return then(p)
}

// getSoftware is GET /api/Software/{id}.
func getSoftware(c *call) reply {
	return withSoftware(c, func(p int) reply { return single(c, false, "Software", c.tenant.softwareRow(p)) })
}

// distributionRow is one version of a product.
type distributionRow struct {
	Version         string `json:"version"`
	Installations   int    `json:"installations"`
	Vulnerabilities int    `json:"vulnerabilities"`
}

// softwareDistributions is GET /api/Software/{id}/distributions.
func softwareDistributions(c *call) reply {
	return withSoftware(c, func(product int) reply {
		p, rows := &c.tenant.catalogue.products[product], []distributionRow{}
		for version, devices := range c.tenant.sums[product].versions {
			if devices > 0 {
				rows = append(rows, distributionRow{p.releases[version], devices, len(p.open(uint8(version)))})
			}
		}
		return listOf("Distributions", rows).serve(c)
	})
}

// devicesWith lists the devices that have a version of a product that passes a test.
func (t *tenant) devicesWith(product int, wanted func(version uint8) bool) []int32 {
	var found []int32
	for i := range t.spans {
		for _, in := range t.installsOf(int32(i)) {
			if int(in.product) == product && wanted(in.version) {
				found = append(found, int32(i))
			}
		}
	}
	return found
}

// referencesTo is the collection of references to some devices.
func referencesTo(t *tenant, found []int32) listing[machineReference] {
	return listing[machineReference]{
		set: "MachineReferences", count: len(found), at: func(n int) machineReference { return t.machineReference(found[n]) },
	}
}

// softwareMachines is GET /api/Software/{id}/machineReferences.
func softwareMachines(c *call) reply {
	return withSoftware(c, func(p int) reply {
		return referencesTo(c.tenant, c.tenant.devicesWith(p, func(uint8) bool { return true })).serve(c)
	})
}

// flawsListing is a nested collection of vulnerabilities.
func flawsListing(t *tenant, flaws []int32) listing[vulnerabilityRow] {
	return listing[vulnerabilityRow]{
		set: "Collection(Analytics.Contracts.PublicAPI.PublicVulnerabilityDto)", count: len(flaws),
		at: func(n int) vulnerabilityRow { return t.vulnerabilityRow(flaws[n]) },
	}
}

// softwareVulnerabilities is GET /api/Software/{id}/vulnerabilities.
func softwareVulnerabilities(c *call) reply {
	return withSoftware(c, func(p int) reply { return flawsListing(c.tenant, c.tenant.weaknesses(p)).serve(c) })
}

// machineSoftware is GET /api/machines/{machineId}/software.
func machineSoftware(c *call) reply {
	return withMachine(c, func(i int32) reply {
		rows := []softwareRow{}
		for _, in := range c.tenant.installsOf(i) {
			rows = append(rows, c.tenant.softwareRow(int(in.product)))
		}
		return listOf("Software", rows).serve(c)
	})
}
