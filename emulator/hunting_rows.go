package emulator

import (
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"time"
)

// huntingRow is a row by column name; a column that is not there is null.
type huntingRow map[string]any

// quoteList prints texts as a JSON array in a string, as several columns hold it.
func quoteList(list []string) string {
	if list == nil {
		list = []string{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic("emulator: list of strings: " + err.Error())
	}
	return string(text)
}

// huntedAlerts copies the alerts that are young enough for the hunting tables.
func (t *tenant) huntedAlerts() []alert {
	t.mu.RLock()
	defer t.mu.RUnlock()
	oldest := stampOf(t.born.AddDate(0, 0, -huntingDays))
	var list []alert
	for _, i := range t.order {
		if a := t.alerts[i]; a.created > oldest && int(a.machine) < len(t.machines) {
			list = append(list, *a)
		}
	}
	return list
}

// alertColumnsOf gives what both alert tables say of an alert.
func (t *tenant) alertColumnsOf(a *alert) huntingRow {
	row := huntingRow{
		"Timestamp": a.created.time(), "AlertId": a.id, "Title": a.title, "Severity": severityName(a.severity),
		"ServiceSource": "Microsoft Defender for Endpoint", "DetectionSource": "Custom TI", "AttackTechniques": "",
	}
	if a.template >= 0 {
		kind := &t.templates[a.template]
		row["DetectionSource"] = kind.huntingSource()
		if len(kind.techniques) > 0 {
			names := make([]string, len(kind.techniques))
			for i, technique := range kind.techniques {
				id, name, _ := strings.Cut(technique, " ")
				names[i] = name + " (" + id + ")"
			}
			row["AttackTechniques"] = quoteList(names)
		}
	}
	return row
}

// huntingSource names the detection source as the alert tables do.
func (k *template) huntingSource() string {
	names := map[string]string{
		"WindowsDefenderAtp": "EDR", "WindowsDefenderAv": "Antivirus", "CustomDetection": "Custom detection", "CustomerTI": "Custom TI",
		"AutomatedInvestigation": "Automated investigation", "SmartScreen": "SmartScreen",
	}
	return names[k.source]
}

// fillAlertInfo gives one row for each alert.
func fillAlertInfo(t *tenant, add func(huntingRow)) {
	for _, a := range t.huntedAlerts() {
		row := t.alertColumnsOf(&a)
		row["Category"] = a.category
		add(row)
	}
}

// fillAlertEvidence gives one row for the device of each alert and one for each piece of evidence.
func fillAlertEvidence(t *tenant, add func(huntingRow)) {
	for _, a := range t.huntedAlerts() {
		base := t.alertColumnsOf(&a)
		base["Categories"] = quoteList([]string{a.category})
		base["DeviceId"], base["DeviceName"] = t.machines[a.machine].machineID(), t.dnsName(a.machine)
		device := clone(base)
		device["EntityType"], device["EvidenceRole"], device["LocalIP"] = "Machine", "Impacted", ipOf(a.machine)
		add(device)
		for _, f := range t.findings(&a) {
			row := clone(base)
			f.hunt(row)
			if a.template >= 0 {
				row["ThreatFamily"] = t.templates[a.template].family
			}
			add(row)
		}
	}
}

// clone copies a row.
func clone(row huntingRow) huntingRow {
	c := make(huntingRow, len(row)+8)
	maps.Copy(c, row)
	return c
}

// hunt writes a finding into a row of AlertEvidence.
func (f *finding) hunt(row huntingRow) {
	row["EntityType"], row["EvidenceRole"] = f.kind, "Related"
	switch f.kind {
	case "File", "Process":
		row["FileName"], row["FolderPath"], row["SHA1"], row["SHA256"], row["FileSize"] = f.name, f.path, f.sha1, f.sha256, f.size
		row["ProcessCommandLine"] = f.command
	case "Ip":
		row["RemoteIP"] = f.value
	case "Url":
		row["RemoteUrl"] = f.value
	case "Registry":
		row["EntityType"] = "RegistryValue"
		row["RegistryKey"], row["RegistryValueName"], row["RegistryValueData"] = f.hive+`\`+f.key, f.valueName, f.value
	case "User":
		row["EvidenceRole"] = "Impacted"
		row["AccountName"], row["AccountDomain"], row["AccountSid"] = f.account, f.domain, f.sid
		row["AccountObjectId"], row["AccountUpn"] = f.object, f.upn
	}
}

// fillDeviceInfo gives two reports of each device: the last one and the one a day before.
func fillDeviceInfo(t *tenant, add func(huntingRow)) {
	for _, i := range t.roster {
		wire := t.machineRow(i)
		for _, age := range []time.Duration{24 * time.Hour, 0} {
			add(t.deviceInfo(i, &wire, wire.LastSeen.time().Add(-age)))
		}
	}
}

// deviceInfo is one report of a device.
func (t *tenant) deviceInfo(i int32, wire *machineRow, at time.Time) huntingRow {
	m := t.machines[i]
	kind := &t.platforms[m.platform]
	category, deviceType := "Endpoint", "Workstation"
	if kind.mask&(osServers|osLinux) != 0 {
		deviceType = "Server"
	}
	users := []map[string]string{}
	for _, l := range t.logons(i) {
		users = append(users, map[string]string{"UserName": t.users[l.user].account, "DomainName": t.netbios(), "Sid": t.sid(l.user)})
	}
	loggedOn, err := json.Marshal(users)
	if err != nil {
		panic("emulator: logged on users: " + err.Error())
	}
	row := huntingRow{
		"Timestamp": at, "DeviceId": wire.ID, "DeviceName": wire.ComputerDNSName, "ClientVersion": wire.AgentVersion,
		"PublicIP": wire.LastExternalIPAddress, "OSArchitecture": wire.OSArchitecture, "OSPlatform": wire.OSPlatform,
		"OSVersion": t.systemVersion(i), "OSDistribution": kind.distribution, "OSVersionInfo": kind.title,
		"IsAzureADJoined": wire.IsAADJoined, "AadDeviceId": orEmpty(wire.AADDeviceID), "LoggedOnUsers": string(loggedOn),
		"MachineGroup": orEmpty(wire.RBACGroupName), "ReportId": 500000 + int64(i), "OnboardingStatus": onboardingTitle(wire.OnboardingStatus),
		"DeviceCategory": category, "DeviceType": deviceType, "IsInternetFacing": m.internet, "SensorHealthState": wire.HealthStatus,
		"IsExcluded": false, "ExposureLevel": wire.ExposureLevel, "AssetValue": wire.DeviceValue, "DeviceManualTags": quoteList(wire.MachineTags),
		"DeviceDynamicTags": "[]", "JoinType": map[bool]string{true: "AAD Joined", false: "Domain Joined"}[m.joined],
	}
	if wire.OSBuild != nil {
		row["OSBuild"] = *wire.OSBuild
	}
	if wire.MergedIntoMachineID != nil {
		row["MergedToDeviceId"] = *wire.MergedIntoMachineID
	}
	if wire.VMMetadata != nil {
		row["AzureResourceId"] = wire.VMMetadata.ResourceID
	}
	return row
}

// onboardingTitle writes an onboarding status as DeviceInfo does.
func onboardingTitle(status string) string {
	titles := map[string]string{"CanBeOnboarded": "Can be onboarded", "InsufficientInfo": "Insufficient info"}
	if title, ok := titles[status]; ok {
		return title
	}
	return status
}

// fillDeviceNetworkInfo gives the network adapter of each device.
func fillDeviceNetworkInfo(t *tenant, add func(huntingRow)) {
	for _, i := range t.roster {
		m := t.machines[i]
		add(huntingRow{
			"Timestamp": m.lastSeen.time(), "DeviceId": m.machineID(), "DeviceName": t.dnsName(i),
			"NetworkAdapterName": "Ethernet0", "MacAddress": macOf(m), "NetworkAdapterType": "Ethernet", "NetworkAdapterStatus": "Up",
			"ConnectedNetworks": `[{"Name":"corp.` + t.domain + `","Category":"DomainAuthenticated","IsConnectedToInternet":true}]`,
			"DnsAddresses":      `["10.0.0.2"]`, "DefaultGateways": `["10.0.0.1"]`, "ReportId": 600000 + int64(i),
			"IPAddresses": `[{"IPAddress":"` + ipOf(i) + `","SubnetPrefix":16,"AddressType":"Private"}]`,
		})
	}
}

// fillSoftwareInventory gives one row for each product on each device.
func fillSoftwareInventory(t *tenant, add func(huntingRow)) {
	for i := range t.spans {
		for _, in := range t.installsOf(int32(i)) {
			row := t.softwareColumns(int32(i), in)
			row["ProductCodeCpe"] = ""
			if in.version == 0 {
				row["EndOfSupportStatus"] = "EOS Version"
			}
			add(row)
		}
	}
}

// softwareColumns gives what both software tables say of an install.
func (t *tenant) softwareColumns(i int32, in install) huntingRow {
	m, p := t.machines[i], &t.catalogue.products[in.product]
	return huntingRow{
		"DeviceId": m.machineID(), "DeviceName": t.dnsName(i), "OSPlatform": t.platforms[m.platform].platform, "OSVersion": t.systemVersion(i),
		"OSArchitecture": "x64", "SoftwareVendor": p.vendor, "SoftwareName": p.name, "SoftwareVersion": p.releases[in.version],
	}
}

// fillSoftwareVulnerabilities gives one row for each vulnerability of each device.
func fillSoftwareVulnerabilities(t *tenant, add func(huntingRow)) {
	cursor := t.flawCursor()
	for n := range t.exports.listed {
		i, in, f := cursor.seek(n)
		add(t.huntedFlaw(i, in, f))
	}
}

// huntedFlaw is one vulnerability of a device.
func (t *tenant) huntedFlaw(i int32, in install, f int32) huntingRow {
	v, p := &t.catalogue.flaws[f], &t.catalogue.products[in.product]
	row := t.softwareColumns(i, in)
	row["CveId"], row["VulnerabilitySeverityLevel"], row["CveTags"] = v.id, severityName(v.vector.severity()), "[]"
	if v.zeroDay {
		row["CveTags"] = `["ZeroDay"]`
	}
	if kb := p.kbs[v.fixed]; kb != "" {
		row["RecommendedSecurityUpdate"], row["RecommendedSecurityUpdateId"] = t.catalogue.updateName(p, v.fixed), kb
	}
	return row
}

// fillVulnerabilityKB gives one row for each entry of the vulnerability catalogue.
func fillVulnerabilityKB(t *tenant, add func(huntingRow)) {
	for i := range t.catalogue.flaws {
		v := &t.catalogue.flaws[i]
		row := huntingRow{
			"CveId": v.id, "CvssScore": v.vector.score, "IsExploitAvailable": v.exploit > noExploit, "CvssVector": v.vector.vector,
			"VulnerabilitySeverityLevel": severityName(v.vector.severity()), "LastModifiedTime": v.updated.time(), "PublishedDate": v.published.time(),
			"VulnerabilityDescription": t.catalogue.describe(v), "AffectedSoftware": "[]",
		}
		if v.epss > 0 {
			row["EpssScore"] = v.epss
		}
		if v.product >= 0 {
			p := &t.catalogue.products[v.product]
			row["AffectedSoftware"] = quoteList([]string{p.vendor + ":" + p.name})
		}
		add(row)
	}
}

// fillIdentityInfo gives one row for each user.
func fillIdentityInfo(t *tenant, add func(huntingRow)) {
	for i := range t.users {
		u := &t.users[i]
		row := huntingRow{
			"Timestamp": t.born, "ReportId": t.guid("identity-report", i), "AccountObjectId": t.guid("user", i), "AccountUpn": t.upn(u),
			"OnPremSid": t.sid(int32(i)), "AccountDisplayName": u.given + " " + u.surname, "AccountName": u.account, "AccountDomain": t.netbios(),
			"Type": "User", "GivenName": u.given, "Surname": u.surname, "Department": u.department, "JobTitle": u.department + " specialist",
			"EmailAddress": t.upn(u), "City": "Lisbon", "Country": "PT", "IsAccountEnabled": true, "CreatedDateTime": t.born.AddDate(-2, 0, -i%400),
			"BlastRadius": "Low", "RiskLevel": "Low", "RiskStatus": "None", "TenantId": t.id, "SourceSystem": "AzureActiveDirectory",
			"TenantMembershipType": "Member", "IdentityEnvironment": "Hybrid", "AssignedRoles": "[]", "Tags": "[]", "GroupMembership": "[]",
		}
		if u.admin {
			row["AssignedRoles"], row["BlastRadius"], row["Tags"] = `["Global Administrator"]`, "High", `["Sensitive"]`
		}
		add(row)
	}
}

// fillEvents gives the events of one kind.
func fillEvents(kind eventKind) func(t *tenant, add func(huntingRow)) {
	return func(t *tenant, add func(huntingRow)) {
		for _, i := range t.roster {
			for _, e := range t.events(i) {
				if e.kind == kind {
					add(t.eventRow(i, &e))
				}
			}
		}
	}
}

// eventRow writes an event into a row of its table.
func (t *tenant) eventRow(i int32, e *event) huntingRow {
	row := huntingRow{
		"Timestamp": e.at.time(), "DeviceId": t.machines[i].machineID(), "DeviceName": t.dnsName(i), "ActionType": e.action, "ReportId": e.report,
		"InitiatingProcessFileName": e.initiator, "InitiatingProcessFolderPath": e.initiators, "InitiatingProcessCommandLine": e.command,
		"InitiatingProcessId": e.initPID, "InitiatingProcessSHA1": hashOf("sha1 "+e.initiator, 20), "InitiatingProcessSHA256": hashOf("sha256 "+e.initiator, 32),
		"InitiatingProcessCreationTime": (e.at - stamp(time.Hour)).time(), "InitiatingProcessParentFileName": "services.exe", "InitiatingProcessParentId": int64(612),
	}
	u := &t.users[e.user]
	who := huntingRow{"AccountName": u.account, "AccountDomain": t.netbios(), "AccountSid": t.sid(e.user), "AccountUpn": t.upn(u), "AccountObjectId": t.guid("user", int(e.user))}
	for k, v := range who {
		row["InitiatingProcess"+k] = v
	}
	switch e.kind {
	case eventProcess, eventFile, eventImage:
		row["FileName"], row["FolderPath"], row["SHA1"], row["SHA256"], row["MD5"], row["FileSize"] = e.name, e.path, e.sha1, e.sha256, e.md5, e.size
	case eventNetwork:
		row["RemoteIP"], row["RemotePort"], row["RemoteUrl"], row["LocalIP"], row["LocalPort"] = e.remote, e.port, hostOf(e.value), ipOf(i), 49152+int(e.report%10000)
		row["Protocol"], row["RemoteIPType"], row["LocalIPType"] = "Tcp", "Public", "Private"
	case eventRegistry:
		row["RegistryKey"], row["RegistryValueName"], row["RegistryValueData"], row["RegistryValueType"] = e.registryPath(), e.valueName, e.value, "String"
	case eventLogon:
		row["LogonType"], row["IsLocalAdmin"], row["LogonId"], row["Protocol"] = e.logonType, u.admin, e.report, "Kerberos"
		row["RemoteIP"] = e.remote
	}
	if e.kind == eventProcess {
		row["ProcessId"], row["ProcessCommandLine"], row["ProcessCreationTime"] = e.pid, e.artifact.command, e.started.time()
		row["ProcessIntegrityLevel"], row["ProcessTokenElevation"] = "Medium", "TokenElevationTypeLimited"
	}
	if e.kind == eventProcess || e.kind == eventLogon || e.kind == eventOther {
		maps.Copy(row, who)
	}
	return row
}

// registryPath joins hive and key.
func (e *event) registryPath() string {
	if e.hive == "" {
		return e.key
	}
	return e.hive + `\` + e.key
}

// hostOf gives the host of a URL, as RemoteUrl holds it.
func hostOf(text string) string {
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return u.Hostname()
	}
	return text
}
