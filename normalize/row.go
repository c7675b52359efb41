package normalize

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// row is a record that is flat, or almost: a device, a row of a file or of
// hunting. See value.member on the spelling of names.
type row struct{ value }

// texted returns what a function makes of the text of a member.
func (r row) texted(name string, of func(string) string) string {
	m := r.member(name)
	return marked(of(m.string()), m)
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
