package emulator

// huntingTable is one table of advanced hunting. Its columns are those of Microsoft's page of the table, in the page's
// order: a name, and after a colon the Kusto type where it is not string.
type huntingTable struct {
	name    string
	columns string
	fill    func(t *tenant, add func(row huntingRow))
}

// huntingTables lists the tables of advanced hunting that have data.
func huntingTables() []huntingTable {
	return append(stateTables(), eventTables()...)
}

// stateTables lists the tables of alerts, devices, vulnerabilities and identities. CvssScore is printed as a string but arrives as a
// number, so it is one here; the last columns of the two vulnerability tables are recorded, not documented.
func stateTables() []huntingTable {
	return []huntingTable{
		{name: "AlertInfo", fill: fillAlertInfo, columns: `
			Timestamp:datetime AlertId Title Category Severity ServiceSource DetectionSource AttackTechniques`},
		{name: "AlertEvidence", fill: fillAlertEvidence, columns: `
			Timestamp:datetime AlertId Title Categories AttackTechniques ServiceSource DetectionSource EntityType EvidenceRole EvidenceDirection FileName
			FolderPath SHA1 SHA256 FileSize:long ThreatFamily RemoteIP RemoteUrl AccountName AccountDomain AccountSid AccountObjectId AccountUpn DeviceId
			DeviceName LocalIP NetworkMessageId EmailSubject Application ApplicationId:int OAuthApplicationId ProcessCommandLine RegistryKey RegistryValueName
			RegistryValueData AdditionalFields Severity CloudResource CloudPlatform ResourceType ResourceID SubscriptionId`},
		{name: "DeviceInfo", fill: fillDeviceInfo, columns: `
			Timestamp:datetime DeviceId DeviceName ClientVersion PublicIP OSArchitecture OSPlatform OSBuild:long IsAzureADJoined:bool JoinType AadDeviceId
			LoggedOnUsers RegistryDeviceTag OSVersion MachineGroup ReportId:long OnboardingStatus AdditionalFields DeviceCategory DeviceType DeviceSubtype Model
			Vendor OSDistribution OSVersionInfo MergedDeviceIds MergedToDeviceId IsInternetFacing:bool SensorHealthState IsExcluded:bool ExclusionReason
			ExposureLevel AssetValue DeviceManualTags DeviceDynamicTags ConnectivityType HostDeviceId AzureResourceId AwsResourceName GcpFullResourceName`},
		{name: "DeviceNetworkInfo", fill: fillDeviceNetworkInfo, columns: `
			Timestamp:datetime DeviceId DeviceName NetworkAdapterName MacAddress NetworkAdapterType NetworkAdapterStatus TunnelType ConnectedNetworks DnsAddresses
			IPv4Dhcp IPv6Dhcp DefaultGateways IPAddresses ReportId:long NetworkAdapterVendor`},
		{name: "DeviceTvmSoftwareInventory", fill: fillSoftwareInventory, columns: `
			DeviceId DeviceName OSPlatform OSVersion OSArchitecture SoftwareVendor SoftwareName SoftwareVersion EndOfSupportStatus EndOfSupportDate:datetime
			ProductCodeCpe`},
		{name: "DeviceTvmSoftwareVulnerabilities", fill: fillSoftwareVulnerabilities, columns: `
			DeviceId DeviceName OSPlatform OSVersion OSArchitecture SoftwareVendor SoftwareName SoftwareVersion CveId VulnerabilitySeverityLevel
			RecommendedSecurityUpdate RecommendedSecurityUpdateId CveTags:dynamic CveMitigationStatus AadDeviceId`},
		{name: "DeviceTvmSoftwareVulnerabilitiesKB", fill: fillVulnerabilityKB, columns: `
			CveId CvssScore:real IsExploitAvailable:bool VulnerabilitySeverityLevel LastModifiedTime:datetime PublishedDate:datetime VulnerabilityDescription
			AffectedSoftware:dynamic EpssScore:real CvssVector`},
		{name: "IdentityInfo", fill: fillIdentityInfo, columns: `
			Timestamp:datetime ReportId AccountObjectId AccountUpn OnPremSid AccountDisplayName AccountName AccountDomain CriticalityLevel:int Type
			DistinguishedName CloudSid GivenName Surname Department JobTitle EmailAddress SipProxyAddress Address City Country IsAccountEnabled:bool Manager Phone
			CreatedDateTime:datetime ChangeSource BlastRadius CompanyName DeletedDateTime:datetime EmployeeId OtherMailAddresses:dynamic RiskLevel
			RiskLevelDetails State Tags:dynamic AssignedRoles:dynamic PrivilegedEntraPimRoles:dynamic TenantId SourceSystem OnPremObjectId TenantMembershipType
			RiskStatus UserAccountControl IdentityEnvironment SourceProviders:dynamic GroupMembership:dynamic`},
	}
}

// eventTables lists the tables of events.
func eventTables() []huntingTable {
	return []huntingTable{
		{name: "DeviceProcessEvents", fill: fillEvents(eventProcess), columns: `
			Timestamp:datetime DeviceId DeviceName ActionType FileName FolderPath SHA1 SHA256 MD5 FileSize:long ProcessVersionInfoCompanyName
			ProcessVersionInfoProductName ProcessVersionInfoProductVersion ProcessVersionInfoInternalFileName ProcessVersionInfoOriginalFileName
			ProcessVersionInfoFileDescription ProcessId:long ProcessCommandLine ProcessIntegrityLevel ProcessTokenElevation ProcessCreationTime:datetime
			AccountDomain AccountName AccountSid AccountUpn AccountObjectId LogonId:long InitiatingProcessAccountDomain InitiatingProcessAccountName
			InitiatingProcessAccountSid InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessLogonId:long InitiatingProcessIntegrityLevel
			InitiatingProcessTokenElevation InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5 InitiatingProcessFileName
			InitiatingProcessFileSize:long InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoProductName
			InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
			InitiatingProcessVersionInfoFileDescription InitiatingProcessId:long InitiatingProcessCommandLine InitiatingProcessCreationTime:datetime
			InitiatingProcessFolderPath InitiatingProcessParentId:long InitiatingProcessParentFileName InitiatingProcessParentCreationTime:datetime
			InitiatingProcessSignerType InitiatingProcessSignatureStatus ReportId:long AppGuardContainerId AdditionalFields`},
		{name: "DeviceNetworkEvents", fill: fillEvents(eventNetwork), columns: `
			Timestamp:datetime DeviceId DeviceName ActionType RemoteIP RemotePort:int RemoteUrl LocalIP LocalPort:int Protocol LocalIPType RemoteIPType
			InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5 InitiatingProcessFileName InitiatingProcessFileSize:long
			InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
			InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoFileDescription
			InitiatingProcessId:long InitiatingProcessCommandLine InitiatingProcessCreationTime:datetime InitiatingProcessFolderPath
			InitiatingProcessParentFileName InitiatingProcessParentId:long InitiatingProcessParentCreationTime:datetime InitiatingProcessAccountDomain
			InitiatingProcessAccountName InitiatingProcessAccountSid InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessIntegrityLevel
			InitiatingProcessTokenElevation ReportId:long AppGuardContainerId AdditionalFields InitiatingProcessSessionId:long
			IsInitiatingProcessRemoteSession:bool InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP`},
		{name: "DeviceFileEvents", fill: fillEvents(eventFile), columns: `
			Timestamp:datetime DeviceId DeviceName ActionType FileName FolderPath SHA1 SHA256 MD5 FileOriginUrl FileOriginReferrerUrl FileOriginIP
			PreviousFolderPath PreviousFileName FileSize:long InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountSid
			InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessMD5 InitiatingProcessSHA1 InitiatingProcessSHA256
			InitiatingProcessFolderPath InitiatingProcessFileName InitiatingProcessFileSize:long InitiatingProcessVersionInfoCompanyName
			InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName
			InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoFileDescription InitiatingProcessId:long InitiatingProcessCommandLine
			InitiatingProcessCreationTime:datetime InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation InitiatingProcessParentId:long
			InitiatingProcessParentFileName InitiatingProcessParentCreationTime:datetime RequestProtocol RequestSourceIP RequestSourcePort:int RequestAccountName
			RequestAccountDomain RequestAccountSid ShareName SensitivityLabel SensitivitySubLabel IsAzureInfoProtectionApplied:bool ReportId:long
			AppGuardContainerId AdditionalFields InitiatingProcessSessionId:long IsInitiatingProcessRemoteSession:bool InitiatingProcessRemoteSessionDeviceName
			InitiatingProcessRemoteSessionIP`},
		{name: "DeviceRegistryEvents", fill: fillEvents(eventRegistry), columns: `
			Timestamp:datetime DeviceId DeviceName ActionType RegistryKey RegistryValueType RegistryValueName RegistryValueData PreviousRegistryKey
			PreviousRegistryValueName PreviousRegistryValueData InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountSid
			InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5
			InitiatingProcessFileName InitiatingProcessFileSize:long InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoProductName
			InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
			InitiatingProcessVersionInfoFileDescription InitiatingProcessId:long InitiatingProcessCommandLine InitiatingProcessCreationTime:datetime
			InitiatingProcessFolderPath InitiatingProcessParentId:long InitiatingProcessParentFileName InitiatingProcessParentCreationTime:datetime
			InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation ReportId:long AppGuardContainerId InitiatingProcessSessionId:long
			IsInitiatingProcessRemoteSession:bool InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP`},
		{name: "DeviceLogonEvents", fill: fillEvents(eventLogon), columns: `
			Timestamp:datetime DeviceId DeviceName ActionType LogonType AccountDomain AccountName AccountSid Protocol FailureReason IsLocalAdmin:bool LogonId:long
			RemoteDeviceName RemoteIP RemoteIPType RemotePort:int InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountSid
			InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation InitiatingProcessSHA1
			InitiatingProcessSHA256 InitiatingProcessMD5 InitiatingProcessFileName InitiatingProcessFileSize:long InitiatingProcessVersionInfoCompanyName
			InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName
			InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoFileDescription InitiatingProcessId:long InitiatingProcessCommandLine
			InitiatingProcessCreationTime:datetime InitiatingProcessFolderPath InitiatingProcessParentId:long InitiatingProcessParentFileName
			InitiatingProcessParentCreationTime:datetime ReportId:long AppGuardContainerId AdditionalFields InitiatingProcessSessionId:long
			IsInitiatingProcessRemoteSession:bool InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP`},
		{name: "DeviceImageLoadEvents", fill: fillEvents(eventImage), columns: `
			Timestamp:datetime DeviceId DeviceName ActionType FileName FolderPath SHA1 SHA256 MD5 FileSize:long InitiatingProcessAccountDomain
			InitiatingProcessAccountName InitiatingProcessAccountSid InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessIntegrityLevel
			InitiatingProcessTokenElevation InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5 InitiatingProcessFileName
			InitiatingProcessFileSize:long InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoProductName
			InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
			InitiatingProcessVersionInfoFileDescription InitiatingProcessId:long InitiatingProcessCommandLine InitiatingProcessCreationTime:datetime
			InitiatingProcessFolderPath InitiatingProcessParentId:long InitiatingProcessParentFileName InitiatingProcessParentCreationTime:datetime ReportId:long
			AppGuardContainerId`},
		{name: "DeviceEvents", fill: fillEvents(eventOther), columns: `
			Timestamp:datetime DeviceId DeviceName ActionType FileName FolderPath SHA1 SHA256 MD5 FileSize:long AccountDomain AccountName AccountSid RemoteUrl
			RemoteDeviceName ProcessId:long ProcessCommandLine ProcessCreationTime:datetime ProcessTokenElevation LogonId:long RegistryKey RegistryValueName
			RegistryValueData RemoteIP RemotePort:int LocalIP LocalPort:int FileOriginUrl FileOriginIP InitiatingProcessSHA1 InitiatingProcessSHA256
			InitiatingProcessMD5 InitiatingProcessFileName InitiatingProcessFileSize:long InitiatingProcessFolderPath InitiatingProcessId:long
			InitiatingProcessCommandLine InitiatingProcessCreationTime:datetime InitiatingProcessAccountDomain InitiatingProcessAccountName
			InitiatingProcessAccountSid InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessVersionInfoCompanyName
			InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName
			InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoFileDescription InitiatingProcessParentId:long
			InitiatingProcessParentFileName InitiatingProcessParentCreationTime:datetime InitiatingProcessLogonId:long ReportId:long AppGuardContainerId
			AdditionalFields InitiatingProcessSessionId:long IsInitiatingProcessRemoteSession:bool InitiatingProcessRemoteSessionDeviceName
			InitiatingProcessRemoteSessionIP CreatedProcessSessionId:long IsProcessRemoteSession:bool ProcessRemoteSessionDeviceName ProcessRemoteSessionIP`},
	}
}
