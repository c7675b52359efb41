package stream

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// devices is the devices of the tenant, which the older API calls machines.
// Through Graph they come from the hunting table DeviceInfo.
func devices() Stream {
	return Stream{
		Name: Devices, Title: "Devices", Mode: Snapshot, Interval: hourly,
		Docs: "https://learn.microsoft.com/defender-endpoint/api/get-machines",
		// When it was last seen, from which address the internet saw it, and who sat
		// at it: new with each report.
		Noisy: []string{"lastSeen", "lastExternalIpAddress", "Timestamp", "ReportId", "PublicIP", "LoggedOnUsers"},
		Seen:  []string{"lastSeen", "Timestamp"},
		Doors: []Door{
			{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Machine.Read.All", "Machine.ReadWrite.All"), Read: snapshot(devices, devicePages)},
			{API: gatehouse.APIGraph, AnyOf: gatehouse.ResourceGraph.Permissions("ThreatHunting.Read.All"), Horizon: huntBack, Read: huntDevices},
		},
	}
}

// huntBack is how far back hunting looks, 30 days, less a day for a device that was
// last seen just then, and for clocks that differ. Source:
// https://learn.microsoft.com/graph/api/security-security-runhuntingquery.
const huntBack = 29 * daily

func devicePages(c *defender.Client) pager[defender.Machine] {
	return pager[defender.Machine]{
		list: c.Machines.List, largest: 10_000,
		item: func(m *defender.Machine) item { return item{key: m.ID, document: m.Raw, common: machineFacts(m)} },
	}
}

// huntDevices reads the latest report of each device. What DeviceInfo does not
// know of within the look-back of hunting, 30 days, is not found.
func huntDevices(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, devices(), gatehouse.APIGraph, r)
	w.full, w.floor = true, 0
	h := hunter{
		run: r.Clients.Graph.Hunting.Run, row: deviceRow, guess: 1500,
		query: "DeviceInfo | where {slice} | summarize arg_max(Timestamp, *) by DeviceId",
		count: "DeviceInfo | where {slice} | distinct DeviceId",
	}
	if err := h.read(ctx, w); err != nil {
		return err
	}
	return w.finish()
}

func deviceRow(c cells) item {
	return item{key: c.text("DeviceId"), document: c.row.Raw, common: deviceInfoFacts(c)}
}

// machineFacts are what MDE knows of a device and DeviceInfo as well.
func machineFacts(m *defender.Machine) facts {
	return facts{
		m.ID, strings.ToLower(m.ComputerDNSName), m.OSPlatform, m.OSArchitecture, m.RbacGroupName, words(m.OnboardingStatus),
		words(m.HealthStatus), m.ExposureLevel, string(m.DeviceValue), strings.ToLower(m.AADDeviceID), sorted(m.MachineTags), m.MergedIntoMachineID,
	}
}

// deviceInfoFacts are the same of DeviceInfo.
func deviceInfoFacts(c cells) facts {
	tags := texts(c.text("DeviceManualTags"))
	if tag := c.text("RegistryDeviceTag"); tag != "" {
		tags = append(tags, tag)
	}
	return facts{
		c.text("DeviceId"), strings.ToLower(c.text("DeviceName")), c.text("OSPlatform"), c.text("OSArchitecture"), c.text("MachineGroup"), words(c.text("OnboardingStatus")),
		words(c.text("SensorHealthState")), c.text("ExposureLevel"), c.text("AssetValue"), strings.ToLower(c.text("AadDeviceId")), sorted(tags), c.text("MergedToDeviceId"),
	}
}

// words brings "CanBeOnboarded" and "Can be onboarded" to one spelling.
func words(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "")) }

// sorted joins texts in their order, each once.
func sorted(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "\n")
}

// texts reads a list that hunting prints as a text.
func texts(s string) []string {
	var list []string
	if json.Unmarshal(jsontext.Value(s), &list) != nil {
		return nil
	}
	return list
}
