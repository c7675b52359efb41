package server

import (
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// matcher holds documents against conditions without an index: those that Defender
// has just answered, and those of a range of keys. What it says is what
// [store.Store.Search] says. It serves one goroutine.
type matcher struct {
	index *stream.Indexer
	where []store.Condition
}

func newMatcher(name gatehouse.Stream, where []store.Condition) matcher {
	return matcher{stream.NewIndexer(name), where}
}

// record reports whether a document meets every condition.
func (m matcher) record(document []byte) bool {
	return len(m.where) == 0 || m.facets(m.index.Facets(document))
}

// facets reports whether facets meet every condition. Those on one name that make
// a range ask for one value within all of them.
func (m matcher) facets(facets []gatehouse.Facet) bool {
	for _, c := range m.where {
		var fits bool
		if ranging(c.Op) {
			fits = slices.ContainsFunc(facets, func(f gatehouse.Facet) bool { return f.Name == c.Name && m.within(f) })
		} else {
			fits = meets(facets, c)
		}
		if !fits {
			return false
		}
	}
	return true
}

// ranging reports whether conditions of an operator belong together.
func ranging(op store.Op) bool {
	return slices.Contains([]store.Op{store.OpLess, store.OpLessOrEqual, store.OpGreater, store.OpGreaterOrEqual, store.OpPrefix}, op)
}

// within reports whether a value lies in every range that is asked of its name.
func (m matcher) within(f gatehouse.Facet) bool {
	for _, c := range m.where {
		if c.Name == f.Name && ranging(c.Op) && !slices.ContainsFunc(c.Values, func(v string) bool { return compares(f.Value, c.Op, v) }) {
			return false
		}
	}
	return true
}

// meets reports whether facets meet a condition that is no range.
func meets(facets []gatehouse.Facet, c store.Condition) bool {
	some := slices.ContainsFunc(facets, func(f gatehouse.Facet) bool {
		return f.Name == c.Name && (c.Op == store.OpExists || slices.ContainsFunc(c.Values, func(v string) bool { return compares(f.Value, c.Op, v) }))
	})
	if c.Op == store.OpNotEqual || c.Op == store.OpExists && slices.Equal(c.Values, []string{"false"}) {
		return !some
	}
	return some
}

// compares holds one value against another.
func compares(value string, op store.Op, with string) bool {
	switch op {
	case store.OpEqual, store.OpIn, store.OpNotEqual:
		return value == with
	case store.OpLess:
		return value < with
	case store.OpLessOrEqual:
		return value <= with
	case store.OpGreater:
		return value > with
	case store.OpGreaterOrEqual:
		return value >= with
	case store.OpPrefix:
		return strings.HasPrefix(value, with)
	case store.OpContains:
		return strings.Contains(value, with)
	case store.OpExists:
	}
	return false
}
