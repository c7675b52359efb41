package graph

import (
	"context"
	"iter"
	"net/url"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// IncidentsService reads and updates the incidents of all Defender products.
type IncidentsService struct{ service }

// Incident is a set of alerts that belong together. Null and absent members are
// zero. Microsoft's page:
// https://learn.microsoft.com/graph/api/resources/security-incident.
type Incident struct {
	Record             `json:"-"`
	ID                 string              `json:"id"`
	TenantID           string              `json:"tenantId"`
	DisplayName        string              `json:"displayName"`
	Description        string              `json:"description"`
	Summary            string              `json:"summary"`
	Status             string              `json:"status"`   // active, inProgress, resolved, redirected, awaitingAction
	Severity           string              `json:"severity"` // informational, low, medium, high
	PriorityScore      int64               `json:"priorityScore"`
	Classification     AlertClassification `json:"classification"`
	Determination      AlertDetermination  `json:"determination"`
	AssignedTo         string              `json:"assignedTo"`
	CreatedDateTime    Time                `json:"createdDateTime"`
	LastUpdateDateTime Time                `json:"lastUpdateDateTime"`
	LastModifiedBy     string              `json:"lastModifiedBy"`
	IncidentWebURL     string              `json:"incidentWebUrl"`
	// RedirectIncidentID is the incident that this one was merged into, empty when
	// it was not.
	RedirectIncidentID string         `json:"redirectIncidentId"`
	ResolvingComment   string         `json:"resolvingComment"`
	CustomTags         []string       `json:"customTags"`
	SystemTags         []string       `json:"systemTags"`
	Comments           []AlertComment `json:"comments"`
}

// Alerts reads the alerts out of the incident's Raw, one at a time. There are
// none in an incident that was read without expanding them. It sends nothing.
func (i Incident) Alerts() iter.Seq2[Alert, error] { return rest.Members[Alert](i.Raw, "alerts") }

// MaxIncidentPage is the largest page of incidents; the service refuses more.
const MaxIncidentPage = 50

func incidentSet() entitySet {
	return entitySet{name: "incidents", pageSize: MaxIncidentPage, expandsAlerts: true}
}

// List reads incidents, newest first, by pages of at most [MaxIncidentPage]. They
// cannot be put in another order.
//
// Permission: SecurityIncident.Read.All or SecurityIncident.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-list-incidents.
//
//api:operation GET /v1.0/security/incidents
func (s *IncidentsService) List(ctx context.Context, q *Query) iter.Seq2[Incident, error] {
	return list[Incident](ctx, s.rest, incidentSet(), opIncidentsList, q)
}

// Get reads one incident, with its alerts when expandAlerts is set.
//
// Permission: SecurityIncident.Read.All or SecurityIncident.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-incident-get.
//
//api:operation GET /v1.0/security/incidents/{id}
func (s *IncidentsService) Get(ctx context.Context, id string, expandAlerts bool) (Incident, error) {
	r := rest.Request{Operation: opIncidentsGet, Vars: []string{id}}
	if expandAlerts {
		r.Query = url.Values{"$expand": {"alerts"}}
	}
	return rest.Get[Incident](ctx, s.rest, r)
}

var (
	opIncidentsList = operation("GET", "/v1.0/security/incidents", "security-list-incidents", limitIncidents, "SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All")
	opIncidentsGet  = operation("GET", "/v1.0/security/incidents/{id}", "security-incident-get", limitIncidents, "SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All")
)

func incidentOperations() []Operation {
	return []Operation{opIncidentsList, opIncidentsGet, opIncidentsUpdate, opIncidentsComment}
}
