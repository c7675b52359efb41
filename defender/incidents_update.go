package defender

import (
	"cmp"
	"context"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// IncidentStatus is how far an incident is dealt with.
type IncidentStatus string

// The states that an incident can be given. Redirected, of one that was merged
// into another, is only read.
const (
	IncidentActive     IncidentStatus = "Active"
	IncidentInProgress IncidentStatus = "InProgress"
	IncidentResolved   IncidentStatus = "Resolved"
)

// ValidIncidentStatuses returns the states that an incident can be given.
func ValidIncidentStatuses() []IncidentStatus {
	return []IncidentStatus{IncidentActive, IncidentInProgress, IncidentResolved}
}

// ValidIncidentDeterminations returns the determinations that an incident can be
// given: those of the page of the update, then the three that only the page of
// the resource has. Both spellings are taken, since it is not known which the
// service wants.
func ValidIncidentDeterminations() []AlertDetermination {
	return []AlertDetermination{
		DeterminationMultiStagedAttack, DeterminationMaliciousUserActivity, "CompromisedAccount",
		DeterminationMalware, DeterminationPhishing, DeterminationUnwantedSoftware,
		DeterminationSecurityTesting, DeterminationLineOfBusinessApplication, DeterminationConfirmedActivity,
		DeterminationClean, "NoEnoughDataToValidate", DeterminationOther,
		DeterminationCompromisedUser, DeterminationConfirmedUserActivity, DeterminationInsufficientData,
		DeterminationNotMalicious,
	}
}

// IncidentUpdate is what to change about an incident. Empty fields stay as they
// are. Enumerations are taken in any case and checked before anything is sent.
type IncidentUpdate struct {
	Status         IncidentStatus      `json:"status,omitzero"`
	AssignedTo     string              `json:"assignedTo,omitzero"` // usually a user principal name
	Classification AlertClassification `json:"classification,omitzero"`
	Determination  AlertDetermination  `json:"determination,omitzero"`
	Tags           []string            `json:"tags,omitzero"`    // all that it shall have; nil leaves them, empty removes all
	Comment        string              `json:"comment,omitzero"` // added to the comments
}

// check returns the update in Microsoft's spelling, or says what is wrong.
func (u IncidentUpdate) check() (IncidentUpdate, error) {
	if u.Tags == nil && u.Status == "" && u.AssignedTo == "" && u.Classification == "" && u.Determination == "" && u.Comment == "" {
		return u, rest.Inputf("nothing to update: give a status, an owner, a classification, a determination, tags or a comment")
	}
	err := cmp.Or(
		rest.NoneBlank("tags", u.Tags),
		rest.Pick("status", &u.Status, ValidIncidentStatuses()),
		rest.Pick("classification", &u.Classification, ValidAlertClassifications()),
		rest.Pick("determination", &u.Determination, ValidIncidentDeterminations()),
	)
	return u, err
}

// Update changes an incident and returns it as it is afterwards. Wrong values and
// an empty update are errors, and nothing is sent.
//
// Permission: Incident.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-xdr/api-update-incidents.
//
//api:operation PATCH /api/incidents/{id}
func (s *IncidentsService) Update(ctx context.Context, id int64, u IncidentUpdate) (Incident, error) {
	if id <= 0 {
		return Incident{}, rest.Inputf("incident id %d is not an id: give a whole number above zero", id)
	}
	u, err := u.check()
	if err != nil {
		return Incident{}, err
	}
	op := opIncidentsUpdate
	op.Replay = u.Comment == "" // sent twice, a comment would stand there twice
	return rest.Get[Incident](ctx, s.rest, rest.Request{Operation: op, Vars: []string{strconv.FormatInt(id, 10)}, Body: u})
}

var opIncidentsUpdate = xdr(write("PATCH", "/api/incidents/{id}", "", "Incident.ReadWrite.All"), "api-update-incidents", 50)
