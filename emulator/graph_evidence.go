package emulator

// evidenceBase is what all evidence of Graph has.
type evidenceBase struct {
	ODataType                string   `json:"@odata.type"`
	CreatedDateTime          stamp    `json:"createdDateTime"`
	Verdict                  string   `json:"verdict"`
	RemediationStatus        string   `json:"remediationStatus"`
	RemediationStatusDetails *string  `json:"remediationStatusDetails"`
	Roles                    []string `json:"roles"`
	DetailedRoles            []string `json:"detailedRoles"`
	Tags                     []string `json:"tags"`
}

type deviceEvidence struct {
	evidenceBase
	FirstSeenDateTime     stamp       `json:"firstSeenDateTime"`
	MDEDeviceID           string      `json:"mdeDeviceId"`
	AzureADDeviceID       *string     `json:"azureAdDeviceId"`
	DeviceDNSName         string      `json:"deviceDnsName"`
	HostName              string      `json:"hostName"`
	NTDomain              *string     `json:"ntDomain"`
	DNSDomain             string      `json:"dnsDomain"`
	OSPlatform            string      `json:"osPlatform"`
	OSBuild               *int64      `json:"osBuild"`
	Version               string      `json:"version"`
	HealthStatus          string      `json:"healthStatus"`
	RiskScore             string      `json:"riskScore"`
	RBACGroupID           int         `json:"rbacGroupId"`
	RBACGroupName         *string     `json:"rbacGroupName"`
	OnboardingStatus      string      `json:"onboardingStatus"`
	DefenderAVStatus      string      `json:"defenderAvStatus"`
	LastIPAddress         string      `json:"lastIpAddress"`
	LastExternalIPAddress string      `json:"lastExternalIpAddress"`
	IPInterfaces          []string    `json:"ipInterfaces"`
	VMMetadata            *vmMetadata `json:"vmMetadata"`
	LoggedOnUsers         []loggedOn  `json:"loggedOnUsers"`
	ResourceAccessEvents  []struct{}  `json:"resourceAccessEvents"`
}

// graphFile is fileDetails of Graph.
type graphFile struct {
	SHA1          *string `json:"sha1"`
	SHA256        *string `json:"sha256"`
	MD5           *string `json:"md5"`
	SHA256AC      *string `json:"sha256Ac"`
	FileName      *string `json:"fileName"`
	FilePath      *string `json:"filePath"`
	FileSize      *int64  `json:"fileSize"`
	FilePublisher *string `json:"filePublisher"`
	Signer        *string `json:"signer"`
	Issuer        *string `json:"issuer"`
}

type fileEvidence struct {
	evidenceBase
	DetectionStatus *string   `json:"detectionStatus"`
	MDEDeviceID     string    `json:"mdeDeviceId"`
	FileDetails     graphFile `json:"fileDetails"`
}

type processEvidence struct {
	evidenceBase
	ProcessID                     int64        `json:"processId"`
	ParentProcessID               int64        `json:"parentProcessId"`
	ProcessCommandLine            string       `json:"processCommandLine"`
	ProcessCreationDateTime       stamp        `json:"processCreationDateTime"`
	ParentProcessCreationDateTime stamp        `json:"parentProcessCreationDateTime"`
	DetectionStatus               *string      `json:"detectionStatus"`
	MDEDeviceID                   string       `json:"mdeDeviceId"`
	ImageFile                     graphFile    `json:"imageFile"`
	ParentProcessImageFile        *graphFile   `json:"parentProcessImageFile"`
	UserAccount                   graphAccount `json:"userAccount"`
}

// graphAccount is userAccount of Graph.
type graphAccount struct {
	AccountName       string  `json:"accountName"`
	DomainName        string  `json:"domainName"`
	UserSID           string  `json:"userSid"`
	AzureADUserID     *string `json:"azureAdUserId"`
	UserPrincipalName *string `json:"userPrincipalName"`
	DisplayName       *string `json:"displayName"`
}

type userEvidence struct {
	evidenceBase
	Stream      *string      `json:"stream"`
	UserAccount graphAccount `json:"userAccount"`
}

type ipEvidence struct {
	evidenceBase
	IPAddress         string  `json:"ipAddress"`
	CountryLetterCode *string `json:"countryLetterCode"`
	Location          *string `json:"location"`
	Stream            *string `json:"stream"`
}

type urlEvidence struct {
	evidenceBase
	URL string `json:"url"`
}

type registryValueEvidence struct {
	evidenceBase
	MDEDeviceID       string `json:"mdeDeviceId"`
	RegistryHive      string `json:"registryHive"`
	RegistryKey       string `json:"registryKey"`
	RegistryValue     string `json:"registryValue"`
	RegistryValueName string `json:"registryValueName"`
	RegistryValueType string `json:"registryValueType"`
}

// remediationOf tells what was done about the artifacts of an alert.
func remediationOf(a *alert) string {
	switch a.investigated {
	case "SuccessfullyRemediated":
		return "remediated"
	case "PendingApproval":
		return "pendingApproval"
	case "Running":
		return "running"
	case "PartiallyRemediated":
		return "active"
	}
	return "none"
}

// graphEvidence lists the evidence of an alert as Graph prints it: the device first. The caller holds the lock.
func (t *tenant) graphEvidence(a *alert, all bool) []any {
	base := func(kind, verdict, remediation string, roles ...string) evidenceBase {
		return evidenceBase{
			ODataType: "#microsoft.graph.security." + kind, CreatedDateTime: a.created, Verdict: verdict, RemediationStatus: mask(remediation, all),
			Roles: append([]string{}, roles...), DetailedRoles: []string{}, Tags: []string{},
		}
	}
	list := []any{t.deviceEvidence(a, base("deviceEvidence", "unknown", "none", "compromised"))}
	id := t.machines[a.machine].machineID()
	verdict := "suspicious"
	if a.category == "Malware" || a.category == "Ransomware" {
		verdict = "malicious"
	}
	for _, f := range t.findings(a) {
		detected := orNull("detected")
		if !f.detected {
			detected = nil
		}
		switch f.kind {
		case "File":
			list = append(list, fileEvidence{base("fileEvidence", verdict, remediationOf(a)), detected, id, f.graphFile()})
		case "Process":
			list = append(list, processEvidence{
				base("processEvidence", verdict, remediationOf(a)), f.pid, f.parentPID, f.command, f.started, f.parentAt, detected, id, f.graphFile(),
				&graphFile{FileName: orNull(f.parent), FilePath: orNull(f.parentPath)}, t.graphAccount(a.user),
			})
		case "User":
			list = append(list, userEvidence{base("userEvidence", "suspicious", "none", "compromised"), nil, t.graphAccount(a.user)})
		case "Ip":
			list = append(list, ipEvidence{base("ipEvidence", "suspicious", "none"), f.value, orNull(f.countryLetter), nil, nil})
		case "Url":
			list = append(list, urlEvidence{base("urlEvidence", "suspicious", "none"), f.value})
		case "Registry":
			list = append(list, registryValueEvidence{base("registryValueEvidence", "suspicious", "none"), id, f.hive, f.key, f.value, f.valueName, "unknown"})
		}
	}
	return list
}

// deviceEvidence describes the device of an alert as it was then: its risk was that of the alert.
func (t *tenant) deviceEvidence(a *alert, base evidenceBase) deviceEvidence {
	row := t.lockedMachineRow(a.machine)
	base.DetailedRoles, base.Tags = []string{"PrimaryDevice"}, []string{}
	return deviceEvidence{
		evidenceBase: base, FirstSeenDateTime: row.FirstSeen, MDEDeviceID: row.ID, AzureADDeviceID: row.AADDeviceID,
		DeviceDNSName: row.ComputerDNSName, HostName: t.shortName(a.machine), DNSDomain: "corp." + t.domain,
		OSPlatform: row.OSPlatform, OSBuild: row.OSBuild, Version: row.Version, HealthStatus: lowerFirst(row.HealthStatus),
		RiskScore: lowerFirst(severityName(a.severity)), RBACGroupID: row.RBACGroupID, RBACGroupName: row.RBACGroupName,
		OnboardingStatus: lowerFirst(row.OnboardingStatus), DefenderAVStatus: "updated",
		LastIPAddress: row.LastIPAddress, LastExternalIPAddress: row.LastExternalIPAddress, IPInterfaces: []string{row.LastIPAddress, "127.0.0.1"},
		VMMetadata: row.VMMetadata, LoggedOnUsers: t.loggedOnUsers(a.machine), ResourceAccessEvents: []struct{}{},
	}
}

// graphFile describes the file of a finding.
func (f *finding) graphFile() graphFile {
	file := graphFile{
		SHA1: &f.sha1, SHA256: &f.sha256, MD5: &f.md5, FileName: &f.name, FilePath: &f.path, FileSize: &f.size,
		FilePublisher: orNull(f.publisher), Signer: orNull(f.publisher),
	}
	if f.publisher != "" {
		file.Issuer = orNull(f.publisher + " Code Signing CA")
	}
	return file
}

// graphAccount describes a user.
func (t *tenant) graphAccount(index int32) graphAccount {
	u := &t.users[index]
	return graphAccount{
		AccountName: u.account, DomainName: t.netbios(), UserSID: t.sid(index), AzureADUserID: orNull(t.guid("user", int(index))),
		UserPrincipalName: orNull(t.upn(u)), DisplayName: orNull(u.given + " " + u.surname),
	}
}
