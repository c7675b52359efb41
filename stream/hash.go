package stream

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/go-json-experiment/json/jsontext"
)

// Content returns the hash of what a document says: its noisy members are left
// out, and so are the notes that OData adds. The order of members, white space
// and the way a text is escaped do not count; a number counts as it is written.
// A document that is no JSON object is hashed as it is.
//
// In the stream of vulnerabilities the case of names and members that are null
// do not count either, since the files and the pages of the same export differ
// in both.
func (s Stream) Content(document []byte) gatehouse.Hash {
	return newHasher(s).content(document)
}

// hasher computes content hashes. It keeps what it has allocated and serves one
// goroutine.
type hasher struct {
	noisy   map[string]bool
	loose   bool // names in any case, null as absent
	sum     hash.Hash
	decoder *jsontext.Decoder
	members []member
	scratch []byte
}

// member is one member of a document.
type member struct {
	name  string
	value jsontext.Value
}

func newHasher(s Stream) *hasher {
	h := &hasher{noisy: map[string]bool{}, loose: s.loose, sum: sha256.New(), decoder: jsontext.NewDecoder(new(bytes.Buffer))}
	for _, name := range s.Noisy {
		h.noisy[h.fold(name)] = true
	}
	return h
}

// fold returns a name as it counts.
func (h *hasher) fold(name string) string {
	if h.loose {
		return strings.ToLower(name)
	}
	return name
}

// content returns the hash of a document.
func (h *hasher) content(document []byte) gatehouse.Hash {
	h.sum.Reset()
	if err := h.split(document); err != nil {
		return gatehouse.HashOf(document)
	}
	slices.SortStableFunc(h.members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	for _, m := range h.members {
		h.write(m)
	}
	var sum gatehouse.Hash
	h.sum.Sum(sum[:0])
	return sum
}

// split reads the members that count.
func (h *hasher) split(document []byte) error {
	h.members = h.members[:0]
	dec := h.decoder
	dec.Reset(bytes.NewBuffer(document), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if tok, err := dec.ReadToken(); err != nil {
		return err
	} else if tok.Kind() != jsontext.KindBeginObject {
		return errNoObject
	}
	for dec.PeekKind() != jsontext.KindEndObject {
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := h.fold(tok.String())
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if !h.ignored(name, value.Kind()) {
			h.members = append(h.members, member{name, value}) // a value of a buffer stays good
		}
	}
	_, err := dec.ReadToken()
	return err
}

// ignored tells whether a member does not count. OData's notes tell how the
// answer was made (@odata.context, @odata.etag) or which type a neighbour has.
func (h *hasher) ignored(name string, kind jsontext.Kind) bool {
	if h.loose && kind == jsontext.KindNull {
		return true
	}
	of, note, noted := strings.Cut(name, "@odata.")
	if noted && (of == "" && note != "type" || h.noisy[of]) {
		return true
	}
	return h.noisy[name]
}

// write adds a member to the sum. Names and values are JSON, so that no two
// documents that differ are written alike.
func (h *hasher) write(m member) {
	h.scratch = appendText(h.scratch[:0], m.name)
	h.scratch = append(h.scratch, ':')
	h.scratch = appendCanonical(h.scratch, m.value)
	h.scratch = append(h.scratch, ',')
	_, _ = h.sum.Write(h.scratch)
}

// appendText writes a text as JSON, in the one way that is canonical.
func appendText(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error is about bytes that are no UTF-8, which are replaced
	return b
}

// appendCanonical writes a value with its members sorted.
func appendCanonical(b []byte, v jsontext.Value) []byte {
	switch v.Kind() {
	case jsontext.KindString:
		if bytes.IndexByte(v, '\\') < 0 {
			return append(b, v...)
		}
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
	default:
		return append(b, v...)
	}
	if len(v) <= len("[]") {
		return append(b, v...)
	}
	at := len(b)
	b = append(b, v...)
	sorted := jsontext.Value(b[at:])
	if err := sorted.Format(
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.ReorderRawObjects(true),
		jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false),
	); err != nil {
		return b // it was read before, so it is JSON
	}
	return append(b[:at], sorted...)
}

// facts are what every door of a stream knows about an object, in one order and
// one spelling.
type facts []string

// hash returns the hash of the facts.
func (f facts) hash() gatehouse.Hash {
	var b []byte
	for _, s := range f {
		b = appendText(b, s)
	}
	return gatehouse.HashOf(b)
}
