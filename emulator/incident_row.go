package emulator

// xdrIncident is an incident as Defender XDR prints it (tvm-xdr-graph.md 4.11).
type xdrIncident struct {
	IncidentID         int64        `json:"incidentId"`
	RedirectIncidentID *int64       `json:"redirectIncidentId"`
	IncidentName       string       `json:"incidentName"`
	CreatedTime        stamp        `json:"createdTime"`
	LastUpdateTime     stamp        `json:"lastUpdateTime"`
	AssignedTo         *string      `json:"assignedTo"`
	Classification     string       `json:"classification"`
	Determination      string       `json:"determination"`
	Status             string       `json:"status"`
	Severity           string       `json:"severity"`
	Tags               []string     `json:"tags"`
	Comments           []commentRow `json:"comments"`
	Alerts             []xdrAlert   `json:"alerts"`
}

// xdrAlert is an alert within an incident.
type xdrAlert struct {
	AlertID            string      `json:"alertId"`
	IncidentID         int64       `json:"incidentId"`
	ServiceSource      string      `json:"serviceSource"`
	CreationTime       stamp       `json:"creationTime"`
	LastUpdatedTime    stamp       `json:"lastUpdatedTime"`
	ResolvedTime       stamp       `json:"resolvedTime"`
	FirstActivity      stamp       `json:"firstActivity"`
	LastActivity       stamp       `json:"lastActivity"`
	Title              string      `json:"title"`
	Description        string      `json:"description"`
	Category           string      `json:"category"`
	Status             string      `json:"status"`
	Severity           string      `json:"severity"`
	InvestigationID    *int64      `json:"investigationId"`
	InvestigationState string      `json:"investigationState"`
	Classification     *string     `json:"classification"`
	Determination      *string     `json:"determination"`
	DetectionSource    string      `json:"detectionSource"`
	AssignedTo         *string     `json:"assignedTo"`
	ActorName          *string     `json:"actorName"`
	ThreatFamilyName   *string     `json:"threatFamilyName"`
	MITRETechniques    []string    `json:"mitreTechniques"`
	Devices            []xdrDevice `json:"devices"`
	Entities           []xdrEntity `json:"entities"`
}

// xdrDevice is a device of an alert, as it was when the alert was raised.
type xdrDevice struct {
	MDATPDeviceID string  `json:"mdatpDeviceId"`
	AADDeviceID   *string `json:"aadDeviceId"`
	DeviceDNSName string  `json:"deviceDnsName"`
	OSPlatform    string  `json:"osPlatform"`
	Version       string  `json:"version"`
	OSProcessor   string  `json:"osProcessor"`
	OSBuild       *int64  `json:"osBuild"`
	HealthStatus  string  `json:"healthStatus"`
	RiskScore     string  `json:"riskScore"`
	RBACGroupName *string `json:"rbacGroupName"`
	RBACGroupID   int     `json:"rbacGroupId"`
	FirstSeen     stamp   `json:"firstSeen"`
}

// xdrEntity is one piece of evidence: always all 31 members, null where they do not apply.
type xdrEntity struct {
	EntityType                string  `json:"entityType"`
	SHA1                      *string `json:"sha1"`
	SHA256                    *string `json:"sha256"`
	FileName                  *string `json:"fileName"`
	FilePath                  *string `json:"filePath"`
	ProcessID                 *int64  `json:"processId"`
	ProcessCommandLine        *string `json:"processCommandLine"`
	ProcessCreationTime       stamp   `json:"processCreationTime"`
	ParentProcessID           *int64  `json:"parentProcessId"`
	ParentProcessCreationTime stamp   `json:"parentProcessCreationTime"`
	IPAddress                 *string `json:"ipAddress"`
	URL                       *string `json:"url"`
	AccountName               *string `json:"accountName"`
	DomainName                *string `json:"domainName"`
	UserSID                   *string `json:"userSid"`
	AADUserID                 *string `json:"aadUserId"`
	UserPrincipalName         *string `json:"userPrincipalName"`
	MailboxDisplayName        *string `json:"mailboxDisplayName"`
	MailboxAddress            *string `json:"mailboxAddress"`
	ClusterBy                 *string `json:"clusterBy"`
	Sender                    *string `json:"sender"`
	Recipient                 *string `json:"recipient"`
	Subject                   *string `json:"subject"`
	DeliveryAction            *string `json:"deliveryAction"`
	SecurityGroupID           *string `json:"securityGroupId"`
	SecurityGroupName         *string `json:"securityGroupName"`
	RegistryHive              *string `json:"registryHive"`
	RegistryKey               *string `json:"registryKey"`
	RegistryValueType         *string `json:"registryValueType"`
	RegistryValue             *string `json:"registryValue"`
	DeviceID                  *string `json:"deviceId"`
}

// xdrIncident computes the wire row of an incident; without its alerts it serves to be filtered.
func (t *tenant) xdrIncident(i int32, whole bool) xdrIncident {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.newest().lockedXDRIncident(i, whole)
}

// lockedXDRIncident is xdrIncident for a caller that holds the lock.
func (t *tenant) lockedXDRIncident(i int32, whole bool) xdrIncident {
	inc := t.incidents[i]
	facts := t.incidentFacts(inc)
	row := xdrIncident{
		IncidentID: inc.number, IncidentName: t.incidentName(inc), CreatedTime: facts.created, LastUpdateTime: facts.updated,
		AssignedTo: orNull(inc.assignedTo), Classification: orText(facts.classification, "Unknown"),
		Determination: orText(facts.determination, "NotAvailable"), Status: facts.status, Severity: severityName(facts.severity),
		Tags: append([]string{}, inc.tags...), Comments: make([]commentRow, 0, len(inc.comments)), Alerts: []xdrAlert{},
	}
	if inc.redirect != 0 {
		row.RedirectIncidentID = &inc.redirect
	}
	for _, c := range inc.comments {
		row.Comments = append(row.Comments, commentRow{c.text, c.by, c.at})
	}
	if whole {
		for _, at := range inc.alerts {
			row.Alerts = append(row.Alerts, t.xdrAlert(t.alerts[at]))
		}
	}
	return row
}

// xdrAlert computes an alert of an incident. The caller holds the lock.
func (t *tenant) xdrAlert(a *alert) xdrAlert {
	row := xdrAlert{
		AlertID: a.id, IncidentID: a.incident, ServiceSource: "MicrosoftDefenderATP", CreationTime: a.created, LastUpdatedTime: a.updated,
		ResolvedTime: a.resolved, FirstActivity: a.first, LastActivity: a.last, Title: a.title, Description: a.text, Category: a.category,
		Status: a.status, Severity: severityName(a.severity), InvestigationState: orText(a.investigated, "Unknown"),
		Classification: orNull(a.classification), Determination: orNull(a.determination), DetectionSource: "CustomerTI",
		AssignedTo: orNull(a.assignedTo), MITRETechniques: t.techniqueIDs(a), Devices: []xdrDevice{t.xdrDevice(a)}, Entities: []xdrEntity{},
	}
	if a.investigation != 0 {
		row.InvestigationID = &a.investigation
	}
	if a.template >= 0 {
		kind := &t.templates[a.template]
		row.DetectionSource, row.ThreatFamilyName = kind.source, orNull(kind.family)
	}
	id := t.machines[a.machine].machineID()
	for _, f := range t.findings(a) {
		row.Entities = append(row.Entities, f.entity(id))
	}
	return row
}

// xdrDevice describes the device of an alert. The caller holds the lock.
func (t *tenant) xdrDevice(a *alert) xdrDevice {
	m := t.machines[a.machine]
	kind, group := &t.platforms[m.platform], t.groups[m.group]
	d := xdrDevice{
		MDATPDeviceID: m.machineID(), DeviceDNSName: t.dnsName(a.machine), OSPlatform: kind.platform, Version: kind.version, OSProcessor: "x64",
		HealthStatus: healthStates()[m.health], RiskScore: severityName(a.severity), RBACGroupName: orNull(group.name), RBACGroupID: group.id,
		FirstSeen: m.firstSeen,
	}
	if kind.build > 0 {
		d.OSBuild = &kind.build
	}
	if m.joined {
		d.AADDeviceID = orNull(t.guid("aad-device", int(a.machine)))
	}
	return d
}

// entity turns a finding into an entity of XDR.
func (f *finding) entity(device string) xdrEntity {
	from := f.evidence()
	e := xdrEntity{
		EntityType: from.EntityType, SHA1: from.SHA1, SHA256: from.SHA256, FileName: from.FileName, FilePath: from.FilePath,
		ProcessID: from.ProcessID, ProcessCommandLine: from.ProcessCommandLine, ProcessCreationTime: from.ProcessCreationTime,
		ParentProcessID: from.ParentProcessID, ParentProcessCreationTime: from.ParentProcessCreationTime, IPAddress: from.IPAddress, URL: from.URL,
		AccountName: from.AccountName, DomainName: from.DomainName, UserSID: from.UserSID, AADUserID: from.AADUserID,
		UserPrincipalName: from.UserPrincipalName, RegistryHive: from.RegistryHive, RegistryKey: from.RegistryKey,
		RegistryValueType: from.RegistryValueType, RegistryValue: from.RegistryValue,
	}
	if f.kind == "File" || f.kind == "Process" || f.kind == "Registry" {
		e.DeviceID = &device
	}
	return e
}
