package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/store"
)

func newReplayCommand(p *program) *cobra.Command {
	var to string
	cmd := withExits(&cobra.Command{
		Use: "replay [CURSOR]", Short: "List the readers of the event log, or send one back",
		Long: `A cursor is how far a reader of the event log has come, by name. Without an
argument, list them. With --to, the reader goes on behind that event: 0 is from
the very first. Events have the same number and id each time, so that what is
read twice can be recognised.`,
		Example: `  gatehouse replay
  gatehouse replay siem --to 0
  gatehouse replay siem --to 1200`,
		ValidArgsFunction: p.completeCursors,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.useMirror(cmd.Context(), func(held *store.Store) error {
				if len(args) == 0 && to == "" {
					return p.listCursors(cmd.Context(), held)
				}
				return p.replay(cmd.Context(), held, args, to)
			})
		},
	})
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("%s: one cursor at a time", cmd.UseLine())
		}
		return nil
	}
	cmd.Flags().StringVar(&to, "to", "", "go on behind the event of this `NUMBER`")
	return cmd
}

func (p *program) listCursors(ctx context.Context, held *store.Store) error {
	cursors, err := held.Cursors(ctx)
	if err != nil {
		return err
	}
	last, err := held.LastEvent(ctx)
	if err != nil {
		return err
	}
	return printList(ctx, p, cursorView(last), rowsOf(cursors), 0)
}

// replay moves a cursor that exists to a number that the log has reached.
func (p *program) replay(ctx context.Context, held *store.Store, args []string, to string) error {
	number, err := wholeNumber("--to", to)
	switch {
	case err != nil:
		return err
	case len(args) == 0:
		return usagef("which cursor? gatehouse replay lists them; then gatehouse replay CURSOR --to %s", to)
	case !number.given:
		return usagef("to where? Add --to NUMBER; 0 is from the very first event")
	}
	cursors, err := held.Cursors(ctx)
	if err != nil {
		return err
	}
	names := cursorNames(cursors)
	at := -1
	for i, name := range names {
		if name == args[0] {
			at = i
		}
	}
	if at < 0 {
		return usagef("no cursor %q%s%s", args[0], hint(": choose ", joinOr(names)), didYouMean(args[0], names))
	}
	last, err := held.LastEvent(ctx)
	if err != nil {
		return err
	}
	if number.number > last {
		return usagef("--to %d lies behind the last event, %d", number.number, last)
	}
	if err := held.MoveCursor(ctx, args[0], number.number); err != nil {
		return err
	}
	p.sayf("%s moves from %d to %d; the last event is %d", args[0], cursors[at].Number, number.number, last)
	return nil
}

// hint puts a text behind its introduction when there is one.
func hint(introduction, text string) string {
	if text == "" {
		return ""
	}
	return introduction + text
}

func cursorNames(cursors []store.Cursor) []string {
	names := make([]string, len(cursors))
	for i, c := range cursors {
		names[i] = c.Name
	}
	return names
}

func (p *program) completeCursors(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.completeFromMirror(cmd.Context(), func(held *store.Store) []string {
		cursors, _ := held.Cursors(cmd.Context())
		return cursorNames(cursors)
	})
}

func cursorView(last int64) view[store.Cursor] {
	return view[store.Cursor]{
		noun: "cursors",
		columns: []column[store.Cursor]{
			field("name", "Cursor", func(c store.Cursor) string { return c.Name }),
			field("number", "At", func(c store.Cursor) string { return strconv.FormatInt(c.Number, 10) }).number(),
			field("behind", "Behind", func(c store.Cursor) string { return strconv.FormatInt(last-c.Number, 10) }).number(),
			when("moved", "Moved", func(c store.Cursor) time.Time { return c.Moved }),
		},
		raw: func(c store.Cursor) jsontext.Value {
			return encode(struct {
				Name   string    `json:"name"`
				Number int64     `json:"number"`
				Behind int64     `json:"behind"`
				Moved  time.Time `json:"moved,omitzero"`
			}{c.Name, c.Number, last - c.Number, c.Moved})
		},
	}
}
