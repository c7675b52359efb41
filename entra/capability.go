package entra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// CapabilityEntry says what a capability is and which permissions open it.
type CapabilityEntry struct {
	gatehouse.Capability

	Title string // for people: "read alerts"
	Doors []Door // in order of preference today
}

// Door is one way to a capability: an API and the permissions of which any one
// suffices.
type Door struct {
	API   gatehouse.API
	AnyOf []gatehouse.Permission // the least powerful first
	Note  string                 // how this door differs; usually empty
}

// Opens reports whether one of the permissions held opens the door.
func (d Door) Opens(held []gatehouse.Permission) bool {
	return slices.ContainsFunc(d.AnyOf, func(p gatehouse.Permission) bool { return slices.Contains(held, p) })
}

// DoorOf returns the door of the API, if there is one.
func (c CapabilityEntry) DoorOf(api gatehouse.API) (Door, bool) {
	i := slices.IndexFunc(c.Doors, func(d Door) bool { return d.API == api })
	if i < 0 {
		return Door{}, false
	}
	return c.Doors[i], true
}

// CapabilityByName returns the entry of a capability; an unknown one is an error
// that lists the names.
func CapabilityByName(name string) (CapabilityEntry, error) {
	var names []string
	for _, c := range Capabilities() {
		if strings.EqualFold(string(c.Capability), strings.TrimSpace(name)) {
			return c, nil
		}
		names = append(names, string(c.Capability))
	}
	return CapabilityEntry{}, fmt.Errorf("unknown capability %s: use one of %s", quoteHarmless(name), strings.Join(names, ", "))
}

// Capabilities returns the catalogue of what an integration can do, in the order
// in which it is shown. The caller owns the result.
func Capabilities() []CapabilityEntry {
	const byHunting = "by hunting over the tables DeviceInfo and DeviceTvm*, since Graph v1.0 has no such resource"
	mde := func(names ...string) Door {
		return Door{API: gatehouse.APIMDE, AnyOf: permissionsOf(gatehouse.ResourceMDE, names)}
	}
	graph := func(note string, names ...string) Door {
		return Door{API: gatehouse.APIGraph, AnyOf: permissionsOf(gatehouse.ResourceGraph, names), Note: note}
	}
	return []CapabilityEntry{
		{gatehouse.AlertsRead, "read alerts", []Door{
			mde("Alert.Read.All", "Alert.ReadWrite.All"),
			graph("alerts_v2", "SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"),
		}},
		{gatehouse.AlertsUpdate, "update alerts", []Door{
			mde("Alert.ReadWrite.All"),
			graph("alerts_v2", "SecurityAlert.ReadWrite.All"),
		}},
		{gatehouse.DevicesRead, "read devices", []Door{
			mde("Machine.Read.All", "Machine.ReadWrite.All"),
			graph(byHunting, "ThreatHunting.Read.All"),
		}},
		{gatehouse.DevicesUpdate, "tag devices and set their value", []Door{
			mde("Machine.ReadWrite.All"),
		}},
		{gatehouse.VulnerabilitiesRead, "read vulnerabilities", []Door{
			mde("Vulnerability.Read.All"),
			graph(byHunting, "ThreatHunting.Read.All"),
		}},
		{gatehouse.HuntingRun, "run hunting queries", []Door{
			mde("AdvancedQuery.Read.All"),
			graph("runHuntingQuery", "ThreatHunting.Read.All"),
		}},
		{gatehouse.ScoresRead, "read exposure and configuration scores", []Door{
			mde("Score.Read.All"),
		}},
		{gatehouse.SecureScoreRead, "read the Microsoft Secure Score", []Door{
			graph("secureScores", "SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"),
		}},
	}
}

func permissionsOf(r gatehouse.Resource, names []string) []gatehouse.Permission {
	out := make([]gatehouse.Permission, len(names))
	for i, name := range names {
		out[i] = gatehouse.Permission{Resource: r, Name: name}
	}
	return out
}
