package store

import (
	"context"
	"fmt"
	"iter"

	"github.com/gatehouse-sec/gatehouse"
)

// Op says how a condition compares.
type Op string

// The comparisons. A record may have several values of one name: eq, in and
// contains ask for one that fits, ne for none that fits. The conditions lt, le,
// gt, ge and prefix on one name ask for one value that fits all of them.
const (
	OpEqual          Op = "eq"
	OpNotEqual       Op = "ne" // also when the record has no value of that name
	OpIn             Op = "in" // any of the values
	OpLess           Op = "lt"
	OpLessOrEqual    Op = "le"
	OpGreater        Op = "gt"
	OpGreaterOrEqual Op = "ge"
	OpPrefix         Op = "prefix"
	OpContains       Op = "contains"
	OpExists         Op = "exists" // whether the record has the name at all; "false" turns it around
)

// Condition is one condition on a facet. Values are compared as bytes: give them
// as normalised as those of the records are. More than one value means any of
// them for eq, in, prefix and contains, and none of them for ne.
type Condition struct {
	Name   string
	Op     Op
	Values []string
}

// Position is where a record stands in the order of a search.
type Position struct {
	Value       string `json:"v,omitempty"` // of the facet that is sorted by
	Missing     bool   `json:"m,omitempty"` // the record has no such facet
	Integration string `json:"i"`
	Key         string `json:"k"`
}

// SearchQuery says which records of a stream to find.
type SearchQuery struct {
	// Integrations are the ids to look in; an empty list finds nothing.
	Integrations []string
	Stream       gatehouse.Stream
	// Where are the conditions; a record has to meet all of them.
	Where []Condition
	// Sort is the facet to sort by; empty sorts by integration and key. Records of
	// one value are in the order of their integrations, and within one in the order
	// in which they first came. A record that has no such facet comes last, in
	// either direction; of several values the one that comes first counts.
	Sort       string
	Descending bool
	After      *Position // only what comes behind it
	Limit      int       // at most so many; 0 has no bound
	Documents  bool      // with their documents
	Removed    bool      // also those that have been removed
}

// Found is a record that a search has found, and where it stands: the position
// to go on from.
type Found struct {
	gatehouse.Record
	Position Position
}

// Search yields the records that meet a query, in its order. They are read in
// batches, and no connection is held while the caller works, so what changes
// meanwhile may be seen or not. It fails with [ErrInvalid] when the query makes
// no sense.
func (s *Store) Search(ctx context.Context, q SearchQuery) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) { yield(Found{}, fmt.Errorf("search: %w", ErrInvalid)) }
}

// CountSearch counts the records that meet a query, from the beginning and
// without its limit, up to atMost; 0 has no bound.
func (s *Store) CountSearch(ctx context.Context, q SearchQuery, atMost int64) (int64, error) {
	return 0, fmt.Errorf("count: %w", ErrInvalid)
}
