package defender

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// ScoresService reads the scores of Vulnerability Management.
type ScoresService struct{ service }

// Score is a score at the moment of the call. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/score.
type Score struct {
	Record        `json:"-"`
	Time          Time    `json:"time"`
	Score         float64 `json:"score"`
	RbacGroupName string  `json:"rbacGroupName"` // by machine group only
	RbacGroupID   GroupID `json:"rbacGroupId"`   // by machine group only, and not always
}

// Exposure reads the exposure score of the tenant. Higher is worse; 100 seems to
// be the most.
//
// Permission: Score.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-exposure-score.
//
//api:operation GET /api/exposureScore
func (s *ScoresService) Exposure(ctx context.Context) (Score, error) {
	return rest.Get[Score](ctx, s.rest, rest.Request{Operation: opScoresExposure})
}

// ExposureByMachineGroup reads the exposure score of each device group.
//
// Permission: Score.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machine-group-exposure-score.
//
//api:operation GET /api/exposureScore/ByMachineGroups
func (s *ScoresService) ExposureByMachineGroup(ctx context.Context) iter.Seq2[Score, error] {
	return related[Score](ctx, s.rest, opScoresByMachineGroup)
}

// Configuration reads the configuration score of the tenant, which the portal
// calls Microsoft Secure Score for Devices. Higher is better.
//
// Permission: Score.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-device-secure-score.
//
//api:operation GET /api/configurationScore
func (s *ScoresService) Configuration(ctx context.Context) (Score, error) {
	return rest.Get[Score](ctx, s.rest, rest.Request{Operation: opScoresConfiguration})
}

// Microsoft's pages state no rate limit.
var (
	opScoresExposure       = limited(read("/api/exposureScore", "get-exposure-score", "Score.Read.All"), 0, 0)
	opScoresByMachineGroup = limited(read("/api/exposureScore/ByMachineGroups", "get-machine-group-exposure-score", "Score.Read.All"), 0, 0)
	opScoresConfiguration  = limited(read("/api/configurationScore", "get-device-secure-score", "Score.Read.All"), 0, 0)
)

func scoreOperations() []Operation {
	return []Operation{opScoresExposure, opScoresByMachineGroup, opScoresConfiguration}
}
