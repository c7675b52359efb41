package normalize

import (
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Software turns a product that is on some device of the tenant into an event of
// the class Software Inventory Info (5020). OCSF wants a device, and the record is
// about all of the tenant: it is named so. The record has no time, so give
// Input.Time. The error tells that the record is no JSON object or that there is
// no time or id.
func Software(in Input) (ocsf.Event, error) {
	o, err := open(in, "software")
	if err != nil {
		return nil, err
	}
	r, key := row{o.value}, o.peek("id")
	event := &ocsf.SoftwareInfo{
		SeverityID: ocsf.SeverityInformational, Time: o.time(),
		Metadata: o.metadata(origin{product: productTVM, log: "software", key: key}),
		Device:   &ocsf.Device{TypeID: ocsf.DeviceTypeOther, Type: "Fleet", Name: "all devices of the tenant"},
		Product:  product(r.text("id"), r.text("name"), r.text("vendor"), ""),
	}
	event.ActivityID, event.ActivityName = inventoryActivity(in.Kind)
	if in.TenantID != "" {
		event.Device.Org = &ocsf.Organization{UID: in.TenantID}
	}
	return o.seal(event, "software")
}

// installedSoftware maps a row of a device and a software that has no CVE.
func (o *opened) installedSoftware(r row) (ocsf.Event, error) {
	seen := r.moment("lastSeenTimestamp")
	event := &ocsf.SoftwareInfo{
		SeverityID: ocsf.SeverityInformational, StatusCode: r.text("status"),
		Metadata: o.rowMetadata(r), Device: softwareDevice(r), EndTime: seen, StartTime: r.moment("firstSeenTimestamp"),
	}
	event.ActivityID, event.ActivityName = inventoryActivity(o.Kind)
	event.Metadata.UID = first(event.Metadata.UID, r.peek("id"))
	name, version, maker := r.text("softwareName"), r.text("softwareVersion"), r.text("softwareVendor")
	if event.Product = product(r.text("id"), name, maker, version); event.Product != nil {
		event.Product.CPEName = r.text("productCodeCpe")
	}
	event.Time = o.time(r.moment("eventTimestamp"), seen, event.StartTime)
	event.Observables = deviceObservables(event.Device)
	return o.seal(event, "vulnerability")
}

// product is a software; nil without a name and an id, of which OCSF wants one.
func product(uid, name, maker, version string) *ocsf.Product {
	if uid == "" && name == "" {
		name = join(maker, version)
	}
	if uid == "" && name == "" {
		return nil
	}
	return &ocsf.Product{UID: uid, Name: name, VendorName: maker, Version: version}
}
