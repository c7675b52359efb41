package action

import "github.com/gatehouse-sec/gatehouse/defender"

// updateAlert changes an alert.
func updateAlert() Action {
	return Action{
		Name: "update-alert", Title: "Update an alert", Target: Alert, Docs: mdeDocs + "update-alert",
		Summary: "Change the status, the owner, the classification or the determination of an alert. The comment is added to it.",
		Risk:    Medium, Why: "An alert that is resolved or reassigned by mistake is looked at by nobody.",
		Parameters: triageParameters(texts(defender.ValidAlertStatuses())),
		AtLeastOne: true, Doors: alertDoors(),
	}
}
