package defender

import (
	"context"
	"iter"
	"strconv"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// IncidentsService reads and updates the incidents of Defender XDR. It is another API than
// that of the other services, with a token of its own: permissions are those of
// "Microsoft Threat Protection".
type IncidentsService struct{ service }

// Incident is a set of alerts that belong together. Its alerts, which may be
// hundreds with thousands of entities, are not decoded until [Incident.Alerts]
// is asked for them. Null and absent members are zero. Microsoft's page:
// https://learn.microsoft.com/defender-xdr/api-incident.
type Incident struct {
	Record     `json:"-"`
	IncidentID int64 `json:"incidentId"`
	// RedirectIncidentID is the incident that this one was merged into, 0 when it
	// was not.
	RedirectIncidentID int64             `json:"redirectIncidentId"`
	IncidentName       string            `json:"incidentName"`
	CreatedTime        Time              `json:"createdTime"`
	LastUpdateTime     Time              `json:"lastUpdateTime"`
	AssignedTo         string            `json:"assignedTo"`
	Severity           string            `json:"severity"`       // UnSpecified, Informational, Low, Medium, High
	Status             string            `json:"status"`         // Active, InProgress, Resolved, Redirected
	Classification     string            `json:"classification"` // spelt in several ways by Microsoft's pages
	Determination      string            `json:"determination"`  // spelt in several ways by Microsoft's pages
	DetectionSource    string            `json:"detectionSource"`
	Tags               []string          `json:"tags"`
	Comments           []IncidentComment `json:"comments"`
}

// IncidentComment is a comment on an incident.
type IncidentComment struct {
	Comment     string `json:"comment"`
	CreatedBy   string `json:"createdBy"`
	CreatedTime Time   `json:"createdTime"`
}

// Alerts reads the alerts out of the incident's Raw, one at a time. It sends
// nothing.
func (i Incident) Alerts() iter.Seq2[IncidentAlert, error] {
	return rest.Members[IncidentAlert](i.Raw, "alerts")
}

// incidentSet is what Microsoft documents for lists of incidents. Severity is not
// filterable, and no next link is documented: pages are asked for by number.
func incidentSet() entitySet {
	return entitySet{
		name: "incidents", pageSize: 100, byTop: true,
		filterable: []string{"lastUpdateTime", "createdTime", "status", "assignedTo"},
	}
}

// List reads incidents with their alerts, newest first, by pages of at most 100.
// An incident changes long after it was created, its severity too: to follow
// them filter by lastUpdateTime.
//
// Permission: Incident.Read.All or Incident.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-xdr/api-list-incidents.
//
//api:operation GET /api/incidents
func (s *IncidentsService) List(ctx context.Context, q *Query) iter.Seq2[Incident, error] {
	return list[Incident](ctx, s.rest, incidentSet(), opIncidentsList, q)
}

// Get reads one incident with its alerts.
//
// Permission: Incident.Read.All or Incident.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-xdr/api-get-incident.
//
//api:operation GET /api/incidents/{id}
func (s *IncidentsService) Get(ctx context.Context, id int64) (Incident, error) {
	if id <= 0 {
		return Incident{}, rest.Inputf("incident id %d is not an id: give a whole number above zero", id)
	}
	return rest.Get[Incident](ctx, s.rest, rest.Request{Operation: opIncidentsGet, Vars: []string{strconv.FormatInt(id, 10)}})
}

// xdr turns an operation of Defender for Endpoint into one of Defender XDR, whose
// pages are elsewhere.
func xdr(o Operation, page string, perMinute int) Operation {
	o.API, o.PerMinute, o.Docs = gatehouse.APIXDR, perMinute, "https://learn.microsoft.com/defender-xdr/"+page
	return o
}

var (
	opIncidentsList = xdr(read("/api/incidents", "", "Incident.Read.All", "Incident.ReadWrite.All"), "api-list-incidents", 50)
	opIncidentsGet  = xdr(read("/api/incidents/{id}", "", "Incident.Read.All", "Incident.ReadWrite.All"), "api-get-incident", 100)
)

func incidentOperations() []Operation {
	return []Operation{opIncidentsList, opIncidentsGet, opIncidentsUpdate}
}
