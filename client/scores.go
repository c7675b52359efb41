package client

import (
	"context"
	"net/url"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// ScoresService reads scores.
type ScoresService struct{ c *Client }

// List returns the scores of some integrations as they are now; without any
// named, of all that the key may see.
func (s *ScoresService) List(ctx context.Context, integrations ...string) (api.Scores, error) {
	v := url.Values{}
	for _, i := range integrations {
		v.Add("integration", i)
	}
	return get[api.Scores](ctx, s.c, v, "scores")
}

// History says how a score went. The zero time has no bound.
func (s *ScoresService) History(ctx context.Context, integration string, stream gatehouse.Stream, since, until time.Time) (api.ScoreHistory, error) {
	v := url.Values{}
	for name, at := range map[string]time.Time{"since": since, "until": until} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339))
		}
	}
	return get[api.ScoreHistory](ctx, s.c, v, "scores", integration, string(stream), "history")
}
