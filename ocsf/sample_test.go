package ocsf

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// when is the time of all samples.
func when() Timestamp { return TimestampOf(time.Date(2026, 11, 23, 4, 5, 6, 789_000_000, time.UTC)) }

func sampleMetadata(profiles ...string) *Metadata {
	return &Metadata{
		Version: Version, Profiles: profiles, UID: "da637-1", TenantUID: "f0f0f0f0-0000-4000-8000-000000000001",
		Product:     &Product{Name: "Defender for Endpoint", VendorName: "Microsoft"},
		LogName:     "alerts",
		LoggedTime:  when(),
		EventCode:   "WindowsDefenderAtp",
		Labels:      []string{"production"},
		IsTruncated: Bool(false),
	}
}

func sampleDevice() *Device {
	return &Device{
		UID: "1e5bc9d7e413ddd7902c2932e418702b84d0cc07", Hostname: "laptop-7.example.org", TypeID: DeviceTypeLaptop,
		IP: "10.1.2.3", MAC: "00:0d:3a:aa:bb:cc", IsManaged: Bool(true), RiskLevelID: Some(RiskLevelHigh),
		OS: &OS{Name: "Windows 11", TypeID: OSTypeWindows, Version: "10.0.26100"},
	}
}

func sampleFile() *File {
	return &File{
		Name: "mimikatz.exe", Path: `C:\Users\ann\mimikatz.exe`, TypeID: FileTypeRegularFile, Size: Int(1355680),
		Hashes: []Fingerprint{{AlgorithmID: HashAlgorithmSHA1, Value: "da39a3ee5e6b4b0d3255bfef95601890afd80709"}},
	}
}

func sampleUser() *User {
	return &User{Name: "ann", Domain: "example.org", UID: "S-1-5-21-1", TypeID: Some(UserTypeUser)}
}

func sampleProcess() *Process {
	return &Process{
		Name: "mimikatz.exe", PID: Int(4711), CmdLine: `mimikatz.exe "sekurlsa::logonpasswords"`, CreatedTime: when(),
		File: sampleFile(), User: sampleUser(), IntegrityID: Some(IntegrityHigh),
		ParentProcess: &Process{Name: "cmd.exe", PID: Int(812)},
	}
}

func sampleFinding() *FindingInfo {
	return &FindingInfo{
		UID: "da637-1", Title: "Mimikatz was found", Types: []string{"CredentialAccess"}, CreatedTime: when(),
		Attacks: []Attack{{Tactic: &Tactic{UID: "TA0006", Name: "Credential Access"}, Technique: &Technique{UID: "T1003", Name: "OS Credential Dumping"}}},
	}
}

// samples are sound events, one or more of each class.
func samples() []Event {
	actor := &Actor{Process: sampleProcess(), User: sampleUser()}
	device, metadata, time := sampleDevice(), sampleMetadata(), when()
	host := sampleMetadata("host")
	return []Event{
		&DetectionFinding{
			ActivityID: FindingActivityUpdate, SeverityID: SeverityHigh, Time: time, Metadata: sampleMetadata("incident"), FindingInfo: sampleFinding(), Device: device,
			StatusID: Some(FindingStatusInProgress), VerdictID: Some(VerdictTruePositive), ConfidenceID: Some(ConfidenceOther), Confidence: "very sure",
			IsAlert:   Bool(true),
			Evidences: []Evidences{{Process: sampleProcess(), VerdictID: Some(VerdictSuspicious)}, {File: sampleFile()}, {URL: &URL{URLString: "https://evil.example/x"}}},
			Observables: []Observable{
				{Name: "evidences[0].process.file.name", TypeID: ObservableTypeFileName, Value: "mimikatz.exe"},
				{Name: "device.ip", TypeID: ObservableTypeIPAddress, Value: "10.1.2.3"},
			},
			Unmapped: jsontext.Value(`{"investigationState":"Running"}`),
		},
		&IncidentFinding{
			ActivityID: FindingActivityClose, SeverityID: SeverityMedium, Time: time, Metadata: metadata, StatusID: IncidentStatusClosed,
			FindingInfoList: []FindingInfo{*sampleFinding()}, AssigneeGroup: &Group{Name: "unassigned"},
		},
		&VulnerabilityFinding{
			ActivityID: FindingActivityCreate, SeverityID: SeverityCritical, Time: time, Metadata: metadata, FindingInfo: sampleFinding(), Device: device,
			Vulnerabilities: []Vulnerability{
				{CVE: &CVE{UID: "CVE-2026-0001", CVSS: []CVSS{{BaseScore: 9.8, Version: "3.1", VectorString: "CVSS:3.1/AV:N"}}, EPSS: &EPSS{Score: "0.97"}}, IsExploitAvailable: Bool(true)},
				{Advisory: &Advisory{UID: "TVM-2020-0002"}, AffectedPackages: []AffectedPackage{{Name: "openssl", Version: "3.0.1"}}},
			},
		},
		&ComplianceFinding{
			ActivityID: FindingActivityUpdate, SeverityID: SeverityLow, Time: time, Metadata: metadata, FindingInfo: sampleFinding(),
			Compliance: &Compliance{Control: "scid-10", StatusID: Some(ComplianceStatusFail), Standards: []string{"CIS"}},
		},
		&InventoryInfo{ActivityID: InventoryActivityCollect, SeverityID: SeverityInformational, Time: time, Metadata: metadata, Device: device},
		&SoftwareInfo{ActivityID: InventoryActivityCollect, SeverityID: SeverityInformational, Time: time, Metadata: metadata, Device: device, SBOM: &SBOM{
			Package: &Package{Name: "openssl", Version: "3.0.1"}, SoftwareComponents: []SoftwareComponent{{Name: "libssl", Version: "3.0.1"}},
		}},
		&UserInventory{ActivityID: InventoryActivityCollect, SeverityID: SeverityInformational, Time: time, Metadata: metadata, User: sampleUser()},
		&PatchState{ActivityID: InventoryActivityCollect, SeverityID: SeverityInformational, Time: time, Metadata: metadata, Device: device, KBArticleList: []KBArticle{{UID: "KB5000001", OS: device.OS}}},
		&RemediationActivity{ActivityID: RemediationActivityIsolate, SeverityID: SeverityInformational, Time: time, Metadata: metadata, CommandUID: "a1", StatusID: Some(RemediationStatusSuccess)},
		&FileRemediationActivity{ActivityID: RemediationActivityEvict, SeverityID: SeverityInformational, Time: time, Metadata: metadata, CommandUID: "a2", File: sampleFile()},
		&ProcessRemediationActivity{ActivityID: RemediationActivityEvict, SeverityID: SeverityInformational, Time: time, Metadata: metadata, CommandUID: "a3", Process: sampleProcess()},
		&NetworkRemediationActivity{
			ActivityID: RemediationActivityRestore, SeverityID: SeverityInformational, Time: time, Metadata: metadata, CommandUID: "a4",
			ConnectionInfo: &NetworkConnectionInfo{DirectionID: ConnectionDirectionOutbound},
		},
		&ProcessActivity{ActivityID: ProcessActivityLaunch, SeverityID: SeverityInformational, Time: time, Metadata: host, Actor: actor, Device: device, Process: sampleProcess()},
		&FileActivity{ActivityID: FileActivityCreate, SeverityID: SeverityInformational, Time: time, Metadata: host, Actor: actor, Device: device, File: sampleFile()},
		&ModuleActivity{ActivityID: ModuleActivityLoad, SeverityID: SeverityInformational, Time: time, Metadata: host, Actor: actor, Device: device, Module: &Module{LoadTypeID: Some(LoadTypeStandard), File: sampleFile()}},
		&NetworkActivity{
			ActivityID: NetworkActivityOpen, SeverityID: SeverityInformational, Time: time, Metadata: host, Actor: actor, Device: device,
			DstEndpoint: &NetworkEndpoint{IP: "2001:db8::1", Port: Int(443), Hostname: "evil.example"}, SrcEndpoint: &NetworkEndpoint{IP: "10.1.2.3", Port: Int(50123)},
		},
		&Authentication{
			ActivityID: AuthenticationActivityLogon, SeverityID: SeverityInformational, Time: time, Metadata: host, User: sampleUser(), Device: device,
			LogonTypeID: Some(LogonTypeNetwork), DstEndpoint: &NetworkEndpoint{Hostname: "laptop-7"}, StatusID: Some(StatusFailure),
		},
		&RegistryKeyActivity{ActivityID: RegistryKeyActivityCreate, SeverityID: SeverityInformational, Time: time, Metadata: host, Actor: actor, Device: device, RegKey: &RegKey{Path: `HKLM\Software\X`}},
		&RegistryValueActivity{
			ActivityID: RegistryValueActivitySet, SeverityID: SeverityInformational, Time: time, Metadata: host, Actor: actor, Device: device,
			RegValue: &RegValue{Name: "Run", Path: `HKLM\Software\X`, TypeID: Some(RegValueTypeREGSZ), Data: jsontext.Value(`"calc.exe"`)},
		},
	}
}
