package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/kql"
	"github.com/gatehouse-sec/gatehouse/store"
)

// addHuntRunRoutes registers the runs of hunts.
func addHuntRunRoutes(s *Server) {
	s.hunting = newHunting()
	caps := "Microsoft gives 100,000 rows, 50 MB and 10 minutes at most: a result that was cut is `truncated`."
	add(s, route{
		method: http.MethodPost, path: "/v1/hunt-runs", scope: gatehouse.ScopeRespond, id: "runQuery", does: "hunts.run", tag: "Hunts", status: http.StatusAccepted,
		summary: "Run a query once", description: "In one or several integrations, behind the answer: there is one run for each. " + caps,
	}, s.runQuery)
	add(s, route{
		method: http.MethodPost, path: "/v1/hunts/{hunt}/runs", scope: gatehouse.ScopeRespond, id: "runHunt", does: "hunts.run", tag: "Hunts", status: http.StatusAccepted,
		summary: "Run a saved hunt now", description: "In each of its integrations. " + caps,
	}, s.runHunt)
	add(s, route{
		method: http.MethodGet, path: "/v1/hunt-runs", scope: gatehouse.ScopeRead, id: "listHuntRuns", tag: "Hunts", summary: "List runs of hunts", description: "The newest first.",
	}, s.listHuntRuns)
	add(s, route{
		method: http.MethodGet, path: "/v1/hunt-runs/{run}", scope: gatehouse.ScopeRead, id: "getHuntRun", tag: "Hunts", summary: "Say how a run of a hunt stands",
	}, s.getHuntRun)
	add(s, route{
		method: http.MethodGet, path: "/v1/hunt-runs/{run}/rows", scope: gatehouse.ScopeRead, id: "listHuntRows", tag: "Hunts",
		summary: "Read what a run of a hunt has found", description: "Page by page, in Microsoft's order; while the run goes on, as far as it has come.",
	}, s.listHuntRows)
}

// runQueryInput is a query to run.
type runQueryInput struct{ Body api.RunHunt }

func (s *Server) runQuery(ctx context.Context, in *runQueryInput) (*answer[api.HuntRuns], error) {
	if strings.TrimSpace(in.Body.Query) == "" {
		return nil, invalid("body.query", "the query is empty", "")
	}
	integrations, err := s.visible(ctx, in.Body.Integrations)
	if err != nil {
		return nil, err
	}
	q := HuntQuery{Text: in.Body.Query, API: gatehouse.API(in.Body.API), Timespan: in.Body.Timespan}
	return s.startRuns(ctx, gatehouse.HuntRun{}, q, integrations)
}

func (s *Server) runHunt(ctx context.Context, in *HuntPath) (*answer[api.HuntRuns], error) {
	h, err := s.oneHunt(ctx, in.Hunt)
	if err != nil {
		return nil, err
	}
	if h.Unreadable != "" {
		return nil, newProblem(api.CodeConflict, h.Unreadable, "save the hunt anew, or run the version that wrote it")
	}
	all, err := s.visible(ctx, nil)
	if err != nil {
		return nil, err
	}
	return s.startRuns(ctx, gatehouse.HuntRun{Hunt: h.ID}, HuntQuery{Text: h.Query}, integrationsOf(h, all))
}

// integrationsOf are those of all that a hunt runs in. One that is gone is passed
// over.
func integrationsOf(h gatehouse.Hunt, all []gatehouse.Integration) []gatehouse.Integration {
	if len(h.Integrations) == 0 {
		return all
	}
	var chosen []gatehouse.Integration
	for _, id := range h.Integrations {
		if i, ok := named(all, id); ok && i.ID == id {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// startRuns keeps a run for each integration and lets them go on behind the answer.
func (s *Server) startRuns(ctx context.Context, r gatehouse.HuntRun, q HuntQuery, integrations []gatehouse.Integration) (*answer[api.HuntRuns], error) {
	if len(integrations) == 0 {
		return nil, invalid("body.integrations", "there is no integration to hunt in", "GET /v1/integrations lists those that you may see")
	}
	if s.hunting.waiting.Load() > huntsWaiting {
		p := newProblem(api.CodeRateLimited, "too many hunts wait for their place", "try again when some have ended: GET /v1/hunt-runs?state=queued")
		p.RetryAfter = int(time.Minute / time.Second)
		return nil, p
	}
	r.Query, r.By = q.Text, callerOf(ctx).id
	page := api.HuntRuns{Items: []api.HuntRun{}, Warnings: warningsOf(r.Query)}
	var ids []string
	for _, i := range integrations {
		one := r
		one.ID, one.Integration, one.State = "run_"+newToken(), i.ID, gatehouse.HuntQueued
		kept, err := s.store.AddHuntRun(ctx, one)
		if err != nil {
			return nil, err
		}
		ids = append(ids, kept.ID)
		page.Items = append(page.Items, s.huntRunOf(kept))
		s.hunting.waiting.Add(1)
		s.behind.Go(func() {
			defer s.hunting.waiting.Add(-1)
			s.execute(s.drained, kept, q)
		})
	}
	noteOf(ctx).detail = map[string]any{"runs": ids, "query": shortened(r.Query)}
	if len(integrations) == 1 {
		noteOf(ctx).integration = integrations[0].ID
	}
	return &answer[api.HuntRuns]{page}, nil
}

// warningsOf says what looks wrong with a query. Only what cannot be Kusto counts:
// functions and tables that package kql does not know, Microsoft may.
func warningsOf(query string) []string {
	_, err := kql.Parse(query)
	if bad, ok := errors.AsType[*kql.Error](err); ok && bad.Kind == kql.KindSyntax {
		return []string{fmt.Sprintf("line %d, column %d: %s", bad.Line, bad.Column, bad.Message)}
	}
	return nil
}

// runsQuery asks for runs.
type runsQuery struct {
	Chosen
	Hunt   string   `query:"hunt" doc:"Id or name of a saved hunt."`
	States []string `query:"state,explode" doc:"Any of queued, running, succeeded, failed, cancelled."`
	Limit  int      `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Cursor string   `query:"cursor" doc:"The next of the page before."`
}

func (s *Server) listHuntRuns(ctx context.Context, q *runsQuery) (*answer[api.HuntRuns], error) {
	integrations, err := s.visible(ctx, q.Integrations)
	if err != nil {
		return nil, err
	}
	f := store.HuntRunFilter{Integrations: []string{}, Limit: q.Limit}
	for _, i := range integrations {
		f.Integrations = append(f.Integrations, i.ID)
	}
	if q.Hunt != "" {
		h, err := s.oneHunt(ctx, q.Hunt)
		if err != nil {
			return nil, err
		}
		f.Hunt = h.ID
	}
	for _, state := range q.States {
		f.States = append(f.States, gatehouse.HuntState(state))
	}
	list := fmt.Sprintf("hunt-runs %q %q %q", q.Integrations, q.Hunt, q.States)
	if q.Cursor != "" {
		if err := readCursor(ctx, list, q.Cursor, &f.After); err != nil {
			return nil, err
		}
	}
	runs, err := s.store.HuntRuns(ctx, f)
	if err != nil {
		return nil, err
	}
	page := api.HuntRuns{Items: []api.HuntRun{}}
	for _, r := range runs {
		page.Items = append(page.Items, s.huntRunOf(r))
	}
	if len(runs) == q.Limit {
		page.Next, err = cursorOf(ctx, list, runs[len(runs)-1].ID)
	}
	return &answer[api.HuntRuns]{page}, err
}

// RunPath names a run.
type RunPath struct {
	Run string `path:"run"`
}

// oneRun returns a run that the caller may see.
func (s *Server) oneRun(ctx context.Context, id string) (gatehouse.HuntRun, error) {
	missing := notFound(fmt.Sprintf("there is no run %q", shortened(id)), "GET /v1/hunt-runs lists them")
	r, err := s.store.HuntRun(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return r, missing
	case err != nil:
		return r, err
	case !callerOf(ctx).seesIntegration(r.Integration):
		return gatehouse.HuntRun{}, missing
	}
	return r, nil
}

func (s *Server) getHuntRun(ctx context.Context, in *RunPath) (*answer[api.HuntRun], error) {
	r, err := s.oneRun(ctx, in.Run)
	return &answer[api.HuntRun]{s.huntRunOf(r)}, err
}

// huntRunOf is a run as it is shown.
func (s *Server) huntRunOf(r gatehouse.HuntRun) api.HuntRun {
	if s.abandoned(r) {
		r.State, r.Error = gatehouse.HuntFailed, "the server ended before the run did: run it again"
	}
	shown := api.HuntRun{
		ID: r.ID, Hunt: r.Hunt, Integration: r.Integration, State: string(r.State), Query: r.Query, By: r.By, API: string(r.API),
		Created: r.Created, Started: r.Started, Ended: r.Ended, Rows: r.Rows, Truncated: r.Truncated,
	}
	for _, c := range r.Columns {
		shown.Columns = append(shown.Columns, api.HuntColumn{Name: c.Name, Type: c.Type})
	}
	if r.Error != "" {
		shown.Problem = newProblem(api.CodeUpstream, r.Error, "")
		shown.Problem.Integration = r.Integration
	}
	return shown
}

// abandoned reports whether nobody works on a run any more: a process that was
// killed could not say so.
func (s *Server) abandoned(r gatehouse.HuntRun) bool {
	since := r.Created
	if r.Started.After(since) {
		since = r.Started
	}
	switch {
	case r.State != gatehouse.HuntQueued && r.State != gatehouse.HuntRunning:
		return false
	case !r.Held.IsZero():
		left := r.Held.Sub(s.now())
		return left < 0 || left > huntPatience // longer: from before the clock was set back
	}
	return s.now().Sub(since) > huntPatience
}

// huntPatience is after how long a run that nobody has begun is given up: those
// before it have had their time.
const huntPatience = huntTime + 20*time.Minute

// rowsQuery asks for rows of a run.
type rowsQuery struct {
	RunPath
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" doc:"The next of the page before."`
}

func (s *Server) listHuntRows(ctx context.Context, q *rowsQuery) (*answer[api.HuntRows], error) {
	r, err := s.oneRun(ctx, q.Run)
	if err != nil {
		return nil, err
	}
	var after int64
	if q.Cursor != "" {
		if err := readCursor(ctx, "rows "+r.ID, q.Cursor, &after); err != nil {
			return nil, err
		}
	}
	rows, err := s.store.HuntRows(ctx, r.ID, after, q.Limit)
	if err != nil {
		return nil, err
	}
	page := api.HuntRows{Items: []json.RawMessage{}}
	for _, row := range rows {
		page.Items = append(page.Items, rawOf(row.Row))
		after = row.Number
	}
	goesOn := !s.abandoned(r) && (r.State == gatehouse.HuntQueued || r.State == gatehouse.HuntRunning)
	if after < r.Rows || goesOn {
		page.Next, err = cursorOf(ctx, "rows "+r.ID, after)
	}
	return &answer[api.HuntRows]{page}, err
}
