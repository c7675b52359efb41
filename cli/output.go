package cli

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// outputFormats lists the values of --output.
func outputFormats() []string { return []string{"table", "json", "ndjson", "csv"} }

// record is one row on its way out: as Microsoft sent it, for json and ndjson,
// and as cells, for table and csv.
type record struct {
	raw   []byte
	cells []string
}

// rowWriter writes the rows of one list in one format. Rows leave as whole
// lines, in order, and none is held back for longer than the format needs.
type rowWriter interface {
	row(r record) error
	// close ends the list. complete is false when the list was cut by an error
	// or an interrupt: the json format then leaves its array open, so that
	// nobody takes a part for the whole.
	close(complete bool) error
}

var (
	_ rowWriter = (*ndjsonWriter)(nil)
	_ rowWriter = (*jsonWriter)(nil)
	_ rowWriter = (*csvWriter)(nil)
	_ rowWriter = (*tableWriter)(nil)
)

// output is standard output in the format of the run.
type output struct {
	format   string
	lines    *lineWriter
	term     terminal
	progress *progress
	rows     rowWriter // the list that is being written, or the last one
}

func newOutput(to io.Writer, format string, term terminal) *output {
	return &output{format: format, lines: newLineWriter(to, term.tty), term: term, progress: &progress{}}
}

// list starts a list of rows with these columns.
func (o *output) list(heads []head) rowWriter {
	switch o.format {
	case "ndjson":
		o.rows = &ndjsonWriter{lines: o.lines}
	case "json":
		o.rows = &jsonWriter{lines: o.lines}
	case "csv":
		o.rows = newCSVWriter(o.lines, heads)
	default:
		o.rows = newTableWriter(o.lines, heads, o.term)
	}
	return o.rows
}

// idle passes on the rows that wait, since nobody knows when the next one comes.
func (o *output) idle() error {
	o.progress.hide()
	if table, ok := o.rows.(*tableWriter); ok {
		return table.close(false)
	}
	return o.lines.flush()
}

// forPeople says whether the rows are read by a person rather than a program.
func (o *output) forPeople() bool { return o.format == "table" }

// beforeMessage makes way for a line on standard error: rows that are ready go
// out first, and the progress line goes away.
func (o *output) beforeMessage() {
	_ = o.lines.flush() // an error stays with the writer and surfaces at finish
	o.progress.hide()
}

// finish writes what is still buffered.
func (o *output) finish() error {
	o.progress.hide()
	return o.lines.flush()
}

// view is how rows of type T are shown.
type view[T any] struct {
	noun    string // plural, for progress and warnings
	columns []column[T]
	raw     func(T) jsontext.Value
}

func (v view[T]) heads() []head {
	heads := make([]head, len(v.columns))
	for i, c := range v.columns {
		heads[i] = c.head
	}
	return heads
}

func (v view[T]) record(item T, withCells bool) record {
	r := record{raw: v.raw(item)}
	if withCells {
		r.cells = make([]string, len(v.columns))
		for i, c := range v.columns {
			r.cells[i] = c.value(item)
		}
	}
	return r
}

// printList writes rows until they end, limit is reached (0: no limit), or ctx
// ends. Items that could be read only in part are printed as they came and
// counted in a warning.
func printList[T any](ctx context.Context, p *program, v view[T], rows iter.Seq2[T, error], limit int) error {
	o := p.out
	w := o.list(v.heads())
	withCells := o.format == "table" || o.format == "csv"
	o.progress.start(v.noun, p.now())
	count, odd, err := 0, 0, error(nil)
	for item, itemErr := range rows {
		if itemErr != nil && !isDecodeError(itemErr) {
			err = itemErr
			break
		}
		if itemErr != nil {
			odd++
			p.log.Debug("a row does not have the documented shape", "error", itemErr)
		}
		if err = w.row(v.record(item, withCells)); err != nil {
			break
		}
		count++
		o.progress.row(p.now())
		if err = ctx.Err(); err != nil || count == limit {
			break
		}
	}
	if closeErr := w.close(err == nil); err == nil {
		err = closeErr
	}
	o.progress.hide()
	if odd > 0 {
		p.warnf("%s of %d %s did not have the documented shape: printed as they came (see --output ndjson)", amount(odd), count, v.noun)
	}
	if err == nil && count == 0 && o.forPeople() {
		p.sayf("no %s", v.noun)
	}
	return err
}

func amount(n int) string { return fmt.Sprint(n) }

// printOne writes a single object: as one line of json or ndjson, as a heading
// and a row of csv, or as a list of fields for people.
func printOne[T any](p *program, v view[T], item T) error {
	switch p.out.format {
	case "json", "ndjson":
		w := &ndjsonWriter{lines: p.out.lines}
		return w.row(v.record(item, false))
	case "csv":
		w := newCSVWriter(p.out.lines, v.heads())
		if err := w.row(v.record(item, true)); err != nil {
			return err
		}
		return w.close(true)
	default:
		return printFields(p.out, v, item)
	}
}
