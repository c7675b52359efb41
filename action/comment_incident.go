package action

// commentIncident adds a comment to an incident.
func commentIncident() Action {
	return Action{
		Name: "comment-incident", Title: "Comment on an incident", Target: Incident, Docs: xdrDocs + "api-update-incidents",
		Summary: "Add the comment to an incident, and change nothing else.",
		Risk:    Low, Why: "A comment is added; Microsoft has no call that removes it.",
		Doors: incidentDoors(),
	}
}
