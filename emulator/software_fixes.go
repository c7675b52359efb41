package emulator

import "slices"

// fixRow is a security update that is missing somewhere (tvm-xdr-graph.md 4.2).
type fixRow struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	ProductsNames   []string `json:"productsNames"`
	URL             string   `json:"url"`
	MachineMissedOn int      `json:"machineMissedOn"`
	CVEAddressed    int      `json:"cveAddressed"`
}

// missingFixes lists the updates that would mend some vulnerabilities, with the devices that each one exposes at most.
func (t *tenant) missingFixes(flaws []int32, missedOn func(f int32) int) []fixRow {
	rows := []fixRow{}
	for _, f := range flaws {
		v := &t.catalogue.flaws[f]
		if v.product < 0 || t.catalogue.products[v.product].kbs[v.fixed] == "" {
			continue
		}
		p := &t.catalogue.products[v.product]
		kb := p.kbs[v.fixed]
		at := slices.IndexFunc(rows, func(r fixRow) bool { return r.ID == kb })
		if at < 0 {
			at = len(rows)
			rows = append(rows, fixRow{
				ID: kb, Name: t.catalogue.updateName(p, v.fixed), ProductsNames: []string{p.name},
				URL: "https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB" + kb,
			})
		}
		rows[at].MachineMissedOn = max(rows[at].MachineMissedOn, missedOn(f))
		rows[at].CVEAddressed++
	}
	return rows
}

// fixes is the collection of missing updates.
func fixes(rows []fixRow) listing[fixRow] {
	return listOf("Collection(microsoft.windowsDefenderATP.api.PublicProductFixDto)", rows)
}

// softwareMissingKBs is GET /api/Software/{id}/getmissingkbs.
func softwareMissingKBs(c *call) reply {
	return withSoftware(c, func(p int) reply {
		t := c.tenant
		return fixes(t.missingFixes(t.weaknesses(p), func(f int32) int { return int(t.exposed[f]) })).serve(c)
	})
}

// machineMissingKBs is GET /api/machines/{machineId}/getmissingkbs.
func machineMissingKBs(c *call) reply {
	return withMachine(c, func(i int32) reply {
		var flaws []int32
		for _, in := range c.tenant.installsOf(i) {
			flaws = append(flaws, c.tenant.catalogue.products[in.product].open(in.version)...)
		}
		return fixes(c.tenant.missingFixes(flaws, func(int32) int { return 1 })).serve(c)
	})
}
