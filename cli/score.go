package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
)

func newScoreCommand(p *program) *cobra.Command {
	var only *enumFlag
	cmd := reads(&cobra.Command{
		Use: "score", Short: "Show the exposure, configuration and secure scores",
		Long: `Show the scores of the tenant: exposure (higher is worse), configuration, which
is Microsoft Secure Score for Devices (higher is better), exposure by device
group, and Microsoft Secure Score, which comes from Graph. A score whose
permission is missing is left out with a warning, unless --only asks for it.`,
		Example: `  gatehouse score
  gatehouse score --only secure --output json`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			desk, err := at[scoreDesk](p, localScores{p}, func(s *service) scoreDesk { return remoteScores{s} })
			if err != nil {
				return err
			}
			rows, err := desk.rows(cmd.Context(), only.value)
			if err != nil {
				return err
			}
			sortScores(rows)
			return printList(cmd.Context(), p, scoreView(), rowsOf(rows), 0)
		},
	})
	only = addEnum(cmd, "only", "this score alone", []string{"exposure", "configuration", "groups", "secure"})
	return cmd
}

// scoreRow is one score, wherever it comes from.
type scoreRow struct {
	Kind  string         `json:"score"`
	API   gatehouse.API  `json:"api"`
	Group string         `json:"group,omitempty"`
	Raw   jsontext.Value `json:"value"` // as Microsoft sent it

	value, most float64
	time        defender.Time
}

// scoreSource reads one kind of score.
type scoreSource struct {
	kind       string
	capability gatehouse.Capability
	read       func(context.Context) ([]scoreRow, error)
}

// sortScores puts the tenant first, then its configuration, the groups by name,
// and Graph.
func sortScores(rows []scoreRow) {
	place := func(r scoreRow) int {
		return slices.Index([]string{"exposure", "configuration", "exposure/group", "secure"}, r.Kind+mark(r.Group != "", "/group"))
	}
	slices.SortStableFunc(rows, func(a, b scoreRow) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Group, b.Group))
	})
}

// scoreDesk is where scores are looked up.
type scoreDesk interface {
	rows(ctx context.Context, only string) ([]scoreRow, error)
}

// localScores asks Microsoft.
type localScores struct{ *program }

func (p localScores) rows(ctx context.Context, only string) ([]scoreRow, error) {
	c, err := p.connect()
	if err != nil {
		return nil, err
	}
	mde, err := p.defender(c)
	if err != nil {
		return nil, err
	}
	secure, err := p.graph(c)
	if err != nil {
		return nil, err
	}
	return p.readScores(ctx, scoreSources(mde, secure), only)
}

// readScores reads every score that the permissions allow. It fails when none
// can be read, and when one that was asked for by name cannot.
func (p *program) readScores(ctx context.Context, sources []scoreSource, only string) ([]scoreRow, error) {
	var rows []scoreRow
	var refusals []error
	for _, source := range sources {
		if only != "" && only != source.kind {
			continue
		}
		found, err := source.read(ctx)
		if err != nil && (only != "" || !isRefusal(err)) {
			return nil, err
		}
		if err != nil {
			refusals = append(refusals, err)
			p.log.Debug("a score was refused", "score", source.kind, "error", err)
			p.warnf("no %s score: %s is refused; gatehouse permissions --for %s says what to grant", source.kind, source.capability, source.capability)
		}
		rows = append(rows, found...)
	}
	if len(rows) == 0 {
		return nil, firstError(refusals)
	}
	return rows, nil
}

// isRefusal says whether Microsoft answered that this is not for us: a missing
// permission or licence, or an API that the tenant does not have.
func isRefusal(err error) bool {
	const noSuchResource = 500011 // the tenant was never set up for the API
	refusal, ok := entra.AsTokenError(err)
	return errors.Is(err, defender.ErrForbidden) || errors.Is(err, defender.ErrUnlicensed) ||
		errors.Is(err, defender.ErrUnauthorized) || ok && refusal.Code == noSuchResource
}

func scoreSources(mde *defender.Client, secure *graph.Client) []scoreSource {
	return []scoreSource{
		{"exposure", gatehouse.ScoresRead, func(ctx context.Context) ([]scoreRow, error) {
			return oneScore("exposure")(mde.Scores.Exposure(ctx))
		}},
		{"configuration", gatehouse.ScoresRead, func(ctx context.Context) ([]scoreRow, error) {
			return oneScore("configuration")(mde.Scores.Configuration(ctx))
		}},
		{"groups", gatehouse.ScoresRead, func(ctx context.Context) ([]scoreRow, error) {
			return groupScores(ctx, mde)
		}},
		{"secure", gatehouse.SecureScoreRead, func(ctx context.Context) ([]scoreRow, error) {
			return secureScore(ctx, secure)
		}},
	}
}

func oneScore(kind string) func(defender.Score, error) ([]scoreRow, error) {
	return func(s defender.Score, err error) ([]scoreRow, error) {
		if err != nil && !isDecodeError(err) {
			return nil, err
		}
		return []scoreRow{newScoreRow(kind, s)}, nil
	}
}

func newScoreRow(kind string, s defender.Score) scoreRow {
	return scoreRow{Kind: kind, API: gatehouse.APIMDE, Group: s.RbacGroupName, Raw: s.Raw, value: s.Score, time: s.Time}
}

func groupScores(ctx context.Context, mde *defender.Client) ([]scoreRow, error) {
	var rows []scoreRow
	for s, err := range mde.Scores.ExposureByMachineGroup(ctx) {
		if err != nil && !isDecodeError(err) {
			return nil, err
		}
		rows = append(rows, newScoreRow("exposure", s))
	}
	return rows, nil
}

// secureScore reads the newest of the daily scores.
func secureScore(ctx context.Context, client *graph.Client) ([]scoreRow, error) {
	for s, err := range client.SecureScores.List(ctx, &graph.Query{Top: 1}) {
		if err != nil && !isDecodeError(err) {
			return nil, err
		}
		return []scoreRow{{
			Kind: "secure", API: gatehouse.APIGraph, Raw: s.Raw, value: s.CurrentScore, most: s.MaxScore, time: s.CreatedDateTime,
		}}, nil
	}
	return nil, nil
}

func scoreView() view[scoreRow] {
	of := func(most float64) bool { return most > 0 }
	return view[scoreRow]{
		noun: "scores",
		columns: []column[scoreRow]{
			field("score", "Score", func(s scoreRow) string { return s.Kind }),
			field("group", "Device group", func(s scoreRow) string { return s.Group }).flexible().dropped(3),
			decimal("value", "Value", func(s scoreRow) float64 { return s.value }),
			optional(decimal("max", "Of", func(s scoreRow) float64 { return s.most }), func(s scoreRow) bool { return of(s.most) }).dropped(4),
			field("api", "API", func(s scoreRow) string { return string(s.API) }).dropped(1),
			moment("time", "Time", func(s scoreRow) defender.Time { return s.time }).dropped(2),
		},
		raw: func(s scoreRow) jsontext.Value { return encode(s) },
	}
}

// optional leaves a cell empty where there is nothing to say.
func optional[T any](c column[T], has func(T) bool) column[T] {
	value := c.value
	c.value = func(item T) string {
		if !has(item) {
			return ""
		}
		return value(item)
	}
	return c
}
