package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// fromGraph fills an item of the SDK for Defender from a document of Graph, as far
// as its columns go. Words are spelt as Defender spells them. What does not fit is
// named in a [*defender.DecodeError].
func fromGraph(item any, raw jsontext.Value) error {
	switch item := item.(type) {
	case *defender.Machine:
		return deviceFromGraph(item, raw)
	case *defender.Alert:
		return alertFromGraph(item, raw)
	}
	return &defender.DecodeError{Type: fmt.Sprintf("%T", item), Raw: raw, Err: errOtherShape}
}

// graphDevice is a row of the hunting table DeviceInfo.
// https://learn.microsoft.com/defender-xdr/advanced-hunting-deviceinfo-table
type graphDevice struct {
	defender.Record   `json:"-"`
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
	row, err := defender.Decode[graphDevice](raw)
	d.ID, d.ComputerDNSName, d.LastSeen, d.AgentVersion = row.DeviceID, row.DeviceName, row.Timestamp, row.ClientVersion
	d.LastExternalIPAddress, d.OSArchitecture, d.OSPlatform, d.Version = row.PublicIP, row.OSArchitecture, row.OSPlatform, row.OSVersion
	d.OSBuild, d.AADDeviceID, d.RbacGroupName, d.OnboardingStatus = row.OSBuild, row.AadDeviceID, row.MachineGroup, joined(row.OnboardingStatus)
	d.HealthStatus, d.ExposureLevel, d.DeviceValue = row.SensorHealthState, row.ExposureLevel, defender.DeviceValue(row.AssetValue)
	d.MergedIntoMachineID = row.MergedToDeviceID
	if row.ManualTags != "" {
		_ = json.Unmarshal([]byte(row.ManualTags), &d.MachineTags) // a cell that is no list has no tags
	}
	return err
}

func alertFromGraph(a *defender.Alert, raw jsontext.Value) error {
	g, err := graph.Decode[graph.Alert](raw)
	a.ID, a.Title, a.Description, a.Category, a.AssignedTo = g.ID, g.Title, g.Description, g.Category, g.AssignedTo
	a.Status, a.Severity = defender.AlertStatus(capital(string(g.Status))), defender.AlertSeverity(capital(g.Severity))
	a.Classification = defender.AlertClassification(capital(string(g.Classification)))
	a.Determination = defender.AlertDetermination(capital(string(g.Determination)))
	a.DetectionSource, a.ThreatName, a.MitreTechniques = g.DetectionSource, g.ThreatDisplayName, g.MitreTechniques
	a.AlertCreationTime, a.LastUpdateTime, a.ResolvedTime = g.CreatedDateTime, g.LastUpdateDateTime, g.ResolvedDateTime
	a.FirstEventTime, a.LastEventTime = g.FirstActivityDateTime, g.LastActivityDateTime
	a.IncidentID, _ = strconv.ParseInt(strings.TrimSpace(g.IncidentID), 10, 64) // one that is no number has no column
	for _, e := range g.Evidence {
		if a.MachineID == "" {
			a.MachineID, a.ComputerDNSName = e.MDEDeviceID, e.DeviceDNSName
		}
	}
	return err
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
