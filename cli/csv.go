package cli

import (
	"bytes"
	"encoding/csv"
)

// csvWriter writes RFC 4180 rows under a heading that is the same for every
// list of the same kind, whatever the rows hold.
type csvWriter struct {
	lines  *lineWriter
	buffer bytes.Buffer
	csv    *csv.Writer
	names  []string // the heading, until it is written
}

func newCSVWriter(lines *lineWriter, heads []head) *csvWriter {
	w := &csvWriter{lines: lines, names: make([]string, len(heads))}
	for i, h := range heads {
		w.names[i] = h.name
	}
	w.csv = csv.NewWriter(&w.buffer)
	return w
}

func (w *csvWriter) row(r record) error {
	if err := w.heading(); err != nil {
		return err
	}
	return w.write(r.cells)
}

// heading stands above every list, an empty one too.
func (w *csvWriter) heading() error {
	names := w.names
	w.names = nil
	if names == nil {
		return nil
	}
	return w.write(names)
}

func (w *csvWriter) write(cells []string) error {
	if w.lines.instant { // a terminal, which no text may steer
		shown := make([]string, len(cells))
		for i, cell := range cells {
			shown[i] = printable(cell)
		}
		cells = shown
	}
	w.buffer.Reset()
	if err := w.csv.Write(cells); err != nil {
		return err
	}
	w.csv.Flush()
	return w.lines.line(bytes.TrimSuffix(w.buffer.Bytes(), []byte("\n")))
}

func (w *csvWriter) close(complete bool) error {
	if complete {
		if err := w.heading(); err != nil {
			return err
		}
	}
	return w.lines.flush()
}
