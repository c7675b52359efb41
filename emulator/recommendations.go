package emulator

import (
	"net/http"
	"strings"
)

// recommendationsPage is the most entries that GET /api/recommendations returns at once.
const recommendationsPage = 10000

// recommendationRoutes lists the operations on recommendations (tvm-xdr-graph.md 2.2). Microsoft states no rate; the
// common one holds.
func recommendationRoutes() []route {
	get := func(path, role string, options []string, handle func(*call) reply) route {
		return route{
			method: http.MethodGet, path: path, api: apiMDE, roles: []string{role}, perMinute: 100, perHour: 1500, options: options,
			needs: licenceForTVM, handle: handle,
		}
	}
	const read = "SecurityRecommendation.Read.All"
	return []route{
		get("/api/recommendations", read, []string{"$filter", "$top", "$skip"}, listRecommendations),
		get("/api/recommendations/{id}", read, nil, getRecommendation),
		get("/api/recommendations/{id}/software", "Software.Read.All", nil, recommendationSoftware),
		get("/api/recommendations/{id}/machinereferences", read, nil, recommendationMachines),
		get("/api/recommendations/{id}/vulnerabilities", "Vulnerability.Read.All", nil, recommendationVulnerabilities),
		get("/api/machines/{id}/recommendations", read, nil, machineRecommendations),
	}
}

// recommendationRow is a recommendation as the API prints it (tvm-xdr-graph.md 4.3). Those of this emulator say to update software.
type recommendationRow struct {
	ID                            string   `json:"id"`
	ProductName                   string   `json:"productName"`
	RecommendationName            string   `json:"recommendationName"`
	Weaknesses                    int      `json:"weaknesses"`
	Vendor                        string   `json:"vendor"`
	RecommendedVersion            string   `json:"recommendedVersion"`
	RecommendedVendor             string   `json:"recommendedVendor"`
	RecommendedProgram            string   `json:"recommendedProgram"`
	RecommendationCategory        string   `json:"recommendationCategory"`
	SubCategory                   string   `json:"subCategory"`
	SeverityScore                 float64  `json:"severityScore"`
	PublicExploit                 bool     `json:"publicExploit"`
	ActiveAlert                   bool     `json:"activeAlert"`
	AssociatedThreats             []string `json:"associatedThreats"`
	RemediationType               string   `json:"remediationType"`
	Status                        string   `json:"status"`
	ConfigScoreImpact             float64  `json:"configScoreImpact"`
	ExposureImpact                float64  `json:"exposureImpact"`
	TotalMachineCount             int      `json:"totalMachineCount"`
	ExposedMachinesCount          int      `json:"exposedMachinesCount"`
	NonProductivityImpactedAssets int      `json:"nonProductivityImpactedAssets"`
	RelatedComponent              string   `json:"relatedComponent"`
	Tags                          []string `json:"tags"`
	ExposedCriticalDevices        int      `json:"exposedCriticalDevices"`
}

// recommendationPrefix begins the ids of recommendations about software.
const recommendationPrefix = "va-_-"

// recommendationRow computes the recommendation to update a product.
func (t *tenant) recommendationRow(product int) recommendationRow {
	p, open, sum := &t.catalogue.products[product], t.weaknesses(product), &t.sums[product]
	row := recommendationRow{
		ID: recommendationPrefix + p.id(), ProductName: p.name, RecommendationName: "Update " + p.title, Weaknesses: len(open), Vendor: p.vendor,
		RecommendedVendor: p.vendor, RecommendedProgram: p.name, RecommendationCategory: "Application", RemediationType: "Update", Status: "Active",
		PublicExploit: t.anyExploit(open), AssociatedThreats: []string{}, ExposureImpact: t.impact(product), TotalMachineCount: sum.devices,
		ExposedMachinesCount: sum.exposed, RelatedComponent: p.title, Tags: []string{},
	}
	if !p.kb { // an update of Windows is named by its month, not by its version
		row.RecommendedVersion = p.releases[len(p.releases)-1]
		row.RecommendationName += " to version " + row.RecommendedVersion
	}
	if row.PublicExploit {
		row.SeverityScore, row.AssociatedThreats = 8, []string{hashGUID("threat " + p.id())}
	}
	return row
}

// exposingProducts lists the products that expose devices: each has a recommendation.
func (t *tenant) exposingProducts() []int {
	var list []int
	for p := range t.sums {
		if t.sums[p].exposed > 0 {
			list = append(list, p)
		}
	}
	return list
}

// recommendationColumns lists what $filter may name on recommendations.
func recommendationColumns() []column[recommendationRow] {
	text := func(name string, get func(r *recommendationRow) string) column[recommendationRow] {
		return column[recommendationRow]{name, kindString, func(r *recommendationRow) odataValue { return textValue(get(r)) }}
	}
	return []column[recommendationRow]{
		text("id", func(r *recommendationRow) string { return r.ID }),
		text("productName", func(r *recommendationRow) string { return r.ProductName }),
		text("vendor", func(r *recommendationRow) string { return r.Vendor }),
		text("recommendedVersion", func(r *recommendationRow) string { return r.RecommendedVersion }),
		text("recommendationCategory", func(r *recommendationRow) string { return r.RecommendationCategory }),
		text("subCategory", func(r *recommendationRow) string { return r.SubCategory }),
		{"severityScore", kindNumber, func(r *recommendationRow) odataValue { return numberValue(r.SeverityScore) }},
		text("remediationType", func(r *recommendationRow) string { return r.RemediationType }),
		text("recommendedProgram", func(r *recommendationRow) string { return r.RecommendedProgram }),
		text("recommendedVendor", func(r *recommendationRow) string { return r.RecommendedVendor }),
		text("status", func(r *recommendationRow) string { return r.Status }),
	}
}

// recommendationListing is the collection of the recommendations about some products.
func recommendationListing(t *tenant, products []int) listing[recommendationRow] {
	return listing[recommendationRow]{
		set: "Recommendations", typeName: "Analytics.Contracts.PublicAPI.PublicRecommendationDto", count: len(products),
		at: func(n int) recommendationRow { return t.recommendationRow(products[n]) },
	}
}

// listRecommendations is GET /api/recommendations.
func listRecommendations(c *call) reply {
	l := recommendationListing(c.tenant, c.tenant.exposingProducts())
	l.page, l.columns = recommendationsPage, recommendationColumns()
	return l.serve(c)
}

// withRecommendation finds the product of a recommendation and hands it on.
func withRecommendation(c *call, then func(product int) reply) reply {
	name, ok := strings.CutPrefix(c.vars["id"], recommendationPrefix)
	product := -1
	if ok {
		product, ok = c.tenant.productNamed(name)
	}
	if !ok || c.tenant.sums[product].exposed == 0 {
		return notFound("SecurityRecommendation", c.vars["id"])
	}
	return then(product)
}

// getRecommendation is GET /api/recommendations/{id}.
func getRecommendation(c *call) reply {
	return withRecommendation(c, func(p int) reply { return single(c, false, "Recommendations", c.tenant.recommendationRow(p)) })
}

// recommendationSoftware is GET /api/recommendations/{id}/software; its context has no /$entity.
func recommendationSoftware(c *call) reply {
	return withRecommendation(c, func(p int) reply {
		return reply{body: entity{context: contextOf(c, false, "Analytics.Contracts.PublicAPI.PublicProductDto"), row: c.tenant.softwareRow(p)}}
	})
}

// recommendationMachines is GET /api/recommendations/{id}/machineReferences: the devices that are exposed.
func recommendationMachines(c *call) reply {
	return withRecommendation(c, func(p int) reply {
		entry := &c.tenant.catalogue.products[p]
		return referencesTo(c.tenant, c.tenant.devicesWith(p, func(v uint8) bool { return len(entry.open(v)) > 0 })).serve(c)
	})
}

// recommendationVulnerabilities is GET /api/recommendations/{id}/vulnerabilities.
func recommendationVulnerabilities(c *call) reply {
	return withRecommendation(c, func(p int) reply { return flawsListing(c.tenant, c.tenant.weaknesses(p)).serve(c) })
}

// machineRecommendations is GET /api/machines/{machineId}/recommendations.
func machineRecommendations(c *call) reply {
	return withMachine(c, func(i int32) reply {
		var products []int
		for _, in := range c.tenant.installsOf(i) {
			if len(c.tenant.catalogue.products[in.product].open(in.version)) > 0 {
				products = append(products, int(in.product))
			}
		}
		return recommendationListing(c.tenant, products).serve(c)
	})
}
