package defender

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// AlertsService reads alerts. What changes them is in alerts_update.go.
type AlertsService struct{ service }

// Alert is a finding of Defender for Endpoint on one device. Null and absent
// members are zero. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/alerts.
type Alert struct {
	Record             `json:"-"`
	ID                 string              `json:"id"`
	IncidentID         int64               `json:"incidentId"`      // 0 when in none
	InvestigationID    int64               `json:"investigationId"` // 0 when there is none
	AssignedTo         string              `json:"assignedTo"`
	Severity           AlertSeverity       `json:"severity"`
	Status             AlertStatus         `json:"status"`
	Classification     AlertClassification `json:"classification"`
	Determination      AlertDetermination  `json:"determination"`
	InvestigationState string              `json:"investigationState"`
	DetectionSource    string              `json:"detectionSource"`
	DetectorID         string              `json:"detectorId"`
	Category           string              `json:"category"`
	ThreatFamilyName   string              `json:"threatFamilyName"`
	ThreatName         string              `json:"threatName"`
	Title              string              `json:"title"`
	Description        string              `json:"description"`
	AlertCreationTime  Time                `json:"alertCreationTime"`
	FirstEventTime     Time                `json:"firstEventTime"`
	LastEventTime      Time                `json:"lastEventTime"`
	LastUpdateTime     Time                `json:"lastUpdateTime"`
	ResolvedTime       Time                `json:"resolvedTime"`
	MachineID          string              `json:"machineId"`
	ComputerDNSName    string              `json:"computerDnsName"`
	RbacGroupName      string              `json:"rbacGroupName"`
	AADTenantID        string              `json:"aadTenantId"`
	MitreTechniques    []string            `json:"mitreTechniques"`
	RelatedUser        RelatedUser         `json:"relatedUser"`
	LoggedOnUsers      []LoggedOnUser      `json:"loggedOnUsers"`
	Comments           []AlertComment      `json:"comments"`
	// Evidence is empty in lists that are not expanded by "evidence", even when
	// there is some.
	Evidence []Evidence `json:"evidence"`
}

// RelatedUser is the user that an alert names.
type RelatedUser struct {
	UserName   string `json:"userName"`
	DomainName string `json:"domainName"`
}

// LoggedOnUser is a user who was logged on to the device.
type LoggedOnUser struct {
	AccountName string `json:"accountName"`
	DomainName  string `json:"domainName"`
}

// AlertComment is a comment on an alert.
type AlertComment struct {
	Comment     string `json:"comment"`
	CreatedBy   string `json:"createdBy"`
	CreatedTime Time   `json:"createdTime"`
}

// Evidence is one thing that belongs to an alert. Which members are set depends
// on EntityType: File, Process, User, Url, Ip and others.
type Evidence struct {
	EntityType                string `json:"entityType"`
	EvidenceCreationTime      Time   `json:"evidenceCreationTime"`
	SHA1                      string `json:"sha1"`
	SHA256                    string `json:"sha256"`
	FileName                  string `json:"fileName"`
	FilePath                  string `json:"filePath"`
	ProcessID                 int64  `json:"processId"`
	ProcessCommandLine        string `json:"processCommandLine"`
	ProcessCreationTime       Time   `json:"processCreationTime"`
	ParentProcessID           int64  `json:"parentProcessId"`
	ParentProcessCreationTime Time   `json:"parentProcessCreationTime"`
	ParentProcessFileName     string `json:"parentProcessFileName"`
	ParentProcessFilePath     string `json:"parentProcessFilePath"`
	IPAddress                 string `json:"ipAddress"`
	URL                       string `json:"url"`
	RegistryKey               string `json:"registryKey"`
	RegistryHive              string `json:"registryHive"`
	RegistryValueType         string `json:"registryValueType"`
	RegistryValue             string `json:"registryValue"`
	RegistryValueName         string `json:"registryValueName"`
	AccountName               string `json:"accountName"`
	DomainName                string `json:"domainName"`
	UserSID                   string `json:"userSid"`
	AADUserID                 string `json:"aadUserId"`
	UserPrincipalName         string `json:"userPrincipalName"`
	DetectionStatus           string `json:"detectionStatus"`
}

// alertSet is what Microsoft documents for lists of alerts. Its page prints
// asssignedTo with three s, which may be copied from the service: both pass.
func alertSet() entitySet {
	return entitySet{
		name: "alerts", pageSize: 10_000, expand: []string{"evidence"},
		filterable: []string{
			"alertCreationTime", "lastUpdateTime", "incidentId", "investigationId", "id", "assignedTo", "asssignedTo",
			"detectionSource", "lastEventTime", "status", "severity", "category",
		},
	}
}

// List reads alerts, newest first as far as is known. Every filter of
// Microsoft's page is taken; Expand takes "evidence".
//
// Permission: Alert.Read.All or Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-alerts.
//
//api:operation GET /api/alerts
func (s *AlertsService) List(ctx context.Context, q *Query) iter.Seq2[Alert, error] {
	return list[Alert](ctx, s.rest, alertSet(), opAlertsList, q)
}

// Get reads one alert, its evidence included.
//
// Permission: Alert.Read.All or Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-alert-info-by-id.
//
//api:operation GET /api/alerts/{id}
func (s *AlertsService) Get(ctx context.Context, id string) (Alert, error) {
	return rest.Get[Alert](ctx, s.rest, rest.Request{Operation: opAlertsGet, Vars: []string{id}})
}

// Machine reads the device of an alert. An alert without one is ErrNotFound.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-alert-related-machine-info.
//
//api:operation GET /api/alerts/{id}/machine
func (s *AlertsService) Machine(ctx context.Context, id string) (Machine, error) {
	return rest.Get[Machine](ctx, s.rest, rest.Request{Operation: opAlertsMachine, Vars: []string{id}})
}

// User reads the user of an alert. An alert without one is ErrNotFound.
//
// Permission: User.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-alert-related-user-info.
//
//api:operation GET /api/alerts/{id}/user
func (s *AlertsService) User(ctx context.Context, id string) (User, error) {
	return rest.Get[User](ctx, s.rest, rest.Request{Operation: opAlertsUser, Vars: []string{id}})
}

// Files reads the files of an alert.
//
// Permission: File.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-alert-related-files-info.
//
//api:operation GET /api/alerts/{id}/files
func (s *AlertsService) Files(ctx context.Context, id string) iter.Seq2[File, error] {
	return related[File](ctx, s.rest, opAlertsFiles, id)
}

// IPs reads the IP addresses of an alert.
//
// Permission: Ip.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-alert-related-ip-info.
//
//api:operation GET /api/alerts/{id}/ips
func (s *AlertsService) IPs(ctx context.Context, id string) iter.Seq2[IP, error] {
	return related[IP](ctx, s.rest, opAlertsIPs, id)
}

// Domains reads the domains of an alert.
//
// Permission: URL.Read.All, which the token spells Url.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-alert-related-domain-info.
//
//api:operation GET /api/alerts/{id}/domains
func (s *AlertsService) Domains(ctx context.Context, id string) iter.Seq2[Domain, error] {
	return related[Domain](ctx, s.rest, opAlertsDomains, id)
}

// related reads a list below one thing, which has no query options.
func related[T any, P rest.Item[T]](ctx context.Context, c *rest.Client, op Operation, vars ...string) iter.Seq2[T, error] {
	return rest.List[T, P](ctx, c, rest.Listing{Request: rest.Request{Operation: op, Vars: vars}})
}

var (
	opAlertsList    = read("/api/alerts", "get-alerts", "Alert.Read.All", "Alert.ReadWrite.All")
	opAlertsGet     = read("/api/alerts/{id}", "get-alert-info-by-id", "Alert.Read.All", "Alert.ReadWrite.All")
	opAlertsMachine = read("/api/alerts/{id}/machine", "get-alert-related-machine-info", "Machine.Read.All", "Machine.ReadWrite.All")
	opAlertsUser    = read("/api/alerts/{id}/user", "get-alert-related-user-info", "User.Read.All")
	opAlertsFiles   = read("/api/alerts/{id}/files", "get-alert-related-files-info", "File.Read.All")
	opAlertsIPs     = read("/api/alerts/{id}/ips", "get-alert-related-ip-info", "Ip.Read.All")
	opAlertsDomains = read("/api/alerts/{id}/domains", "get-alert-related-domain-info", "Url.Read.All")
)

func alertOperations() []Operation {
	return []Operation{
		opAlertsList, opAlertsGet, opAlertsMachine, opAlertsUser, opAlertsFiles, opAlertsIPs, opAlertsDomains,
		opAlertsUpdate, opAlertsBatchUpdate, opAlertsCreate,
	}
}
