package emulator

// machinesVulnerabilitiesPage is the most rows that GET /api/vulnerabilities/machinesVulnerabilities returns at once.
const machinesVulnerabilitiesPage = 10000

// machineVulnerability is one vulnerability on one device.
type machineVulnerability struct {
	ID             string  `json:"id"`
	CVEID          string  `json:"cveId"`
	MachineID      string  `json:"machineId"`
	FixingKBID     *string `json:"fixingKbId"`
	ProductName    string  `json:"productName"`
	ProductVendor  string  `json:"productVendor"`
	ProductVersion string  `json:"productVersion"`
	Severity       string  `json:"severity"`
}

// machineVulnerability computes the row of a vulnerability of an install.
func (t *tenant) machineVulnerability(i int32, in install, f int32) machineVulnerability {
	p, v := &t.catalogue.products[in.product], &t.catalogue.flaws[f]
	row := machineVulnerability{
		CVEID: v.id, MachineID: t.machines[i].machineID(), FixingKBID: orNull(p.kbs[v.fixed]),
		ProductName: p.name, ProductVendor: p.vendor, ProductVersion: p.releases[in.version], Severity: severityName(v.vector.severity()),
	}
	row.ID = row.MachineID + "-_-" + row.CVEID + "-_-" + p.vendor + "-_-" + p.name + "-_-" + row.ProductVersion + "-_-" + p.kbs[v.fixed]
	return row
}

// machineVulnerabilityColumns lists what $filter may name.
func machineVulnerabilityColumns() []column[machineVulnerability] {
	text := func(name string, get func(r *machineVulnerability) string) column[machineVulnerability] {
		return column[machineVulnerability]{name, kindString, func(r *machineVulnerability) odataValue { return textValue(get(r)) }}
	}
	return []column[machineVulnerability]{
		text("id", func(r *machineVulnerability) string { return r.ID }),
		text("cveId", func(r *machineVulnerability) string { return r.CVEID }),
		text("machineId", func(r *machineVulnerability) string { return r.MachineID }),
		text("fixingKbId", func(r *machineVulnerability) string { return orEmpty(r.FixingKBID) }),
		text("productName", func(r *machineVulnerability) string { return r.ProductName }),
		text("productVersion", func(r *machineVulnerability) string { return r.ProductVersion }),
		text("productVendor", func(r *machineVulnerability) string { return r.ProductVendor }),
		text("severity", func(r *machineVulnerability) string { return r.Severity }),
	}
}

// listMachinesVulnerabilities is GET /api/vulnerabilities/machinesVulnerabilities: like the export, without rows for
// software that has no vulnerability.
func listMachinesVulnerabilities(c *call) reply {
	t := c.tenant
	cursor := t.flawCursor()
	return listing[machineVulnerability]{
		set:      "Collection(microsoft.windowsDefenderATP.api.PublicAssetVulnerabilityDto)",
		typeName: "microsoft.windowsDefenderATP.api.PublicAssetVulnerabilityDto", count: t.exports.listed,
		page: machinesVulnerabilitiesPage, columns: machineVulnerabilityColumns(),
		at: func(n int) machineVulnerability { return t.machineVulnerability(cursor.seek(n)) },
	}.serve(c)
}
