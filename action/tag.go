package action

import "github.com/gatehouse-sec/gatehouse/defender"

// tag adds a tag to a device.
func tag() Action {
	return Action{
		Name: "tag", Title: "Tag a device", Target: Device, Docs: mdeDocs + "add-or-remove-machine-tags",
		Summary: "Add a tag to a device. Its other tags stay.",
		Risk:    Low, Why: "It can be removed again; where device groups go by tags the device may change its group.",
		Parameters: tagParameter(), Doors: []Door{tagging(defender.TagAdd)},
	}
}
