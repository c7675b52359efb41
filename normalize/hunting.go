package normalize

import (
	"fmt"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// HuntingTables lists the tables of advanced hunting whose rows have a mapping.
func HuntingTables() []string {
	return []string{
		"DeviceProcessEvents", "DeviceFileEvents", "DeviceNetworkEvents", "DeviceRegistryEvents", "DeviceImageLoadEvents", "DeviceLogonEvents", "DeviceEvents",
		"DeviceInfo", "DeviceTvmSoftwareVulnerabilities", "DeviceTvmSoftwareInventory",
	}
}

// HuntingRow turns a row of a table of advanced hunting into an event.
func HuntingRow(table string, _ Input) (ocsf.Event, error) {
	return nil, fmt.Errorf("normalize: no mapping for rows of %q", table)
}
