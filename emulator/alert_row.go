package emulator

import (
	"crypto/sha256"
	"strings"
)

// alertRow is an alert as GET /api/alerts prints it, in the order of the wire (core.md 6.1).
type alertRow struct {
	ID                 string        `json:"id"`
	IncidentID         int64         `json:"incidentId"`
	InvestigationID    *int64        `json:"investigationId"`
	AssignedTo         *string       `json:"assignedTo"`
	Severity           string        `json:"severity"`
	Status             string        `json:"status"`
	Classification     *string       `json:"classification"`
	Determination      *string       `json:"determination"`
	InvestigationState *string       `json:"investigationState"`
	DetectionSource    string        `json:"detectionSource"`
	DetectorID         string        `json:"detectorId"`
	Category           string        `json:"category"`
	ThreatFamilyName   *string       `json:"threatFamilyName"`
	Title              string        `json:"title"`
	Description        string        `json:"description"`
	AlertCreationTime  stamp         `json:"alertCreationTime"`
	FirstEventTime     stamp         `json:"firstEventTime"`
	LastEventTime      stamp         `json:"lastEventTime"`
	LastUpdateTime     stamp         `json:"lastUpdateTime"`
	ResolvedTime       stamp         `json:"resolvedTime"`
	MachineID          string        `json:"machineId"`
	ComputerDNSName    string        `json:"computerDnsName"`
	RBACGroupName      *string       `json:"rbacGroupName"`
	AADTenantID        string        `json:"aadTenantId"`
	ThreatName         *string       `json:"threatName"`
	MITRETechniques    []string      `json:"mitreTechniques"`
	RelatedUser        *relatedUser  `json:"relatedUser"`
	LoggedOnUsers      []loggedOn    `json:"loggedOnUsers"`
	Comments           []commentRow  `json:"comments"`
	Evidence           []evidenceRow `json:"evidence"`
	Domains            []domainRow   `json:"domains"`
}

// relatedUser is the user an alert is about.
type relatedUser struct {
	UserName   string `json:"userName"`
	DomainName string `json:"domainName"`
}

// loggedOn is a user who was signed in.
type loggedOn struct {
	AccountName string `json:"accountName"`
	DomainName  string `json:"domainName"`
}

// commentRow is a remark on an alert.
type commentRow struct {
	Comment     string `json:"comment"`
	CreatedBy   string `json:"createdBy"`
	CreatedTime stamp  `json:"createdTime"`
}

// domainRow is a host that an alert saw.
type domainRow struct {
	Host string `json:"host"`
}

// evidenceRow is one piece of evidence: always all members, null where they do not apply.
type evidenceRow struct {
	EntityType                string  `json:"entityType"`
	EvidenceCreationTime      stamp   `json:"evidenceCreationTime"`
	SHA1                      *string `json:"sha1"`
	SHA256                    *string `json:"sha256"`
	FileName                  *string `json:"fileName"`
	FilePath                  *string `json:"filePath"`
	ProcessID                 *int64  `json:"processId"`
	ProcessCommandLine        *string `json:"processCommandLine"`
	ProcessCreationTime       stamp   `json:"processCreationTime"`
	ParentProcessID           *int64  `json:"parentProcessId"`
	ParentProcessCreationTime stamp   `json:"parentProcessCreationTime"`
	ParentProcessFileName     *string `json:"parentProcessFileName"`
	ParentProcessFilePath     *string `json:"parentProcessFilePath"`
	IPAddress                 *string `json:"ipAddress"`
	URL                       *string `json:"url"`
	RegistryKey               *string `json:"registryKey"`
	RegistryHive              *string `json:"registryHive"`
	RegistryValueType         *string `json:"registryValueType"`
	RegistryValue             *string `json:"registryValue"`
	RegistryValueName         *string `json:"registryValueName"`
	AccountName               *string `json:"accountName"`
	DomainName                *string `json:"domainName"`
	UserSID                   *string `json:"userSid"`
	AADUserID                 *string `json:"aadUserId"`
	UserPrincipalName         *string `json:"userPrincipalName"`
	DetectionStatus           *string `json:"detectionStatus"`
}

// evidence turns a finding into a row of the MDE API.
func (f *finding) evidence() evidenceRow {
	row := evidenceRow{EntityType: f.kind, EvidenceCreationTime: f.seen}
	switch f.kind {
	case "File", "Process":
		row.SHA1, row.SHA256, row.FileName, row.FilePath = orNull(f.sha1), orNull(f.sha256), orNull(f.name), orNull(f.path)
		if f.detected {
			row.DetectionStatus = orNull("Detected")
		}
	case "Ip":
		row.IPAddress = orNull(f.value)
	case "Url":
		row.URL = orNull(f.value)
	case "Registry":
		row.RegistryHive, row.RegistryKey, row.RegistryValueName = orNull(f.hive), orNull(f.key), orNull(f.valueName)
		row.RegistryValue, row.RegistryValueType = orNull(f.value), orNull("Unknown")
	case "User":
		row.AccountName, row.DomainName, row.UserSID = orNull(f.account), orNull(f.domain), orNull(f.sid)
		row.AADUserID, row.UserPrincipalName = orNull(f.object), orNull(f.upn)
	}
	if f.kind == "Process" {
		row.ProcessID, row.ParentProcessID = &f.pid, &f.parentPID
		row.ProcessCommandLine, row.ProcessCreationTime, row.ParentProcessCreationTime = orNull(f.command), f.started, f.parentAt
		row.ParentProcessFileName, row.ParentProcessFilePath = orNull(f.parent), orNull(f.parentPath)
	}
	return row
}

// alertRow computes the wire row of an alert.
func (t *tenant) alertRow(at int32, evidence bool) alertRow {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.newest().lockedAlertRow(at, evidence)
}

// lockedAlertRow is alertRow for a caller that holds the lock.
func (t *tenant) lockedAlertRow(at int32, evidence bool) alertRow {
	a := t.alerts[at]
	row := alertRow{
		ID: a.id, IncidentID: a.incident, AssignedTo: orNull(a.assignedTo), Severity: severityName(a.severity), Status: a.status,
		Classification: orNull(a.classification), Determination: orNull(a.determination), InvestigationState: orNull(a.investigated),
		DetectionSource: "CustomerTI", DetectorID: hashGUID("detector " + a.title), Category: a.category, Title: a.title, Description: a.text,
		AlertCreationTime: a.created, FirstEventTime: a.first, LastEventTime: a.last, LastUpdateTime: a.updated, ResolvedTime: a.resolved,
		MachineID: t.machines[a.machine].machineID(), ComputerDNSName: t.dnsName(a.machine),
		RBACGroupName: orNull(t.groups[t.machines[a.machine].group].name), AADTenantID: t.id,
		MITRETechniques: t.techniqueIDs(a), LoggedOnUsers: t.loggedOnUsers(a.machine),
		Comments: make([]commentRow, 0, len(a.comments)), Evidence: []evidenceRow{}, Domains: []domainRow{},
	}
	if a.investigation != 0 {
		row.InvestigationID = &a.investigation
	}
	if a.template >= 0 {
		kind := &t.templates[a.template]
		row.DetectionSource, row.ThreatFamilyName, row.ThreatName = kind.source, orNull(kind.family), orNull(kind.threat)
	}
	if u := t.userOf(a); u >= 0 {
		row.RelatedUser = &relatedUser{t.users[u].account, t.netbios()}
	}
	for _, c := range a.comments {
		row.Comments = append(row.Comments, commentRow{c.text, c.by, c.at})
	}
	if evidence {
		for _, f := range t.findings(a) {
			row.Evidence = append(row.Evidence, f.evidence())
		}
	}
	return row
}

// hashGUID gives a name a GUID of its own.
func hashGUID(name string) string { return guidOf(sha256.Sum256([]byte(name))) }

// techniqueIDs lists the MITRE ATT&CK ids of an alert.
func (t *tenant) techniqueIDs(a *alert) []string {
	ids := []string{}
	if a.template >= 0 {
		for _, technique := range t.templates[a.template].techniques {
			id, _, _ := strings.Cut(technique, " ")
			ids = append(ids, id)
		}
	}
	return ids
}

// loggedOnUsers lists the users of a device as alerts print them.
func (t *tenant) loggedOnUsers(machine int32) []loggedOn {
	list := []loggedOn{}
	for _, l := range t.logons(machine) {
		if !l.network {
			list = append(list, loggedOn{t.users[l.user].account, t.netbios()})
		}
	}
	return list
}

// userOf gives the index of the user an alert names, or -1: not every alert has a user.
func (t *tenant) userOf(a *alert) int32 {
	if a.template < 0 {
		return -1
	}
	for _, artifact := range t.templates[a.template].artifacts {
		if artifact.kind == "User" {
			return a.user
		}
	}
	return -1
}

// alertColumns lists what $filter may name on alerts. assignedTo is also taken with three s, as a report copied it
// (core.md 3.1).
func alertColumns() []column[alertRow] {
	text := func(name string, get func(r *alertRow) string) column[alertRow] {
		return column[alertRow]{name, kindString, func(r *alertRow) odataValue { return textValue(get(r)) }}
	}
	moment := func(name string, get func(r *alertRow) stamp) column[alertRow] {
		return column[alertRow]{name, kindTime, func(r *alertRow) odataValue { return momentValue(get(r)) }}
	}
	return []column[alertRow]{
		moment("alertCreationTime", func(r *alertRow) stamp { return r.AlertCreationTime }),
		moment("lastUpdateTime", func(r *alertRow) stamp { return r.LastUpdateTime }),
		moment("lastEventTime", func(r *alertRow) stamp { return r.LastEventTime }),
		text("id", func(r *alertRow) string { return r.ID }),
		text("assignedTo", func(r *alertRow) string { return orEmpty(r.AssignedTo) }),
		text("asssignedTo", func(r *alertRow) string { return orEmpty(r.AssignedTo) }),
		text("detectionSource", func(r *alertRow) string { return r.DetectionSource }),
		text("status", func(r *alertRow) string { return r.Status }),
		text("severity", func(r *alertRow) string { return r.Severity }),
		text("category", func(r *alertRow) string { return r.Category }),
		{"incidentId", kindNumber, func(r *alertRow) odataValue { return numberValue(float64(r.IncidentID)) }},
		{"investigationId", kindNumber, func(r *alertRow) odataValue {
			if r.InvestigationID == nil {
				return odataValue{}
			}
			return numberValue(float64(*r.InvestigationID))
		}},
	}
}
