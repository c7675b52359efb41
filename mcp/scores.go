package mcp

import (
	"context"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// scoreNames are the scores that have a history.
func scoreNames() []string {
	return []string{"exposure-score", "configuration-score", "secure-scores"}
}

// scoreTools are the tools that read scores.
func scoreTools() []tool {
	return []tool{
		{
			name: "get_scores", title: "Show scores", scope: api.ScopeRead, hints: reading(), params: []param{integrationsParam()},
			about: "Show the exposure score (lower is better), the configuration score and the secure score (higher is better) of tenants.",
			run:   listScores,
		},
		{
			name: "get_score_history", title: "Show how a score went", scope: api.ScopeRead, hints: reading(),
			params: []param{
				needed(param{name: "integration", kind: text, about: "Id or name of the integration."}),
				needed(param{name: "score", kind: text, about: "Which score.", values: scoreNames()}),
				{name: "days", kind: integer, about: "How many days back.", low: 1, high: 366, usual: 90},
			},
			about: "Show how one score of a tenant went over time.",
			run:   scoreHistory,
		},
	}
}

func listScores(ctx context.Context, s *session, a arguments) (any, error) {
	names, err := s.integrations(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.c.Scores.List(ctx, a.texts("integrations")...)
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(list.Items), "score", "scores"), Mirrors: s.mirrorsOf(list.Mirrors, names), Problems: shownProblems(list.Problems)}
	rows := make([][]any, len(list.Items))
	for n, i := range list.Items {
		var most any
		if i.Maximum > 0 {
			most = i.Maximum
		}
		rows[n] = []any{names.of(i.Integration), string(i.Stream), i.ID, i.Value, most, i.Time}
	}
	out.fill([]string{"integration", "score", "id", "value", "of", "time"}, rows)
	return out, nil
}

func scoreHistory(ctx context.Context, s *session, a arguments) (any, error) {
	from := s.now().AddDate(0, 0, -a.integer("days", 90))
	h, err := s.c.Scores.History(ctx, a.text("integration"), gatehouse.Stream(a.text("score")), from, time.Time{})
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(h.Items), "point", "points")}
	rows := make([][]any, len(h.Items))
	for n, p := range h.Items {
		var most any
		if p.Maximum > 0 {
			most = p.Maximum
		}
		rows[n] = []any{p.Time, p.Value, most}
	}
	out.fill([]string{"time", "value", "of"}, rows)
	return out, nil
}
