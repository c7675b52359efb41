package action

import "github.com/gatehouse-sec/gatehouse/defender"

// updateIncident changes an incident.
func updateIncident() Action {
	return Action{
		Name: "update-incident", Title: "Update an incident", Target: Incident, Docs: xdrDocs + "api-update-incidents",
		Summary: "Change the status, the owner, the classification, the determination or the tags of an incident. The comment is added to it.",
		Risk:    Medium, Why: "An incident that is resolved or reassigned by mistake is looked at by nobody; resolving it resolves its alerts.",
		Parameters: append(triageParameters(texts(defender.ValidIncidentStatuses())),
			Parameter{Name: "tags", Title: "Tags", Kind: List, Doc: "All the tags that it shall have, separated by commas."}),
		AtLeastOne: true, Doors: incidentDoors(),
	}
}
