package server

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
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

// needsGraph reports whether a query has the name of a table that only Graph knows in
// it. A name in a text or a remark counts, too: Graph answers such a query as well.
func needsGraph(query string) bool {
	tables := " " + strings.Join(strings.Fields(beyondDevices), " ") + " "
	for _, word := range strings.FieldsFunc(query, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if strings.Contains(tables, " "+word+" ") {
			return true
		}
	}
	return false
}

// ask runs a query through the API that was chosen. When none was, it is Graph for
// the tables that only Graph knows, where the integration allows that, and else the
// first that it allows.
func (s *Server) ask(ctx context.Context, integration string, q HuntQuery) (HuntResult, error) {
	if q.API == "" && needsGraph(q.Text) {
		through := q
		through.API = gatehouse.APIGraph
		found, err := s.backend.Hunt(ctx, integration, through)
		if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != api.CodePermission && p.Code != api.CodeInvalid {
			return found, err
		}
	}
	return s.backend.Hunt(ctx, integration, q)
}
