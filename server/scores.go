package server

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// scoreStreams are the streams of scores.
func scoreStreams() []gatehouse.Stream {
	return []gatehouse.Stream{stream.ExposureScore, stream.ConfigurationScore, stream.SecureScores}
}

// addScoreRoutes registers the scores.
func addScoreRoutes(s *Server) {
	add(s, route{
		method: http.MethodGet, path: "/v1/scores", scope: gatehouse.ScopeRead, id: "listScores", tag: "Scores",
		summary: "List the scores as they are now", description: "Exposure, of the tenant and of its device groups, configuration, and the newest Microsoft Secure Score.",
	}, s.listScores)
	add(s, route{
		method: http.MethodGet, path: "/v1/scores/{integration}/{stream}/history", scope: gatehouse.ScopeRead, id: "getScoreHistory", tag: "Scores",
		summary: "How a score went", description: "The oldest first. Exposure and configuration have a point for each reading since the integration was connected; Microsoft keeps 90 days of the secure score.",
	}, s.scoreHistory)
}

// scoresQuery asks for scores.
type scoresQuery struct {
	Chosen
	Raw bool `query:"raw" doc:"Also the object as Microsoft sent it."`
}

func (s *Server) listScores(ctx context.Context, q *scoresQuery) (*answer[api.Scores], error) {
	integrations, err := s.visible(ctx, q.Integrations)
	if err != nil {
		return nil, err
	}
	page := api.Scores{Items: []api.Score{}}
	for _, i := range integrations {
		for _, name := range scoreStreams() {
			scores, err := s.scoresOf(ctx, i.ID, name, q.Raw)
			if err != nil {
				return nil, err
			}
			page.Items = append(page.Items, scores...)
		}
	}
	page.Mirrors, page.Problems, err = s.mirrorsOf(ctx, integrations, scoreStreams()...)
	return &answer[api.Scores]{page}, err
}

// scoresOf are the scores of one stream. Of secure scores, of which there is one a
// day, it is the newest.
func (s *Server) scoresOf(ctx context.Context, integration string, name gatehouse.Stream, raw bool) ([]api.Score, error) {
	var scores []api.Score
	index := stream.NewIndexer(name)
	for r, err := range s.store.Records(ctx, integration, name, store.RecordQuery{Documents: true}) {
		if err != nil {
			return nil, err
		}
		score := api.Score{Integration: integration, Stream: name, ID: r.Key, Time: r.Changed}
		for _, p := range index.Points(r.Document) {
			score.Time, score.Value, score.Maximum = p.Time, p.Value, p.Maximum
		}
		if raw {
			score.Raw = rawOf(r.Document)
		}
		scores = append(scores, score)
	}
	if name == stream.SecureScores && len(scores) > 0 {
		newest := slices.MaxFunc(scores, func(a, b api.Score) int { return a.Time.Compare(b.Time) })
		scores = []api.Score{newest}
	}
	return scores, nil
}

// historyQuery asks how a score went.
type historyQuery struct {
	Integration string           `path:"integration" doc:"Id or name."`
	Stream      gatehouse.Stream `path:"stream" enum:"exposure-score,configuration-score,secure-scores"`
	ID          string           `query:"id" default:"tenant" doc:"Of the tenant, or of a device group: the name behind group:."`
	Since       time.Time        `query:"since" doc:"From this time on."`
	Until       time.Time        `query:"until" doc:"Before this time."`
}

func (s *Server) scoreHistory(ctx context.Context, q *historyQuery) (*answer[api.ScoreHistory], error) {
	i, err := s.visibleOne(ctx, q.Integration)
	if err != nil {
		return nil, err
	}
	points, err := s.store.Points(ctx, i.ID, q.Stream, q.ID, q.Since, q.Until)
	if err != nil {
		return nil, err
	}
	history := api.ScoreHistory{Items: []api.ScorePoint{}}
	for _, p := range points {
		history.Items = append(history.Items, api.ScorePoint{Time: p.Time, Value: p.Value, Maximum: p.Maximum})
	}
	return &answer[api.ScoreHistory]{history}, nil
}

// knownStream reports whether there is a stream of that name.
func knownStream(name gatehouse.Stream) bool {
	_, ok := stream.ByName(name)
	return ok
}
