package defender

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// RecommendationsService reads what Vulnerability Management advises to do.
type RecommendationsService struct{ service }

// Recommendation is one advice for the tenant. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/recommendation.
type Recommendation struct {
	Record                        `json:"-"`
	ID                            string   `json:"id"` // va-_-vendor-_-product, or sca-_-scid-n
	ProductName                   string   `json:"productName"`
	RecommendationName            string   `json:"recommendationName"`
	Weaknesses                    int64    `json:"weaknesses"`
	Vendor                        string   `json:"vendor"`
	RecommendedVersion            string   `json:"recommendedVersion"`
	RecommendedVendor             string   `json:"recommendedVendor"`
	RecommendedProgram            string   `json:"recommendedProgram"`
	RecommendationCategory        string   `json:"recommendationCategory"` // Accounts, Application, Network, OS, SecurityControls
	SubCategory                   string   `json:"subCategory"`
	SeverityScore                 float64  `json:"severityScore"` // 1 to 10, 0 for software
	PublicExploit                 bool     `json:"publicExploit"`
	ActiveAlert                   bool     `json:"activeAlert"`
	AssociatedThreats             []string `json:"associatedThreats"` // ids of threat analytics
	RemediationType               string   `json:"remediationType"`   // ConfigurationChange, Update, Upgrade, Uninstall
	Status                        string   `json:"status"`            // Active, Exception
	ConfigScoreImpact             float64  `json:"configScoreImpact"`
	ExposureImpact                float64  `json:"exposureImpact"`
	TotalMachineCount             int64    `json:"totalMachineCount"`
	ExposedMachinesCount          int64    `json:"exposedMachinesCount"`
	NonProductivityImpactedAssets int64    `json:"nonProductivityImpactedAssets"`
	RelatedComponent              string   `json:"relatedComponent"`
	ExposedCriticalDevices        int64    `json:"exposedCriticalDevices"`
	Tags                          []string `json:"tags"`
}

// recommendationSet is what Microsoft documents for lists of recommendations.
func recommendationSet() entitySet {
	return entitySet{
		name: "recommendations", pageSize: 10_000,
		filterable: []string{
			"id", "productName", "vendor", "recommendedVersion", "recommendationCategory", "subCategory", "severityScore",
			"remediationType", "recommendedProgram", "recommendedVendor", "status",
		},
	}
}

// List reads the recommendations for the tenant.
//
// Permission: SecurityRecommendation.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-all-recommendations.
//
//api:operation GET /api/recommendations
func (s *RecommendationsService) List(ctx context.Context, q *Query) iter.Seq2[Recommendation, error] {
	return list[Recommendation](ctx, s.rest, recommendationSet(), opRecommendationsList, q)
}

// Get reads one recommendation.
//
// Permission: SecurityRecommendation.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-recommendation-by-id.
//
//api:operation GET /api/recommendations/{id}
func (s *RecommendationsService) Get(ctx context.Context, id string) (Recommendation, error) {
	return rest.Get[Recommendation](ctx, s.rest, rest.Request{Operation: opRecommendationsGet, Vars: []string{id}})
}

// Machines reads the devices that a recommendation is about.
//
// Permission: SecurityRecommendation.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-recommendation-machines.
//
//api:operation GET /api/recommendations/{id}/machineReferences
func (s *RecommendationsService) Machines(ctx context.Context, id string) iter.Seq2[MachineReference, error] {
	return related[MachineReference](ctx, s.rest, opRecommendationsMachines, id)
}

// Software reads the product that a recommendation is about. A recommendation that
// is about none is ErrNotFound.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/list-recommendation-software.
//
//api:operation GET /api/recommendations/{id}/software
func (s *RecommendationsService) Software(ctx context.Context, id string) (Software, error) {
	return rest.Get[Software](ctx, s.rest, rest.Request{Operation: opRecommendationsSoftware, Vars: []string{id}})
}

// Vulnerabilities reads the CVEs that following a recommendation would mend.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-recommendation-vulnerabilities.
//
//api:operation GET /api/recommendations/{id}/vulnerabilities
func (s *RecommendationsService) Vulnerabilities(ctx context.Context, id string) iter.Seq2[Vulnerability, error] {
	return related[Vulnerability](ctx, s.rest, opRecommendationsVulnerabilities, id)
}

// ByMachine reads the recommendations for a device.
//
// Permission: SecurityRecommendation.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-security-recommendations.
//
//api:operation GET /api/machines/{machineId}/recommendations
func (s *RecommendationsService) ByMachine(ctx context.Context, machineID string) iter.Seq2[Recommendation, error] {
	return related[Recommendation](ctx, s.rest, opRecommendationsByMachine, machineID)
}

// Microsoft's pages state no rate limit.
var (
	opRecommendationsList            = limited(read("/api/recommendations", "get-all-recommendations", "SecurityRecommendation.Read.All"), 0, 0)
	opRecommendationsGet             = limited(read("/api/recommendations/{id}", "get-recommendation-by-id", "SecurityRecommendation.Read.All"), 0, 0)
	opRecommendationsMachines        = limited(read("/api/recommendations/{id}/machineReferences", "get-recommendation-machines", "SecurityRecommendation.Read.All"), 0, 0)
	opRecommendationsSoftware        = limited(read("/api/recommendations/{id}/software", "list-recommendation-software", "Software.Read.All"), 0, 0)
	opRecommendationsVulnerabilities = limited(read("/api/recommendations/{id}/vulnerabilities", "get-recommendation-vulnerabilities", "Vulnerability.Read.All"), 0, 0)
	opRecommendationsByMachine       = limited(read("/api/machines/{machineId}/recommendations", "get-security-recommendations", "SecurityRecommendation.Read.All"), 0, 0)
)

func recommendationOperations() []Operation {
	return []Operation{
		opRecommendationsList, opRecommendationsGet, opRecommendationsMachines, opRecommendationsSoftware,
		opRecommendationsVulnerabilities, opRecommendationsByMachine,
	}
}
