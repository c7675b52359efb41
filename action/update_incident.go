package action

import "github.com/gatehouse-sec/gatehouse/defender"

// updateIncident changes an incident.
func updateIncident() Action {
	return Action{
		Name: "update-incident", Title: "Update an incident", Target: Incident, Docs: xdrDocs + "api-update-incidents",
		Summary: "Change the status, the owner, the classification, the determination or the tags of an incident. The comment is added to it.",
		Risk:    Medium, Why: "An incident that is resolved or reassigned by mistake is looked at by nobody; resolving it resolves its alerts.",
		Parameters: []Parameter{
			{Name: "status", Title: "Status", Kind: Enum, Values: texts(defender.ValidIncidentStatuses()), Doc: "How far it is dealt with."},
			{Name: "assignedTo", Title: "Owner", Kind: Text, Doc: "Who deals with it, usually a user principal name."},
			{Name: "classification", Title: "Classification", Kind: Enum, Values: texts(defender.ValidAlertClassifications()), Doc: "What it turned out to be."},
			{Name: "determination", Title: "Determination", Kind: Enum, Values: texts(defender.ValidAlertDeterminations()), Doc: "The reason behind the classification."},
			{Name: "tags", Title: "Tags", Kind: List, Doc: "All the tags that it shall have, separated by commas."},
		},
		AtLeastOne: true, Doors: incidentDoors(),
	}
}
