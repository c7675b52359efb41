package mcp

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
)

// huntWait is how long a call waits for a hunt to end.
const huntWait = 40 * time.Second

// readHuntTools are the tools that read hunts and what they found.
func readHuntTools() []tool {
	return []tool{
		{
			name: "list_hunts", title: "List saved hunts", scope: api.ScopeRead, hints: fromOutside(),
			about: "List the advanced hunting queries that were saved.", run: listHunts,
		},
		{
			name: "list_hunt_runs", title: "List runs of hunts", scope: api.ScopeRead, hints: fromOutside(),
			about:  "List runs of hunts, the newest first.",
			params: []param{{name: "hunt", kind: text, about: "Id or name of a saved hunt."}, cursorParam()},
			run:    listHuntRuns,
		},
		{
			name: "get_hunt_results", title: "Read what a hunt found", scope: api.ScopeRead, hints: fromOutside(),
			about: "Read the rows that a run of a hunt has found, page by page.",
			params: []param{
				needed(param{name: "run", kind: text, about: "Id of the run; see run_hunt and list_hunt_runs."}), limitParam(), cursorParam(),
			},
			run: func(ctx context.Context, s *session, a arguments) (any, error) {
				run, err := s.c.Hunts.GetRun(ctx, a.text("run"))
				if err != nil {
					return nil, err
				}
				return s.huntResult(ctx, run, a)
			},
		},
	}
}

// runHuntTools are the tools that hunt.
func runHuntTools() []tool {
	// A hunt changes nothing, but it spends from Microsoft's limits and reads what
	// devices did: it needs the scope respond.
	return []tool{
		{
			name: "run_hunt", title: "Run an advanced hunting query", scope: api.ScopeRespond, hints: hints{outside: true},
			about: "Run a Kusto query over Defender's advanced hunting tables, such as DeviceInfo, DeviceProcessEvents, DeviceNetworkEvents, AlertInfo. Put a time and a take or summarize in it: 30 days are kept.",
			params: []param{
				needed(param{name: "query", kind: text, about: "Kusto, as DeviceProcessEvents | where Timestamp > ago(1d) | where FileName =~ \"rundll32.exe\" | take 50"}),
				integrationsParam(),
				{name: "timespan", kind: text, about: "How far back, as ISO 8601, as P7D; where hunting goes through Graph."},
				limitParam(),
			},
			run: func(ctx context.Context, s *session, a arguments) (any, error) {
				runs, err := s.c.Hunts.Run(ctx, api.RunHunt{Query: a.text("query"), Integrations: a.texts("integrations"), Timespan: a.text("timespan")})
				if err != nil {
					return nil, err
				}
				return s.huntResults(ctx, runs, a)
			},
		},
		{
			name: "run_saved_hunt", title: "Run a saved hunt", scope: api.ScopeRespond, hints: hints{outside: true},
			about:  "Run a saved hunt now, once in each of its integrations.",
			params: []param{needed(param{name: "hunt", kind: text, about: "Id or name of the hunt; see list_hunts."}), limitParam()},
			run: func(ctx context.Context, s *session, a arguments) (any, error) {
				runs, err := s.c.Hunts.RunSaved(ctx, a.text("hunt"))
				if err != nil {
					return nil, err
				}
				return s.huntResults(ctx, runs, a)
			},
		},
	}
}

func listHunts(ctx context.Context, s *session, _ arguments) (any, error) {
	hunts, err := s.c.Hunts.List(ctx)
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(hunts), "saved hunt", "saved hunts")}
	rows := make([][]any, len(hunts))
	for n, h := range hunts {
		rows[n] = []any{h.ID, h.Name, brief(h.Query), h.Every, h.Enabled, h.NextRun}
	}
	out.fill([]string{"id", "name", "query", "every", "enabled", "next_run"}, rows)
	return out, nil
}

func listHuntRuns(ctx context.Context, s *session, a arguments) (any, error) {
	names, err := s.integrations(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.c.Hunts.Runs(ctx, a.text("hunt"), a.text("cursor"))
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(page.Items), "run", "runs")}
	if page.Next != "" {
		out.Next, out.More = page.Next, goOn("list_hunt_runs", "cursor")
	}
	rows := make([][]any, len(page.Items))
	for n, r := range page.Items {
		rows[n] = []any{r.ID, r.Hunt, names.of(r.Integration), r.State, brief(r.Query), r.Rows, r.Started, r.Ended}
	}
	out.fill([]string{"run", "hunt", "integration", "state", "query", "rows", "started", "ended"}, rows)
	return out, nil
}

// huntView is what one run has found.
type huntView struct {
	Run         string       `json:"run"`
	Integration string       `json:"integration"`
	State       string       `json:"state"`
	Found       int64        `json:"found"`
	Truncated   string       `json:"truncated,omitempty"`
	Problem     *problemView `json:"problem,omitempty"`
	table
}

// huntResults waits for runs, and shows the first rows of each.
func (s *session) huntResults(ctx context.Context, runs []api.HuntRun, a arguments) (any, error) {
	limited, cancel := context.WithTimeout(ctx, huntWait)
	defer cancel()
	shown := make([]huntView, len(runs))
	for n, run := range runs {
		if last, err := s.c.Hunts.WaitRun(limited, run.ID); err == nil || last.ID != "" {
			run = last
		}
		var err error
		if shown[n], err = s.huntResult(ctx, run, a); err != nil {
			return nil, err
		}
		shown[n].Note = "" // said once
	}
	return struct {
		Note string     `json:"note"`
		Runs []huntView `json:"runs"`
	}{outsideNote, shown}, nil
}

// huntResult shows a page of what a run has found.
func (s *session) huntResult(ctx context.Context, run api.HuntRun, a arguments) (huntView, error) {
	names, err := s.integrations(ctx)
	if err != nil {
		return huntView{}, err
	}
	v := huntView{Run: run.ID, Integration: names.of(run.Integration), State: run.State, Found: run.Rows, table: table{Note: outsideNote}}
	if run.Truncated {
		v.Truncated = "Microsoft's caps have cut the result: narrow the query."
	}
	if run.Problem != nil {
		p := shownProblem(run.Problem)
		v.Problem = &p
	}
	switch run.State {
	case "queued", "running":
		v.More = "It is not done: call get_hunt_results with this run in a while."
		return v, nil
	case "succeeded":
	default:
		return v, nil
	}
	page, err := s.c.Hunts.Rows(ctx, run.ID, a.text("cursor"), a.integer("limit", usualRows))
	if err != nil {
		return v, err
	}
	if page.Next != "" {
		v.Next, v.More = page.Next, "There are more: call get_hunt_results with this run and cursor = next."
	}
	v.fill(huntRows(run.Columns, page.Items))
	return v, nil
}

// huntRows are the rows of a result in the order of its columns.
func huntRows(columns []api.HuntColumn, items []json.RawMessage) ([]string, [][]any) {
	heads := make([]string, len(columns))
	for n, c := range columns {
		heads[n] = c.Name
	}
	rows := make([][]any, len(items))
	for i, item := range items {
		var object map[string]any
		_ = json.Unmarshal(item, &object) // what is no object has no members
		for _, name := range heads {
			rows[i] = append(rows[i], brief(object[name]))
		}
	}
	return heads, rows
}
