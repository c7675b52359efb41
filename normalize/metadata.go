package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// The names under which Microsoft sells what the records come from.
const (
	vendor          = "Microsoft"
	productEndpoint = "Microsoft Defender for Endpoint"
	productXDR      = "Microsoft Defender XDR"
	productTVM      = "Microsoft Defender Vulnerability Management"
	productScore    = "Microsoft Secure Score"
)

// origin is what the metadata of an event says about its record.
type origin struct {
	product  string   // one of the product names above, or what the record says
	log      string   // name of the stream
	key      string   // what identifies the record
	original string   // its time, as Microsoft wrote it
	profiles []string // OCSF profiles whose attributes the event uses
}

// metadata describes where an event comes from.
func (o *opened) metadata(from origin) *ocsf.Metadata {
	m := &ocsf.Metadata{
		Version:          ocsf.Version,
		Product:          &ocsf.Product{Name: from.product, VendorName: vendor},
		LogName:          from.log,
		LogProvider:      string(o.API),
		LogSource:        o.Integration,
		UID:              first(o.EventID, from.key),
		OriginalEventUID: from.key,
		OriginalTime:     from.original,
		TenantUID:        o.TenantID,
		Profiles:         from.profiles,
		LoggedTime:       ocsf.TimestampOf(o.Logged),
	}
	if o.Number > 0 {
		m.Sequence = ocsf.Int(o.Number)
	}
	return m
}
