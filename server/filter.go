package server

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// filterDoc is the grammar of filters, for the docs.
const filterDoc = "`field[operator]value`, as `risk[eq]High` or `lastSeen[ge]2026-11-01T00:00:00Z`. May be repeated: all have to hold. " +
	"`in` takes values with commas between them, `\\,` is a comma in a value. `exists` takes `true` or `false`. " +
	"The case of texts does not count. A record may have several values of one field: one has to fit, for `ne` none may. " +
	"GET /v1/capabilities lists the fields of each resource with their operators."

// Bounds of what may be asked.
const (
	filtersMost = 20
	valuesMost  = 100
	valueLength = 1024
)

// filter is one condition as it was asked for.
type filter struct {
	field  string
	op     store.Op
	values []string
}

// parseFilter reads field[operator]value.
func parseFilter(text string) (filter, error) {
	field, rest, ok := strings.Cut(text, "[")
	op, value, closed := strings.Cut(rest, "]")
	field, op = strings.TrimSpace(field), strings.TrimSpace(op)
	switch {
	case !ok || !closed || field == "" || op == "":
		return filter{}, fmt.Errorf("%q is not of the form field[operator]value, as risk[eq]High", shortened(text))
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return filter{}, fmt.Errorf("%q is no text", shortened(text))
	case len(value) > valueLength*valuesMost:
		return filter{}, fmt.Errorf("the value of %s is too long", shortened(field))
	}
	f := filter{field: field, op: store.Op(op), values: []string{value}}
	if f.op == store.OpIn {
		f.values = splitValues(value)
	}
	if len(f.values) > valuesMost {
		return filter{}, fmt.Errorf("%s has %d values, of which %d are allowed", shortened(field), len(f.values), valuesMost)
	}
	for _, v := range f.values {
		if len(v) > valueLength {
			return filter{}, fmt.Errorf("a value of %s is longer than %d bytes", shortened(field), valueLength)
		}
	}
	return f, nil
}

// String writes the filter as it is asked for: parsing it gives the same again.
func (f filter) String() string {
	value := strings.Join(f.values, ",")
	if f.op == store.OpIn {
		escaped := make([]string, len(f.values))
		for i, v := range f.values {
			escaped[i] = strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(v)
		}
		value = strings.Join(escaped, ",")
	}
	return f.field + "[" + string(f.op) + "]" + value
}

// splitValues takes a list of values apart; a backslash takes the next letter as it
// is.
func splitValues(text string) []string {
	var values []string
	var value strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			value.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == ',':
			values = append(values, value.String())
			value.Reset()
		default:
			value.WriteRune(r)
		}
	}
	if escaped {
		value.WriteByte('\\')
	}
	return append(values, value.String())
}

// shortened keeps a text short enough for a message.
func shortened(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// conditions turns the filters of a request into what the store looks for, and
// the id that the keys have to begin with where the resource is asked for within
// one thing.
func (r resource) conditions(texts []string) (where []store.Condition, within string, err error) {
	if len(texts) > filtersMost {
		return nil, "", invalid("query.filter", fmt.Sprintf("there are %d filters, of which %d are allowed", len(texts), filtersMost), "")
	}
	for _, text := range texts {
		f, err := parseFilter(text)
		if err != nil {
			return nil, "", r.badFilter(err.Error())
		}
		c, err := r.condition(f)
		switch {
		case err != nil:
			return nil, "", err
		case f.field != r.within:
			where = append(where, c)
		case within != "" && within != c.Values[0]:
			return nil, "", invalid("query.filter", r.within+" can be one thing at a time", "ask for each by itself")
		default:
			within = c.Values[0]
		}
	}
	return where, within, nil
}

// condition checks one filter against the fields of the resource.
func (r resource) condition(f filter) (store.Condition, error) {
	facet, ok := r.facet(f.field)
	if !ok {
		return store.Condition{}, r.badFilter(fmt.Sprintf("%s have no field %q to filter by", r.name, shortened(f.field)))
	}
	allowed := r.operators(facet)
	if !slices.Contains(allowed, f.op) {
		return store.Condition{}, r.badFilter(fmt.Sprintf("%s cannot be asked with %q, only with %s", f.field, shortened(string(f.op)), join(allowed)))
	}
	c := store.Condition{Name: f.field, Op: f.op}
	for _, v := range f.values {
		value, err := normalValue(facet, f.op, v)
		if err != nil {
			return c, invalid("query.filter", f.field+": "+err.Error(), fmt.Sprintf("%s is a %s", f.field, typeName(facet.Type)))
		}
		c.Values = append(c.Values, value)
	}
	return c, nil
}

// normalValue brings a value to the form in which the index has it.
func normalValue(f stream.Facet, op store.Op, text string) (string, error) {
	if op == store.OpExists {
		f = stream.Facet{Type: stream.FacetBool}
	}
	value, err := f.Normal(text)
	if err == nil && value == "" {
		err = fmt.Errorf("the value is empty: ask with [exists]false for what has none")
	}
	return value, err
}

// badFilter says what is wrong with a filter, and what there is.
func (r resource) badFilter(detail string) error {
	var known []string
	for _, f := range r.filterable() {
		known = append(known, f.Name+"["+strings.ReplaceAll(join(r.operators(f)), ", ", "|")+"]")
	}
	p := newProblem(api.CodeUnknownFilter, detail, "use one of "+strings.Join(known, ", "))
	p.Fields = []api.FieldError{{Field: "query.filter", Message: detail}}
	return p
}

// join lists operators.
func join(ops []store.Op) string {
	all := make([]string, len(ops))
	for i, op := range ops {
		all[i] = string(op)
	}
	return strings.Join(all, ", ")
}

// sorting reads the name to sort by; a minus before it turns the order around.
func (r resource) sorting(text string) (name string, descending bool, err error) {
	name, descending = strings.CutPrefix(text, "-")
	if name == "" && !descending || slices.Contains(r.sorts(), name) {
		return name, descending, nil
	}
	return "", false, invalid("query.sort", fmt.Sprintf("%s cannot be sorted by %q", r.name, shortened(name)), "use one of "+strings.Join(r.sorts(), ", ")+"; a minus before it turns the order around")
}
