package defender

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// MachinesService reads devices, which this API calls machines. What changes
// them is in machines_update.go.
type MachinesService struct{ service }

// Machine is a device. Null and absent members are zero. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/machine.
type Machine struct {
	Record                `json:"-"`
	ID                    string             `json:"id"` // 40 hexadecimal digits
	MergedIntoMachineID   string             `json:"mergedIntoMachineId"`
	IsPotentialDuplicate  bool               `json:"isPotentialDuplication"`
	IsExcluded            bool               `json:"isExcluded"`
	ExclusionReason       string             `json:"exclusionReason"`
	ComputerDNSName       string             `json:"computerDnsName"`
	FirstSeen             Time               `json:"firstSeen"`
	LastSeen              Time               `json:"lastSeen"`   // of the last full report, about once a day
	OSPlatform            string             `json:"osPlatform"` // for example Windows11
	OSVersion             string             `json:"osVersion"`  // null for Windows
	OSProcessor           string             `json:"osProcessor"`
	OSArchitecture        string             `json:"osArchitecture"` // 32-bit, 64-bit
	Version               string             `json:"version"`        // for example 21H2
	OSBuild               int64              `json:"osBuild"`
	AgentVersion          string             `json:"agentVersion"`
	LastIPAddress         string             `json:"lastIpAddress"`
	LastExternalIPAddress string             `json:"lastExternalIpAddress"`
	HealthStatus          string             `json:"healthStatus"`     // Active, Inactive, NoSensorData and others
	OnboardingStatus      string             `json:"onboardingStatus"` // Onboarded, CanBeOnboarded, Unsupported, InsufficientInfo
	DeviceValue           DeviceValue        `json:"deviceValue"`
	RbacGroupID           GroupID            `json:"rbacGroupId"` // "0" when in none
	RbacGroupName         string             `json:"rbacGroupName"`
	RiskScore             string             `json:"riskScore"`     // None, Informational, Low, Medium, High
	ExposureLevel         string             `json:"exposureLevel"` // None, Low, Medium, High
	IsAADJoined           bool               `json:"isAadJoined"`
	AADDeviceID           string             `json:"aadDeviceId"`
	MachineTags           []string           `json:"machineTags"`
	DefenderAVStatus      string             `json:"defenderAvStatus"`
	ManagedBy             string             `json:"managedBy"`
	ManagedByStatus       string             `json:"managedByStatus"`
	IPAddresses           []MachineIPAddress `json:"ipAddresses"`
	VMMetadata            *VMMetadata        `json:"vmMetadata"` // nil when it is no cloud machine
}

// MachineIPAddress is an address of one network adapter of a device.
type MachineIPAddress struct {
	IPAddress         string `json:"ipAddress"`
	MACAddress        string `json:"macAddress"`        // without separators
	Type              string `json:"type"`              // Ethernet, SoftwareLoopback and others
	OperationalStatus string `json:"operationalStatus"` // Up, Down
}

// VMMetadata says which machine of a cloud a device is. Its members are not
// documented; unknown ones are in the device's Raw.
type VMMetadata struct {
	VMID           string `json:"vmId"`
	CloudProvider  string `json:"cloudProvider"`
	ResourceID     string `json:"resourceId"`
	SubscriptionID string `json:"subscriptionId"`
}

// machineSet is what Microsoft documents for lists of machines. rbacGroupName is
// not filterable.
func machineSet() entitySet {
	return entitySet{
		name: "machines", pageSize: 10_000,
		filterable: []string{
			"computerDnsName", "id", "version", "deviceValue", "aadDeviceId", "machineTags", "lastSeen", "exposureLevel",
			"onboardingStatus", "lastIpAddress", "healthStatus", "osPlatform", "riskScore", "rbacGroupId",
		},
	}
}

// List reads devices. A tenant without recent ones, for which the service answers
// 404, is an empty list.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machines.
//
//api:operation GET /api/machines
func (s *MachinesService) List(ctx context.Context, q *Query) iter.Seq2[Machine, error] {
	l, err := machineSet().listing(opMachinesList, q)
	if err != nil {
		return rest.Fail[Machine](err)
	}
	l.EmptyOn404 = true
	return rest.List[Machine](ctx, s.rest, l)
}

// Get reads one device by its id or its DNS name.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machine-by-id.
//
//api:operation GET /api/machines/{id}
func (s *MachinesService) Get(ctx context.Context, idOrName string) (Machine, error) {
	return rest.Get[Machine](ctx, s.rest, rest.Request{Operation: opMachinesGet, Vars: []string{idOrName}})
}

// LogonUsers reads the users who have logged on to a device.
//
// Permission: User.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machine-log-on-users.
//
//api:operation GET /api/machines/{id}/logonusers
func (s *MachinesService) LogonUsers(ctx context.Context, id string) iter.Seq2[User, error] {
	return related[User](ctx, s.rest, opMachinesLogonUsers, id)
}

// Alerts reads the alerts of a device, their evidence included.
//
// Permission: Alert.Read.All or Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machine-related-alerts.
//
//api:operation GET /api/machines/{id}/alerts
func (s *MachinesService) Alerts(ctx context.Context, id string) iter.Seq2[Alert, error] {
	return related[Alert](ctx, s.rest, opMachinesAlerts, id)
}

// CountAlerts returns how many alerts a device has, those that a filter selects
// when it is not empty.
//
// Permission: Alert.Read.All or Alert.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/exposed-apis-odata-samples.
//
//api:operation GET /api/machines/{id}/alerts/$count
func (s *MachinesService) CountAlerts(ctx context.Context, id string, f Filter) (int64, error) {
	query := url.Values{}
	if f != "" {
		if err := f.check(alertSet()); err != nil {
			return 0, err
		}
		query.Set("$filter", string(f))
	}
	raw, err := s.rest.Fetch(ctx, rest.Request{Operation: opMachinesAlertsCount, Vars: []string{id}, Query: query})
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(bytes.Trim(raw, "\" \r\n\t")), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %w", opMachinesAlertsCount, ErrMalformed)
	}
	return n, nil
}

// findWindow is how far back the service looks for an IP address.
const findWindow = 30 * 24 * time.Hour

// FindByIP reads the devices that had an internal IP address within 15 minutes of
// a moment, which must not be more than 30 days ago.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/find-machines-by-ip.
//
//api:operation GET /api/machines/findbyip(ip='{ip}',timestamp={timestamp})
func (s *MachinesService) FindByIP(ctx context.Context, ip netip.Addr, at time.Time) iter.Seq2[Machine, error] {
	switch age := time.Since(at); {
	case !ip.IsValid():
		return rest.Fail[Machine](rest.Inputf("ip address is missing: give one such as 10.0.0.1"))
	case age > findWindow:
		return rest.Fail[Machine](rest.Inputf("%s is more than 30 days ago: the service does not look back farther", rest.FormatTime(at)))
	case age < -time.Hour:
		return rest.Fail[Machine](rest.Inputf("%s is in the future", rest.FormatTime(at)))
	}
	return related[Machine](ctx, s.rest, opMachinesFindByIP, ip.String(), secondText(at))
}

// FindByTag reads the devices that have a tag, or one that begins with it.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/find-machines-by-tag.
//
//api:operation GET /api/machines/findbytag
func (s *MachinesService) FindByTag(ctx context.Context, tag string, startsWith bool) iter.Seq2[Machine, error] {
	if strings.TrimSpace(tag) == "" {
		return rest.Fail[Machine](rest.Inputf("tag is missing: give one"))
	}
	query := url.Values{"tag": {tag}, "useStartsWithFilter": {strconv.FormatBool(startsWith)}}
	return rest.List[Machine](ctx, s.rest, rest.Listing{Request: rest.Request{Operation: opMachinesFindByTag, Query: query}})
}

// machinesOf reads an answer that is a list, or a single device.
func machinesOf(raw jsontext.Value) ([]Machine, error) {
	var machines []Machine
	var odd error // of the first that does not fit its type
	err := rest.Each(raw, func(item jsontext.Value) error {
		m, err := rest.Decode[Machine](item)
		machines = append(machines, m)
		odd = cmp.Or(odd, err)
		return nil
	})
	return machines, cmp.Or(err, odd)
}

var (
	opMachinesList        = read("/api/machines", "get-machines", "Machine.Read.All", "Machine.ReadWrite.All")
	opMachinesGet         = read("/api/machines/{id}", "get-machine-by-id", "Machine.Read.All", "Machine.ReadWrite.All")
	opMachinesLogonUsers  = read("/api/machines/{id}/logonusers", "get-machine-log-on-users", "User.Read.All")
	opMachinesAlerts      = read("/api/machines/{id}/alerts", "get-machine-related-alerts", "Alert.Read.All", "Alert.ReadWrite.All")
	opMachinesAlertsCount = read("/api/machines/{id}/alerts/$count", "exposed-apis-odata-samples", "Alert.Read.All", "Alert.ReadWrite.All")
	opMachinesFindByIP    = read("/api/machines/findbyip(ip='{ip}',timestamp={timestamp})", "find-machines-by-ip", "Machine.Read.All", "Machine.ReadWrite.All")
	opMachinesFindByTag   = read("/api/machines/findbytag", "find-machines-by-tag", "Machine.Read.All", "Machine.ReadWrite.All")
)

func machineOperations() []Operation {
	return []Operation{
		opMachinesList, opMachinesGet, opMachinesLogonUsers, opMachinesAlerts, opMachinesAlertsCount,
		opMachinesFindByIP, opMachinesFindByTag,
		opMachinesUpdate, opMachinesTag, opMachinesTagMany, opMachinesDeviceValue,
	}
}
