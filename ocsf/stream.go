package ocsf

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Report is what a validator has to say of one event of a stream.
type Report struct {
	Index      int         `json:"index"`                // 0 for the first event
	Offset     int64       `json:"offset"`               // bytes before the event
	ClassUID   int64       `json:"class_uid,omitzero"`   // as the event says; 0 where it says none
	UID        string      `json:"uid,omitzero"`         // metadata.uid, to find the event again
	Violations []Violation `json:"violations,omitempty"` // none for a sound event
}

// Errors counts the violations of level error.
func (r Report) Errors() int {
	n := 0
	for _, v := range r.Violations {
		if v.Level == LevelError {
			n++
		}
	}
	return n
}

// File checks the events of a file, see [Validator.Stream]. The name "-" is
// standard input.
func (v Validator) File(name string) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		var r io.Reader = os.Stdin
		if name != "-" {
			f, err := os.Open(name) //nolint:gosec // the user names the file to check
			if err != nil {
				yield(Report{}, err)
				return
			}
			defer f.Close()
			r = f
		}
		v.Stream(r)(yield)
	}
}

// Stream checks one event after the other: a single object, one object per
// line (or any white space between them), or one array of objects. One event
// is in memory at a time. Where the text is no JSON any more the iteration
// ends with an error that names the byte.
func (v Validator) Stream(r io.Reader) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		// Names that stand twice and broken UTF-8 are findings of one event.
		d := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		for index := 0; ; {
			report, ok, err := v.next(d, index)
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(Report{Index: index, Offset: d.InputOffset()}, fmt.Errorf("event %d: %w", index, err))
				return
			case ok && !yield(report, nil):
				return
			case ok:
				index++
			}
		}
	}
}

// next reads one event, or steps over a bracket around events.
func (v Validator) next(d *jsontext.Decoder, index int) (Report, bool, error) {
	if kind := d.PeekKind(); kind == ']' || kind == '[' && d.StackDepth() == 0 {
		_, err := d.ReadToken()
		return Report{}, false, err
	}
	raw, err := d.ReadValue()
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file ends in the middle of an event")
		}
		return Report{}, false, err
	}
	r := Report{Index: index, Offset: d.InputOffset() - int64(len(raw)), Violations: v.JSON(raw)}
	r.ClassUID, r.UID = identify(raw)
	return r, true, nil
}

// identify reads class_uid and metadata.uid of valid JSON.
func identify(raw []byte) (class int64, uid string) {
	c := cursor{data: raw}
	if c.blank() != '{' {
		return 0, ""
	}
	for c.next() {
		switch string(c.name()) {
		case "class_uid":
			class, _ = strconv.ParseInt(string(c.raw()), 10, 64) // 0 where it is no integer
		case "metadata":
			m := cursor{data: c.raw()}
			if m.blank() == '{' && m.seek("uid") && m.blank() == '"' {
				uid = string(m.text())
			}
		default:
			c.skip()
		}
	}
	return class, uid
}
