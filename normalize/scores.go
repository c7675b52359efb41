package normalize

import (
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// ExposureScore turns the exposure score of the tenant, or of one of its device
// groups, into an event of the class Compliance Finding (2003): how far the
// tenant is from where it should be. The error tells that the record is no JSON
// object or has no time.
func ExposureScore(in Input) (ocsf.Event, error) {
	return deviceScore(in, "exposure score")
}

// ConfigurationScore turns the Secure Score for devices into an event of the class
// Compliance Finding (2003). The error tells that the record is no JSON object or
// has no time.
func ConfigurationScore(in Input) (ocsf.Event, error) {
	return deviceScore(in, "configuration score")
}

func deviceScore(in Input, what string) (ocsf.Event, error) {
	o, err := open(in, what)
	if err != nil {
		return nil, err
	}
	return o.seal(&ocsf.ComplianceFinding{}, what)
}
