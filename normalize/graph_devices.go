package normalize

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// deviceInfo maps a row of the hunting table DeviceInfo.
func (o *opened) deviceInfo(event *ocsf.InventoryInfo) {
	r, key, seen := row{o.value}, o.peek("DeviceId"), o.peek("Timestamp")
	d := &ocsf.Device{
		UID: r.text("deviceId"), UIDAlt: r.text("aadDeviceId"), LastSeenTime: r.moment("timestamp"),
		OS: operatingSystem(r), HWInfo: hardware(r), Groups: deviceGroups(r, "", "machineGroup"),
		IsManaged: onboarded(r.peek("onboardingStatus")), AgentList: sensor(r.text("clientVersion")),
		Model: r.text("model"), VendorName: r.text("vendor"), InstanceUID: r.text("azureVmId"),
	}
	nameDevice(d, r, "deviceName")
	d.TypeID, d.Type = deviceType(r)
	event.Device = orUnknown(d)
	event.Cloud = huntedCloud(r)
	event.Metadata = o.metadata(origin{product: productEndpoint, log: "devices", key: key, original: seen, profiles: cloudProfile(event.Cloud)})
}

// deviceTypes are the types of DeviceInfo that OCSF has a number for.
var deviceTypes = []word[ocsf.DeviceTypeID]{
	{"Workstation", ocsf.DeviceTypeDesktop},
	{"Server", ocsf.DeviceTypeServer},
	{"Mobile", ocsf.DeviceTypeMobile},
	{"Firewall", ocsf.DeviceTypeFirewall},
	{"Switch", ocsf.DeviceTypeSwitch},
	{"Router", ocsf.DeviceTypeRouter},
	{"Unknown", ocsf.DeviceTypeUnknown},
}

// deviceType reads what a device is, or else what its platform tells.
func deviceType(r row) (ocsf.DeviceTypeID, string) {
	if r.peek("deviceType") != "" {
		return translated(r, "deviceType", deviceTypes)
	}
	p, _ := platformOf(r.peek("osPlatform"))
	return p.device, ""
}

// huntedCloud tells the cloud of a device from the resource that it is.
func huntedCloud(r row) *ocsf.Cloud {
	resource := r.peek("azureResourceId")
	switch {
	case resource != "":
		cloud := cloudOf("Azure", r, "azureVmSubscriptionId")
		if cloud.Account == nil {
			cloud.Account = subscriptionOf(resource)
		}
		return cloud
	case r.peek("awsResourceName") != "":
		return &ocsf.Cloud{Provider: "AWS"}
	case r.peek("gcpFullResourceName") != "":
		return &ocsf.Cloud{Provider: "GCP"}
	}
	return nil
}

// subscriptionOf cuts the subscription out of the id of an Azure resource, which
// begins with /subscriptions/ID/.
func subscriptionOf(resource string) *ocsf.Account {
	parts := strings.Split(resource, "/")
	if len(parts) < 3 || !alike(parts[1], "subscriptions") || parts[2] == "" {
		return nil
	}
	return &ocsf.Account{UID: parts[2], TypeID: ocsf.Some(ocsf.AccountTypeAzureSubscription)}
}
