package graph

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// AlertsService reads and updates alerts_v2: alerts of all Defender products.
type AlertsService struct{ service }

// Alert is an alert of any Defender product. Null and absent members are zero.
// Microsoft's page: https://learn.microsoft.com/graph/api/resources/security-alert.
type Alert struct {
	Record                `json:"-"`
	ID                    string              `json:"id"`
	ProviderAlertID       string              `json:"providerAlertId"`
	IncidentID            string              `json:"incidentId"`
	Status                AlertStatus         `json:"status"`
	Severity              string              `json:"severity"` // informational, low, medium, high
	Classification        AlertClassification `json:"classification"`
	Determination         AlertDetermination  `json:"determination"`
	ServiceSource         string              `json:"serviceSource"`
	DetectionSource       string              `json:"detectionSource"`
	ProductName           string              `json:"productName"`
	DetectorID            string              `json:"detectorId"`
	TenantID              string              `json:"tenantId"`
	Title                 string              `json:"title"`
	Description           string              `json:"description"`
	RecommendedActions    string              `json:"recommendedActions"`
	Category              string              `json:"category"`
	Categories            []string            `json:"categories"`
	AssignedTo            string              `json:"assignedTo"`
	AlertWebURL           string              `json:"alertWebUrl"`
	IncidentWebURL        string              `json:"incidentWebUrl"`
	ActorDisplayName      string              `json:"actorDisplayName"`
	ThreatDisplayName     string              `json:"threatDisplayName"`
	ThreatFamilyName      string              `json:"threatFamilyName"`
	MitreTechniques       []string            `json:"mitreTechniques"`
	CreatedDateTime       Time                `json:"createdDateTime"`
	LastUpdateDateTime    Time                `json:"lastUpdateDateTime"`
	ResolvedDateTime      Time                `json:"resolvedDateTime"`
	FirstActivityDateTime Time                `json:"firstActivityDateTime"`
	LastActivityDateTime  Time                `json:"lastActivityDateTime"`
	Comments              []AlertComment      `json:"comments"`
	Evidence              []Evidence          `json:"evidence"`
	SystemTags            []string            `json:"systemTags"`
	InvestigationState    string              `json:"investigationState"`
	AlertPolicyID         string              `json:"alertPolicyId"`
	AdditionalData        jsontext.Value      `json:"additionalData"` // an object of any shape
	CustomDetails         jsontext.Value      `json:"customDetails"`  // an object of any shape
}

// AlertComment is a comment on an alert.
type AlertComment struct {
	Record               `json:"-"`
	Comment              string `json:"comment"`
	CreatedByDisplayName string `json:"createdByDisplayName"`
	CreatedDateTime      Time   `json:"createdDateTime"`
}

// Evidence is one thing that belongs to an alert. Its type says which further
// members Raw has: deviceEvidence, fileEvidence, processEvidence, ipEvidence and
// some fifty others. Microsoft's page:
// https://learn.microsoft.com/graph/api/resources/security-alertevidence.
type Evidence struct {
	Record                   `json:"-"`
	Type                     string   `json:"@odata.type"` // "#microsoft.graph.security.deviceEvidence"
	CreatedDateTime          Time     `json:"createdDateTime"`
	Verdict                  string   `json:"verdict"`
	RemediationStatus        string   `json:"remediationStatus"`
	RemediationStatusDetails string   `json:"remediationStatusDetails"`
	Roles                    []string `json:"roles"`
	DetailedRoles            []string `json:"detailedRoles"`
	Tags                     []string `json:"tags"`
	MDEDeviceID              string   `json:"mdeDeviceId"`   // of evidence that belongs to a device
	DeviceDNSName            string   `json:"deviceDnsName"` // of evidence that is a device
}

// UnmarshalJSONFrom reads the members that all evidence has and keeps the rest in
// Raw. Members of an unexpected type stay zero.
func (e *Evidence) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if raw.Kind() == jsontext.KindNull {
		*e = Evidence{}
		return nil
	}
	type bare Evidence // without this method
	decoded, err := rest.Decode[bare](raw)
	*e = Evidence(decoded)
	if _, odd := errors.AsType[*DecodeError](err); odd {
		return nil
	}
	return err
}

// MarshalJSONTo writes the evidence as Microsoft sent it.
func (e Evidence) MarshalJSONTo(enc *jsontext.Encoder) error {
	if len(e.Raw) > 0 {
		return enc.WriteValue(e.Raw)
	}
	type bare Evidence
	return json.MarshalEncode(enc, bare(e))
}

// Kind returns the type without its namespace, for example "deviceEvidence".
func (e Evidence) Kind() string {
	return strings.TrimPrefix(e.Type[strings.LastIndexByte(e.Type, '.')+1:], "#")
}

// List reads alerts, newest first unless the query puts them in another order.
//
// Permission: SecurityAlert.Read.All or SecurityAlert.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-list-alerts_v2.
//
//api:operation GET /v1.0/security/alerts_v2
func (s *AlertsService) List(ctx context.Context, q *Query) iter.Seq2[Alert, error] {
	return list[Alert](ctx, s.rest, entitySet{name: "alerts", orderBy: []string{"createdDateTime"}}, opAlertsList, q)
}

// Get reads one alert.
//
// Permission: SecurityAlert.Read.All or SecurityAlert.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-alert-get.
//
//api:operation GET /v1.0/security/alerts_v2/{id}
func (s *AlertsService) Get(ctx context.Context, id string) (Alert, error) {
	return rest.Get[Alert](ctx, s.rest, rest.Request{Operation: opAlertsGet, Vars: []string{id}})
}

var (
	opAlertsList = operation("GET", "/v1.0/security/alerts_v2", "security-list-alerts_v2", limitAlerts, "SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All")
	opAlertsGet  = operation("GET", "/v1.0/security/alerts_v2/{id}", "security-alert-get", limitAlerts, "SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All")
)

func alertOperations() []Operation {
	return []Operation{opAlertsList, opAlertsGet, opAlertsUpdate, opAlertsComment}
}
