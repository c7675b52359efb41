package normalize

import (
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// value is one value of a record. The zero value is one that is not there: all
// its members are empty, so that mappings need not ask first.
type value struct {
	source *source
	at     int32
}

// there tells whether the value is there and not null.
func (v value) there() bool { return v.source != nil && v.node().kind != jsontext.KindNull }

func (v value) node() *node { return &v.source.nodes[v.at] }

// raw returns the text of the value.
func (v value) raw() string { return v.source.text[v.node().start:v.node().end] }

// member returns a member of an object under any spelling of its name that
// differs in capitals alone: what is os in pages is Os or OS in files and in
// hunting. Null is not there.
func (v value) member(name string) value {
	if v.source == nil || name == "" || v.node().kind != jsontext.KindBeginObject {
		return value{}
	}
	nodes, text := v.source.nodes, v.source.text
	length, last := int32(len(name)+2), lower(name[len(name)-1]) //nolint:gosec // names are short
	for at := v.node().child; at != 0; at = nodes[at].next {
		n := &nodes[at]
		// The last letter tells most names of one length apart.
		if n.nameEnd-n.nameStart == length && lower(text[n.nameEnd-2]) == last && n.kind != jsontext.KindNull &&
			strings.EqualFold(text[n.nameStart+1:n.nameEnd-1], name) {
			return value{v.source, at}
		}
	}
	return value{}
}

// object returns a member that is an object.
func (v value) object(name string) value {
	if m := v.member(name); m.source != nil && m.node().kind == jsontext.KindBeginObject {
		return m
	}
	return value{}
}

// list goes through the values of a member that is an array.
func (v value) list(name string) iter.Seq[value] {
	m := v.member(name)
	return func(yield func(value) bool) {
		if m.source == nil || m.node().kind != jsontext.KindBeginArray {
			return
		}
		for at := m.node().child; at != 0; at = m.source.nodes[at].next {
			if !yield(value{m.source, at}) {
				return
			}
		}
	}
}

// mark says that the value has its place in the event. What is inside it is
// marked with it.
func (v value) mark() {
	if v.source != nil {
		v.node().used = true
	}
}

// marked marks the values of which the text is in the event.
func marked(text string, values ...value) string {
	if text != "" {
		for _, v := range values {
			v.mark()
		}
	}
	return text
}

// string returns the text of a string or a number and marks nothing. Microsoft
// swaps the two from page to page.
func (v value) string() string {
	if v.source == nil {
		return ""
	}
	switch v.node().kind {
	case jsontext.KindString:
		return unquote(v.raw())
	case jsontext.KindNumber:
		return v.raw()
	default:
		return ""
	}
}

// unquote returns what a JSON string says.
func unquote(quoted string) string {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	text, err := jsontext.AppendUnquote(make([]byte, 0, len(quoted)), quoted)
	if err != nil {
		return ""
	}
	return string(text)
}

// peek returns the text of a member without marking it.
func (v value) peek(name string) string { return v.member(name).string() }

// text returns the text of a member, a string or a number, and marks it unless it
// is empty.
func (v value) text(name string) string {
	m := v.member(name)
	return marked(m.string(), m)
}

// valid returns the text of a member if OCSF takes it for what it is to be, for
// example ocsf.ValidIP. If not it stays unmarked, and the answer is empty.
func (v value) valid(name string, ok func(string) bool) string {
	m := v.member(name)
	text := m.string()
	if text == "" || !ok(text) {
		return ""
	}
	return marked(text, m)
}

// texts returns the texts of a member that is an array, without the empty ones.
func (v value) texts(name string) []string {
	var texts []string
	for item := range v.list(name) {
		if text := marked(item.string(), item); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// integer returns a member that is a whole number, as a number or as text, and
// marks it.
func (v value) integer(name string) ocsf.Opt[int64] {
	m := v.member(name)
	text := m.string()
	if text == "" {
		return ocsf.Opt[int64]{}
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, ".0"), 10, 64)
	if err != nil {
		return ocsf.Opt[int64]{}
	}
	m.mark()
	return ocsf.Int(n)
}

// float returns a member that is a number, as a number or as text, and marks it.
func (v value) float(name string) ocsf.Opt[float64] {
	m := v.member(name)
	text := m.string()
	if text == "" {
		return ocsf.Opt[float64]{}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return ocsf.Opt[float64]{}
	}
	m.mark()
	return ocsf.Float(f)
}

// flag returns a member that is true or false, also as text or as 1 and 0, and
// marks it.
func (v value) flag(name string) ocsf.Opt[bool] {
	m := v.member(name)
	if m.source == nil {
		return ocsf.Opt[bool]{}
	}
	switch strings.ToLower(strings.Trim(m.raw(), `"`)) {
	case "true", "1":
		m.mark()
		return ocsf.Bool(true)
	case "false", "0":
		m.mark()
		return ocsf.Bool(false)
	default:
		return ocsf.Opt[bool]{}
	}
}

// moment returns a member that is a time, with or without zone and with any
// number of digits, and marks it.
func (v value) moment(name string) ocsf.Timestamp {
	m := v.member(name)
	t := ocsf.TimestampOf(parseTime(m.string()))
	if t != 0 {
		m.mark()
	}
	return t
}
