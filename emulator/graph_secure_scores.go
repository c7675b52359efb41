package emulator

import (
	"math"
	"net/http"
	"strings"
	"time"
)

// graphSecureScoreRoutes lists the operations on Microsoft Secure Score.
func graphSecureScoreRoutes() []route {
	get := func(path string, options []string, handle func(*call) reply) route {
		return route{
			method: http.MethodGet, path: path, api: apiGraph, roles: []string{"SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"},
			perMinute: graphRate, quota: quotaScores, options: options, handle: handle,
		}
	}
	list := []string{"$count", "$filter", "$skip", "$skiptoken", "$top"}
	return []route{
		get("/v1.0/security/securescores", list, listSecureScores),
		get("/v1.0/security/securescores/{id}", nil, getSecureScore),
		get("/v1.0/security/securescorecontrolprofiles", list, listControlProfiles),
		get("/v1.0/security/securescorecontrolprofiles/{id}", nil, getControlProfile),
	}
}

// Secure scores are made once a day and kept for 90 days.
const (
	secureScoreDays = 90
	secureScorePage = 100 // not documented; also for the profiles
)

// vendorInformation says who computed a score.
type vendorInformation struct {
	Provider        string  `json:"provider"`
	ProviderVersion *string `json:"providerVersion"`
	SubProvider     *string `json:"subProvider"`
	Vendor          string  `json:"vendor"`
}

// secureScoreVendor is the one there is.
func secureScoreVendor() vendorInformation {
	return vendorInformation{Provider: "SecureScore", Vendor: "Microsoft"}
}

// secureScore is the score of one day.
type secureScore struct {
	ID                       string             `json:"id"`
	AzureTenantID            string             `json:"azureTenantId"`
	ActiveUserCount          int                `json:"activeUserCount"`
	CreatedDateTime          stamp              `json:"createdDateTime"`
	CurrentScore             float64            `json:"currentScore"`
	EnabledServices          []string           `json:"enabledServices"`
	LicensedUserCount        int                `json:"licensedUserCount"`
	MaxScore                 float64            `json:"maxScore"`
	VendorInformation        vendorInformation  `json:"vendorInformation"`
	AverageComparativeScores []comparativeScore `json:"averageComparativeScores"`
	ControlScores            []controlScore     `json:"controlScores"`
}

// comparativeScore is what others reach.
type comparativeScore struct {
	Basis        string  `json:"basis"`
	AverageScore float64 `json:"averageScore"`
}

// controlScore is the part of one control in a score.
type controlScore struct {
	ControlCategory      string  `json:"controlCategory"`
	ControlName          string  `json:"controlName"`
	Description          string  `json:"description"`
	Score                float64 `json:"score"`
	ScoreInPercentage    float64 `json:"scoreInPercentage"`
	ImplementationStatus string  `json:"implementationStatus"`
	LastSynced           string  `json:"lastSynced"`
}

// secureScore computes the score of a day that lies so many days back.
func (t *tenant) secureScore(now time.Time, ago int) secureScore {
	day := now.UTC().AddDate(0, 0, -ago)
	date := day.Format("2006-01-02")
	row := secureScore{
		ID: t.id + "_" + date, AzureTenantID: t.id, ActiveUserCount: len(t.users) * 9 / 10, CreatedDateTime: stampOf(midnight(day)),
		EnabledServices: []string{"HasEXOP2", "HasSPOP2", "HasAADP2", "HasIntune", "HasMDEP2"}, LicensedUserCount: len(t.users),
		VendorInformation: secureScoreVendor(), ControlScores: []controlScore{},
	}
	for i, control := range secureControls() {
		share := float64(25*(mix(t.id+control.id, 0)%5)) / 100
		if uint64(ago) > 10+mix(control.id, i)%80 { // the tenant got better over time
			share = math.Max(0, share-0.25)
		}
		score := control.points * share
		row.MaxScore += control.points
		row.CurrentScore += score
		row.ControlScores = append(row.ControlScores, controlScore{
			control.category, control.id, control.title + ".", score, share * 100, implementation(share), midnight(day).Format("2006-01-02T15:04:05Z"),
		})
	}
	row.AverageComparativeScores = []comparativeScore{{"AllTenants", 41.6}, {"TotalSeats", 47.2}, {"IndustryTypes", 44.9}}
	return row
}

// implementation says in words how far a control is in place.
func implementation(share float64) string {
	switch {
	case share == 0:
		return "Not implemented"
	case share < 1:
		return "Partially implemented"
	}
	return "Implemented"
}

// controlProfile describes one control.
type controlProfile struct {
	ID                    string               `json:"id"`
	AzureTenantID         string               `json:"azureTenantId"`
	ActionType            string               `json:"actionType"`
	ActionURL             string               `json:"actionUrl"`
	ControlCategory       string               `json:"controlCategory"`
	Title                 string               `json:"title"`
	Deprecated            bool                 `json:"deprecated"`
	ImplementationCost    string               `json:"implementationCost"`
	LastModifiedDateTime  stamp                `json:"lastModifiedDateTime"`
	MaxScore              float64              `json:"maxScore"`
	Rank                  int                  `json:"rank"`
	Remediation           string               `json:"remediation"`
	RemediationImpact     string               `json:"remediationImpact"`
	Service               string               `json:"service"`
	Threats               []string             `json:"threats"`
	Tier                  string               `json:"tier"`
	UserImpact            string               `json:"userImpact"`
	ComplianceInformation []struct{}           `json:"complianceInformation"`
	ControlStateUpdates   []controlStateUpdate `json:"controlStateUpdates"`
	VendorInformation     vendorInformation    `json:"vendorInformation"`
}

// controlStateUpdate is a decision about a control.
type controlStateUpdate struct {
	AssignedTo      *string `json:"assignedTo"`
	Comment         *string `json:"comment"`
	State           string  `json:"state"`
	UpdatedBy       *string `json:"updatedBy"`
	UpdatedDateTime stamp   `json:"updatedDateTime"`
}

// controlProfile computes the profile of a control.
func (t *tenant) controlProfile(i int) controlProfile {
	control := secureControls()[i]
	level := []string{"Low", "Moderate", "High"}[mix(control.id, 1)%3]
	return controlProfile{
		ID: control.id, AzureTenantID: t.id, ActionType: "Config", ActionURL: "https://security.microsoft.com/securescore?viewid=actions",
		ControlCategory: control.category, Title: control.title, ImplementationCost: level, MaxScore: control.points, Rank: i + 1,
		Remediation: "<p>" + control.title + ", as the portal describes.</p>", RemediationImpact: "Users may notice the change.",
		Service: control.service, Threats: strings.Split(control.threats, ", "), Tier: []string{"Core", "Defense in Depth", "Advanced"}[mix(control.id, 2)%3],
		UserImpact: level, ComplianceInformation: []struct{}{}, VendorInformation: secureScoreVendor(),
		ControlStateUpdates: []controlStateUpdate{{State: "Default", UpdatedDateTime: stampOf(midnight(t.born))}},
	}
}

// listSecureScores is GET /security/secureScores, newest first.
func listSecureScores(c *call) reply {
	return listing[secureScore]{
		set: "security/secureScores", typeName: "microsoft.graph.secureScore", count: secureScoreDays, page: secureScorePage, graph: true, token: true, total: true,
		columns: []column[secureScore]{
			{"id", kindString, func(r *secureScore) odataValue { return textValue(r.ID) }},
			{"azureTenantId", kindString, func(r *secureScore) odataValue { return textValue(r.AzureTenantID) }},
			{"createdDateTime", kindTime, func(r *secureScore) odataValue { return momentValue(r.CreatedDateTime) }},
		},
		at: func(ago int) secureScore { return c.tenant.secureScore(c.now, ago) },
	}.serve(c)
}

// getSecureScore is GET /security/secureScores/{id}.
func getSecureScore(c *call) reply {
	for ago := range secureScoreDays {
		if row := c.tenant.secureScore(c.now, ago); strings.EqualFold(row.ID, c.vars["id"]) {
			return single(c, true, "security/secureScores", row)
		}
	}
	return fail(http.StatusNotFound, "NotFound", "Secure score "+c.vars["id"]+" was not found")
}

// listControlProfiles is GET /security/secureScoreControlProfiles.
func listControlProfiles(c *call) reply {
	return listing[controlProfile]{
		set: "security/secureScoreControlProfiles", typeName: "microsoft.graph.secureScoreControlProfile", count: len(secureControls()),
		page: secureScorePage, graph: true, token: true, total: true,
		columns: []column[controlProfile]{
			{"id", kindString, func(r *controlProfile) odataValue { return textValue(r.ID) }},
			{"controlCategory", kindString, func(r *controlProfile) odataValue { return textValue(r.ControlCategory) }},
			{"service", kindString, func(r *controlProfile) odataValue { return textValue(r.Service) }},
		},
		at: c.tenant.controlProfile,
	}.serve(c)
}

// getControlProfile is GET /security/secureScoreControlProfiles/{id}.
func getControlProfile(c *call) reply {
	for i, control := range secureControls() {
		if strings.EqualFold(control.id, c.vars["id"]) {
			return single(c, true, "security/secureScoreControlProfiles", c.tenant.controlProfile(i))
		}
	}
	return fail(http.StatusNotFound, "NotFound", "Control profile "+c.vars["id"]+" was not found")
}
