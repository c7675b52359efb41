package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// remoteHunts runs queries through a server.
type remoteHunts struct{ *service }

var _ huntDesk = remoteHunts{}

func (s remoteHunts) hunt(ctx context.Context, query, door string, limit int) error {
	if door == anyAPI {
		door = ""
	}
	i, err := s.chosen(ctx)
	if err != nil {
		return err
	}
	runs, err := s.Hunts.Run(ctx, api.RunHunt{Query: query, API: door, Integrations: []string{i.ID}})
	if err != nil {
		return err
	}
	if len(runs) != 1 {
		return fmt.Errorf("the server began %d runs of the query in place of one", len(runs))
	}
	run, err := s.Hunts.WaitRun(ctx, runs[0].ID)
	switch {
	case err != nil:
		return err
	case run.Problem != nil:
		return run.Problem
	case run.State != "succeeded":
		return fmt.Errorf("the run %s of the query %s", run.ID, run.State)
	}
	if run.Truncated {
		s.p.warnf("Microsoft's caps cut the result: narrow the query")
	}
	return printList(ctx, s.p, huntRowView(run.Columns), huntRows(s.Hunts.AllRows(ctx, run.ID), run.Columns), limit)
}

// huntRow is a row of a run, with a cell for each column.
type huntRow struct {
	raw   json.RawMessage
	cells []string
}

// huntRows takes the rows apart.
func huntRows(rows iter.Seq2[json.RawMessage, error], columns []api.HuntColumn) iter.Seq2[huntRow, error] {
	return func(yield func(huntRow, error) bool) {
		for raw, err := range rows {
			row := huntRow{raw: raw}
			var cells map[string]json.RawMessage
			if err == nil {
				err = json.Unmarshal(raw, &cells)
			}
			for _, c := range columns {
				row.cells = append(row.cells, cellText(cells[c.Name]))
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// cellText is a cell as a text: a string without its quotes, null as nothing.
func cellText(raw json.RawMessage) string {
	var text *string
	switch {
	case len(raw) == 0, string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &text) == nil && text != nil:
		return *text
	}
	return string(raw)
}

// huntRowView shows the columns as those of a hunt of our own.
func huntRowView(columns []api.HuntColumn) view[huntRow] {
	same := make([]defender.Column, len(columns))
	for i, c := range columns {
		same[i] = defender.Column{Name: c.Name, Type: c.Type}
	}
	v := view[huntRow]{noun: "rows", raw: func(r huntRow) jsontext.Value { return jsontext.Value(strings.TrimSpace(string(r.raw))) }}
	for i, c := range huntView(same).columns {
		v.columns = append(v.columns, column[huntRow]{c.head, func(r huntRow) string { return r.cells[i] }})
	}
	return v
}
