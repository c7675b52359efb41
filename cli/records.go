package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func newRecordsCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{Use: "records", Short: "List and get what is mirrored, as Microsoft sent it"}
	cmd.AddCommand(newRecordsListCommand(p), newRecordsGetCommand(p))
	cmd.AddCommand(here(newRecordsAsideCommand(p))...)
	return cmd
}

func newRecordsListCommand(p *program) *cobra.Command {
	var query store.RecordQuery
	var limit *limitFlag
	cmd := withExits(&cobra.Command{
		Use: "list STREAM", Short: "List the records of a stream by their keys",
		Long: `List the records of a stream in the order of their keys. A table and csv show
what the mirror knows of each; json and ndjson print the documents themselves,
as Microsoft sent them.`,
		Example: `  gatehouse records list devices --limit 20
  gatehouse records list vulnerabilities --output ndjson > rows.ndjson
  gatehouse records list alerts --removed --output csv`,
		Args: wants("STREAM"), ValidArgsFunction: completeStream,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := streamNamed(args[0])
			if err != nil {
				return err
			}
			desk, err := p.records()
			if err != nil {
				return err
			}
			query.Limit = limit.rows
			return desk.list(cmd.Context(), s, query)
		},
	})
	cmd.Flags().StringVar(&query.After, "after", "", "only keys behind this `KEY`")
	cmd.Flags().BoolVar(&query.Removed, "removed", false, "also what is gone upstream")
	limit = addLimit(cmd)
	return cmd
}

func newRecordsGetCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "get STREAM KEY", Short: "Print one record, as Microsoft sent it",
		Long: `Print the document of one record: indented for people, on one line for json and
ndjson. csv prints what the mirror knows of it instead.`,
		Example: `  gatehouse records get alerts da637551227677560813_-961444813
  gatehouse records get devices 1e5bc9d7e413ddd7902c2932e418702b84d0cc07 --output json`,
		Args: wants("STREAM", "KEY"), ValidArgsFunction: completeStream,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := streamNamed(args[0])
			if err != nil {
				return err
			}
			desk, err := p.records()
			if err != nil {
				return err
			}
			return desk.get(cmd.Context(), s, args[1])
		},
	}, exitNotFound)
}

// withStream opens the mirror at the chosen integration.
func (p *program) withStream(ctx context.Context, use func(*store.Store, gatehouse.Integration) error) error {
	return p.useMirror(ctx, func(held *store.Store) error {
		i, err := p.chosenIntegration(ctx, held)
		if err != nil {
			return err
		}
		return use(held, i)
	})
}

// printRecord prints the document of one record.
func (p *program) printRecord(record gatehouse.Record) error {
	if record.Gone() {
		p.warnf("it is gone upstream since %s: this is the last that was held", record.Removed.Format(time.RFC3339))
	}
	if p.out.format != "table" {
		return printOne(p, recordView(), record)
	}
	document := jsontext.Value(append([]byte(nil), record.Document...))
	if document.Indent() != nil {
		document = record.Document
	}
	return p.out.lines.line(harmless(document))
}

// notHeldError says that the mirror has no such record.
type notHeldError struct {
	integration string
	stream      gatehouse.Stream
	key         string
}

// Error says what was looked for and where to look.
func (e *notHeldError) Error() string {
	return e.integration + " holds no record " + strconv.Quote(e.key) + " in " + string(e.stream) +
		": gatehouse records list " + string(e.stream) + " shows the keys"
}

// Unwrap makes it a record that is not found.
func (e *notHeldError) Unwrap() error { return store.ErrNotFound }

func recordView() view[gatehouse.Record] {
	type record = gatehouse.Record
	return view[record]{
		noun: "records",
		columns: []column[record]{
			field("key", "Key", func(r record) string { return r.Key }).flexible(),
			field("api", "API", func(r record) string { return string(r.API) }).dropped(1),
			field("version", "Version", func(r record) string { return strconv.FormatInt(r.Version, 10) }).number().dropped(2),
			when("firstSeen", "First seen", func(r record) time.Time { return r.FirstSeen }).dropped(3),
			when("changed", "Changed", func(r record) time.Time { return r.Changed }),
			when("removed", "Removed", func(r record) time.Time { return r.Removed }).dropped(4),
			optional(field("content", "", func(r record) string { return r.Content.String() }), func(r record) bool { return r.Content != gatehouse.Hash{} }),
		},
		raw: func(r record) jsontext.Value { return r.Document },
	}
}
