package normalize

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// unmapped returns what no mapping has used, each value under the name and at the
// place where it was; nil when nothing is left. Null, "", [] and {} say nothing
// and are left out.
func (s *source) unmapped() jsontext.Value {
	if dst := s.leftover(make([]byte, 0, len(s.text)/4), 0); len(dst) > 0 {
		return dst
	}
	return nil
}

// leftover appends what is left of a value, nothing when nothing is.
func (s *source) leftover(dst []byte, at int32) []byte {
	n := &s.nodes[at]
	switch {
	case n.used || n.kind == jsontext.KindNull || s.text[n.start:n.end] == `""`:
		return dst
	case n.kind == jsontext.KindBeginObject:
		return s.leftMembers(dst, n)
	case n.kind == jsontext.KindBeginArray:
		return s.leftItems(dst, n)
	default:
		return append(dst, s.text[n.start:n.end]...)
	}
}

// leftMembers appends the members of an object that are left.
func (s *source) leftMembers(dst []byte, n *node) []byte {
	start := len(dst)
	for at := n.child; at != 0; at = s.nodes[at].next {
		m, before := &s.nodes[at], len(dst)
		if s.annotates(m, n) {
			continue
		}
		dst = append(dst, ',')
		dst = append(dst, s.text[m.nameStart:m.nameEnd]...)
		dst = append(dst, ':')
		head := len(dst)
		if dst = s.leftover(dst, at); len(dst) == head {
			dst = dst[:before]
		}
	}
	return closed(dst, start, '{', '}')
}

// annotation is how Graph says the type of the member beside it:
// "ProcessId@odata.type": "#Int64" stands before ProcessId.
const annotation = `@odata.type"`

// annotates tells whether a member is the annotation of another that has its place
// in the event. It goes with that member.
func (s *source) annotates(m, parent *node) bool {
	subject, ok := strings.CutSuffix(s.text[m.nameStart:m.nameEnd], annotation)
	if !ok || len(subject) < 2 {
		return false
	}
	for at := parent.child; at != 0; at = s.nodes[at].next {
		if other := &s.nodes[at]; int(other.nameEnd-other.nameStart) == len(subject)+1 && s.text[other.nameStart:other.nameEnd-1] == subject {
			return other.used
		}
	}
	return false
}

// leftItems appends the items of an array that are left. Null stands for an item
// that is not, so that the others keep their places; at the end it is left out.
func (s *source) leftItems(dst []byte, n *node) []byte {
	start, end := len(dst), len(dst)
	for at := n.child; at != 0; at = s.nodes[at].next {
		dst = append(dst, ',')
		head := len(dst)
		if dst = s.leftover(dst, at); len(dst) == head {
			dst = append(dst, "null"...)
			continue
		}
		end = len(dst)
	}
	return closed(dst[:end], start, '[', ']')
}

// closed puts brackets around what was appended from start on, which begins with a
// comma; nothing when it is empty.
func closed(dst []byte, start int, opening, closing byte) []byte {
	if len(dst) == start {
		return dst
	}
	dst[start] = opening
	return append(dst, closing)
}
