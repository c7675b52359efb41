package graph

import (
	"cmp"
	"context"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// AlertStatus is how far an alert is dealt with. Unknown values are kept as they
// come.
type AlertStatus string

// ValidAlertStatuses returns the states that an alert can be given.
func ValidAlertStatuses() []AlertStatus { return []AlertStatus{"new", "inProgress", "resolved"} }

// AlertClassification is what an alert turned out to be. Unknown values are kept
// as they come.
type AlertClassification string

// ValidAlertClassifications returns the classifications that an alert can be
// given.
func ValidAlertClassifications() []AlertClassification {
	return []AlertClassification{"unknown", "falsePositive", "truePositive", "informationalExpectedActivity"}
}

// AlertDetermination is the reason behind a classification. Unknown values are
// kept as they come.
type AlertDetermination string

// ValidAlertDeterminations returns the determinations that an alert can be given:
// those of the API's schema, then the four names that only Microsoft's pages
// have.
func ValidAlertDeterminations() []AlertDetermination {
	return []AlertDetermination{
		"unknown", "apt", "malware", "securityPersonnel", "securityTesting", "unwantedSoftware", "other",
		"multiStagedAttack", "compromisedAccount", "phishing", "maliciousUserActivity", "notMalicious",
		"notEnoughDataToValidate", "confirmedActivity", "lineOfBusinessApplication",
		"compromisedUser", "clean", "insufficientData", "confirmedUserActivity",
	}
}

// AlertUpdate is what to change about an alert. Empty fields stay as they are.
// Enumerations are taken in any case and checked before anything is sent. A
// comment is a call of its own, Comment.
type AlertUpdate struct {
	Status         AlertStatus         `json:"status,omitzero"`
	AssignedTo     string              `json:"assignedTo,omitzero"`
	Classification AlertClassification `json:"classification,omitzero"`
	Determination  AlertDetermination  `json:"determination,omitzero"`
}

// check returns the update in Microsoft's spelling, or says what is wrong.
func (u AlertUpdate) check() (AlertUpdate, error) {
	if u == (AlertUpdate{}) {
		return u, rest.Inputf("nothing to update: give a status, an owner, a classification or a determination")
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
// Permission: SecurityAlert.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-alert-update.
//
//api:operation PATCH /v1.0/security/alerts_v2/{id}
func (s *AlertsService) Update(ctx context.Context, id string, u AlertUpdate) (Alert, error) {
	u, err := u.check()
	if err != nil {
		return Alert{}, err
	}
	return rest.Get[Alert](ctx, s.rest, rest.Request{Operation: opAlertsUpdate, Vars: []string{id}, Body: u})
}

// Comment adds a comment to an alert and returns all its comments.
//
// Permission: SecurityAlert.ReadWrite.All.
// Docs: https://learn.microsoft.com/graph/api/security-alert-post-comments.
//
//api:operation POST /v1.0/security/alerts_v2/{id}/comments
func (s *AlertsService) Comment(ctx context.Context, id, comment string) ([]AlertComment, error) {
	return s.comment(ctx, opAlertsComment, id, comment)
}

// comment adds a comment and reads the list of all.
func (s service) comment(ctx context.Context, op Operation, id, comment string) ([]AlertComment, error) {
	if strings.TrimSpace(comment) == "" {
		return nil, rest.Inputf("comment is empty: give one")
	}
	body := struct {
		Type    string `json:"@odata.type"`
		Comment string `json:"comment"`
	}{"microsoft.graph.security.alertComment", comment}
	raw, err := s.rest.Fetch(ctx, rest.Request{Operation: op, Vars: []string{id}, Body: body})
	if err != nil {
		return nil, err
	}
	var comments []AlertComment
	err = rest.Each(raw, func(item jsontext.Value) error {
		c, err := rest.Decode[AlertComment](item)
		comments = append(comments, c)
		return err
	})
	return comments, err
}

// An update does the same when sent twice; a comment would stand there twice.
var (
	opAlertsUpdate  = operation("PATCH", "/v1.0/security/alerts_v2/{id}", "security-alert-update", limitAlerts, "SecurityAlert.ReadWrite.All").Replayed()
	opAlertsComment = operation("POST", "/v1.0/security/alerts_v2/{id}/comments", "security-alert-post-comments", limitAlerts, "SecurityAlert.ReadWrite.All")
)
