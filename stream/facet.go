package stream

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// FacetType says how the values of a facet are compared.
type FacetType string

// The types of facets. Words are texts from a list, in which neither case nor
// blanks count: "Can be onboarded" and "CanBeOnboarded" are the same.
const (
	FacetText   FacetType = "text"
	FacetWord   FacetType = "word"
	FacetNumber FacetType = "number"
	FacetTime   FacetType = "time"
	FacetBool   FacetType = "bool"
)

// Facet is one field that the records of a stream are found and sorted by.
type Facet struct {
	Name   string
	Type   FacetType
	Many   bool     // a record may have several values
	Values []string // what Microsoft documents; others come as well
	Doc    string   // what the name does not say; may be empty

	// paths are the members of a document that hold it, of any API; their case does
	// not count. A dot goes into an object, or into each object of a list.
	paths []string
	// spell gives the texts that stand for one text. Default: itself.
	spell func(string) []string
}

// FacetSet is the facets of one stream.
type FacetSet struct {
	// Version is one more whenever what the facets say has changed, so that mirrors
	// which were filled before are indexed anew. 0 for a stream without facets.
	Version int64
	Facets  []Facet
}

// Facet returns a facet by its name.
func (s FacetSet) Facet(name string) (Facet, bool) {
	for _, f := range s.Facets {
		if f.Name == name {
			return f, true
		}
	}
	return Facet{}, false
}

// Facets returns the facets of a stream.
func Facets(name gatehouse.Stream) FacetSet {
	facets, ok := facetTable()[name]
	if !ok {
		return FacetSet{}
	}
	return FacetSet{Version: 1, Facets: facets}
}

// Normal brings a value to the form in which it is kept and compared, whose order
// by bytes is the order of the values. It fails when the text is no such value.
func (f Facet) Normal(text string) (string, error) {
	if f.spell != nil {
		if all := f.spell(text); len(all) > 0 {
			text = all[0]
		}
	}
	return normalFacet(f.Type, text)
}

// normalFacet brings a text to the form in which it is kept.
func normalFacet(t FacetType, text string) (string, error) {
	switch t {
	case FacetText:
		return strings.ToLower(strings.TrimSpace(text)), nil
	case FacetWord:
		return words(strings.TrimSpace(text)), nil
	case FacetNumber:
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return "", fmt.Errorf("%q is no number", text)
		}
		return sortableNumber(n), nil
	case FacetTime:
		at, ok := facetTime(strings.TrimSpace(text))
		if !ok {
			return "", fmt.Errorf("%q is no time: write it as 2026-11-01T00:00:00Z or 2026-11-01", text)
		}
		return at.UTC().Format("2006-01-02T15:04:05.0000000Z"), nil
	case FacetBool:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "true", "1":
			return "true", nil
		case "false", "0":
			return "false", nil
		}
		return "", fmt.Errorf("%q is neither true nor false", text)
	}
	return "", fmt.Errorf("%q is no type of facet", t)
}

// sortableNumber writes a number so that the order of the texts is that of the
// numbers: its bits, with those of a negative one turned around.
func sortableNumber(n float64) string {
	if n == 0 {
		n = 0 // there are two of them
	}
	bits := math.Float64bits(n)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, bits))
}

// facetTime reads the ways in which Microsoft writes a time, and a day alone. A
// time without a zone is in UTC. Years that cannot be written with four digits are
// refused.
func facetTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly} {
		at, err := time.Parse(layout, text)
		if err == nil {
			at = at.UTC()
			return at, at.Year() >= 0 && at.Year() <= 9999
		}
	}
	return time.Time{}, false
}
