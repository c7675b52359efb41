package emulator

import "sort"

// assetSoftware is one row of the software inventory export as its JSON pages print it (tvm-xdr-graph.md 4.7).
type assetSoftware struct {
	DeviceID           string   `json:"deviceId"`
	RBACGroupID        int      `json:"rbacGroupId"`
	RBACGroupName      string   `json:"rbacGroupName"`
	DeviceName         string   `json:"deviceName"`
	OSPlatform         string   `json:"osPlatform"`
	SoftwareVendor     string   `json:"softwareVendor"`
	SoftwareName       string   `json:"softwareName"`
	SoftwareVersion    string   `json:"softwareVersion"`
	NumberOfWeaknesses int      `json:"numberOfWeaknesses"`
	DiskPaths          []string `json:"diskPaths"`
	RegistryPaths      []string `json:"registryPaths"`
	FirstSeenTimestamp string   `json:"softwareFirstSeenTimestamp"`
	EndOfSupportStatus string   `json:"endOfSupportStatus"`
	EndOfSupportDate   *string  `json:"endOfSupportDate"`
}

// assetSoftwareLine is the same row as a line of an export file: Pascal case, and null members left out.
type assetSoftwareLine struct {
	DeviceID           string   `json:"DeviceId"`
	RBACGroupID        int      `json:"RbacGroupId"`
	RBACGroupName      string   `json:"RbacGroupName"`
	DeviceName         string   `json:"DeviceName"`
	OSPlatform         string   `json:"OSPlatform"`
	SoftwareVendor     string   `json:"SoftwareVendor"`
	SoftwareName       string   `json:"SoftwareName"`
	SoftwareVersion    string   `json:"SoftwareVersion"`
	NumberOfWeaknesses int      `json:"NumberOfWeaknesses"`
	DiskPaths          []string `json:"DiskPaths"`
	RegistryPaths      []string `json:"RegistryPaths"`
	FirstSeenTimestamp string   `json:"SoftwareFirstSeenTimestamp"`
	EndOfSupportStatus string   `json:"EndOfSupportStatus"`
	EndOfSupportDate   *string  `json:"EndOfSupportDate,omitempty"`
}

// inventoryAt finds the install behind a row of the software inventory export.
func (t *tenant) inventoryAt(n int) (int32, install) {
	x := &t.exports.inventory
	position := sort.Search(len(x.before), func(i int) bool { return int(x.before[i]) > n }) - 1
	machine := t.exports.order[position]
	return machine, t.installsOf(machine)[n-int(x.before[position])]
}

// inventoryRow computes a row of the software inventory export.
func (t *tenant) inventoryRow(n int) assetSoftware {
	i, in := t.inventoryAt(n)
	m, p := t.machines[i], &t.catalogue.products[in.product]
	group, kind := t.groups[m.group], &t.platforms[m.platform]
	row := assetSoftware{
		DeviceID: m.machineID(), RBACGroupID: group.id, RBACGroupName: group.assessed(), DeviceName: t.dnsName(i), OSPlatform: kind.platform,
		SoftwareVendor: p.vendor, SoftwareName: p.name, SoftwareVersion: p.releases[in.version],
		NumberOfWeaknesses: len(p.open(in.version)), DiskPaths: []string{in.diskPath(p, kind.mask)}, RegistryPaths: p.registryPaths(kind.mask),
		FirstSeenTimestamp: t.firstSeen(m, in).spaced(), EndOfSupportStatus: "None",
	}
	if in.version == 0 { // as DeviceTvmSoftwareInventory has it
		date := "2026-01-13T00:00:00+00:00"
		row.EndOfSupportStatus, row.EndOfSupportDate = "EOS Version", &date
	}
	return row
}
