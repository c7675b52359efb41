package normalize

import (
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// row is a record whose members begin with a small letter in pages and with a
// capital in files and in hunting. Names are given with a small letter.
type row struct{ value }

// member returns a member under any spelling of its name, which may differ in
// capitals: what is os in pages is Os or OS elsewhere. Null is not there.
func (r row) member(name string) value {
	if r.source == nil || r.node().kind != jsontext.KindBeginObject {
		return value{}
	}
	nodes, text := r.source.nodes, r.source.text
	for at := r.node().child; at != 0; at = nodes[at].next {
		n := &nodes[at]
		if int(n.nameEnd-n.nameStart) == len(name)+2 && n.kind != jsontext.KindNull && strings.EqualFold(text[n.nameStart+1:n.nameEnd-1], name) {
			return value{r.source, at}
		}
	}
	return value{}
}

// spelled returns the name as the record spells it.
func (r row) spelled(name string) string {
	m := r.member(name)
	if m.source == nil {
		return name
	}
	return m.source.text[m.node().nameStart+1 : m.node().nameEnd-1]
}

// The readers of value, under any spelling.
func (r row) list(name string) iter.Seq[value] { return r.value.list(r.spelled(name)) }
func (r row) texts(name string) []string       { return r.value.texts(r.spelled(name)) }
func (r row) flag(name string) ocsf.Opt[bool]  { return r.value.flag(r.spelled(name)) }
func (r row) peek(name string) string          { return r.member(name).string() }

// text returns the text of a member and marks it unless it is empty.
func (r row) text(name string) string {
	m := r.member(name)
	return marked(m.string(), m)
}

// valid returns the text of a member if it is what it is to be. If not it stays
// unmarked.
func (r row) valid(name string, ok func(string) bool) string {
	m := r.member(name)
	text := m.string()
	if text == "" || !ok(text) {
		return ""
	}
	return marked(text, m)
}

// texted returns what a function makes of the text of a member.
func (r row) texted(name string, of func(string) string) string {
	m := r.member(name)
	return marked(of(m.string()), m)
}

// moment reads a time and marks it. Export rows write a blank where others write
// T, and some members hold a date alone.
func (r row) moment(name string) ocsf.Timestamp {
	m := r.member(name)
	text := m.string()
	switch {
	case len(text) == len("2006-01-02"):
		text += "T00:00:00"
	case len(text) > len("2006-01-02") && text[10] == ' ':
		text = text[:10] + "T" + text[11:]
	}
	t := ocsf.TimestampOf(parseTime(text))
	if t != 0 {
		m.mark()
	}
	return t
}

// translated looks up a member in a table and marks it. It is for tables that
// tell each word apart; where several words become one, peek and keep the word.
func translated[T ~int64](r row, name string, table []word[T]) (T, string) {
	return translate(table, r.text(name))
}

// some is an enum that is absent when it is Unknown.
func some[T ~int64](id T) ocsf.Opt[T] {
	if id == 0 {
		return ocsf.Opt[T]{}
	}
	return ocsf.Some(id)
}

// nonEmpty wraps one text as a list.
func nonEmpty(texts ...string) []string {
	var list []string
	for _, t := range texts {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}

// inventoryActivity says what happened to a thing of the inventory: it was found,
// or it is there no more, which OCSF has no number for.
func inventoryActivity(kind gatehouse.EventKind) (ocsf.InventoryActivityID, string) {
	if kind == gatehouse.EventRemoved {
		return ocsf.InventoryActivityOther, "Removed"
	}
	return ocsf.InventoryActivityCollect, ""
}

// statusOf says where a finding stands that is there as long as its record is:
// nobody has reviewed it, or it is gone.
func statusOf(kind gatehouse.EventKind) ocsf.FindingStatusID {
	if kind == gatehouse.EventRemoved {
		return ocsf.FindingStatusResolved
	}
	return ocsf.FindingStatusNew
}

// tagged is a list of texts as one tag of a finding.
func tagged(name string, texts []string) []ocsf.KeyValueObject {
	if len(texts) == 0 {
		return nil
	}
	return []ocsf.KeyValueObject{{Name: name, Values: texts}}
}

// unmark says that the event tells less than the value, which stays in unmapped.
func (v value) unmark() {
	if v.source != nil {
		v.node().used = false
	}
}
