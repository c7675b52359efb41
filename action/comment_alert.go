package action

// commentAlert adds a comment to an alert.
func commentAlert() Action {
	return Action{
		Name: "comment-alert", Title: "Comment on an alert", Target: Alert, Docs: mdeDocs + "update-alert",
		Summary: "Add the comment to an alert, and change nothing else.",
		Risk:    Low, Why: "A comment is added; Microsoft has no call that removes it.",
		Doors: alertDoors(),
	}
}
