package normalize

import (
	"errors"
	"math"

	"github.com/go-json-experiment/json/jsontext"
)

// source is a record taken apart into its values, the first being the record
// itself. Each value knows whether a mapping has used it.
type source struct {
	text  string // the whole record; texts of the event are cut out of it
	nodes []node
}

// node is one value of a record.
type node struct {
	nameStart, nameEnd int32 // of its name with the quotes; empty in an array
	start, end         int32 // of the value in the text
	child, next        int32 // index of the first value inside it and of its next sibling; 0 when there is none
	kind               jsontext.Kind
	used               bool
}

// parse takes a record apart.
func parse(raw jsontext.Value) (*source, error) {
	switch {
	case len(raw) > math.MaxInt32:
		return nil, errors.New("the record is larger than 2 GiB")
	case !raw.IsValid():
		return nil, errors.New("the record is not valid JSON: give one object as Microsoft sent it")
	case raw.Kind() != jsontext.KindBeginObject:
		return nil, errors.New("the record is not a JSON object")
	}
	s := &source{text: string(raw), nodes: make([]node, 0, 16+len(raw)/24)}
	p := scanner{source: s}
	p.value(0, 0)
	return s, nil
}

// scanner reads text that is known to be valid JSON.
type scanner struct {
	*source
	pos int32
}

// blank skips white space and returns the byte behind it.
func (p *scanner) blank() byte {
	for p.text[p.pos] <= ' ' {
		p.pos++
	}
	return p.text[p.pos]
}

// value reads one value and returns its index.
func (p *scanner) value(nameStart, nameEnd int32) int32 {
	c := p.blank()
	at := int32(len(p.nodes)) //nolint:gosec // fewer values than bytes
	p.nodes = append(p.nodes, node{nameStart: nameStart, nameEnd: nameEnd, start: p.pos, kind: jsontext.Kind(c)})
	switch c {
	case '{':
		p.members(at, '}')
	case '[':
		p.members(at, ']')
	case '"':
		p.quoted()
	default:
		p.literal(at)
	}
	p.nodes[at].end = p.pos
	return at
}

// members reads what is inside an object or an array.
func (p *scanner) members(parent int32, closing byte) {
	p.pos++
	last := int32(0)
	for {
		c := p.blank()
		if c == closing {
			p.pos++
			return
		}
		if c == ',' {
			p.pos++
			continue
		}
		var start, end int32
		if closing == '}' {
			start = p.pos
			p.quoted()
			end = p.pos
			p.blank()
			p.pos++ // the colon
		}
		at := p.value(start, end)
		if last == 0 {
			p.nodes[parent].child = at
		} else {
			p.nodes[last].next = at
		}
		last = at
	}
}

// quoted skips a string.
func (p *scanner) quoted() {
	for p.pos++; p.text[p.pos] != '"'; p.pos++ {
		if p.text[p.pos] == '\\' {
			p.pos++
		}
	}
	p.pos++
}

// literal skips a number, true, false or null.
func (p *scanner) literal(at int32) {
	if k := p.nodes[at].kind; k != 't' && k != 'f' && k != 'n' {
		p.nodes[at].kind = jsontext.KindNumber
	}
	for int(p.pos) < len(p.text) {
		switch c := p.text[p.pos]; {
		case c <= ' ', c == ',', c == '}', c == ']':
			return
		}
		p.pos++
	}
}
