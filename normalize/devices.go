package normalize

import (
	"encoding/hex"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Device turns a device, which Defender for Endpoint calls a machine, into an
// event of the class Device Inventory Info (5001). Through Graph it is a row of
// the hunting table DeviceInfo. The error tells that the record is no JSON object
// or has no time or id.
func Device(in Input) (ocsf.Event, error) {
	o, err := open(in, "device")
	if err != nil {
		return nil, err
	}
	event := &ocsf.InventoryInfo{SeverityID: ocsf.SeverityInformational}
	event.ActivityID, event.ActivityName = inventoryActivity(in.Kind)
	if in.API == gatehouse.APIGraph {
		o.deviceInfo(event)
	} else {
		o.machine(event)
	}
	event.Time = o.time(event.Device.LastSeenTime, event.Device.FirstSeenTime)
	event.Observables = deviceObservables(event.Device)
	return o.seal(event, "device")
}

// machine maps a device of Defender for Endpoint.
func (o *opened) machine(event *ocsf.InventoryInfo) {
	r, key, seen := row{o.value}, o.peek("id"), o.peek("lastSeen")
	event.Device = machineDevice(r)
	event.Cloud = cloudMachine(r, event.Device)
	event.Metadata = o.metadata(origin{product: productEndpoint, log: "devices", key: key, original: seen, profiles: cloudProfile(event.Cloud)})
}

// machineDevice reads the device of a machine.
func machineDevice(r row) *ocsf.Device {
	d := &ocsf.Device{
		UID: r.text("id"), UIDAlt: r.text("aadDeviceId"),
		FirstSeenTime: r.moment("firstSeen"), LastSeenTime: r.moment("lastSeen"),
		OS: operatingSystem(r), HWInfo: hardware(r), Groups: deviceGroups(r, "rbacGroupId", "rbacGroupName"),
		IP: r.valid("lastIpAddress", ocsf.ValidIP), IsManaged: onboarded(r.peek("onboardingStatus")),
		AgentList: sensor(r.text("agentVersion")),
	}
	nameDevice(d, r, "computerDnsName")
	d.RiskLevelID, d.RiskLevel = risk(r)
	if p, ok := platformOf(r.peek("osPlatform")); ok {
		d.TypeID = p.device
	}
	for item := range r.list("ipAddresses") {
		if n, ok := networkInterface(row{item}); ok {
			d.NetworkInterfaces = append(d.NetworkInterfaces, n)
		}
	}
	return orUnknown(d)
}

// nameDevice reads the name of a device.
func nameDevice(d *ocsf.Device, r row, name string) {
	if d.Hostname = r.valid(name, ocsf.ValidHostname); d.Hostname == "" {
		d.Name = r.text(name)
	}
}

// orUnknown names a device of which nothing is known that OCSF takes for an
// identity.
func orUnknown(d *ocsf.Device) *ocsf.Device {
	if first(d.IP, d.UID, d.Name, d.Hostname, d.InstanceUID) == "" {
		d.Name = "unknown"
	}
	return d
}

// deviceGroups reads the device group.
func deviceGroups(r row, id, name string) []ocsf.Group {
	g := ocsf.Group{Name: r.text(name)}
	if id != "" {
		g.UID = r.text(id)
	}
	if g.UID == "" && g.Name == "" {
		return nil
	}
	g.Type = "device group"
	return []ocsf.Group{g}
}

// onboarded tells whether a device is onboarded. The word itself says more, and
// stays in unmapped.
func onboarded(status string) ocsf.Opt[bool] {
	if status == "" {
		return ocsf.Opt[bool]{}
	}
	return ocsf.Bool(alike(status, "Onboarded"))
}

// sensor is the agent on a device.
func sensor(version string) []ocsf.Agent {
	if version == "" {
		return nil
	}
	return []ocsf.Agent{{
		Name: productEndpoint, VendorName: vendor, Version: version,
		TypeID: ocsf.Some(ocsf.AgentTypeEndpointDetectionAndResponse),
	}}
}

// risks are the risk levels of devices. None is below Informational.
var risks = []word[ocsf.RiskLevelID]{
	{"Informational", ocsf.RiskLevelInfo},
	{"Low", ocsf.RiskLevelLow},
	{"Medium", ocsf.RiskLevelMedium},
	{"High", ocsf.RiskLevelHigh},
}

// risk reads the risk level, whose zero OCSF calls Info.
func risk(r row) (ocsf.Opt[ocsf.RiskLevelID], string) {
	if r.peek("riskScore") == "" {
		return ocsf.Opt[ocsf.RiskLevelID]{}, ""
	}
	id, caption := translated(r, "riskScore", risks)
	return ocsf.Some(id), caption
}

// interfaces are the kinds of adapter that OCSF has.
var interfaces = []word[ocsf.NetworkInterfaceTypeID]{
	{"Ethernet", ocsf.NetworkInterfaceTypeWired},
	{"Wireless80211", ocsf.NetworkInterfaceTypeWireless},
	{"Tunnel", ocsf.NetworkInterfaceTypeTunnel},
}

// networkInterface reads one address of a device; false when there is none in it.
func networkInterface(r row) (ocsf.NetworkInterface, bool) {
	n := ocsf.NetworkInterface{IP: r.valid("ipAddress", ocsf.ValidIP), MAC: r.texted("macAddress", macAddress)}
	if n.IP == "" && n.MAC == "" {
		return n, false
	}
	id, caption := translated(r, "type", interfaces)
	n.TypeID, n.Type = some(id), caption
	return n, true
}

// macAddress writes a MAC address, which Microsoft prints without separators, as
// OCSF wants it; nothing when it is none.
func macAddress(text string) string {
	if ocsf.ValidMAC(text) {
		return text
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 6 {
		return ""
	}
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = text[2*i : 2*i+2]
	}
	return strings.Join(parts, ":")
}

// cloudMachine reads where a machine of a cloud runs.
func cloudMachine(r row, d *ocsf.Device) *ocsf.Cloud {
	vm := row{r.object("vmMetadata")}
	d.InstanceUID = vm.text("vmId")
	return cloudOf(vm.text("cloudProvider"), vm, "subscriptionId")
}

// cloudOf is the cloud of a device; nil without a provider, which OCSF wants.
func cloudOf(provider string, r row, subscription string) *ocsf.Cloud {
	if provider == "" {
		return nil
	}
	cloud := &ocsf.Cloud{Provider: provider}
	if uid := r.text(subscription); uid != "" {
		cloud.Account = &ocsf.Account{UID: uid}
		if alike(provider, "Azure") {
			cloud.Account.TypeID = ocsf.Some(ocsf.AccountTypeAzureSubscription)
		}
	}
	return cloud
}

// cloudProfile names the profile of the attribute cloud.
func cloudProfile(cloud *ocsf.Cloud) []string {
	if cloud == nil {
		return nil
	}
	return []string{"cloud"}
}

// deviceObservables shows what a device is known by.
func deviceObservables(d *ocsf.Device) []ocsf.Observable {
	var seen observables
	seen.add(ocsf.ObservableTypeDeviceObjectUid, "device.uid", d.UID)
	seen.add(ocsf.ObservableTypeHostname, "device.hostname", d.Hostname)
	seen.add(ocsf.ObservableTypeIPAddress, "device.ip", d.IP)
	for i := range d.NetworkInterfaces {
		seen.add(ocsf.ObservableTypeIPAddress, "device.network_interfaces.ip", d.NetworkInterfaces[i].IP)
		seen.add(ocsf.ObservableTypeMACAddress, "device.network_interfaces.mac", d.NetworkInterfaces[i].MAC)
	}
	return seen.list
}
