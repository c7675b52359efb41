package defender

import (
	"context"
	"iter"
	"strings"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// InvestigationsService reads and starts automated investigations.
type InvestigationsService struct{ service }

// Investigation is an automated investigation. Null and absent members are zero.
// Microsoft's page: https://learn.microsoft.com/defender-endpoint/api/investigation.
type Investigation struct {
	Record    `json:"-"`
	ID        string `json:"id"` // a decimal number
	StartTime Time   `json:"startTime"`
	EndTime   Time   `json:"endTime"` // zero while it runs
	// State is Running, PendingApproval, PendingResource, Queued, Benign,
	// SuccessfullyRemediated, PartiallyRemediated, PartiallyInvestigated, Failed,
	// TerminatedByUser, TerminatedBySystem or another.
	State             string `json:"state"`
	CancelledBy       string `json:"cancelledBy"`
	StatusDetails     string `json:"statusDetails"`
	MachineID         string `json:"machineId"`
	ComputerDNSName   string `json:"computerDnsName"`
	TriggeringAlertID string `json:"triggeringAlertId"`
}

// investigationSet is what Microsoft documents for lists of investigations.
func investigationSet() entitySet {
	return entitySet{
		name: "investigations", pageSize: 10_000,
		filterable: []string{"startTime", "id", "state", "machineId", "triggeringAlertId"},
	}
}

// List reads investigations.
//
// Permission: Alert.Read.All or Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-investigation-collection.
//
//api:operation GET /api/investigations
func (s *InvestigationsService) List(ctx context.Context, q *Query) iter.Seq2[Investigation, error] {
	return list[Investigation](ctx, s.rest, investigationSet(), opInvestigationsList, q)
}

// Get reads one investigation by its id, or by that of the alert that triggered
// it.
//
// Permission: Alert.Read.All or Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-investigation-object.
//
//api:operation GET /api/investigations/{id}
func (s *InvestigationsService) Get(ctx context.Context, id string) (Investigation, error) {
	return rest.Get[Investigation](ctx, s.rest, rest.Request{Operation: opInvestigationsGet, Vars: []string{id}})
}

// Start begins an automated investigation of a device. The answer is the
// investigation, which does not carry the comment.
//
// Permission: Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/initiate-autoir-investigation.
//
//api:operation POST /api/machines/{id}/startInvestigation
func (s *InvestigationsService) Start(ctx context.Context, machineID, comment string) (Investigation, error) {
	if strings.TrimSpace(comment) == "" {
		return Investigation{}, rest.Inputf("comment is missing: the service wants one with every action")
	}
	return rest.Get[Investigation](ctx, s.rest, rest.Request{
		Operation: opInvestigationsStart, Vars: []string{machineID}, Body: commandBody{Comment: comment},
	})
}

var (
	opInvestigationsList  = read("/api/investigations", "get-investigation-collection", "Alert.Read.All", "Alert.ReadWrite.All")
	opInvestigationsGet   = read("/api/investigations/{id}", "get-investigation-object", "Alert.Read.All", "Alert.ReadWrite.All")
	opInvestigationsStart = limited(write("POST", "/api/machines/{id}/startInvestigation", "initiate-autoir-investigation", "Alert.ReadWrite.All"), 0, 50)
)

func investigationOperations() []Operation {
	return []Operation{opInvestigationsList, opInvestigationsGet, opInvestigationsStart}
}
