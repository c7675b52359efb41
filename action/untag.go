package action

import "github.com/gatehouse-sec/gatehouse/defender"

// untag removes a tag from a device.
func untag() Action {
	return Action{
		Name: "untag", Title: "Remove a tag from a device", Target: Device, Docs: mdeDocs + "add-or-remove-machine-tags",
		Summary: "Remove a tag from a device. Its other tags stay.",
		Risk:    Low, Why: "It can be added again; where device groups go by tags the device may change its group.",
		Parameters: tagParameter(), Doors: []Door{tagging(defender.TagRemove)},
	}
}
