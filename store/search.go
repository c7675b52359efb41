package store

import (
	"context"
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
	// Sort is the facet to sort by. Empty sorts by integration and key when there is
	// no condition; else in an order that costs least to read, which is always the
	// same for the same conditions but not for others. Records of one value are in the order of their integrations, and within one in the order
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
	return func(yield func(Found, error) bool) {
		if err := s.search(ctx, q, yield); err != nil {
			yield(Found{}, s.failure("search", err))
		}
	}
}

// Sizes of reading what was found.
const (
	foundBatch     = 500
	foundDocuments = 128 // with documents, which may be large
)

// search gathers hits and loads their records.
func (s *Store) search(ctx context.Context, q SearchQuery, yield func(Found, error) bool) error {
	m, err := s.newSearch(ctx, q)
	if err != nil {
		return err
	}
	for left := q.Limit; q.Limit == 0 || left > 0; {
		size := foundBatch
		if q.Documents {
			size = foundDocuments
		}
		if q.Limit > 0 {
			size = min(size, left)
		}
		hits, err := m.next(ctx, size)
		if err != nil || len(hits) == 0 {
			return err
		}
		found, err := s.load(ctx, q, hits)
		if err != nil {
			return err
		}
		left -= len(found)
		for _, f := range found {
			if !yield(f, nil) {
				return nil
			}
		}
	}
	return nil
}

// load reads the records of hits. What was removed since they were found is passed
// over: with its integration an id may have gone, and may be that of another's record
// by now.
func (s *Store) load(ctx context.Context, q SearchQuery, hits []hit) ([]Found, error) {
	ids := make([]int64, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	list, err := s.dialect.list(ids)
	if err != nil {
		return nil, err
	}
	columns, join := recordColumns+", r.id", ""
	if q.Documents {
		columns, join = columns+", d.document", " JOIN documents d ON d.record_id = r.id"
	}
	//nolint:gosec // the parts are ours
	rows, err := s.read.QueryContext(ctx, "SELECT "+columns+" FROM records r JOIN mirrors m ON m.id = r.mirror_id"+join+" WHERE r.id IN "+s.dialect.numbers("$1"), list)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]gatehouse.Record, len(hits))
	_, err = scanAll(rows, func(scan func(...any) error) (id int64, err error) {
		var document []byte
		more := []any{&id}
		if q.Documents {
			more = append(more, &document)
		}
		r, err := scanRecord(scan, more...)
		r.Document = document
		byID[id] = r
		return id, err
	})
	found := make([]Found, 0, len(hits))
	for _, h := range hits {
		if r := byID[h.id]; r.Integration == h.integration && (q.Removed || !r.Gone()) {
			found = append(found, Found{r, Position{Value: h.value, Missing: h.missing, Integration: r.Integration, Key: r.Key}})
		}
	}
	return found, err
}
