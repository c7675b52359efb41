package ocsf

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Validate checks an event as [Event.AppendJSON] writes it and returns its
// errors and warnings. Types cannot be wrong in a typed event; all other rules
// apply.
func Validate(e Event) []Violation { return Validator{}.Event(e) }

// ValidateJSON checks one JSON object against the class that its class_uid
// names, and returns its errors and warnings.
func ValidateJSON(raw []byte) []Violation { return Validator{}.JSON(raw) }

// Validator checks events. The zero Validator is ready to use, and one may be
// used by several goroutines at once.
type Validator struct {
	// Notices asks for notices too: recommended attributes that are missing,
	// nulls, empty values. Default: errors and warnings only.
	Notices bool
}

// Event checks an event of this package.
func (v Validator) Event(e Event) []Violation {
	_, violations := v.Append(nil, e)
	return violations
}

// Append appends the event as one line of JSON and checks what it wrote. It is
// the way to write a checked event: one encoding serves both.
func (v Validator) Append(dst []byte, e Event) ([]byte, []Violation) {
	if len(dst) == 0 && cap(dst) < 2048 {
		dst = make([]byte, 0, 2048)
	}
	start := len(dst)
	dst = e.AppendJSON(dst)
	return dst, v.walk(dst[start:])
}

// JSON checks one JSON object. See [ValidateJSON].
func (v Validator) JSON(raw []byte) []Violation {
	if !jsontext.Value(raw).IsValid() {
		return syntax(raw)
	}
	return v.walk(raw)
}

// syntax says why a value is not valid JSON.
func syntax(raw []byte) []Violation {
	message := "something follows the first value"
	switch err := jsontext.NewDecoder(bytes.NewReader(raw)).SkipValue(); {
	case errors.Is(err, io.EOF):
		message = "is empty, want a JSON object"
	case err != nil:
		message = "cannot be read: " + err.Error()
	}
	return []Violation{{Code: CodeSyntax, Level: LevelError, Message: message}}
}

// The room for paths and values that hardly any event outgrows.
const (
	depthHint = 16
	slotHint  = 128
)

// walk checks valid JSON.
func (v Validator) walk(raw []byte) []Violation {
	w := &walker{cursor: cursor{data: raw}, table: tables(), notices: v.Notices}
	if w.blank() != '{' {
		w.reportf(CodeSyntax, "is %s, want an object", describe(w.data[w.pos]))
		return w.violations
	}
	start := w.pos
	w.head()
	if w.class == nil {
		return w.violations
	}
	w.pos = start
	w.path = make([]step, 0, depthHint)
	w.values = make([]span, 0, slotHint)
	w.object(w.class)
	return w.violations
}

// head finds the class and the profiles of an event before it is walked,
// because both may stand behind the attributes that depend on them.
func (w *walker) head() {
	found := false
	for w.next() {
		switch string(w.name()) {
		case "class_uid":
			found = true
			w.findClass(w.raw())
		case "metadata":
			w.findProfiles(w.raw())
		default:
			w.skip()
		}
	}
	if !found {
		w.reportAtf("class_uid", CodeRequired, "is required and missing; nothing else can be checked")
	}
}

// findClass looks up class_uid.
func (w *walker) findClass(raw []byte) {
	uid, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		w.reportAtf("class_uid", CodeType, "is %s, want an integer (integer_t); nothing else can be checked", clip(raw))
		return
	}
	if w.class = w.table.classes[uid]; w.class == nil {
		w.reportAtf("class_uid", CodeClass, "%d is none of the %d classes of OCSF %s that are held here; nothing else can be checked", uid, len(w.table.classes), w.table.version)
	}
}

// findProfiles reads metadata.profiles.
func (w *walker) findProfiles(raw []byte) {
	c := cursor{data: raw}
	if c.blank() != '{' || !c.seek("profiles") || c.blank() != '[' {
		return
	}
	for c.next() {
		if e := c.raw(); e[0] == '"' {
			name := cursor{data: e}
			w.active |= w.table.profiles[string(name.text())]
		}
	}
}
