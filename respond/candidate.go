package respond

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// described is what describes a record. Both APIs' shapes of a device are known:
// the one of Defender for Endpoint and the row of a hunt, which spells the platform
// as the other does but for its case. Times are texts: one that is not as
// documented must not keep the rest from being read.
type described struct {
	ComputerDNSName  string `json:"computerDnsName"`
	DeviceName       string `json:"DeviceName"`
	Title            string `json:"title"`
	DisplayName      string `json:"displayName"`
	IncidentName     string `json:"incidentName"`
	Type             string `json:"type"`
	OSPlatform       string `json:"osPlatform"`
	HealthStatus     string `json:"healthStatus"`
	OnboardingStatus string `json:"onboardingStatus"`
	LastSeen         string `json:"lastSeen"`
	Timestamp        string `json:"Timestamp"`
	LastIPAddress    string `json:"lastIpAddress"`
	IPAddresses      []struct {
		IPAddress string `json:"ipAddress"`
	} `json:"ipAddresses"`
	MergedIntoMachineID string          `json:"mergedIntoMachineId"`
	MergedToDeviceID    string          `json:"MergedToDeviceId"`
	RedirectIncidentID  json.RawMessage `json:"redirectIncidentId"` // a number or a text
}

// mergedInto is the id of what a record was merged into, empty when it was not.
func (d described) mergedInto() string {
	to := strings.Trim(string(d.RedirectIncidentID), `"`)
	if to == "null" || to == "0" {
		to = ""
	}
	return cmp.Or(d.MergedIntoMachineID, d.MergedToDeviceID, to)
}

// seen is when a device was last seen; zero when that cannot be read.
func (d described) seen() time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, cmp.Or(d.LastSeen, d.Timestamp)); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// candidate describes a record.
func candidate(i gatehouse.Integration, rec gatehouse.Record) Candidate {
	var d described
	_ = json.Unmarshal(rec.Document, &d) // what cannot be read is left out of a description
	c := Candidate{
		Integration: i, ID: rec.Key, LastSeen: d.seen(), merged: d.mergedInto(), addresses: []string{strings.ToLower(d.LastIPAddress)},
		Name: cmp.Or(d.ComputerDNSName, d.DeviceName, d.Title, d.DisplayName, d.IncidentName, d.Type),
	}
	for _, a := range d.IPAddresses {
		c.addresses = append(c.addresses, strings.ToLower(a.IPAddress))
	}
	var detail []string
	for _, text := range []string{d.OSPlatform, d.HealthStatus, d.OnboardingStatus} {
		if text != "" {
			detail = append(detail, text)
		}
	}
	if !c.LastSeen.IsZero() {
		detail = append(detail, "last seen "+c.LastSeen.Format(time.RFC3339))
	}
	if c.merged != "" {
		detail = append(detail, "merged into "+c.merged)
	}
	c.Detail = strings.Join(detail, ", ")
	return c
}

// unmerged leaves those out that were merged into another, where others are left:
// what they were called, the other is called now.
func unmerged(found []Candidate) []Candidate {
	var left []Candidate
	for _, c := range found {
		if c.merged == "" {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return found
	}
	return left
}

// addressTime is how long after a device was last seen an address is taken for its
// own: addresses move from one device to another.
const addressTime = 24 * time.Hour

// byAddress says why a device that was found by its address may not be the one
// that has it now.
func (r *Responder) byAddress(c Candidate, address string) string {
	switch {
	case !slices.Contains(c.addresses, address):
		return fmt.Sprintf("%s is the address that %s (%s) is seen with from outside, which others may share: give the id of the device", address, c.ID, c.Name)
	case r.now().Sub(c.LastSeen) > addressTime:
		return fmt.Sprintf("%s was the address of %s (%s) when it was last seen, at %s, and may be another's now: give the id of the device",
			address, c.ID, c.Name, c.LastSeen.UTC().Format(time.RFC3339))
	}
	return ""
}
