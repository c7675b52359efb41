package defender

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// AlertUpdate is what to change about an alert. Empty fields stay as they are, or
// are recalculated by the service. Enumerations are taken in any case and checked
// before anything is sent.
type AlertUpdate struct {
	Status         AlertStatus         `json:"status,omitzero"`
	AssignedTo     string              `json:"assignedTo,omitzero"` // usually a user principal name
	Classification AlertClassification `json:"classification,omitzero"`
	Determination  AlertDetermination  `json:"determination,omitzero"`
	Comment        string              `json:"comment,omitzero"` // added to the comments
}

// check returns the update in Microsoft's spelling, or says what is wrong.
func (u AlertUpdate) check() (AlertUpdate, error) {
	if u == (AlertUpdate{}) {
		return u, rest.Inputf("nothing to update: give a status, an owner, a classification, a determination or a comment")
	}
	err := cmp.Or(
		rest.Pick("status", &u.Status, ValidAlertStatuses()),
		rest.Pick("classification", &u.Classification, ValidAlertClassifications()),
		rest.Pick("determination", &u.Determination, ValidAlertDeterminations()),
	)
	return u, err
}

// Update changes an alert and returns it as it is afterwards. Wrong values and an
// empty update are errors, and nothing is sent.
//
// Permission: Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/update-alert.
//
//api:operation PATCH /api/alerts/{id}
func (s *AlertsService) Update(ctx context.Context, id string, u AlertUpdate) (Alert, error) {
	u, err := u.check()
	if err != nil {
		return Alert{}, err
	}
	op := opAlertsUpdate
	op.Replay = u.Comment == "" // sent twice, a comment would stand there twice
	return rest.Get[Alert](ctx, s.rest, rest.Request{Operation: op, Vars: []string{id}, Body: u})
}

// BatchUpdate changes several alerts in the same way. Microsoft documents no
// upper bound for their number. The service does not return the alerts.
//
// Permission: Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/batch-update-alerts.
//
//api:operation POST /api/alerts/batchUpdate
func (s *AlertsService) BatchUpdate(ctx context.Context, ids []string, u AlertUpdate) error {
	u, err := u.check()
	if err != nil {
		return err
	}
	if err := checkIDs("alert", ids); err != nil {
		return err
	}
	op := opAlertsBatchUpdate
	op.Replay = u.Comment == ""
	return s.rest.Send(ctx, rest.Request{Operation: op, Body: struct {
		AlertIDs []string `json:"alertIds"`
		AlertUpdate
	}{ids, u}})
}

// checkIDs refuses an empty list of ids and an empty id.
func checkIDs(what string, ids []string) error {
	if len(ids) == 0 {
		return rest.Inputf("no %s ids: give at least one", what)
	}
	return rest.NoneBlank(what+" ids", ids)
}

// AlertReference is an event that an alert is to be made of. All fields are
// required. EventTime, ReportID and MachineID are those of the event in advanced
// hunting.
type AlertReference struct {
	MachineID         string
	Severity          AlertSeverity // Low, Medium or High
	Title             string
	Description       string
	RecommendedAction string
	EventTime         time.Time
	ReportID          string
	Category          AlertCategory
}

// body returns what is sent, or says what is missing or wrong.
func (r AlertReference) body() (any, error) {
	for _, f := range []struct{ name, value string }{
		{"machine id", r.MachineID},
		{"title", r.Title},
		{"description", r.Description},
		{"recommended action", r.RecommendedAction},
		{"report id", r.ReportID},
	} {
		if strings.TrimSpace(f.value) == "" {
			return nil, rest.Inputf("%s is missing: an alert by reference needs all its fields", f.name)
		}
	}
	if r.EventTime.IsZero() {
		return nil, rest.Inputf("event time is missing: give that of the event in advanced hunting")
	}
	if err := cmp.Or(
		rest.Require("severity", &r.Severity, []AlertSeverity{SeverityLow, SeverityMedium, SeverityHigh}),
		rest.Require("category", &r.Category, ValidAlertCategories()),
	); err != nil {
		return nil, err
	}
	return struct {
		MachineID         string        `json:"machineId"`
		Severity          AlertSeverity `json:"severity"`
		Title             string        `json:"title"`
		Description       string        `json:"description"`
		RecommendedAction string        `json:"recommendedAction"`
		EventTime         string        `json:"eventTime"`
		ReportID          string        `json:"reportId"`
		Category          AlertCategory `json:"category"`
	}{r.MachineID, r.Severity, r.Title, r.Description, r.RecommendedAction, rest.FormatTime(r.EventTime), r.ReportID, r.Category}, nil
}

// CreateByReference makes an alert of an event that advanced hunting found. An
// open alert with the same title on the same device takes the event in. The
// service starts an automated investigation by itself.
//
// Permission: Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/create-alert-by-reference.
//
//api:operation POST /api/alerts/CreateAlertByReference
func (s *AlertsService) CreateByReference(ctx context.Context, r AlertReference) (Alert, error) {
	body, err := r.body()
	if err != nil {
		return Alert{}, err
	}
	return rest.Get[Alert](ctx, s.rest, rest.Request{Operation: opAlertsCreate, Body: body})
}

var (
	opAlertsUpdate      = write("PATCH", "/api/alerts/{id}", "update-alert", "Alert.ReadWrite.All")
	opAlertsBatchUpdate = limited(write("POST", "/api/alerts/batchUpdate", "batch-update-alerts", "Alert.ReadWrite.All"), 10, 500)
	opAlertsCreate      = limited(write("POST", "/api/alerts/CreateAlertByReference", "create-alert-by-reference", "Alert.ReadWrite.All"), 15, 0)
)
