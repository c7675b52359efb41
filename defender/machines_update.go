package defender

import (
	"cmp"
	"context"
	"strings"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// DeviceValue is how much a device is worth to its owner; it weighs in the
// exposure score. Unknown values are kept as they come.
type DeviceValue string

// The values that Microsoft documents.
const (
	DeviceValueLow    DeviceValue = "Low"
	DeviceValueNormal DeviceValue = "Normal"
	DeviceValueHigh   DeviceValue = "High"
)

// ValidDeviceValues returns the values that a device can be given.
func ValidDeviceValues() []DeviceValue {
	return []DeviceValue{DeviceValueLow, DeviceValueNormal, DeviceValueHigh}
}

// TagAction is what to do with a tag.
type TagAction string

// The two actions.
const (
	TagAdd    TagAction = "Add"
	TagRemove TagAction = "Remove"
)

// ValidTagActions returns the two actions.
func ValidTagActions() []TagAction { return []TagAction{TagAdd, TagRemove} }

// MachineUpdate is what to change about a device. Zero fields stay as they are.
type MachineUpdate struct {
	// MachineTags are all the tags that the device shall have: the given list
	// takes the place of the tags that are there. Microsoft's page also says that
	// tags are only added; to add or remove one for certain use Tag. Nil: leave
	// them. Empty and not nil: remove all.
	MachineTags []string
	DeviceValue DeviceValue
}

// body returns what is sent, or says what is wrong.
func (u MachineUpdate) body() (any, error) {
	if u.MachineTags == nil && u.DeviceValue == "" {
		return nil, rest.Inputf("nothing to update: give tags or a device value")
	}
	if err := cmp.Or(
		rest.Pick("device value", &u.DeviceValue, ValidDeviceValues()),
		rest.NoneBlank("tags", u.MachineTags),
	); err != nil {
		return nil, err
	}
	return struct {
		MachineTags []string    `json:"machineTags,omitzero"`
		DeviceValue DeviceValue `json:"deviceValue,omitzero"`
	}{u.MachineTags, u.DeviceValue}, nil
}

// Update changes a device and returns it as it is afterwards.
//
// Permission: Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/update-machine-method.
//
//api:operation PATCH /api/machines/{id}
func (s *MachinesService) Update(ctx context.Context, id string, u MachineUpdate) (Machine, error) {
	body, err := u.body()
	if err != nil {
		return Machine{}, err
	}
	return rest.Get[Machine](ctx, s.rest, rest.Request{Operation: opMachinesUpdate, Vars: []string{id}, Body: body})
}

// tagBody is what the two operations on tags send. The names are case-sensitive.
type tagBody struct {
	Value      string    `json:"Value"`
	Action     TagAction `json:"Action"`
	MachineIDs []string  `json:"MachineIds,omitzero"`
}

func newTagBody(tag string, action TagAction, ids []string) (tagBody, error) {
	if strings.TrimSpace(tag) == "" {
		return tagBody{}, rest.Inputf("tag is missing: give one")
	}
	err := rest.Require("tag action", &action, ValidTagActions())
	return tagBody{Value: tag, Action: action, MachineIDs: ids}, err
}

// Tag adds a tag to a device or removes it, and returns the device as it is
// afterwards.
//
// Permission: Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/add-or-remove-machine-tags.
//
//api:operation POST /api/machines/{id}/tags
func (s *MachinesService) Tag(ctx context.Context, id, tag string, action TagAction) (Machine, error) {
	body, err := newTagBody(tag, action, nil)
	if err != nil {
		return Machine{}, err
	}
	return rest.Get[Machine](ctx, s.rest, rest.Request{Operation: opMachinesTag, Vars: []string{id}, Body: body})
}

// MaxTagMany is how many devices TagMany takes at once.
const MaxTagMany = 500

// TagMany adds a tag to up to [MaxTagMany] devices or removes it, and returns the
// devices that the service says it has changed.
//
// Permission: Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/add-or-remove-multiple-machine-tags.
//
//api:operation POST /api/machines/AddOrRemoveTagForMultipleMachines
func (s *MachinesService) TagMany(ctx context.Context, ids []string, tag string, action TagAction) ([]Machine, error) {
	if err := checkIDs("machine", ids); err != nil {
		return nil, err
	}
	if len(ids) > MaxTagMany {
		return nil, rest.Inputf("%d machines at once: the service takes %d, split them", len(ids), MaxTagMany)
	}
	body, err := newTagBody(tag, action, ids)
	if err != nil {
		return nil, err
	}
	raw, err := s.rest.Fetch(ctx, rest.Request{Operation: opMachinesTagMany, Body: body})
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	return machinesOf(raw)
}

// SetDeviceValue says how much a device is worth, and returns it as it is
// afterwards.
//
// Permission: Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/set-device-value.
//
//api:operation POST /api/machines/{id}/setDeviceValue
func (s *MachinesService) SetDeviceValue(ctx context.Context, id string, v DeviceValue) (Machine, error) {
	if err := rest.Require("device value", &v, ValidDeviceValues()); err != nil {
		return Machine{}, err
	}
	body := struct {
		DeviceValue DeviceValue `json:"DeviceValue"`
	}{v}
	return rest.Get[Machine](ctx, s.rest, rest.Request{Operation: opMachinesDeviceValue, Vars: []string{id}, Body: body})
}

var (
	opMachinesUpdate      = write("PATCH", "/api/machines/{id}", "update-machine-method", "Machine.ReadWrite.All").Replayed()
	opMachinesTag         = write("POST", "/api/machines/{id}/tags", "add-or-remove-machine-tags", "Machine.ReadWrite.All").Replayed()
	opMachinesTagMany     = write("POST", "/api/machines/AddOrRemoveTagForMultipleMachines", "add-or-remove-multiple-machine-tags", "Machine.ReadWrite.All").Replayed()
	opMachinesDeviceValue = write("POST", "/api/machines/{id}/setDeviceValue", "set-device-value", "Machine.ReadWrite.All").Replayed()
)
