package normalize

import (
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// alertNames says what the members of an alert are called in one API. A member
// that the API does not have is empty.
type alertNames struct {
	id, alias, incident, title, text, url    string
	created, updated, first, last            string
	category, categories, detector, sensor   string
	assignee, threat, family, advice, tenant string
}

var mdeAlertNames = alertNames{
	id: "id", incident: "incidentId", title: "title", text: "description",
	created: "alertCreationTime", updated: "lastUpdateTime", first: "firstEventTime", last: "lastEventTime",
	category: "category", detector: "detectorId", sensor: "detectionSource",
	assignee: "assignedTo", threat: "threatName", family: "threatFamilyName", tenant: "aadTenantId",
}

var graphAlertNames = alertNames{
	id: "id", alias: "providerAlertId", incident: "incidentId", title: "title", text: "description", url: "alertWebUrl",
	created: "createdDateTime", updated: "lastUpdateDateTime", first: "firstActivityDateTime", last: "lastActivityDateTime",
	category: "category", categories: "categories", detector: "detectorId", sensor: "detectionSource",
	assignee: "assignedTo", threat: "threatDisplayName", family: "threatFamilyName", advice: "recommendedActions", tenant: "tenantId",
}

var xdrAlertNames = alertNames{
	id: "alertId", alias: "providerAlertId", incident: "incidentId", title: "title", text: "description",
	created: "creationTime", updated: "lastUpdatedTime", first: "firstActivity", last: "lastActivity",
	category: "category", detector: "detectorId", sensor: "detectionSource",
	assignee: "assignedTo", family: "threatFamilyName",
}

// findingInfo describes an alert; nil when it has no id, which OCSF requires.
func (v value) findingInfo(n *alertNames, fallback string) *ocsf.FindingInfo {
	uid := first(v.text(n.id), fallback)
	if uid == "" {
		return nil
	}
	f := &ocsf.FindingInfo{
		UID: uid, UIDAlt: v.text(n.alias), Title: v.text(n.title), Desc: v.text(n.text), SrcURL: v.valid(n.url, ocsf.ValidURL),
		CreatedTime: v.moment(n.created), ModifiedTime: v.moment(n.updated), FirstSeenTime: v.moment(n.first), LastSeenTime: v.moment(n.last),
		Types: v.kinds(n), Attacks: v.attacks("mitreTechniques", v.peek(n.category)),
	}
	if sensor := v.text(n.sensor); sensor != "" {
		f.DataSources = []string{canonical(sensors, sensor)}
	}
	if detector := v.text(n.detector); detector != "" {
		f.Analytic = &ocsf.Analytic{UID: detector}
	}
	return f
}

// kinds lists the categories of an alert, each once.
func (v value) kinds(n *alertNames) []string {
	var kinds []string
	if category := v.text(n.category); category != "" {
		kinds = append(kinds, category)
	}
	for _, c := range v.texts(n.categories) {
		if !slices.Contains(kinds, c) {
			kinds = append(kinds, c)
		}
	}
	return kinds
}

// partOf names the incident that an alert belongs to. Defender for Endpoint says 0
// when there is none.
func (v value) partOf(n *alertNames) []ocsf.RelatedEvent {
	uid := v.peek(n.incident)
	if uid == "" || uid == "0" {
		return nil
	}
	return []ocsf.RelatedEvent{{UID: v.text(n.incident), Type: "Incident"}}
}

// synonym pairs what Microsoft's APIs write with the one name that we write.
type synonym struct{ text, name string }

// canonical returns the one name of a thing that the APIs name differently, and
// the text itself when it is not in the table.
func canonical(table []synonym, text string) string {
	for _, s := range table {
		if alike(s.text, text) {
			return s.name
		}
	}
	return text
}

// sensors are the detection sources whose names differ between the APIs.
var sensors = []synonym{
	{"WindowsDefenderAtp", "Microsoft Defender for Endpoint"},
	{"microsoftDefenderForEndpoint", "Microsoft Defender for Endpoint"},
	{"WindowsDefenderAv", "Microsoft Defender Antivirus"},
	{"antivirus", "Microsoft Defender Antivirus"},
	{"WindowsDefenderSmartScreen", "SmartScreen"},
	{"smartScreen", "SmartScreen"},
	{"CustomerTI", "Custom TI"},
	{"customTi", "Custom TI"},
	{"CustomDetection", "Custom Detection"},
	{"AutomatedInvestigation", "Automated Investigation"},
	{"ThreatExperts", "Microsoft Threat Experts"},
	{"microsoftThreatExperts", "Microsoft Threat Experts"},
	{"MTP", "Microsoft Defender XDR"},
	{"microsoft365Defender", "Microsoft Defender XDR"},
	{"OfficeATP", "Microsoft Defender for Office 365"},
	{"microsoftDefenderForOffice365", "Microsoft Defender for Office 365"},
	{"MCAS", "Microsoft Defender for Cloud Apps"},
	{"cloudAppSecurity", "Microsoft Defender for Cloud Apps"},
	{"AzureATP", "Microsoft Defender for Identity"},
	{"microsoftDefenderForIdentity", "Microsoft Defender for Identity"},
}

// determinations are the reasons of a verdict; several have two spellings or
// three, on Microsoft's own pages.
var determinations = []synonym{
	{"MultiStagedAttack", "Multi Staged Attack"},
	{"MaliciousUserActivity", "Malicious User Activity"},
	{"CompromisedUser", "Compromised User"},
	{"compromisedAccount", "Compromised User"},
	{"Malware", "Malware"},
	{"Phishing", "Phishing"},
	{"UnwantedSoftware", "Unwanted Software"},
	{"SecurityTesting", "Security Testing"},
	{"SecurityPersonnel", "Security Personnel"},
	{"LineOfBusinessApplication", "Line Of Business Application"},
	{"ConfirmedActivity", "Confirmed Activity"},
	{"ConfirmedUserActivity", "Confirmed Activity"},
	{"NotMalicious", "Not Malicious"},
	{"Clean", "Not Malicious"},
	{"InsufficientData", "Insufficient Data"},
	{"notEnoughDataToValidate", "Insufficient Data"},
	{"NoEnoughDataToValidate", "Insufficient Data"},
	{"Apt", "APT"},
	{"Other", "Other"},
}

// determination returns the reason of a verdict. "Unknown" and "NotAvailable" are
// no reasons; they stay unmapped.
func (v value) determination() string {
	text := v.peek("determination")
	if alike(text, "unknown") || alike(text, "notAvailable") {
		return ""
	}
	return canonical(determinations, v.text("determination"))
}

// verdicts are the classifications.
var verdicts = []word[ocsf.VerdictID]{
	{"TruePositive", ocsf.VerdictTruePositive},
	{"FalsePositive", ocsf.VerdictFalsePositive},
	{"InformationalExpectedActivity", ocsf.VerdictBenign},
	{"Unknown", ocsf.VerdictUnknown},
}

// verdict says what a finding turned out to be. Where the reason says it better
// than the classification does, the reason decides: an expected activity that was
// a test is Test.
func (v value) verdict(determination string) (ocsf.Opt[ocsf.VerdictID], string) {
	said := v.member("classification")
	id, caption := translate(verdicts, said.string())
	switch {
	case id == ocsf.VerdictBenign && determination == "Security Testing":
		return ocsf.Some(ocsf.VerdictTest), ""
	case (id == ocsf.VerdictFalsePositive || id == ocsf.VerdictUnknown) && determination == "Insufficient Data":
		return ocsf.Some(ocsf.VerdictInsufficientData), ""
	}
	marked(said.string(), said)
	return ocsf.Some(id), caption
}

// activity says what the event is about: a finding that was resolved, or is gone,
// is closed.
func activity(kind gatehouse.EventKind, done bool) ocsf.FindingActivityID {
	switch {
	case kind == gatehouse.EventRemoved, kind == gatehouse.EventUpdated && done:
		return ocsf.FindingActivityClose
	case kind == gatehouse.EventUpdated:
		return ocsf.FindingActivityUpdate
	default:
		return ocsf.FindingActivityCreate
	}
}

// person is a user that is named by a text alone, often an address of mail.
func person(text string) *ocsf.User {
	if text == "" {
		return nil
	}
	u := &ocsf.User{Name: text}
	if ocsf.ValidEmail(text) {
		u.EmailAddr = text
	}
	return u
}

// lastComment returns the newest of the comments, which are in the order in which
// they were made. The others stay unmapped: OCSF has room for one.
func (v value) lastComment() string {
	var last value
	for c := range v.list("comments") {
		if c.peek("comment") != "" {
			last = c
		}
	}
	return last.text("comment")
}

// tenant returns the tenant of the event: that of the input, or what the record
// says. A record that says another stays unmapped.
func (o *opened) tenant(name string) string {
	said := o.peek(name)
	if o.TenantID == "" || said == o.TenantID {
		return o.text(name)
	}
	return o.TenantID
}
