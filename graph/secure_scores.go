package graph

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// SecureScoresService reads Microsoft Secure Score: one score per day, 90 days
// kept, and the controls behind it.
type SecureScoresService struct{ service }

// SecureScore is the score of one day. Microsoft's page:
// https://learn.microsoft.com/graph/api/resources/securescore.
type SecureScore struct {
	Record                   `json:"-"`
	ID                       string             `json:"id"` // tenant and day
	AzureTenantID            string             `json:"azureTenantId"`
	ActiveUserCount          int64              `json:"activeUserCount"`
	CreatedDateTime          Time               `json:"createdDateTime"`
	CurrentScore             float64            `json:"currentScore"`
	MaxScore                 float64            `json:"maxScore"`
	LicensedUserCount        int64              `json:"licensedUserCount"`
	EnabledServices          []string           `json:"enabledServices"`
	AverageComparativeScores []ComparativeScore `json:"averageComparativeScores"`
	ControlScores            []ControlScore     `json:"controlScores"`
	VendorInformation        VendorInformation  `json:"vendorInformation"`
}

// ComparativeScore is the average of other tenants. Further members are in the
// score's Raw.
type ComparativeScore struct {
	Basis        string  `json:"basis"` // AllTenants, TotalSeats, IndustryTypes
	AverageScore float64 `json:"averageScore"`
}

// ControlScore is what one control adds to the score. Further members are in the
// score's Raw.
type ControlScore struct {
	ControlCategory      string  `json:"controlCategory"` // Identity, Data, Device, Apps, Infrastructure
	ControlName          string  `json:"controlName"`
	Description          string  `json:"description"`
	Score                float64 `json:"score"`
	ScoreInPercentage    float64 `json:"scoreInPercentage"`
	ImplementationStatus string  `json:"implementationStatus"`
}

// VendorInformation names the product behind a score.
type VendorInformation struct {
	Provider        string `json:"provider"`
	ProviderVersion string `json:"providerVersion"`
	SubProvider     string `json:"subProvider"`
	Vendor          string `json:"vendor"`
}

// ControlProfile is a control that can raise the score. Microsoft's page:
// https://learn.microsoft.com/graph/api/resources/securescorecontrolprofile.
type ControlProfile struct {
	Record                `json:"-"`
	ID                    string                  `json:"id"`
	AzureTenantID         string                  `json:"azureTenantId"`
	ActionType            string                  `json:"actionType"` // Config, Review, Behavior
	ActionURL             string                  `json:"actionUrl"`
	ControlCategory       string                  `json:"controlCategory"`
	Title                 string                  `json:"title"`
	Deprecated            bool                    `json:"deprecated"`
	ImplementationCost    string                  `json:"implementationCost"` // Low, Moderate, High
	LastModifiedDateTime  Time                    `json:"lastModifiedDateTime"`
	MaxScore              float64                 `json:"maxScore"`
	Rank                  int64                   `json:"rank"`
	Remediation           string                  `json:"remediation"` // HTML
	RemediationImpact     string                  `json:"remediationImpact"`
	Service               string                  `json:"service"`
	Threats               []string                `json:"threats"`
	Tier                  string                  `json:"tier"` // Core, Defense in Depth, Advanced
	UserImpact            string                  `json:"userImpact"`
	ComplianceInformation []ComplianceInformation `json:"complianceInformation"`
	ControlStateUpdates   []ControlStateUpdate    `json:"controlStateUpdates"`
	VendorInformation     VendorInformation       `json:"vendorInformation"`
}

// ComplianceInformation names a certification that asks for a control.
type ComplianceInformation struct {
	CertificationName     string                 `json:"certificationName"`
	CertificationControls []CertificationControl `json:"certificationControls"`
}

// CertificationControl is one demand of a certification.
type CertificationControl struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// ControlStateUpdate is a decision about a control.
type ControlStateUpdate struct {
	AssignedTo      string `json:"assignedTo"`
	Comment         string `json:"comment"`
	State           string `json:"state"` // Default, Ignored, ThirdParty, Reviewed
	UpdatedBy       string `json:"updatedBy"`
	UpdatedDateTime Time   `json:"updatedDateTime"`
}

// List reads scores, newest first. Top is the number of days.
//
// Permission: SecurityEvents.Read.All or SecurityEvents.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-list-securescores.
//
//api:operation GET /v1.0/security/secureScores
func (s *SecureScoresService) List(ctx context.Context, q *Query) iter.Seq2[SecureScore, error] {
	return list[SecureScore](ctx, s.rest, entitySet{name: "secure scores"}, opSecureScoresList, q)
}

// Get reads the score of one day by its id.
//
// Permission: SecurityEvents.Read.All or SecurityEvents.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/securescore-get.
//
//api:operation GET /v1.0/security/secureScores/{id}
func (s *SecureScoresService) Get(ctx context.Context, id string) (SecureScore, error) {
	return rest.Get[SecureScore](ctx, s.rest, rest.Request{Operation: opSecureScoresGet, Vars: []string{id}})
}

// ControlProfiles reads the controls that can raise the score.
//
// Permission: SecurityEvents.Read.All or SecurityEvents.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-list-securescorecontrolprofiles.
//
//api:operation GET /v1.0/security/secureScoreControlProfiles
func (s *SecureScoresService) ControlProfiles(ctx context.Context, q *Query) iter.Seq2[ControlProfile, error] {
	return list[ControlProfile](ctx, s.rest, entitySet{name: "control profiles"}, opControlProfilesList, q)
}

// ControlProfile reads one control by its id.
//
// Permission: SecurityEvents.Read.All or SecurityEvents.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/securescorecontrolprofile-get.
//
//api:operation GET /v1.0/security/secureScoreControlProfiles/{id}
func (s *SecureScoresService) ControlProfile(ctx context.Context, id string) (ControlProfile, error) {
	return rest.Get[ControlProfile](ctx, s.rest, rest.Request{Operation: opControlProfilesGet, Vars: []string{id}})
}

var (
	opSecureScoresList    = operation("GET", "/v1.0/security/secureScores", "security-list-securescores", limitScores, "SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All")
	opSecureScoresGet     = operation("GET", "/v1.0/security/secureScores/{id}", "securescore-get", limitScores, "SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All")
	opControlProfilesList = operation("GET", "/v1.0/security/secureScoreControlProfiles", "security-list-securescorecontrolprofiles", limitScores, "SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All")
	opControlProfilesGet  = operation("GET", "/v1.0/security/secureScoreControlProfiles/{id}", "securescorecontrolprofile-get", limitScores, "SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All")
)

func secureScoreOperations() []Operation {
	return []Operation{opSecureScoresList, opSecureScoresGet, opControlProfilesList, opControlProfilesGet}
}
