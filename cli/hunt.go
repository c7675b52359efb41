package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// anyAPI lets the command choose the API.
const anyAPI = "auto"

func newHuntCommand(p *program) *cobra.Command {
	var file string
	var api *enumFlag
	var limit *limitFlag
	cmd := reads(&cobra.Command{
		Use: "hunt [KQL | -]", Short: "Run an advanced hunting query",
		Long: `Run a query in Kusto's language (KQL) over the last 30 days and print its rows.
The query is the argument, a file, or standard input for "-".

Two APIs can run it: mde (the Device tables; permission AdvancedQuery.Read.All;
being retired) and graph (every table; permission ThreatHunting.Read.All). auto
takes the first that may be asked, in this order; graph comes first for a query
that names a table which mde does not know.`,
		Example: `  gatehouse hunt 'DeviceInfo | summarize Devices = dcount(DeviceId) by OSPlatform'
  gatehouse hunt --file query.kql --output csv
  echo 'AlertInfo | take 5' | gatehouse hunt -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			query, err := p.huntQuery(args, file)
			if err != nil {
				return err
			}
			desk, err := at[huntDesk](p, localHunts{p}, func(s *service) huntDesk { return remoteHunts{s} })
			if err != nil {
				return err
			}
			return desk.hunt(cmd.Context(), query, api.value, limit.rows)
		},
	})
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("%d arguments: put the query in single quotes, so that the shell takes it as one", len(args))
		}
		return nil
	}
	cmd.Flags().StringVar(&file, "file", "", "`FILE` that holds the query; '-' reads standard input")
	api = addEnum(cmd, "api", "API that runs it", []string{anyAPI, string(gatehouse.APIMDE), string(gatehouse.APIGraph)})
	limit = addLimit(cmd)
	return cmd
}

// huntQuery takes the query from where it is.
func (p *program) huntQuery(args []string, file string) (string, error) {
	argument := strings.Join(args, "")
	switch {
	case file != "" && len(args) > 0:
		return "", usagef("a query and --file are given: keep one")
	case argument == "-":
		file = "-"
	case file == "" && strings.TrimSpace(argument) == "":
		return "", usagef("no query: give one such as 'DeviceInfo | take 10', or --file, or '-' for standard input")
	}
	if file == "" {
		return argument, nil
	}
	content, err := p.readInput("file", file)
	if err != nil {
		return "", err
	}
	query := strings.TrimPrefix(string(content), "\ufeff")
	if !utf8.ValidString(query) || strings.ContainsRune(query, 0) {
		return "", usagef("--file %s is not text in UTF-8", file)
	}
	if strings.TrimSpace(query) == "" {
		return "", usagef("--file %s holds no query", file)
	}
	return query, nil
}

// huntDesk is where queries run.
type huntDesk interface {
	hunt(ctx context.Context, query, api string, limit int) error
}

// localHunts asks Microsoft.
type localHunts struct{ *program }

func (p localHunts) hunt(ctx context.Context, query, api string, limit int) error {
	c, err := p.connect()
	if err != nil {
		return err
	}
	answer, err := p.runHunt(ctx, c, query, api)
	if err != nil {
		return err
	}
	defer answer.Close() //nolint:errcheck // it only gives up rows that are not wanted
	return printList(ctx, p.program, huntView(answer.Columns), answer.Rows(), limit)
}

// hunter runs a query over one API.
type hunter struct {
	api gatehouse.API
	run func(context.Context, string) (*defender.Hunt, error)
}

func (p *program) hunters(c *connection) ([]hunter, error) {
	mde, err := p.defender(c)
	if err != nil {
		return nil, err
	}
	secure, err := p.graph(c)
	if err != nil {
		return nil, err
	}
	return []hunter{
		{gatehouse.APIMDE, mde.Hunting.Run},
		{gatehouse.APIGraph, func(ctx context.Context, query string) (*defender.Hunt, error) {
			return secure.Hunting.Run(ctx, query, nil)
		}},
	}, nil
}

// runHunt runs the query over the API asked for, or over the first that does
// not refuse us. Graph is asked first for a table that only Graph knows.
func (p *program) runHunt(ctx context.Context, c *connection, query, api string) (*defender.Hunt, error) {
	hunters, err := p.hunters(c)
	if err != nil {
		return nil, err
	}
	if gatehouse.NeedsGraph(query) {
		slices.Reverse(hunters)
	}
	var refused error
	for _, h := range hunters {
		if api != "" && api != anyAPI && api != string(h.api) {
			continue
		}
		answer, err := h.run(ctx, query)
		switch {
		case err == nil:
			p.log.Info("hunting", "api", h.api)
			return answer, nil
		case refused != nil && (isRefusal(err) || h.api == gatehouse.APIMDE): // which may just not know the table
			return nil, fmt.Errorf("over %s: %w; over %s: %w", hunters[0].api, refused, h.api, err)
		case !isRefusal(err):
			return nil, err
		}
		p.log.Info("refused", "api", h.api, "error", err)
		refused = err
	}
	return nil, refused
}

// huntView shows the columns that the query asked for. In a narrow terminal
// the last ones go first.
func huntView(columns []defender.Column) view[defender.Row] {
	v := view[defender.Row]{noun: "rows", raw: func(r defender.Row) jsontext.Value { return r.Raw }}
	for i, c := range columns {
		cell := field(c.Name, orElse(printable(c.Name), "?"), func(r defender.Row) string { return r.Text(i) }).flexible()
		cell.exact = true
		if i > 0 {
			cell = cell.dropped(len(columns) - i)
		}
		switch strings.ToLower(c.Type) {
		case "datetime":
			cell.show = toTheSecond
		case "int32", "int64", "double", "decimal", "long", "int", "real":
			cell = cell.number()
		}
		v.columns = append(v.columns, cell)
	}
	return v
}

// toTheSecond cuts a time to the second, in UTC, and says so.
func toTheSecond(cell string) string {
	at, err := time.Parse(time.RFC3339Nano, cell)
	if err != nil {
		return cell
	}
	return at.UTC().Format("2006-01-02 15:04:05Z")
}
