package stream

import (
	"context"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// secureScores is Microsoft Secure Score day by day, of which Microsoft keeps 90.
func secureScores() Stream {
	return Stream{
		Name: SecureScores, Title: "Secure scores", Mode: Snapshot, Interval: daily,
		Docs: "https://learn.microsoft.com/graph/api/security-list-securescores",
		Doors: []Door{{
			API: gatehouse.APIGraph, AnyOf: gatehouse.ResourceGraph.Permissions("SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"),
			Read: graphSnapshot(secureScores, func(c *graph.Client) follower[graph.SecureScore] {
				return follower[graph.SecureScore]{
					list: c.SecureScores.List, sizes: scorePages(),
					item: func(s *graph.SecureScore) item { return item{key: s.ID, document: s.Raw} },
				}
			}),
		}},
	}
}

// secureScoreControls is the controls that can raise the secure score.
func secureScoreControls() Stream {
	return Stream{
		Name: SecureScoreControls, Title: "Secure score controls", Mode: Snapshot, Interval: daily,
		Docs: "https://learn.microsoft.com/graph/api/security-list-securescorecontrolprofiles",
		Doors: []Door{{
			API: gatehouse.APIGraph, AnyOf: gatehouse.ResourceGraph.Permissions("SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"),
			Read: graphSnapshot(secureScoreControls, func(c *graph.Client) follower[graph.ControlProfile] {
				return follower[graph.ControlProfile]{
					list: c.SecureScores.ControlProfiles, sizes: scorePages(),
					item: func(p *graph.ControlProfile) item { return item{key: p.ID, document: p.Raw} },
				}
			}),
		}},
	}
}

// scorePages are pages to ask for: at first the service's own.
func scorePages() []int { return []int{0, 50} }

// graphSnapshot returns the read function of a stream that is one list of Graph,
// read whole.
func graphSnapshot[T any](s func() Stream, f func(*graph.Client) follower[T]) func(context.Context, Request) error {
	return func(ctx context.Context, r Request) error {
		ctx, w := begin(ctx, s(), gatehouse.APIGraph, r)
		w.full = true
		if err := f(r.Clients.Graph).read(ctx, w); err != nil {
			return err
		}
		return w.finish()
	}
}
