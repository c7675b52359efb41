package action

import "github.com/gatehouse-sec/gatehouse/defender"

// updateAlert changes an alert.
func updateAlert() Action {
	return Action{
		Name: "update-alert", Title: "Update an alert", Target: Alert, Docs: mdeDocs + "update-alert",
		Summary: "Change the status, the owner, the classification or the determination of an alert. The comment is added to it.",
		Risk:    Medium, Why: "An alert that is resolved or reassigned by mistake is looked at by nobody.",
		Parameters: []Parameter{
			{Name: "status", Title: "Status", Kind: Enum, Values: texts(defender.ValidAlertStatuses()), Doc: "How far it is dealt with."},
			{Name: "assignedTo", Title: "Owner", Kind: Text, Doc: "Who deals with it, usually a user principal name."},
			{Name: "classification", Title: "Classification", Kind: Enum, Values: texts(defender.ValidAlertClassifications()), Doc: "What it turned out to be."},
			{Name: "determination", Title: "Determination", Kind: Enum, Values: texts(defender.ValidAlertDeterminations()), Doc: "The reason behind the classification."},
		},
		AtLeastOne: true, Doors: alertDoors(),
	}
}
