package stream

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// cves is the catalogue of CVEs that touch the tenant.
func cves() Stream {
	return Stream{
		Name: CVEs, Title: "CVE catalogue", Mode: Snapshot, Interval: daily,
		Docs:  "https://learn.microsoft.com/defender-endpoint/api/get-all-vulnerabilities",
		Noisy: []string{"exposedMachines"}, // moves with every device that comes and goes
		Doors: []Door{{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Vulnerability.Read.All"), Read: snapshot(cves, cvePages)}},
	}
}

// cvePages reads the catalogue. Older texts of Microsoft allow pages of 10,000,
// the present one 8,000.
func cvePages(c *defender.Client) pager[defender.Vulnerability] {
	return pager[defender.Vulnerability]{
		list: c.Vulnerabilities.List, largest: 8000,
		item: func(v *defender.Vulnerability) item { return item{key: v.ID, document: v.Raw} },
	}
}
