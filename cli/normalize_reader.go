package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// rawRecord is one record of a file, good until the next.
type rawRecord struct {
	raw   jsontext.Value
	place string // where it stands: "line 3", "record 3"
}

// maxRecord bounds one line: no record of Microsoft's comes near it.
const maxRecord = 256 << 20

// firstLook bounds how far a file is read ahead to see what it is.
const firstLook = 1 << 20

// rawRecords reads the records of a file in any of its forms. Where each line is a
// document of its own, a line that is none is an error of that line and the next
// follows; elsewhere the reading ends with the first error, since nobody knows
// where the next record begins. One record is in memory at a time.
func rawRecords(r io.Reader) iter.Seq2[rawRecord, error] {
	from := bufio.NewReaderSize(r, firstLook)
	if isLines(from) {
		return lineRecords(from)
	}
	return func(yield func(rawRecord, error) bool) {
		n := 0
		for raw, err := range documents(from) {
			n++
			if !yield(rawRecord{raw, fmt.Sprintf("record %d", n)}, err) || err != nil {
				return
			}
		}
	}
}

// isLines tells whether each line of a file is a document of its own, from its
// first lines: one of them is a whole object and is no page. It reads no further
// than it must, so that a pipe need not end.
func isLines(from *bufio.Reader) bool {
	for seen := 0; ; {
		ahead, err := from.Peek(max(seen+1, from.Buffered()))
		line, rest, whole := bytes.Cut(ahead[min(seen, len(ahead)):], []byte("\n"))
		switch {
		case !whole && err == nil && len(ahead) < firstLook:
			// Wait for the end of the line.
			if _, err := from.Peek(len(ahead) + 1); err == nil {
				continue
			}
			return isObject(line)
		case isObject(line):
			return true
		case !whole, seen == 0 && bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")), bytes.Equal(bytes.TrimSpace(line), []byte("{")):
			return false
		}
		seen = len(ahead) - len(rest)
	}
}

// isObject tells whether a line is a whole object that begins with the line. In a
// file of several lines that is one document, lines inside are indented.
func isObject(line []byte) bool {
	line = bytes.TrimRight(line, "\r\t ")
	return len(line) > 1 && line[0] == '{' && line[len(line)-1] == '}' && jsontext.Value(line).IsValid()
}

// lineRecords reads a file of lines. A line may hold a page as well.
func lineRecords(from io.Reader) iter.Seq2[rawRecord, error] {
	return func(yield func(rawRecord, error) bool) {
		lines := bufio.NewScanner(from)
		lines.Buffer(make([]byte, 0, 64<<10), maxRecord)
		n := 0
		for lines.Scan() {
			n++
			line := bytes.TrimSpace(lines.Bytes())
			if len(line) == 0 {
				continue
			}
			place := fmt.Sprintf("line %d", n)
			for raw, err := range documents(bytes.NewReader(line)) {
				if !yield(rawRecord{raw, place}, err) {
					return
				}
				if err != nil {
					break
				}
			}
		}
		if err := lines.Err(); err != nil {
			yield(rawRecord{place: fmt.Sprintf("line %d", n+1)}, err)
		}
	}
}

// documents reads records that stand one after the other, in arrays, or in pages.
// It ends with its first error.
func documents(r io.Reader) iter.Seq2[jsontext.Value, error] {
	return func(yield func(jsontext.Value, error) bool) {
		w := &documentWalk{d: jsontext.NewDecoder(r), yield: yield}
		for !w.stopped {
			var err error
			switch kind := w.d.PeekKind(); kind {
			case '[':
				err = w.items()
			case '{':
				err = w.object()
			default:
				if _, err = w.d.ReadValue(); err == nil {
					err = errors.New("it is no JSON object: give records as Microsoft sent them")
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = errors.New("it ends in the middle of a record")
			}
			if err != nil && !w.stopped {
				yield(nil, err)
				return
			}
		}
	}
}

// documentWalk is a reading of documents.
type documentWalk struct {
	d       *jsontext.Decoder
	yield   func(jsontext.Value, error) bool
	whole   []byte // an object, put together from its members
	stopped bool   // nobody wants more
}

// give hands a record out.
func (w *documentWalk) give(raw jsontext.Value) { w.stopped = !w.yield(raw, nil) }

// items reads an array of records.
func (w *documentWalk) items() error {
	if _, err := w.d.ReadToken(); err != nil {
		return err
	}
	for w.d.PeekKind() != ']' {
		raw, err := w.d.ReadValue()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if w.give(raw); w.stopped {
			return nil
		}
	}
	_, err := w.d.ReadToken()
	return err
}

// object reads a record, or a page of them: an object with an array named value or
// results. What a page says besides is not of the records.
func (w *documentWalk) object() error {
	if _, err := w.d.ReadToken(); err != nil {
		return err
	}
	w.whole = append(w.whole[:0], '{')
	page := false
	for w.d.PeekKind() != '}' {
		name, err := w.d.ReadValue()
		if err != nil {
			return unfinished(err)
		}
		before, holds := len(w.whole), isPageName(name)
		if before > 1 {
			w.whole = append(w.whole, ',')
		}
		w.whole = append(append(w.whole, name...), ':') // now: the decoder takes the name back
		if holds && w.d.PeekKind() == '[' {
			page, w.whole = true, w.whole[:before]
			if err := w.items(); err != nil || w.stopped {
				return unfinished(err)
			}
			continue
		}
		raw, err := w.d.ReadValue()
		if err != nil {
			return unfinished(err)
		}
		w.whole = append(w.whole, raw...)
	}
	if _, err := w.d.ReadToken(); err != nil {
		return unfinished(err)
	}
	if w.whole = append(w.whole, '}'); !page {
		w.give(w.whole)
	}
	return nil
}

// isPageName tells whether a member holds the records of a page.
func isPageName(quoted jsontext.Value) bool {
	name := strings.Trim(string(quoted), `"`)
	return strings.EqualFold(name, "value") || strings.EqualFold(name, "results")
}

// unfinished is the end of the text where a record is not at its end.
func unfinished(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
