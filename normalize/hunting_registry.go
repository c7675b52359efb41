package normalize

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// registryKeyActions and registryValueActions are the actions of
// DeviceRegistryEvents.
var (
	registryKeyActions = []word[ocsf.RegistryKeyActivityID]{
		{"RegistryKeyCreated", ocsf.RegistryKeyActivityCreate},
		{"RegistryKeyDeleted", ocsf.RegistryKeyActivityDelete},
		{"RegistryKeyRenamed", ocsf.RegistryKeyActivityRename},
	}
	registryValueActions = []word[ocsf.RegistryValueActivityID]{
		{"RegistryValueSet", ocsf.RegistryValueActivitySet},
		{"RegistryValueDeleted", ocsf.RegistryValueActivityDelete},
	}
)

// registry maps a row of DeviceRegistryEvents: to an activity on a value where the
// action or the row names one, and on a key where not.
func (r *huntedRow) registry() ocsf.Event {
	if strings.HasPrefix(r.action, "RegistryKey") || r.peek("RegistryValueName") == "" && !strings.HasPrefix(r.action, "RegistryValue") {
		return r.registryKey()
	}
	now := r.registryValue("", true)
	event := &ocsf.RegistryValueActivity{Device: r.device, Actor: r.actor, RegValue: now}
	event.ActivityID, event.ActivityName = activityOf(r, registryValueActions)
	if r.peek("PreviousRegistryKey")+r.peek("PreviousRegistryValueName")+r.peek("PreviousRegistryValueData") != "" {
		event.PrevRegValue = r.registryValue("Previous", false)
		event.PrevRegValue.Path = first(event.PrevRegValue.Path, now.Path)
		if event.PrevRegValue.Name == "" {
			event.PrevRegValue.Name = now.Name
		}
	}
	r.seen.add(ocsf.ObservableTypeRegistryKeyPath, "reg_value.path", now.Path)
	event.Message = r.sentence(now.Path + `\` + now.Name)
	return event
}

// registryKey maps a row that is about a key.
func (r *huntedRow) registryKey() ocsf.Event {
	event := &ocsf.RegistryKeyActivity{Device: r.device, Actor: r.actor, RegKey: &ocsf.RegKey{Path: first(r.text("RegistryKey"), "unknown")}}
	event.ActivityID, event.ActivityName = activityOf(r, registryKeyActions)
	if before := r.text("PreviousRegistryKey"); before != "" {
		event.PrevRegKey = &ocsf.RegKey{Path: before}
	}
	r.seen.add(ocsf.ObservableTypeRegistryKeyPath, "reg_key.path", event.RegKey.Path)
	event.Message = r.sentence(event.RegKey.Path)
	return event
}

// registryValue reads a value of the registry: that of now, or the one before. The
// value without a name is the default of its key.
func (r *huntedRow) registryValue(prefix string, typed bool) *ocsf.RegValue {
	v := &ocsf.RegValue{Path: first(r.text(prefix+"RegistryKey"), "unknown"), Name: r.text(prefix + "RegistryValueName")}
	if !typed && v.Path == "unknown" {
		v.Path = ""
	}
	if typed {
		if kind := r.text("RegistryValueType"); kind != "" {
			var id ocsf.RegValueTypeID
			id, v.Type = translate(registryTypes, kind)
			v.TypeID = ocsf.Some(id)
		}
		if v.Name == "" {
			v.Name, v.IsDefault = "(Default)", ocsf.Bool(true)
		}
	}
	data := prefix + "RegistryValueData"
	if kind := r.peek("RegistryValueType"); alike(kind, "DWord") || alike(kind, "QWord") {
		v.RegIntegerData = r.integer(data)
	}
	if v.RegIntegerData.IsZero() {
		v.RegStringData = r.text(data)
	}
	return v
}
