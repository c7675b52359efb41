package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// severities are the words of all APIs. UnSpecified is what Defender for Endpoint
// says when it does not know.
func severity(text string) (ocsf.SeverityID, string) { return translate(severities, text) }

var severities = []word[ocsf.SeverityID]{
	{"Informational", ocsf.SeverityInformational},
	{"Low", ocsf.SeverityLow},
	{"Medium", ocsf.SeverityMedium},
	{"High", ocsf.SeverityHigh},
	{"Critical", ocsf.SeverityCritical},
	{"UnSpecified", ocsf.SeverityUnknown},
	{"Unknown", ocsf.SeverityUnknown},
}
