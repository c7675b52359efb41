package emulator

import (
	"net/http"
	"strings"
)

// vulnerabilitiesPage is the most entries that GET /api/vulnerabilities returns at once.
const vulnerabilitiesPage = 8000

// licenceForTVM marks routes that need Defender Vulnerability Management.
const licenceForTVM = "tvm"

// vulnerabilityRoutes lists the operations on vulnerabilities, except the exports. Microsoft states a rate for one of
// them; the others have the common one.
func vulnerabilityRoutes() []route {
	get := func(path string, perMinute int, options []string, handle func(*call) reply) route {
		return route{
			method: http.MethodGet, path: path, api: apiMDE, roles: []string{"Vulnerability.Read.All"}, perMinute: perMinute, perHour: 1500,
			options: options, needs: licenceForTVM, handle: handle,
		}
	}
	window := []string{"$filter", "$top", "$skip"}
	return []route{
		get("/api/vulnerabilities", 100, window, listVulnerabilities),
		get("/api/vulnerabilities/machinesvulnerabilities", 100, window, listMachinesVulnerabilities),
		get("/api/vulnerabilities/{cve}", 100, nil, getVulnerability),
		get("/api/vulnerabilities/{cve}/machinereferences", 100, nil, vulnerabilityMachines),
		get("/api/machines/{id}/vulnerabilities", 50, nil, machineVulnerabilities),
	}
}

// vulnerabilityRow is a vulnerability as the API prints it (tvm-xdr-graph.md 4.1). The key of cveSupportability differs
// between pages and recordings; the recorded one is used.
type vulnerabilityRow struct {
	ID                  string   `json:"id"`
	Name                string   `json:"name"`
	Description         string   `json:"description"`
	Severity            string   `json:"severity"`
	CVSSV3              *float64 `json:"cvssV3"`
	CVSSVector          *string  `json:"cvssVector"`
	ExposedMachines     int64    `json:"exposedMachines"`
	PublishedOn         stamp    `json:"publishedOn"`
	UpdatedOn           stamp    `json:"updatedOn"`
	FirstDetected       stamp    `json:"firstDetected"`
	PatchFirstAvailable stamp    `json:"patchFirstAvailable"`
	PublicExploit       bool     `json:"publicExploit"`
	ExploitVerified     bool     `json:"exploitVerified"`
	ExploitInKit        bool     `json:"exploitInKit"`
	ExploitTypes        []string `json:"exploitTypes"`
	ExploitURIs         []string `json:"exploitUris"`
	CVESupportability   string   `json:"cveSupportability"`
	EPSS                *float64 `json:"epss"`
	Tags                []string `json:"tags"`
}

// vulnerabilityRow computes the wire row of an entry of the catalogue.
func (t *tenant) vulnerabilityRow(i int32) vulnerabilityRow {
	c := t.catalogue
	v := &c.flaws[i]
	row := vulnerabilityRow{
		ID: v.id, Name: v.id, Description: c.describe(v), Severity: severityName(v.vector.severity()),
		CVSSV3: &v.vector.score, CVSSVector: &v.vector.vector, ExposedMachines: int64(t.exposed[i]),
		PublishedOn: v.published, UpdatedOn: v.updated,
		PublicExploit: v.exploit >= exploitPublic, ExploitVerified: v.exploit >= exploitVerified, ExploitInKit: v.exploit >= exploitInKit,
		ExploitTypes: []string{}, ExploitURIs: []string{}, CVESupportability: "Supported", Tags: []string{},
	}
	if v.exploit > noExploit {
		row.ExploitTypes = append(row.ExploitTypes, c.families[v.weakness].types...)
		row.ExploitURIs = append(row.ExploitURIs, "https://exploits.example/"+strings.ToLower(v.id))
	}
	if v.epss > 0 {
		row.EPSS = &v.epss
	}
	if row.ExposedMachines > 0 {
		row.FirstDetected = v.published + stamp(36e11)
	}
	if v.fixed > 0 {
		row.PatchFirstAvailable = v.published
	}
	if v.product < 0 {
		row.CVESupportability = "NotSupported"
	}
	if v.zeroDay {
		row.Tags = append(row.Tags, "ZeroDay")
	}
	return row
}

// vulnerabilityColumns lists what $filter may name on vulnerabilities.
func vulnerabilityColumns() []column[vulnerabilityRow] {
	return []column[vulnerabilityRow]{
		{"id", kindString, func(r *vulnerabilityRow) odataValue { return textValue(r.ID) }},
		{"name", kindString, func(r *vulnerabilityRow) odataValue { return textValue(r.Name) }},
		{"description", kindString, func(r *vulnerabilityRow) odataValue { return textValue(r.Description) }},
		{"severity", kindString, func(r *vulnerabilityRow) odataValue { return textValue(r.Severity) }},
		{"cvssV3", kindNumber, func(r *vulnerabilityRow) odataValue { return numberValue(*r.CVSSV3) }},
		{"publishedOn", kindTime, func(r *vulnerabilityRow) odataValue { return momentValue(r.PublishedOn) }},
		{"updatedOn", kindTime, func(r *vulnerabilityRow) odataValue { return momentValue(r.UpdatedOn) }},
	}
}

// listVulnerabilities is GET /api/vulnerabilities.
func listVulnerabilities(c *call) reply {
	return listing[vulnerabilityRow]{
		set: "Vulnerabilities", typeName: "Analytics.Contracts.PublicAPI.PublicVulnerabilityDto", count: len(c.tenant.catalogue.flaws),
		page: vulnerabilitiesPage, columns: vulnerabilityColumns(),
		at: func(i int) vulnerabilityRow { return c.tenant.vulnerabilityRow(int32(i)) },
	}.serve(c)
}

// withVulnerability finds the vulnerability of a route and hands it on.
func withVulnerability(c *call, then func(i int32) reply) reply {
	i, ok := c.tenant.catalogue.byID[strings.ToUpper(c.vars["cve"])]
	if !ok {
		return notFound("Vulnerability", c.vars["cve"])
	}
	return then(i)
}

// getVulnerability is GET /api/vulnerabilities/{cveId}.
func getVulnerability(c *call) reply {
	return withVulnerability(c, func(i int32) reply { return single(c, false, "Vulnerabilities", c.tenant.vulnerabilityRow(i)) })
}

// machineReference is a device as vulnerabilities point at it.
type machineReference struct {
	ID              string `json:"id"`
	ComputerDNSName string `json:"computerDnsName"`
	OSPlatform      string `json:"osPlatform"`
	RBACGroupName   string `json:"rbacGroupName"`
}

// machineReference computes the reference to a device.
func (t *tenant) machineReference(i int32) machineReference {
	m := t.machines[i]
	return machineReference{m.machineID(), t.dnsName(i), t.platforms[m.platform].platform, t.groups[m.group].assessed()}
}

// vulnerabilityMachines is GET /api/vulnerabilities/{cveId}/machineReferences.
func vulnerabilityMachines(c *call) reply {
	return withVulnerability(c, func(f int32) reply {
		var found []int32
		for i := range c.tenant.spans {
			if c.tenant.isExposed(int32(i), f) {
				found = append(found, int32(i))
			}
		}
		return referencesTo(c.tenant, found).serve(c)
	})
}

// isExposed tells whether a device has a vulnerability.
func (t *tenant) isExposed(i, f int32) bool {
	v := &t.catalogue.flaws[f]
	for _, in := range t.installsOf(i) {
		if int32(in.product) == v.product {
			return in.version < v.fixed
		}
	}
	return false
}

// machineVulnerabilities is GET /api/machines/{id}/vulnerabilities.
func machineVulnerabilities(c *call) reply {
	return withMachine(c, func(i int32) reply {
		var flaws []int32
		for _, in := range c.tenant.installsOf(i) {
			flaws = append(flaws, c.tenant.catalogue.products[in.product].open(in.version)...)
		}
		return flawsListing(c.tenant, flaws).serve(c)
	})
}
