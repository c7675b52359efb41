package cli

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// fromGraph fills an item of the SDK for Defender from a document of Graph, as far
// as its columns go. Words are spelt as Defender spells them.
func fromGraph(item any, raw jsontext.Value) error {
	switch item := item.(type) {
	case *defender.Machine:
		return deviceFromGraph(item, raw)
	case *defender.Alert:
		return alertFromGraph(item, raw)
	}
	return errOtherShape
}

// graphDevice is a row of the hunting table DeviceInfo.
// https://learn.microsoft.com/defender-xdr/advanced-hunting-deviceinfo-table
type graphDevice struct {
	DeviceID          string        `json:"DeviceId"`
	DeviceName        string        `json:"DeviceName"`
	Timestamp         defender.Time `json:"Timestamp"`
	ClientVersion     string        `json:"ClientVersion"`
	PublicIP          string        `json:"PublicIP"`
	OSArchitecture    string        `json:"OSArchitecture"`
	OSPlatform        string        `json:"OSPlatform"`
	OSVersion         string        `json:"OSVersion"`
	OSBuild           int64         `json:"OSBuild"`
	AadDeviceID       string        `json:"AadDeviceId"`
	MachineGroup      string        `json:"MachineGroup"`
	OnboardingStatus  string        `json:"OnboardingStatus"`
	SensorHealthState string        `json:"SensorHealthState"`
	ExposureLevel     string        `json:"ExposureLevel"`
	AssetValue        string        `json:"AssetValue"`
	MergedToDeviceID  string        `json:"MergedToDeviceId"`
	ManualTags        string        `json:"DeviceManualTags"` // a list, as a text
}

func deviceFromGraph(d *defender.Machine, raw jsontext.Value) error {
	var row graphDevice
	if err := json.Unmarshal(raw, &row); err != nil {
		return err
	}
	d.ID, d.ComputerDNSName, d.LastSeen, d.AgentVersion = row.DeviceID, row.DeviceName, row.Timestamp, row.ClientVersion
	d.LastExternalIPAddress, d.OSArchitecture, d.OSPlatform, d.Version = row.PublicIP, row.OSArchitecture, row.OSPlatform, row.OSVersion
	d.OSBuild, d.AADDeviceID, d.RbacGroupName, d.OnboardingStatus = row.OSBuild, row.AadDeviceID, row.MachineGroup, joined(row.OnboardingStatus)
	d.HealthStatus, d.ExposureLevel, d.DeviceValue = row.SensorHealthState, row.ExposureLevel, defender.DeviceValue(row.AssetValue)
	d.MergedIntoMachineID = row.MergedToDeviceID
	if row.ManualTags != "" {
		_ = json.Unmarshal([]byte(row.ManualTags), &d.MachineTags) // a cell that is no list has no tags
	}
	return nil
}

// graphAlert is an alert of alerts_v2.
// https://learn.microsoft.com/graph/api/resources/security-alert
type graphAlert struct {
	ID              string        `json:"id"`
	Status          string        `json:"status"`
	Severity        string        `json:"severity"`
	Classification  string        `json:"classification"`
	Determination   string        `json:"determination"`
	Category        string        `json:"category"`
	Title           string        `json:"title"`
	Description     string        `json:"description"`
	AssignedTo      string        `json:"assignedTo"`
	IncidentID      string        `json:"incidentId"`
	DetectionSource string        `json:"detectionSource"`
	ThreatName      string        `json:"threatDisplayName"`
	Techniques      []string      `json:"mitreTechniques"`
	Created         defender.Time `json:"createdDateTime"`
	Updated         defender.Time `json:"lastUpdateDateTime"`
	Resolved        defender.Time `json:"resolvedDateTime"`
	First           defender.Time `json:"firstActivityDateTime"`
	Last            defender.Time `json:"lastActivityDateTime"`
	Evidence        []struct {
		DeviceID   string `json:"mdeDeviceId"`
		DeviceName string `json:"deviceDnsName"`
	} `json:"evidence"`
}

func alertFromGraph(a *defender.Alert, raw jsontext.Value) error {
	var g graphAlert
	if err := json.Unmarshal(raw, &g); err != nil {
		return err
	}
	a.ID, a.Title, a.Description, a.Category, a.AssignedTo = g.ID, g.Title, g.Description, g.Category, g.AssignedTo
	a.Status, a.Severity = defender.AlertStatus(capital(g.Status)), defender.AlertSeverity(capital(g.Severity))
	a.Classification = defender.AlertClassification(capital(g.Classification))
	a.Determination = defender.AlertDetermination(capital(g.Determination))
	a.DetectionSource, a.ThreatName, a.MitreTechniques = g.DetectionSource, g.ThreatName, g.Techniques
	a.AlertCreationTime, a.LastUpdateTime, a.ResolvedTime, a.FirstEventTime, a.LastEventTime = g.Created, g.Updated, g.Resolved, g.First, g.Last
	a.IncidentID, _ = strconv.ParseInt(strings.TrimSpace(g.IncidentID), 10, 64) // one that is no number has no column
	for _, e := range g.Evidence {
		if a.MachineID == "" {
			a.MachineID, a.ComputerDNSName = e.DeviceID, e.DeviceName
		}
	}
	return nil
}

// capital writes a word of Graph, inProgress, as Defender does, InProgress.
func capital(word string) string {
	first, size := utf8.DecodeRuneInString(word)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + word[size:]
}

// joined writes words of hunting, Can be onboarded, as Defender does,
// CanBeOnboarded.
func joined(words string) string {
	var out strings.Builder
	for word := range strings.FieldsSeq(words) {
		out.WriteString(capital(word))
	}
	return out.String()
}
