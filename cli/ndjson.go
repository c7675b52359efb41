package cli

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ndjsonWriter writes one object a line, as Microsoft sent it, without the
// whitespace between its members.
type ndjsonWriter struct {
	lines   *lineWriter
	scratch jsontext.Value
}

func (w *ndjsonWriter) row(r record) error {
	return w.lines.line(w.lines.forScreen(compact(&w.scratch, r.raw)))
}

func (w *ndjsonWriter) close(bool) error { return w.lines.flush() }

// jsonWriter writes an array, one element a line. An element is held back
// until it is known whether a comma follows, so that no line is ever patched.
type jsonWriter struct {
	lines   *lineWriter
	scratch jsontext.Value
	held    []byte
	opened  bool
}

func (w *jsonWriter) row(r record) error {
	if err := w.next(","); err != nil {
		return err
	}
	w.held = append(w.held[:0], w.lines.forScreen(compact(&w.scratch, r.raw))...)
	return nil
}

// next writes the opening bracket once and then the element that was held.
func (w *jsonWriter) next(after string) error {
	if !w.opened {
		w.opened = true
		return w.lines.line([]byte("["))
	}
	if len(w.held) == 0 {
		return nil
	}
	return w.lines.line(w.held, []byte(after))
}

func (w *jsonWriter) close(complete bool) error {
	if !w.opened && complete {
		return w.end("[]")
	}
	if !complete {
		if w.opened {
			_ = w.next(",") // the error is kept by the line writer
		}
		return w.lines.flush()
	}
	if err := w.next(""); err != nil {
		return err
	}
	return w.end("]")
}

func (w *jsonWriter) end(text string) error {
	if err := w.lines.line([]byte(text)); err != nil {
		return err
	}
	return w.lines.flush()
}

// forScreen is JSON as it is, or as it cannot steer the terminal that it goes to.
func (w *lineWriter) forScreen(text []byte) []byte {
	if !w.instant {
		return text
	}
	return harmless(text)
}

// harmless escapes the characters that JSON may hold as they are and that steer a
// terminal: controls, and marks of writing direction. It means the same afterwards.
func harmless(text []byte) []byte {
	if bytes.IndexFunc(text, steers) < 0 {
		return text
	}
	var safe []byte
	for _, r := range string(text) {
		if steers(r) {
			safe = fmt.Appendf(safe, `\u%04x`, r)
		} else {
			safe = utf8.AppendRune(safe, r)
		}
	}
	return safe
}

func steers(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

// compact strips the whitespace between members; what is not JSON at all loses
// its line breaks, so that a line stays a line. The result lives in scratch.
func compact(scratch *jsontext.Value, raw []byte) []byte {
	*scratch = append((*scratch)[:0], raw...)
	if err := scratch.Compact(); err != nil {
		return bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r"), nil), []byte("\n"), []byte(" "))
	}
	return *scratch
}
