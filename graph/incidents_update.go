package graph

import (
	"cmp"
	"context"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// IncidentStatus is how far an incident is dealt with.
type IncidentStatus string

// ValidIncidentStatuses returns the states that an incident can be given.
func ValidIncidentStatuses() []IncidentStatus {
	return []IncidentStatus{"active", "inProgress", "resolved"}
}

// IncidentUpdate is what to change about an incident. Empty fields stay as they
// are. Enumerations are taken in any case and checked before anything is sent. A
// comment is a call of its own, Comment.
type IncidentUpdate struct {
	Status         IncidentStatus      `json:"status,omitzero"`
	AssignedTo     string              `json:"assignedTo,omitzero"`
	Classification AlertClassification `json:"classification,omitzero"`
	Determination  AlertDetermination  `json:"determination,omitzero"`
	CustomTags     []string            `json:"customTags,omitzero"` // all that it shall have; nil leaves them, empty removes all
}

// check returns the update in Microsoft's spelling, or says what is wrong.
func (u IncidentUpdate) check() (IncidentUpdate, error) {
	if u.CustomTags == nil && u.Status == "" && u.AssignedTo == "" && u.Classification == "" && u.Determination == "" {
		return u, rest.Inputf("nothing to update: give a status, an owner, a classification, a determination or tags")
	}
	err := cmp.Or(
		rest.NoneBlank("tags", u.CustomTags),
		rest.Pick("status", &u.Status, ValidIncidentStatuses()),
		rest.Pick("classification", &u.Classification, ValidAlertClassifications()),
		rest.Pick("determination", &u.Determination, ValidAlertDeterminations()),
	)
	return u, err
}

// Update changes an incident and returns it as it is afterwards. Wrong values and
// an empty update are errors, and nothing is sent.
//
// Permission: SecurityIncident.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-incident-update.
//
//api:operation PATCH /v1.0/security/incidents/{id}
func (s *IncidentsService) Update(ctx context.Context, id string, u IncidentUpdate) (Incident, error) {
	u, err := u.check()
	if err != nil {
		return Incident{}, err
	}
	return rest.Get[Incident](ctx, s.rest, rest.Request{Operation: opIncidentsUpdate, Vars: []string{id}, Body: u})
}

// Comment adds a comment to an incident and returns all its comments.
//
// Permission: SecurityIncident.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-incident-post-comments.
//
//api:operation POST /v1.0/security/incidents/{id}/comments
func (s *IncidentsService) Comment(ctx context.Context, id, comment string) ([]AlertComment, error) {
	return s.comment(ctx, opIncidentsComment, id, comment)
}

var (
	opIncidentsUpdate  = operation("PATCH", "/v1.0/security/incidents/{id}", "security-incident-update", limitIncidents, "SecurityIncident.ReadWrite.All").Replayed()
	opIncidentsComment = operation("POST", "/v1.0/security/incidents/{id}/comments", "security-incident-post-comments", limitIncidents, "SecurityIncident.ReadWrite.All")
)
