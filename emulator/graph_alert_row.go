package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// graphAlert is an alert as Microsoft Graph's alerts_v2 prints it (tvm-xdr-graph.md 4.12).
type graphAlert struct {
	ID                    string            `json:"id"`
	ProviderAlertID       string            `json:"providerAlertId"`
	IncidentID            string            `json:"incidentId"`
	Status                string            `json:"status"`
	Severity              string            `json:"severity"`
	Classification        string            `json:"classification"`
	Determination         string            `json:"determination"`
	ServiceSource         string            `json:"serviceSource"`
	DetectionSource       string            `json:"detectionSource"`
	ProductName           string            `json:"productName"`
	DetectorID            string            `json:"detectorId"`
	TenantID              string            `json:"tenantId"`
	Title                 string            `json:"title"`
	Description           string            `json:"description"`
	RecommendedActions    string            `json:"recommendedActions"`
	Category              string            `json:"category"`
	Categories            []string          `json:"categories"`
	AssignedTo            *string           `json:"assignedTo"`
	AlertWebURL           string            `json:"alertWebUrl"`
	IncidentWebURL        string            `json:"incidentWebUrl"`
	ActorDisplayName      *string           `json:"actorDisplayName"`
	ThreatDisplayName     *string           `json:"threatDisplayName"`
	ThreatFamilyName      *string           `json:"threatFamilyName"`
	MITRETechniques       []string          `json:"mitreTechniques"`
	CreatedDateTime       stamp             `json:"createdDateTime"`
	LastUpdateDateTime    stamp             `json:"lastUpdateDateTime"`
	ResolvedDateTime      stamp             `json:"resolvedDateTime"`
	FirstActivityDateTime stamp             `json:"firstActivityDateTime"`
	LastActivityDateTime  stamp             `json:"lastActivityDateTime"`
	SystemTags            []string          `json:"systemTags"`
	AlertPolicyID         *string           `json:"alertPolicyId"`
	InvestigationState    string            `json:"investigationState"`
	AdditionalData        map[string]string `json:"additionalData"`
	CustomDetails         map[string]string `json:"customDetails"`
	Comments              []graphComment    `json:"comments"`
	Evidence              []any             `json:"evidence"`
}

// graphComment is a remark on an alert.
type graphComment struct {
	Comment              string `json:"comment"`
	CreatedByDisplayName string `json:"createdByDisplayName"`
	CreatedDateTime      stamp  `json:"createdDateTime"`
}

// lowerFirst turns a value of the MDE API into the camel case of Graph; an empty one is unknown.
func lowerFirst(s string) string {
	if s == "" {
		return "unknown"
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// determinationNames pairs the determinations of both APIs where more than the first letter differs. Graph's documents
// print the last four spellings too, which its own schema does not have; they are taken on input.
func determinationNames() [][2]string {
	return [][2]string{
		{"CompromisedUser", "compromisedAccount"}, {"NotMalicious", "notMalicious"}, {"InsufficientData", "notEnoughDataToValidate"},
		{"ConfirmedActivity", "confirmedActivity"},
		{"Clean", "notMalicious"}, {"ConfirmedUserActivity", "confirmedActivity"},
		{"CompromisedUser", "compromisedUser"}, {"NotMalicious", "clean"}, {"InsufficientData", "insufficientData"}, {"ConfirmedActivity", "confirmedUserActivity"},
	}
}

// graphDetermination turns a determination of the MDE API into Graph's.
func graphDetermination(s string) string {
	for _, pair := range determinationNames() {
		if pair[0] == s {
			return pair[1]
		}
	}
	return lowerFirst(s)
}

// wantsAllMembers tells whether the caller asked for the members of enumerations that came later.
func wantsAllMembers(r *http.Request) bool {
	for preference := range strings.SplitSeq(strings.Join(r.Header.Values("Prefer"), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(preference), "include-unknown-enum-members") {
			return true
		}
	}
	return false
}

// lateMembers lists the members after unknownFutureValue that this emulator uses, of any enumeration. They are shown
// only to callers that ask for them.
func lateMembers() []string {
	return []string{"nrtAlerts", "scheduledAlerts", "builtInMl", "active", "pendingApproval", "running", "partiallyRemediated"}
}

// mask hides a member of an enumeration that came late.
func mask(value string, all bool) string {
	if !all && slices.Contains(lateMembers(), value) {
		return "unknownFutureValue"
	}
	return value
}

// graphAlert computes the wire row of an alert.
func (t *tenant) graphAlert(at int32, all bool) graphAlert {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.newest().lockedGraphAlert(at, all)
}

// lockedGraphAlert is graphAlert for a caller that holds the lock.
func (t *tenant) lockedGraphAlert(at int32, all bool) graphAlert {
	a := t.alerts[at]
	incident := strconv.FormatInt(a.incident, 10)
	row := graphAlert{
		ID: a.id, ProviderAlertID: a.id, IncidentID: incident, Status: lowerFirst(a.status), Severity: lowerFirst(severityName(a.severity)),
		Classification: lowerFirst(a.classification), Determination: graphDetermination(a.determination),
		ServiceSource: "microsoftDefenderForEndpoint", DetectionSource: "customTi", ProductName: "Microsoft Defender for Endpoint",
		DetectorID: hashGUID("detector " + a.title), TenantID: t.id, Title: a.title, Description: a.text, RecommendedActions: a.advice,
		Category: a.category, Categories: []string{a.category}, AssignedTo: orNull(a.assignedTo),
		AlertWebURL:     "https://security.microsoft.com/alerts/" + a.id + "?tid=" + t.id,
		IncidentWebURL:  "https://security.microsoft.com/incident2/" + incident + "/overview?tid=" + t.id,
		MITRETechniques: t.techniqueIDs(a), CreatedDateTime: a.created, LastUpdateDateTime: a.updated, ResolvedDateTime: a.resolved,
		FirstActivityDateTime: a.first, LastActivityDateTime: a.last, SystemTags: []string{},
		InvestigationState: mask(lowerFirst(a.investigated), all), CustomDetails: map[string]string{}, Comments: t.graphComments(a), Evidence: t.graphEvidence(a, all),
	}
	if a.template >= 0 {
		kind := &t.templates[a.template]
		row.DetectionSource = mask(kind.graphSource, all)
		row.ThreatFamilyName, row.ThreatDisplayName = orNull(kind.family), orNull(kind.threat)
	}
	return row
}

// graphComments lists the remarks on an alert.
func (t *tenant) graphComments(a *alert) []graphComment {
	list := make([]graphComment, 0, len(a.comments))
	for _, c := range a.comments {
		list = append(list, graphComment{c.text, c.by, c.at})
	}
	return list
}

// graphAlertColumns lists what $filter may name on alerts_v2.
func graphAlertColumns() []column[graphAlert] {
	text := func(name string, get func(r *graphAlert) string) column[graphAlert] {
		return column[graphAlert]{name, kindString, func(r *graphAlert) odataValue { return textValue(get(r)) }}
	}
	return []column[graphAlert]{
		text("assignedTo", func(r *graphAlert) string { return orEmpty(r.AssignedTo) }),
		text("classification", func(r *graphAlert) string { return r.Classification }),
		text("determination", func(r *graphAlert) string { return r.Determination }),
		text("severity", func(r *graphAlert) string { return r.Severity }),
		text("serviceSource", func(r *graphAlert) string { return r.ServiceSource }),
		text("status", func(r *graphAlert) string { return r.Status }),
		{"createdDateTime", kindTime, func(r *graphAlert) odataValue { return momentValue(r.CreatedDateTime) }},
		{"lastUpdateDateTime", kindTime, func(r *graphAlert) odataValue { return momentValue(r.LastUpdateDateTime) }},
	}
}
