package cli

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// eventPoll is how often --follow looks for new events.
const eventPoll = 500 * time.Millisecond

// eventFlags are the flags of events.
type eventFlags struct {
	after     string
	cursor    string
	follow    bool
	documents bool
	format    *enumFlag
	rawData   bool
	kind      *enumFlag
	streams   *streamsFlag
	limit     *limitFlag
}

func newEventsCommand(p *program) *cobra.Command {
	f := &eventFlags{}
	cmd := withExits(&cobra.Command{
		Use: "events", Short: "Print what has changed, in order, and what changes from now on",
		Long: `Print the numbered log of changes: one row for each record that was created,
updated or removed, oldest first. A reader that goes on after the last number
that it has seen misses nothing and sees nothing twice.

--cursor keeps that number for you under a name: what was printed is not
printed again by the next run, and "gatehouse replay" moves the cursor back.
--follow waits for more until Ctrl-C, which then is no failure.

--format ocsf prints each change as an event of OCSF instead, the record as it
is held now; --format raw prints the record alone. Both are JSON, one a line.`,
		Example: `  gatehouse events --limit 20
  gatehouse events --after 1200 --stream alerts --output ndjson
  gatehouse events --cursor siem --documents --follow --output ndjson
  gatehouse events --cursor siem --format ocsf --follow`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.events(cmd.Context(), f) },
	}, exitFindings)
	flags := cmd.Flags()
	flags.StringVar(&f.after, "after", "", "only events after this `NUMBER`")
	flags.StringVar(&f.cursor, "cursor", "", "go on where the cursor of this `NAME` stands, and move it")
	flags.BoolVar(&f.follow, "follow", false, "wait for more until Ctrl-C")
	flags.BoolVar(&f.documents, "documents", false, "with --output ndjson or json, the record of each event as well, as it is held now")
	f.format = addEnum(cmd, "format", "what to print of each", []eventFormat{eventFormatLog, eventFormatOCSF, eventFormatRaw})
	flags.BoolVar(&f.rawData, "raw-data", false, "with --format ocsf, the record in raw_data as well")
	f.streams = addStreams(cmd, "only events of this stream")
	f.kind = addEnum(cmd, "kind", "only events of this kind", []gatehouse.EventKind{gatehouse.EventCreated, gatehouse.EventUpdated, gatehouse.EventRemoved})
	f.limit = addLimit(cmd)
	_ = cmd.RegisterFlagCompletionFunc("cursor", p.completeCursors)
	return cmd
}

// eventRow is one event on its way out.
type eventRow struct {
	gatehouse.Event

	Name     string         `json:"name"` // of the integration
	Document jsontext.Value `json:"document,omitempty"`

	formatted jsontext.Value // in another format than the log's
}

// eventReader reads the log for one run of the command.
type eventReader struct {
	p      *program
	held   *store.Store
	flags  *eventFlags
	filter store.EventFilter
	after  int64 // go on behind this one
	given  int64 // the last event that was handed out and written

	integrations map[string]gatehouse.Integration // by id
	unmapped     int                              // events that could not be formatted
}

func (p *program) events(ctx context.Context, f *eventFlags) error {
	after, err := wholeNumber("--after", f.after)
	if err != nil {
		return err
	}
	switch {
	case after.given && f.cursor != "":
		return usagef("--after and --cursor both say where to begin: keep one (gatehouse replay moves a cursor)")
	case f.follow && p.out.format == "json":
		return usagef("--follow has no end, and a json array needs one: use --output ndjson")
	}
	if err := f.checkFormat(p); err != nil {
		return err
	}
	desk, err := at[eventDesk](p, localEvents{p}, func(s *service) eventDesk { return remoteEvents{s} })
	if err != nil {
		return err
	}
	return desk.print(ctx, f, after.number)
}

// prepare finds out what is to be read.
func (r *eventReader) prepare(ctx context.Context) error {
	all, err := r.held.Integrations(ctx)
	if err != nil {
		return err
	}
	r.integrations = make(map[string]gatehouse.Integration, len(all))
	for _, i := range all {
		r.integrations[i.ID] = i
	}
	r.filter.Streams = r.flags.streams.streams
	if r.flags.kind.value != "" {
		r.filter.Kinds = []gatehouse.EventKind{gatehouse.EventKind(r.flags.kind.value)}
	}
	if name := r.p.config.integration; name != "" {
		i, err := integrationNamed(all, name)
		if err != nil {
			return err
		}
		r.filter.Integration = i.ID
	}
	if r.flags.cursor != "" {
		cursor, err := r.held.Cursor(ctx, r.flags.cursor)
		if err != nil {
			return err
		}
		r.after = cursor.Number
	}
	r.given = r.after
	last, err := r.held.LastEvent(ctx)
	if err != nil {
		return err
	}
	r.p.warnOfEnd(r.flags.cursor, r.after, last)
	return nil
}

// warnOfEnd warns of a reader that begins behind the last event: it sees nothing
// until the log has come that far, as after a mirror was made anew or restored.
func (p *program) warnOfEnd(cursor string, after, last int64) {
	switch {
	case after <= last:
	case cursor != "":
		p.warnf("cursor %s stands at %d, and the log ends at %d: gatehouse replay %s --to %d reads what comes from now on", cursor, after, last, cursor, last)
	default:
		p.warnf("--after %d lies behind the end of the log: the last event is %d", after, last)
	}
}

// print prints until the log ends, or with --follow until ctx does, and then
// moves the cursor behind what was written.
func (r *eventReader) print(ctx context.Context) error {
	err := printList(ctx, r.p, eventView(), r.rows(ctx), r.flags.limit.rows)
	if r.flags.follow && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	if err == nil {
		err = r.p.out.lines.flush()
	}
	if err != nil {
		return err
	}
	if err := r.moveCursor(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return r.leftOut()
}

func (r *eventReader) moveCursor(ctx context.Context) error {
	if r.flags.cursor == "" {
		return nil
	}
	return r.held.MoveCursor(ctx, r.flags.cursor, r.given)
}

// rows yields the events.
func (r *eventReader) rows(ctx context.Context) iter.Seq2[eventRow, error] {
	return func(yield func(eventRow, error) bool) {
		tick := time.NewTicker(eventPoll)
		defer tick.Stop()
		for r.batch(ctx, yield) && r.flags.follow {
			if err := r.rest(ctx); err != nil {
				yield(eventRow{}, err)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}

// batch hands out what the log holds now; false ends the reading.
func (r *eventReader) batch(ctx context.Context, yield func(eventRow, error) bool) bool {
	end, err := r.held.LastEvent(ctx) // before reading: what comes meanwhile is for the next batch
	if err == nil && end <= r.after {
		return true
	}
	if err != nil {
		yield(eventRow{}, err)
		return false
	}
	for event, err := range r.held.Events(ctx, r.after, r.filter, 0) {
		if err != nil {
			yield(eventRow{}, err)
			return false
		}
		row, drop, err := r.row(ctx, event)
		r.given = event.Number
		if drop {
			continue
		}
		if !yield(row, err) || err != nil {
			return false
		}
	}
	r.after = max(r.given, end)
	r.given = r.after
	return true
}

// row adds what the event does not say by itself; drop tells that there is nothing
// to print of it.
func (r *eventReader) row(ctx context.Context, event gatehouse.Event) (row eventRow, drop bool, err error) {
	row = eventRow{Event: event, Name: orElse(r.integrations[event.Integration].Name, event.Integration)}
	switch format := eventFormat(r.flags.format.value); {
	case format == eventFormatOCSF || format == eventFormatRaw:
		row.formatted, drop, err = r.formatted(ctx, event)
		return row, drop, err
	case !r.flags.documents:
		return row, false, nil
	}
	record, err := r.held.Record(ctx, event.Integration, event.Stream, event.Key)
	if errors.Is(err, store.ErrNotFound) {
		return row, false, nil // its integration was removed
	}
	row.Document = record.Document
	return row, false, err
}

// rest passes on what was printed before the log is watched for more.
func (r *eventReader) rest(ctx context.Context) error {
	if err := r.p.out.idle(); err != nil {
		return err
	}
	return r.moveCursor(ctx)
}

func eventView() view[eventRow] {
	return view[eventRow]{
		noun: "events",
		columns: []column[eventRow]{
			field("number", "Number", func(e eventRow) string { return strconv.FormatInt(e.Number, 10) }).number(),
			when("time", "Time", func(e eventRow) time.Time { return e.Time }).dropped(2),
			field("kind", "Kind", func(e eventRow) string { return string(e.Kind) }),
			field("name", "Integration", func(e eventRow) string { return e.Name }).flexible().dropped(3),
			field("stream", "Stream", func(e eventRow) string { return string(e.Stream) }),
			field("key", "Key", func(e eventRow) string { return e.Key }).flexible(),
			field("version", "Version", func(e eventRow) string { return strconv.FormatInt(e.Version, 10) }).number().dropped(1),
			field("id", "", func(e eventRow) string { return e.ID }),
			field("integration", "", func(e eventRow) string { return e.Integration }),
		},
		raw: func(e eventRow) jsontext.Value {
			if len(e.formatted) > 0 {
				return e.formatted
			}
			return encode(e)
		},
	}
}
