package defender

import (
	"context"
	"strings"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// HuntingService runs advanced hunting queries over the Device tables. Microsoft
// is retiring this route; that of Graph sees every table.
type HuntingService struct{ service }

// Run runs a query in Kusto's language and returns its answer with the rows still
// to be read. A query may look back 30 days, run for 200 seconds and return
// 100,000 rows or 50 MB; a query that is wrong or asks for more is an [*Error]
// with status 400 and Microsoft's explanation, which is [ErrResultTooLarge] or
// [ErrQueryTooHeavy] where its text says so. An answer that was cut at 100,000 rows
// ends with ErrResultTooLarge behind its rows.
//
// Permission: AdvancedQuery.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/run-advanced-query-api.
//
//api:operation POST /api/advancedqueries/run
func (s *HuntingService) Run(ctx context.Context, kql string) (*Hunt, error) {
	if strings.TrimSpace(kql) == "" {
		return nil, rest.Inputf("query is empty: give one such as DeviceInfo | take 10")
	}
	body := struct {
		Query string `json:"Query"`
	}{kql}
	return s.rest.RunHunt(ctx, rest.Request{Operation: opHuntingRun, Body: body})
}

// opHuntingRun only reads, so it may be sent again.
var opHuntingRun = limited(write("POST", "/api/advancedqueries/run", "run-advanced-query-api", "AdvancedQuery.Read.All"), 45, 1500).Replayed()

func huntingOperations() []Operation { return []Operation{opHuntingRun} }
