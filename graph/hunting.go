package graph

import (
	"context"
	"strings"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// HuntingService runs advanced hunting queries over every table of Defender.
type HuntingService struct{ service }

// HuntOptions narrow a hunt. A nil *HuntOptions and the zero one mean the last 30
// days.
type HuntOptions struct {
	// Timespan is an ISO 8601 duration ("P7D"), or an interval of two of start, end
	// and duration with a slash between them, or a start. Default: 30 days.
	Timespan string
}

// Run runs a query in Kusto's language and returns its answer with the rows still
// to be read. A query may return 100,000 rows and 50 MB and run for three minutes;
// a query that is wrong or asks for more is an [*Error] with status 400 and
// Microsoft's explanation, which is [ErrResultTooLarge] or [ErrQueryTooHeavy] where
// its text says so. An answer that was cut at 100,000 rows, for which Graph has no
// word, ends with ErrResultTooLarge behind its rows.
//
// Permission: ThreatHunting.Read.All.
// Docs: https://learn.microsoft.com/graph/api/security-security-runhuntingquery.
//
//api:operation POST /v1.0/security/runHuntingQuery
func (s *HuntingService) Run(ctx context.Context, kql string, o *HuntOptions) (*Hunt, error) {
	if strings.TrimSpace(kql) == "" {
		return nil, rest.Inputf("query is empty: give one such as DeviceInfo | take 10")
	}
	// The documentation spells the names with capitals, the schema without; the
	// service takes both.
	body := struct {
		Query    string `json:"Query"`
		Timespan string `json:"Timespan,omitzero"`
	}{Query: kql}
	if o != nil {
		body.Timespan = o.Timespan
	}
	return s.rest.RunHunt(ctx, rest.Request{Operation: opHuntingRun, Body: body})
}

// opHuntingRun only reads, so it may be sent again. Its limit is "at least 45 calls
// a minute, by the size of the tenant": 429 tells when it is spent.
var opHuntingRun = operation("POST", "/v1.0/security/runHuntingQuery", "security-security-runhuntingquery", "", "ThreatHunting.Read.All").Replayed()

func huntingOperations() []Operation { return []Operation{opHuntingRun} }
