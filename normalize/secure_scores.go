package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// SecureScore turns Microsoft Secure Score of one day into an event of the class
// Compliance Finding (2003). The error tells that the record is no JSON object or
// has no time or id.
func SecureScore(in Input) (ocsf.Event, error) {
	o, err := open(in, "secure score")
	if err != nil {
		return nil, err
	}
	return o.seal(&ocsf.ComplianceFinding{}, "secure score")
}
