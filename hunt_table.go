package gatehouse

import (
	"strings"
	"unicode"
)

// beyondDevices are the tables of advanced hunting that Defender for Endpoint's API
// does not know: it has those whose names begin with Device, and Graph has them all.
// https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables
const beyondDevices = `
	AADSignInEventsBeta AADSpnSignInEventsBeta AIAgentsInfo AlertEvidence AlertInfo BehaviorEntities BehaviorInfo CampaignInfo
	CloudAppEvents CloudAuditEvents CloudDnsEvents CloudProcessEvents CloudStorageAggregatedEvents DataSecurityBehaviors
	DataSecurityEvents DisruptionAndResponseEvents EmailAttachmentInfo EmailEvents EmailPostDeliveryEvents EmailUrlInfo
	EntraIdSignInEvents EntraIdSpnSignInEvents ExposureGraphEdges ExposureGraphNodes FileMaliciousContentInfo
	GraphApiAuditEvents IdentityAccountInfo IdentityDirectoryEvents IdentityEvents IdentityInfo IdentityLogonEvents
	IdentityQueryEvents MessageEvents MessagePostDeliveryEvents MessageUrlInfo OAuthAppInfo UrlClickEvents
`

// NeedsGraph reports whether a hunting query has the name of a table in it that only
// Graph knows, and Defender for Endpoint's API does not. A name in a text or a remark
// counts, too: Graph answers such a query as well.
func NeedsGraph(query string) bool {
	tables := " " + strings.Join(strings.Fields(beyondDevices), " ") + " "
	for _, word := range strings.FieldsFunc(query, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if strings.Contains(tables, " "+word+" ") {
			return true
		}
	}
	return false
}
