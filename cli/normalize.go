package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/normalize"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// normalizeFlags are the flags of normalize.
type normalizeFlags struct {
	streams  *streamsFlag
	table    string
	api      *enumFlag
	tenant   string
	time     *timeFlag
	rawData  bool
	validate bool
}

func newNormalizeCommand(p *program) *cobra.Command {
	f := &normalizeFlags{}
	cmd := withExits(&cobra.Command{
		Use: "normalize FILE...", Short: "Turn raw records of Defender into OCSF events",
		Long: `Turn records as Microsoft's APIs send them into events of OCSF ` + ocsf.Version + `, one a line. A
file holds records one a line, an array of them, or an answer of Microsoft
({"value":[...]}, {"results":[...]}), as many as there are; '-' reads standard
input. One record is in memory at a time, so a file may be of any size. Nothing
is sent anywhere.

--stream says what the records are; for rows of advanced hunting --table does.
The API that they came through decides their shape: it is told from the record
unless --api says it. A record without a time of its own (a vulnerability, a
recommendation) gets that of --time, and one without an id a digest of itself.

A record that cannot be read is named on standard error and the others go on.`,
		Example: `  gatehouse normalize --stream alerts alerts.json
  gatehouse normalize --stream devices --api graph --validate rows.ndjson > events.ndjson
  gatehouse hunt 'DeviceProcessEvents | take 10' --output ndjson |
      gatehouse normalize --table DeviceProcessEvents -`,
		Args: wants("FILE..."),
		RunE: func(cmd *cobra.Command, files []string) error { return p.normalize(cmd.Context(), f, files) },
	}, exitFindings)
	flags := cmd.Flags()
	f.streams = addStreams(cmd, "what the records are")
	flags.StringVar(&f.table, "table", "", "the hunting `TABLE` that the records are rows of: "+joinOr(normalize.HuntingTables()))
	_ = cmd.RegisterFlagCompletionFunc("table", cobra.FixedCompletions(normalize.HuntingTables(), cobra.ShellCompDirectiveNoFileComp))
	f.api = addEnum(cmd, "api", "the API that the records came through", []gatehouse.API{gatehouse.APIMDE, gatehouse.APIXDR, gatehouse.APIGraph})
	f.time = addTime(p, cmd, "time", "time of records that have none; default: now")
	flags.StringVar(&f.tenant, "tenant", "", "the `ID` of the tenant, for metadata.tenant_uid; default: what the record says")
	flags.BoolVar(&f.rawData, "raw-data", false, "put each record into raw_data as well")
	flags.BoolVar(&f.validate, "validate", false, "check each event against the schema")
	return cmd
}

// check looks for what is missing or at odds before anything is read.
func (f *normalizeFlags) check(files []string, format string) error {
	switch given := len(f.streams.streams); {
	case given == 0 && f.table == "":
		return usagef("say what the records are: --stream %s, or --table TABLE for rows of hunting", joinOr(streamNames()))
	case given > 1 || given == 1 && f.table != "":
		return usagef("records of one kind at a time: give --stream once, or --table")
	case format == "csv":
		return usagef("an event of OCSF is no row: use --output ndjson or json")
	}
	if f.table != "" && !slices.ContainsFunc(normalize.HuntingTables(), func(t string) bool { return strings.EqualFold(t, f.table) }) {
		return usagef("rows of %q have no mapping: choose %s%s", f.table, joinOr(normalize.HuntingTables()), didYouMean(f.table, normalize.HuntingTables()))
	}
	if f.table == "" && f.api.value != "" && !slices.Contains(apisOf(f.streams.streams[0]), gatehouse.API(f.api.value)) {
		return usagef("%s does not come through %s: choose %s", f.streams.streams[0], f.api.value, joinOr(wordsOf(apisOf(f.streams.streams[0]))))
	}
	return checkFiles(files)
}

// apisOf lists the APIs that records of a stream come through, the most usual
// first.
func apisOf(name gatehouse.Stream) []gatehouse.API {
	for _, s := range normalize.Streams() {
		if s.Name == name {
			return s.APIs
		}
	}
	return nil
}

// normalizing is one run of the command.
type normalizing struct {
	p       *program
	flags   *normalizeFlags
	out     rowWriter
	line    []byte // the event that is being written
	events  int
	bad     int // records that could not be read
	unsound int // violations
}

func (p *program) normalize(ctx context.Context, f *normalizeFlags, files []string) error {
	if err := f.check(files, p.out.format); err != nil {
		return err
	}
	p.out.eventsOnly()
	n := &normalizing{p: p, flags: f, out: p.out.list(nil)}
	p.out.progress.start("events", p.now())
	var err error
	for _, file := range files {
		if err = n.file(ctx, file); err != nil {
			break
		}
	}
	if closeErr := n.out.close(err == nil); err == nil {
		err = closeErr
	}
	p.out.progress.hide()
	if err != nil {
		return err
	}
	return n.verdict()
}

// eventsOnly makes ndjson of a table: an event of OCSF is too deep for columns.
func (o *output) eventsOnly() {
	if o.format == "table" {
		o.format = "ndjson"
	}
}

// verdict says how it went.
func (n *normalizing) verdict() error {
	text := plural(n.events, "event")
	if n.flags.validate {
		text += ", " + plural(n.unsound, "violation")
	}
	if n.bad > 0 {
		text += ", " + plural(n.bad, "record") + " that could not be read"
	}
	n.p.sayf("%s", text)
	switch {
	case n.bad > 0:
		return &reportedError{err: errors.New("a record could not be read"), status: exitFindings}
	case n.unsound > 0:
		return &reportedError{err: errors.New("an event breaks the schema"), status: exitFindings}
	}
	return nil
}

// file normalizes the records of one file.
func (n *normalizing) file(ctx context.Context, name string) error {
	from, err := n.p.openFile(name, "the records")
	if err != nil {
		return err
	}
	defer from.Close()
	for record, err := range rawRecords(from) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = n.record(name, record)
		}
		if broken := (*outputError)(nil); errors.As(err, &broken) {
			return broken.err
		}
		if err != nil {
			n.bad++
			n.complain(name, record.place, err)
		}
		n.p.out.progress.row(n.p.now())
	}
	return nil
}

// openFile opens a file, or standard input for the named use.
func (p *program) openFile(name, use string) (io.ReadCloser, error) {
	if name == "-" {
		from, err := p.stdin.open(use)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(from), nil
	}
	f, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return nil, usagef("%w", err)
	}
	return f, nil
}

// outputError is an error of the output, after which nothing goes on.
type outputError struct{ err error }

// Error returns the text of the cause.
func (e *outputError) Error() string { return e.err.Error() }

// record normalizes one record and writes the event.
func (n *normalizing) record(file string, r rawRecord) error {
	event, err := n.event(r.raw)
	if err != nil {
		return err
	}
	var violations []ocsf.Violation
	if n.flags.validate {
		n.line, violations = ocsf.Validator{}.Append(n.line[:0], event)
	} else {
		n.line = event.AppendJSON(n.line[:0])
	}
	for _, v := range violations {
		n.unsound++
		n.complain(file, r.place, errors.New(v.String()))
	}
	n.events++
	if err := n.out.row(record{raw: n.line}); err != nil {
		return &outputError{err}
	}
	return nil
}

// complain names what is wrong with a record, and goes on.
func (n *normalizing) complain(file, place string, err error) {
	n.p.warnf("%s, %s: %v", file, place, err)
}

// event turns a record into an event. What the record lacks is given only then.
func (n *normalizing) event(raw jsontext.Value) (ocsf.Event, error) {
	in := normalize.Input{Raw: raw, TenantID: n.flags.tenant, WithRaw: n.flags.rawData, API: gatehouse.API(n.flags.api.value)}
	if in.API == "" && n.flags.table == "" {
		in.API = apiOf(n.flags.streams.streams[0], raw)
	}
	event, err := n.turn(in)
	if errors.Is(err, normalize.ErrNoTime) {
		if in.Logged = n.flags.time.at; in.Logged.IsZero() {
			in.Logged = n.p.now()
		}
		event, err = n.turn(in)
	}
	if errors.Is(err, normalize.ErrNoID) {
		in.EventID = gatehouse.HashOf(raw).String()[:32]
		event, err = n.turn(in)
	}
	return event, err
}

func (n *normalizing) turn(in normalize.Input) (ocsf.Event, error) {
	if n.flags.table != "" {
		return normalize.HuntingRow(n.flags.table, in)
	}
	return normalize.Record(n.flags.streams.streams[0], in)
}

// apiOf tells from a member that only Graph has through which API a record came.
func apiOf(name gatehouse.Stream, raw jsontext.Value) gatehouse.API {
	signs := map[gatehouse.Stream]string{
		"alerts": `"createdDateTime"`, "incidents": `"createdDateTime"`, "devices": `"DeviceId"`,
	}
	if sign, ok := signs[name]; ok && strings.Contains(string(raw), sign) {
		return gatehouse.APIGraph
	}
	return apisOf(name)[0]
}
