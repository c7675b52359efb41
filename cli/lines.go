package cli

import (
	"fmt"
	"io"
	"time"
)

// lineWriter passes whole lines on, several at a time: what it hands to the
// destination always ends where a line ends.
type lineWriter struct {
	to       io.Writer
	buffer   []byte
	instant  bool // a person is watching: pass on each line at once
	lastPass time.Time
	err      error // the first error of the destination; nothing is written after it
}

// Lines wait for each other up to this many bytes and this long.
const (
	lineBuffer = 32 << 10
	lineDelay  = 200 * time.Millisecond
)

func newLineWriter(to io.Writer, instant bool) *lineWriter {
	return &lineWriter{to: to, instant: instant}
}

// line adds parts as one line; the newline is added here.
func (w *lineWriter) line(parts ...[]byte) error {
	if w.err != nil {
		return w.err
	}
	for _, part := range parts {
		w.buffer = append(w.buffer, part...)
	}
	w.buffer = append(w.buffer, '\n')
	if w.instant || len(w.buffer) >= lineBuffer || time.Since(w.lastPass) >= lineDelay {
		return w.flush()
	}
	return nil
}

// flush passes on the lines that wait.
func (w *lineWriter) flush() error {
	if w.err != nil || len(w.buffer) == 0 {
		return w.err
	}
	if _, err := w.to.Write(w.buffer); err != nil {
		w.err = fmt.Errorf("cannot write the output: %w", err)
	}
	w.buffer = w.buffer[:0]
	w.lastPass = time.Now()
	return w.err
}
