package defender

// IncidentAlert is an alert inside an incident, of any Defender product.
// Microsoft's page: https://learn.microsoft.com/defender-xdr/api-list-incidents.
type IncidentAlert struct {
	Record             `json:"-"`
	AlertID            string           `json:"alertId"`
	ProviderAlertID    string           `json:"providerAlertId"` // not documented
	IncidentID         int64            `json:"incidentId"`
	ServiceSource      string           `json:"serviceSource"` // for example MicrosoftDefenderATP
	CreationTime       Time             `json:"creationTime"`
	LastUpdatedTime    Time             `json:"lastUpdatedTime"`
	ResolvedTime       Time             `json:"resolvedTime"`
	FirstActivity      Time             `json:"firstActivity"`
	LastActivity       Time             `json:"lastActivity"`
	Title              string           `json:"title"`
	Description        string           `json:"description"`
	Category           string           `json:"category"`
	Status             string           `json:"status"`          // New, Active, InProgress, Resolved
	Severity           string           `json:"severity"`        // Informational, Low, Medium, High
	InvestigationID    int64            `json:"investigationId"` // 0 when there is none
	InvestigationState string           `json:"investigationState"`
	Classification     string           `json:"classification"`
	Determination      string           `json:"determination"`
	DetectionSource    string           `json:"detectionSource"`
	DetectorID         string           `json:"detectorId"` // not documented
	AssignedTo         string           `json:"assignedTo"`
	ActorName          string           `json:"actorName"`
	ThreatFamilyName   string           `json:"threatFamilyName"`
	MitreTechniques    []string         `json:"mitreTechniques"`
	Devices            []IncidentDevice `json:"devices"`
	Entities           []IncidentEntity `json:"entities"`
}

// IncidentDevice is a device that an incident's alert names.
type IncidentDevice struct {
	// DeviceID names the device in Defender XDR. Microsoft's table has this name
	// where its sample has mdatpDeviceId.
	DeviceID      string  `json:"deviceId"`
	MDATPDeviceID string  `json:"mdatpDeviceId"` // the id of Defender for Endpoint
	AADDeviceID   string  `json:"aadDeviceId"`
	DeviceDNSName string  `json:"deviceDnsName"`
	OSPlatform    string  `json:"osPlatform"`
	Version       string  `json:"version"`
	OSProcessor   string  `json:"osProcessor"`
	OSBuild       int64   `json:"osBuild"`
	HealthStatus  string  `json:"healthStatus"`
	RiskScore     string  `json:"riskScore"`
	RbacGroupName string  `json:"rbacGroupName"`
	RbacGroupID   GroupID `json:"rbacGroupId"`
	FirstSeen     Time    `json:"firstSeen"`
}

// IncidentEntity is one thing that belongs to an incident's alert. Which members
// are set depends on EntityType: User, Ip, Url, File, Process, MailBox,
// MailMessage, MailCluster, Registry and others.
type IncidentEntity struct {
	EntityType                string `json:"entityType"`
	SHA1                      string `json:"sha1"`
	SHA256                    string `json:"sha256"`
	FileName                  string `json:"fileName"`
	FilePath                  string `json:"filePath"`
	ProcessID                 int64  `json:"processId"`
	ProcessCommandLine        string `json:"processCommandLine"`
	ProcessCreationTime       Time   `json:"processCreationTime"`
	ParentProcessID           int64  `json:"parentProcessId"`
	ParentProcessCreationTime Time   `json:"parentProcessCreationTime"`
	IPAddress                 string `json:"ipAddress"`
	URL                       string `json:"url"`
	AccountName               string `json:"accountName"`
	DomainName                string `json:"domainName"`
	UserSID                   string `json:"userSid"`
	AADUserID                 string `json:"aadUserId"`
	UserPrincipalName         string `json:"userPrincipalName"`
	MailboxDisplayName        string `json:"mailboxDisplayName"`
	MailboxAddress            string `json:"mailboxAddress"`
	ClusterBy                 string `json:"clusterBy"`
	Sender                    string `json:"sender"`
	Recipient                 string `json:"recipient"`
	Subject                   string `json:"subject"`
	DeliveryAction            string `json:"deliveryAction"`
	SecurityGroupID           string `json:"securityGroupId"`
	SecurityGroupName         string `json:"securityGroupName"`
	RegistryHive              string `json:"registryHive"`
	RegistryKey               string `json:"registryKey"`
	RegistryValueType         string `json:"registryValueType"`
	RegistryValue             string `json:"registryValue"`
	DeviceID                  string `json:"deviceId"`
}
