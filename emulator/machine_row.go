package emulator

// machineRow is a device as GET /api/machines prints it, in the order of the wire (core.md 6.2).
type machineRow struct {
	ID                    string      `json:"id"`
	MergedIntoMachineID   *string     `json:"mergedIntoMachineId"`
	IsPotentialDuplicate  bool        `json:"isPotentialDuplication"`
	IsExcluded            bool        `json:"isExcluded"`
	ExclusionReason       *string     `json:"exclusionReason"`
	ComputerDNSName       string      `json:"computerDnsName"`
	FirstSeen             stamp       `json:"firstSeen"`
	LastSeen              stamp       `json:"lastSeen"`
	OSPlatform            string      `json:"osPlatform"`
	OSVersion             *string     `json:"osVersion"`
	OSProcessor           string      `json:"osProcessor"`
	Version               string      `json:"version"`
	LastIPAddress         string      `json:"lastIpAddress"`
	LastExternalIPAddress string      `json:"lastExternalIpAddress"`
	AgentVersion          string      `json:"agentVersion"`
	OSBuild               *int64      `json:"osBuild"`
	HealthStatus          string      `json:"healthStatus"`
	DeviceValue           string      `json:"deviceValue"`
	RBACGroupID           int         `json:"rbacGroupId"`
	RBACGroupName         *string     `json:"rbacGroupName"`
	RiskScore             string      `json:"riskScore"`
	ExposureLevel         string      `json:"exposureLevel"`
	IsAADJoined           bool        `json:"isAadJoined"`
	AADDeviceID           *string     `json:"aadDeviceId"`
	MachineTags           []string    `json:"machineTags"`
	DefenderAVStatus      string      `json:"defenderAvStatus"`
	OnboardingStatus      string      `json:"onboardingStatus"`
	OSArchitecture        string      `json:"osArchitecture"`
	ManagedBy             string      `json:"managedBy"`
	ManagedByStatus       string      `json:"managedByStatus"`
	IPAddresses           []machineIP `json:"ipAddresses"`
	VMMetadata            *vmMetadata `json:"vmMetadata"`
}

// machineIP is one address of a device.
type machineIP struct {
	IPAddress         string  `json:"ipAddress"`
	MACAddress        *string `json:"macAddress"`
	Type              string  `json:"type"`
	OperationalStatus string  `json:"operationalStatus"`
}

// vmMetadata tells where a virtual machine runs.
type vmMetadata struct {
	VMID           string `json:"vmId"`
	CloudProvider  string `json:"cloudProvider"`
	ResourceID     string `json:"resourceId"`
	SubscriptionID string `json:"subscriptionId"`
}

// riskOf gives the risk level of a device: the worst of its open alerts. The caller holds the lock.
func (t *tenant) riskOf(i int32) string {
	worst := sevNone
	for _, at := range t.alertsOf[i] {
		if a := t.alerts[at]; a.status != "Resolved" {
			worst = max(worst, a.severity)
		}
	}
	if worst == sevNone {
		return "None"
	}
	return severityName(worst)
}

// machineRow computes the wire row of a device.
func (t *tenant) machineRow(i int32) machineRow {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.newest().lockedMachineRow(i)
}

// lockedMachineRow is machineRow for a caller that holds the lock.
func (t *tenant) lockedMachineRow(i int32) machineRow {
	m := t.machines[i]
	kind, group := &t.platforms[m.platform], t.groups[m.group]
	row := machineRow{
		ID: m.machineID(), ComputerDNSName: t.dnsName(i), FirstSeen: m.firstSeen, LastSeen: m.reported,
		OSPlatform: kind.platform, OSProcessor: "x64", Version: kind.version,
		LastIPAddress: ipOf(i), LastExternalIPAddress: externalIPOf(m), AgentVersion: "10.8760.22621.3880",
		HealthStatus: healthStates()[m.health], DeviceValue: deviceValues()[m.value],
		RBACGroupID: group.id, RBACGroupName: orNull(group.name),
		RiskScore: t.riskOf(i), ExposureLevel: exposureLevels()[m.exposure], IsAADJoined: m.joined,
		MachineTags: append([]string{}, m.tags...), DefenderAVStatus: "Updated", OnboardingStatus: onboardingStates()[m.onboarding],
		OSArchitecture: "64-bit", ManagedBy: "Unknown", ManagedByStatus: "Unknown", IPAddresses: machineIPs(i, m),
	}
	if kind.build > 0 {
		row.OSBuild = &kind.build
	} else { // osVersion is null for Windows
		version := kind.title
		row.OSVersion, row.AgentVersion = &version, "101.24072.0001"
	}
	if m.joined {
		id := t.guid("aad-device", int(i))
		row.AADDeviceID, row.ManagedBy, row.ManagedByStatus = &id, "Intune", "Success"
	}
	if m.merged > 0 {
		row.MergedIntoMachineID = orNull(t.machines[m.merged-1].machineID())
	}
	if m.internet {
		row.VMMetadata = t.vmOf(i)
	}
	return row
}

// machineIPs lists the network interfaces of a device.
func machineIPs(i int32, m *machine) []machineIP {
	mac := macOf(m)
	return []machineIP{
		{IPAddress: ipOf(i), MACAddress: &mac, Type: "Ethernet", OperationalStatus: "Up"},
		{IPAddress: "127.0.0.1", Type: "SoftwareLoopback", OperationalStatus: "Up"},
	}
}

// vmOf gives the cloud identity of a device that runs there.
func (t *tenant) vmOf(i int32) *vmMetadata {
	subscription := t.guid("subscription", 0)
	return &vmMetadata{
		VMID: t.guid("vm", int(i)), CloudProvider: "Azure", SubscriptionID: subscription,
		ResourceID: "/subscriptions/" + subscription + "/resourceGroups/servers/providers/Microsoft.Compute/virtualMachines/" + t.shortName(i),
	}
}

// machineColumns lists what $filter may name on machines: the set's page, and not rbacGroupName (core.md 3.1).
func machineColumns() []column[machineRow] {
	text := func(name string, get func(r *machineRow) string) column[machineRow] {
		return column[machineRow]{name, kindString, func(r *machineRow) odataValue { return textValue(get(r)) }}
	}
	return []column[machineRow]{
		text("computerDnsName", func(r *machineRow) string { return r.ComputerDNSName }),
		text("id", func(r *machineRow) string { return r.ID }),
		text("version", func(r *machineRow) string { return r.Version }),
		text("deviceValue", func(r *machineRow) string { return r.DeviceValue }),
		text("aadDeviceId", func(r *machineRow) string { return orEmpty(r.AADDeviceID) }),
		text("exposureLevel", func(r *machineRow) string { return r.ExposureLevel }),
		text("onboardingStatus", func(r *machineRow) string { return r.OnboardingStatus }),
		text("lastIpAddress", func(r *machineRow) string { return r.LastIPAddress }),
		text("healthStatus", func(r *machineRow) string { return r.HealthStatus }),
		text("osPlatform", func(r *machineRow) string { return r.OSPlatform }),
		text("riskScore", func(r *machineRow) string { return r.RiskScore }),
		{"machineTags", kindStrings, func(r *machineRow) odataValue { return odataValue{kind: kindStrings, strings: r.MachineTags} }},
		{"lastSeen", kindTime, func(r *machineRow) odataValue { return momentValue(r.LastSeen) }},
		{"rbacGroupId", kindNumber, func(r *machineRow) odataValue { return numberValue(float64(r.RBACGroupID)) }},
	}
}

// orEmpty reads a nullable text.
func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
