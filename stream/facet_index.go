package stream

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/go-json-experiment/json/jsontext"
)

// Indexer finds the facets and the points of the documents of one stream. It
// keeps what it has allocated and serves one goroutine.
type Indexer struct {
	facets  []Facet
	wanted  map[string][]place // members at the top of a document, in lower case
	spelt   map[string]string  // what is wanted of members as they were spelt, to empty for nothing
	point   pointSource
	decoder *jsontext.Decoder
}

// place is a facet that a member holds, and the way on inside of it.
type place struct {
	facet int
	path  []string
}

// NewIndexer makes an indexer for a stream; one for a stream without facets and
// points finds nothing.
func NewIndexer(name gatehouse.Stream) *Indexer {
	x := &Indexer{facets: Facets(name).Facets, wanted: map[string][]place{}, spelt: map[string]string{}, point: pointTable()[name], decoder: jsontext.NewDecoder(new(bytes.Buffer))}
	for i, f := range x.facets {
		for _, path := range f.paths {
			steps := strings.Split(strings.ToLower(path), ".")
			x.wanted[steps[0]] = append(x.wanted[steps[0]], place{i, steps[1:]})
		}
	}
	return x
}

// Facets returns what a document is found by. A document that is no JSON object
// has none, and a value that is not of the type of its facet is left out.
func (x *Indexer) Facets(document []byte) []gatehouse.Facet {
	if len(x.wanted) == 0 {
		return nil
	}
	var found []gatehouse.Facet
	x.eachMember(document, func(name string, value jsontext.Value) {
		for _, p := range x.wanted[name] {
			x.collect(value, p.path, func(text string) { found = x.facets[p.facet].add(found, text) })
		}
	})
	return found
}

// add adds the facets that a text stands for, each once.
func (f Facet) add(found []gatehouse.Facet, text string) []gatehouse.Facet {
	all := []string{text}
	if f.spell != nil {
		all = f.spell(text)
	}
	for _, one := range all {
		value, err := normalFacet(f.Type, one)
		if err != nil || value == "" || f.Type == FacetTime && strings.HasPrefix(value, "0001-") {
			continue
		}
		facet := gatehouse.Facet{Name: f.Name, Value: value}
		if slices.Contains(found, facet) || !f.Many && slices.ContainsFunc(found, func(have gatehouse.Facet) bool { return have.Name == f.Name }) {
			continue
		}
		found = append(found, facet)
	}
	return found
}

// eachMember hands out the members of an object, named in lower case, up to where
// it cannot be read.
func (x *Indexer) eachMember(object []byte, f func(name string, value jsontext.Value)) {
	dec := x.decoder
	dec.Reset(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != jsontext.KindBeginObject {
		return
	}
	for dec.PeekKind() == jsontext.KindString {
		raw, err := dec.ReadValue()
		if err != nil {
			return
		}
		name := x.nameOf(raw)
		if name == "" {
			if dec.SkipValue() != nil {
				return
			}
			continue
		}
		value, err := dec.ReadValue()
		if err != nil {
			return
		}
		f(name, value)
	}
}

// speltMost bounds how many spellings are remembered.
const speltMost = 1000

// nameOf returns the name of a member in lower case when it is wanted, else nothing.
// The members of a stream are always the same, so each spelling is looked at once.
func (x *Indexer) nameOf(raw jsontext.Value) string {
	name, known := x.spelt[string(raw)]
	if known {
		return name
	}
	if text, err := jsontext.AppendUnquote(nil, raw); err == nil || len(text) > 0 {
		if name = strings.ToLower(string(text)); x.wanted[name] == nil {
			name = ""
		}
	}
	if len(x.spelt) < speltMost {
		x.spelt[string(raw)] = name
	}
	return name
}

// collect hands out the texts at the end of a path. A list stands for each of its
// elements.
func (x *Indexer) collect(value jsontext.Value, path []string, f func(string)) {
	switch value.Kind() {
	case jsontext.KindBeginArray:
		for _, element := range elementsOf(value) {
			x.collect(element, path, f)
		}
	case jsontext.KindBeginObject:
		if len(path) == 0 {
			return
		}
		for _, m := range membersOf(value) {
			if m.name == path[0] {
				x.collect(m.value, path[1:], f)
			}
		}
	case jsontext.KindString:
		if len(path) == 0 {
			text, err := jsontext.AppendUnquote(nil, value)
			if err == nil && len(text) > 0 {
				f(string(text))
			}
		}
	case jsontext.KindNumber, jsontext.KindTrue, jsontext.KindFalse:
		if len(path) == 0 {
			f(string(value))
		}
	}
}

// elementsOf are the elements of a list.
func elementsOf(list jsontext.Value) []jsontext.Value {
	dec := jsontext.NewDecoder(bytes.NewBuffer(list), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	var all []jsontext.Value
	for dec.PeekKind() != jsontext.KindEndArray {
		value, err := dec.ReadValue()
		if err != nil {
			return all
		}
		all = append(all, value) // a value of a buffer stays good
	}
	return all
}

// membersOf are the members of an object, named in lower case.
func membersOf(object jsontext.Value) []member {
	dec := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	var all []member
	for dec.PeekKind() == jsontext.KindString {
		tok, err := dec.ReadToken()
		if err != nil {
			return all
		}
		name := strings.ToLower(tok.String())
		value, err := dec.ReadValue()
		if err != nil {
			return all
		}
		all = append(all, member{name, value})
	}
	return all
}
