package stream

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// recommendations is what Vulnerability Management advises to do.
func recommendations() Stream {
	return Stream{
		Name: Recommendations, Title: "Recommendations", Mode: Snapshot, Interval: daily,
		Docs: "https://learn.microsoft.com/defender-endpoint/api/get-all-recommendations",
		// Counts and weights that move with every device that comes and goes.
		Noisy: []string{"configScoreImpact", "exposedCriticalDevices", "exposedMachinesCount", "exposureImpact", "nonProductivityImpactedAssets", "totalMachineCount"},
		Doors: []Door{{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("SecurityRecommendation.Read.All"), Read: snapshot(recommendations, recommendationPages)}},
	}
}

func recommendationPages(c *defender.Client) pager[defender.Recommendation] {
	return pager[defender.Recommendation]{
		list: c.Recommendations.List, largest: 10_000,
		item: func(v *defender.Recommendation) item { return item{key: v.ID, document: v.Raw} },
	}
}
