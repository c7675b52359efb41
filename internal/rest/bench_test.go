package rest

import (
	stdjson "encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// machinePage is a page of devices with the members, and about the length, of
// real ones.
func machinePage(n int) string {
	var b strings.Builder
	b.WriteString(`{"@odata.context":"https://api.security.microsoft.com/api/$metadata#Machines","value":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%040x","mergedIntoMachineId":null,"isPotentialDuplication":false,"isExcluded":false,"exclusionReason":null,`+
			`"computerDnsName":"desk-%d.corp.contoso.example","firstSeen":"2025-11-02T14:55:03.7791856Z","lastSeen":"2026-05-03T22:11:04.13Z",`+
			`"osPlatform":"Windows11","osVersion":null,"osProcessor":"x64","version":"23H2","lastIpAddress":"10.20.%d.%d","lastExternalIpAddress":"203.0.113.%d",`+
			`"agentVersion":"10.8760.22631.5189","osBuild":22631,"healthStatus":"Active","deviceValue":"Normal","rbacGroupId":%d,"rbacGroupName":"Workstations",`+
			`"riskScore":"Medium","exposureLevel":"High","isAadJoined":true,"aadDeviceId":"80fe8ff8-2624-418e-9591-41f0491218f9",`+
			`"machineTags":["finance","floor 3"],"defenderAvStatus":"Updated","onboardingStatus":"Onboarded","osArchitecture":"64-bit",`+
			`"managedBy":"Intune","managedByStatus":"Success","ipAddresses":[{"ipAddress":"10.20.1.7","macAddress":"00155D4A1B2C","type":"Ethernet","operationalStatus":"Up"},`+
			`{"ipAddress":"fe80::1c2d","macAddress":"00155D4A1B2C","type":"Ethernet","operationalStatus":"Up"}],"vmMetadata":null}`,
			i, i, i/250%250, i%250, i%250, i%7)
	}
	b.WriteString(`],"@odata.nextLink":"https://api.security.microsoft.com/api/machines?$skip=10000"}`)
	return b.String()
}

// device has the members of a device, like the type of package defender.
type device struct {
	Record          `json:"-"`
	ID              string   `json:"id"`
	ComputerDNSName string   `json:"computerDnsName"`
	FirstSeen       Time     `json:"firstSeen"`
	LastSeen        Time     `json:"lastSeen"`
	OSPlatform      string   `json:"osPlatform"`
	OSVersion       string   `json:"osVersion"`
	Version         string   `json:"version"`
	OSBuild         int64    `json:"osBuild"`
	LastIPAddress   string   `json:"lastIpAddress"`
	HealthStatus    string   `json:"healthStatus"`
	RbacGroupID     int64    `json:"rbacGroupId"`
	RbacGroupName   string   `json:"rbacGroupName"`
	RiskScore       string   `json:"riskScore"`
	ExposureLevel   string   `json:"exposureLevel"`
	IsAADJoined     bool     `json:"isAadJoined"`
	MachineTags     []string `json:"machineTags"`
	IPAddresses     []struct {
		IPAddress         string `json:"ipAddress"`
		MACAddress        string `json:"macAddress"`
		Type              string `json:"type"`
		OperationalStatus string `json:"operationalStatus"`
	} `json:"ipAddresses"`
}

// BenchmarkDecodePage reads a page of 2,000 devices as a stream into their type,
// each with its raw JSON, and reports how much faster that is than decoding the
// whole page at once with encoding/json into the same type: the best of each
// among rounds in turn, so that a busy machine weighs on both alike.
func BenchmarkDecodePage(b *testing.B) {
	text := machinePage(2000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		streamedPage(b, text)
	}
	ours, theirs := time.Hour, time.Hour
	for range 15 {
		ours = min(ours, streamedPage(b, text))
		theirs = min(theirs, wholePage(b, text))
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-encoding/json")
}

// streamedPage is the time of our way.
func streamedPage(b *testing.B, text string) time.Duration {
	start, n := time.Now(), 0
	_, err := readPage(strings.NewReader(text), func(raw jsontext.Value) error {
		v, err := Decode[device](raw)
		if v.ID != "" {
			n++
		}
		return err
	})
	if err != nil || n != 2000 {
		b.Fatal(n, err)
	}
	return time.Since(start)
}

// wholePage is the time of the usual way.
func wholePage(b *testing.B, text string) time.Duration {
	start := time.Now()
	var page struct {
		Value []device `json:"value"`
		Next  string   `json:"@odata.nextLink"`
	}
	if err := stdjson.NewDecoder(strings.NewReader(text)).Decode(&page); err != nil || len(page.Value) != 2000 {
		b.Fatal(len(page.Value), err)
	}
	return time.Since(start)
}

// BenchmarkDecodeRows reads the rows of an export file, whose names are spelled in
// another case than the type's.
func BenchmarkDecodeRows(b *testing.B) {
	text := strings.Repeat(`{"Id":"d3_edge_1__","DeviceId":"00044f612345","RbacGroupId":7,"DeviceName":"desk-1.corp.contoso.example","OSPlatform":"Windows11","SoftwareVendor":"contoso","SoftwareName":"viewer","CveId":"CVE-2026-0001","CvssScore":7.5,"DiskPaths":["C:\\Program Files\\Viewer\\viewer.exe"],"FirstSeenTimestamp":"2026-04-01 11:07:15","LastSeenTimestamp":"2026-05-04 01:00:00"}`+"\n", 2000)
	type row struct {
		Record             `json:"-"`
		ID                 string   `json:"id"`
		DeviceID           string   `json:"deviceId"`
		DeviceName         string   `json:"deviceName"`
		OSPlatform         string   `json:"osPlatform"`
		SoftwareVendor     string   `json:"softwareVendor"`
		SoftwareName       string   `json:"softwareName"`
		CVEID              string   `json:"cveId"`
		CVSSScore          float64  `json:"cvssScore"`
		DiskPaths          []string `json:"diskPaths"`
		FirstSeenTimestamp Time     `json:"firstSeenTimestamp"`
		LastSeenTimestamp  Time     `json:"lastSeenTimestamp"`
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := readRows(strings.NewReader(text), func(raw jsontext.Value) error {
			_, err := Decode[row](raw)
			return err
		}); err != nil || n != 2000 {
			b.Fatal(n, err)
		}
	}
}
