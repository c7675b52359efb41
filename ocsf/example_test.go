package ocsf_test

import (
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

func Example() {
	event := &ocsf.InventoryInfo{
		ActivityID: ocsf.InventoryActivityCollect,
		SeverityID: ocsf.SeverityInformational,
		Time:       ocsf.TimestampOf(time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC)),
		Metadata:   &ocsf.Metadata{Version: ocsf.Version, Product: &ocsf.Product{Name: "Defender for Endpoint"}},
		Device:     &ocsf.Device{Hostname: "laptop-7", TypeID: ocsf.DeviceTypeLaptop, IP: "10.1.2.300"},
	}
	line, violations := ocsf.Validator{}.Append(nil, event)
	fmt.Println(string(line))
	for _, v := range violations {
		fmt.Println(v)
	}
	// Output:
	// {"activity_id":2,"activity_name":"Collect","category_name":"Discovery","category_uid":5,"class_name":"Device Inventory Info","class_uid":5001,"device":{"hostname":"laptop-7","ip":"10.1.2.300","type":"Laptop","type_id":3},"metadata":{"product":{"name":"Defender for Endpoint"},"version":"1.8.0"},"severity":"Informational","severity_id":1,"time":1795406706000,"type_name":"Device Inventory Info: Collect","type_uid":500102}
	// error: device.ip: "10.1.2.300" is not an IP address (ip_t) (format)
}

func ExampleValidateJSON() {
	for _, v := range ocsf.ValidateJSON([]byte(`{"class_uid":2004,"severity_id":4,"severity":"high"}`))[:3] {
		fmt.Println(v)
	}
	// Output:
	// error: activity_id: is required by detection_finding and missing (required)
	// error: category_uid: is required by detection_finding and missing (required)
	// error: finding_info: is required by detection_finding and missing (required)
}
