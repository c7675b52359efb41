package ocsf

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// walker checks one event in one pass over its JSON.
type walker struct {
	cursor

	table      *table
	class      *node
	notices    bool
	active     profile // the profiles that metadata.profiles names
	path       []step
	values     []span // remembered values, a stack of frames
	violations []Violation
}

// step is one step of a path: a name, or an index where the name is empty.
type step struct {
	name  string
	index int
}

// span is where a value stands in the data.
type span struct{ start, end int }

// frame is what the checks of a whole node look at.
type frame struct {
	seen attributeSet
	base int // of its values in walker.values
}

// object checks one object. The cursor stands on its brace.
func (w *walker) object(n *node) {
	if n.free {
		w.skip()
		return
	}
	f := frame{base: len(w.values)}
	for range n.slots {
		w.values = append(w.values, span{})
	}
	for w.next() {
		w.member(n, &f)
	}
	w.checkNode(n, f)
	w.values = w.values[:f.base]
}

// member checks one member of an object.
func (w *walker) member(n *node, f *frame) {
	name := w.name()
	a := n.attributes[string(name)]
	if a == nil {
		w.path = append(w.path, step{name: string(name)})
		w.reportf(CodeUnknown, "%s has no such attribute; what has no place goes into unmapped", n.name)
		w.pop()
		w.skip()
		return
	}
	w.path = append(w.path, step{name: a.Name})
	if a.profile != 0 && a.profile&w.active == 0 {
		w.reportf(CodeProfile, "belongs to the profile %s, which metadata.profiles does not name", a.Profile)
	}
	if a.Deprecated {
		w.reportf(CodeDeprecated, "%s.%s is deprecated in OCSF %s", n.name, a.Name, w.table.version)
	}
	start := w.pos
	if w.value(a) {
		f.seen.add(a.index)
		if a.slot >= 0 {
			w.values[f.base+a.slot] = span{start, w.pos}
		}
	}
	w.pop()
}

func (w *walker) pop() { w.path = w.path[:len(w.path)-1] }

// value checks a value and tells whether there is one: null says nothing.
func (w *walker) value(a *attribute) bool {
	first := w.data[w.pos]
	switch {
	case first == 'n':
		w.scalar()
		w.reportf(CodeNull, "null says nothing; leave the attribute out")
		return false
	case !a.Array:
		w.element(a)
	case first != '[':
		w.reportf(CodeType, "is %s, want an array of %s", describe(first), a.Type)
		w.skip()
	default:
		w.array(a)
	}
	return true
}

// array checks the elements of an array.
func (w *walker) array(a *attribute) {
	n := 0
	for ; w.next(); n++ {
		w.path = append(w.path, step{index: n})
		w.element(a)
		w.pop()
	}
	if n == 0 {
		w.reportf(CodeEmpty, "an empty array says nothing; leave the attribute out")
	}
}

// element checks one value that is not an array.
func (w *walker) element(a *attribute) {
	first := w.data[w.pos]
	if kindOf(first) != a.kind && (a.kind != kindFloat || kindOf(first) != kindInteger) && a.kind != kindAny {
		w.reportf(CodeType, "is %s, want %s (%s)", describe(first), a.kind, a.Type)
		w.skip()
		return
	}
	switch a.kind {
	case kindText:
		w.checkText(a, w.text())
	case kindInteger:
		w.checkInteger(a, w.scalar())
	case kindObject:
		if w.object(a.object); w.data[w.pos-2] == '{' {
			w.reportf(CodeEmpty, "an empty object says nothing; leave the attribute out")
		}
	default:
		w.skip()
	}
}

// kindOf tells the kind of a value by its first byte. Numbers count as
// integers until they are read.
func kindOf(first byte) kind {
	switch first {
	case '"':
		return kindText
	case '{':
		return kindObject
	case 't', 'f':
		return kindBoolean
	case '[', 'n':
		return kindAny
	}
	return kindInteger
}

// describe says what begins with a byte.
func describe(first byte) string {
	switch first {
	case '[':
		return "an array"
	case 'n':
		return "null"
	case 't', 'f', '"', '{':
		return kindOf(first).String()
	}
	return "a number"
}

// checkText checks a text against its type and enum.
func (w *walker) checkText(a *attribute, s []byte) {
	switch {
	case a.check != nil && !a.check.ok(s):
		w.reportf(a.check.level, "%s is not %s (%s)", quote(s), a.check.what, a.Type)
	case a.typ.MaxLen > 0 && len(s) > a.typ.MaxLen:
		w.reportf(CodeFormat, "has %d bytes, at most %d (%s)", len(s), a.typ.MaxLen, a.Type)
	case len(s) == 0:
		w.reportf(CodeEmpty, "an empty text says nothing; leave the attribute out")
	case a.word && !isWord(a, s):
		w.reportf(CodeEnum, "%s is no member of the enum %s", quote(s), a.Name)
	}
}

// isWord tells whether a text is a member of an enum of words.
func isWord(a *attribute, s []byte) bool {
	for i := range a.enum {
		if a.enum[i].Key == string(s) {
			return true
		}
	}
	return false
}

// The times that a timestamp_t in milliseconds can mean: from 1973, which is
// below any number of seconds that is a year from now, to 5138.
const (
	leastMillis    = 100_000_000_000
	greatestMillis = 100_000_000_000_000
)

// checkInteger checks a number against its type and enum.
func (w *walker) checkInteger(a *attribute, s []byte) {
	n, err := strconv.ParseInt(string(s), 10, 64)
	switch {
	case err != nil:
		w.reportf(CodeType, "%s is not an integer of 64 bits (%s)", clip(s), a.Type)
	case a.enum != nil && a.captionOf(n) == nil:
		w.reportf(CodeEnum, "%d is no member of the enum %s", n, a.Name)
	case len(a.typ.Range) == 2 && (n < int64(a.typ.Range[0]) || n > int64(a.typ.Range[1])):
		w.reportf(CodeFormat, "%d is not between %d and %d (%s)", n, a.typ.Range[0], a.typ.Range[1], a.Type)
	case a.Type == "timestamp_t" && (n < leastMillis || n >= greatestMillis):
		w.reportf(CodeUnlikely, "%d is hardly a time in milliseconds since 1970: are these seconds, or nanoseconds?", n)
	}
}

// captionOf finds the caption of a member; nil where there is none.
func (a *attribute) captionOf(id int64) *string {
	if id >= 0 && id < int64(len(a.enum)) && a.enum[id].ID == id {
		return &a.enum[id].Caption
	}
	for i := range a.enum {
		if a.enum[i].ID == id {
			return &a.enum[i].Caption
		}
	}
	return nil
}

// reportf notes a violation at the current path.
func (w *walker) reportf(code Code, format string, args ...any) {
	level := code.level()
	if level == LevelNotice && !w.notices || len(w.violations) > maxViolations {
		return
	}
	v := Violation{Path: w.render(), Code: code, Level: level, Message: fmt.Sprintf(format, args...)}
	if len(w.violations) == maxViolations {
		v = Violation{Code: CodeTooMany, Level: LevelError, Message: fmt.Sprintf("more than %d violations; the rest is not listed", maxViolations)}
	}
	w.violations = append(w.violations, v)
}

// reportAtf notes a violation of an attribute below the current path.
func (w *walker) reportAtf(name string, code Code, format string, args ...any) {
	w.path = append(w.path, step{name: name})
	w.reportf(code, format, args...)
	w.pop()
}

// render writes the current path: names with dots, indexes in brackets.
func (w *walker) render() string {
	var b strings.Builder
	for i, s := range w.path {
		switch {
		case s.name == "" && i > 0 && w.path[i-1].name != "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// quote shows a text of the event, shortened.
func quote(s []byte) string { return strconv.Quote(clip(s)) }

// clip keeps messages short.
func clip(s []byte) string {
	const most = 60
	if len(s) <= most {
		return string(s)
	}
	return string(bytes.ToValidUTF8(s[:most], nil)) + "..."
}
