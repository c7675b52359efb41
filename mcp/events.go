package mcp

import (
	"context"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// eventTools are the tools that read the log of changes.
func eventTools() []tool {
	return []tool{{
		name: "list_events", title: "List changes", scope: api.ScopeRead, hints: fromOutside(),
		about: "List what was created, updated or removed in the mirror, in order. Go on from next to see only what is new.",
		params: []param{
			{name: "after", kind: integer, about: "Only events with a greater number. Default: the last ones there are.", low: 0},
			{name: "streams", kind: texts, about: "Kinds of records, as alerts, devices, incidents, vulnerabilities."},
			integrationsParam(), limitParam(), detailParam(),
		},
		run: listEvents,
	}}
}

func listEvents(ctx context.Context, s *session, a arguments) (any, error) {
	names, err := s.integrations(ctx)
	if err != nil {
		return nil, err
	}
	q := client.EventQuery{Integrations: a.texts("integrations"), Streams: a.texts("streams"), Format: "none", Limit: a.integer("limit", usualRows)}
	if a.flag("detail") {
		q.Format, q.Limit = "ocsf", a.integer("limit", usualDetail)
	}
	if _, given := a["after"]; given {
		q.After = int64(a.integer("after", 0))
	} else if q.After, err = s.lastEvents(ctx, q); err != nil {
		return nil, err
	}
	page, err := s.c.Events.Page(ctx, q)
	if err != nil {
		return nil, err
	}
	out := table{Note: counted(len(page.Items), "change", "changes"), Next: page.Next}
	if page.Next < page.Last {
		out.More = goOn("list_events", "after")
	}
	if len(page.Items) > 0 {
		out.Note += " " + outsideNote
	}
	rows := make([][]any, len(page.Items))
	for n, e := range page.Items {
		if a.flag("detail") {
			out.Items = append(out.Items, e)
			continue
		}
		rows[n] = []any{e.Number, e.Time, names.of(e.Integration), string(e.Stream), e.Kind, e.Key, e.Version}
	}
	if !a.flag("detail") {
		out.fill([]string{"number", "time", "integration", "stream", "kind", "record", "version"}, rows)
	}
	return out, nil
}

// lastEvents is the number after which there is about one page.
func (s *session) lastEvents(ctx context.Context, q client.EventQuery) (int64, error) {
	q.Format, q.Limit = "none", 1
	page, err := s.c.Events.Page(ctx, q)
	return max(0, page.Last-int64(usualRows)), err
}
