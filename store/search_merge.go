package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// hit is a record that meets a search, and where it stands.
type hit struct {
	integration string
	id          int64
	key         string // filled in where the order is by key
	value       string
	missing     bool
}

// searching is one search over several mirrors.
type searching struct {
	store  *Store
	q      SearchQuery
	where  where
	parts  []*part
	wanted []string // names of facets
	byID   bool     // without a sort: in the order of ids, not in that of keys
	ready  bool     // every part has its first hits
}

// newSearch looks up the mirrors and where to begin.
func (s *Store) newSearch(ctx context.Context, q SearchQuery) (*searching, error) {
	m := &searching{store: s, q: q}
	var err error
	if m.where, err = newWhere(q.Where); err != nil {
		return nil, err
	}
	m.order()
	var after *hit
	if q.After != nil {
		if after, err = s.place(ctx, q.Stream, *q.After); err != nil {
			return nil, err
		}
	}
	mirrors, err := s.mirrorsOf(ctx, q.Integrations, q.Stream)
	if err != nil {
		return nil, err
	}
	for _, f := range mirrors {
		for gone := int64(0); gone <= flag(q.Removed); gone++ {
			p := &part{searching: m, integration: f.integration, mirror: f.id, gone: gone, held: f.held}
			if p.names, err = s.facetNames(ctx, f.id, m.wanted); err != nil {
				return nil, err
			}
			if p.begin(after) {
				m.parts = append(m.parts, p)
			}
		}
	}
	return m, nil
}

// order chooses the order of a search that asks for none: one that its conditions
// can be read in. It depends on nothing else, for the next page has to have it too.
func (m *searching) order() {
	switch {
	case m.q.Sort != "":
	case m.where.pointed():
		m.byID = true
	case len(m.where.spans) > 0:
		m.q.Sort = m.where.spans[0].name
	}
	m.q.Sort = cutValue(m.q.Sort)
	if m.wanted = m.where.names(); m.q.Sort != "" {
		m.wanted = append(m.wanted, m.q.Sort)
	}
}

// place finds the record that a position names.
func (s *Store) place(ctx context.Context, stream gatehouse.Stream, at Position) (*hit, error) {
	h := &hit{integration: at.Integration, key: at.Key, value: at.Value, missing: at.Missing}
	err := s.read.QueryRowContext(ctx, "SELECT r.id FROM mirrors m JOIN records r ON r.mirror_id = m.id WHERE m.integration_id = $1 AND m.stream = $2 AND r.key = $3", at.Integration, stream, at.Key).Scan(&h.id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("store: search: %w: the record that the position names is not there: begin anew", ErrInvalid)
	}
	return h, err
}

// foundMirror is a mirror that is searched.
type foundMirror struct {
	id, held    int64
	integration string
}

// mirrorsOf finds the mirrors of a stream of some integrations.
func (s *Store) mirrorsOf(ctx context.Context, integrations []string, stream gatehouse.Stream) ([]foundMirror, error) {
	if len(integrations) == 0 {
		return nil, nil
	}
	c := &conditions{}
	c.add("stream = ?", stream)
	if err := c.in(s.dialect, "integration_id", integrations); err != nil {
		return nil, err
	}
	//nolint:gosec // the parts are ours
	rows, err := s.read.QueryContext(ctx, "SELECT id, held, integration_id FROM mirrors"+c.where(), c.args...)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(scan func(...any) error) (f foundMirror, err error) {
		err = scan(&f.id, &f.held, &f.integration)
		return f, err
	})
}

// compare is the order of the search.
func (m *searching) compare(a, b hit) int {
	if a.missing != b.missing {
		if a.missing {
			return 1 // last, in either direction
		}
		return -1
	}
	var c int
	switch {
	case m.byID:
		c = cmp.Or(strings.Compare(a.integration, b.integration), cmp.Compare(a.id, b.id))
	case m.q.Sort == "" || a.missing:
		c = cmp.Or(strings.Compare(a.integration, b.integration), strings.Compare(a.key, b.key))
	default:
		c = cmp.Or(strings.Compare(a.value, b.value), strings.Compare(a.integration, b.integration), cmp.Compare(a.id, b.id))
	}
	if m.q.Descending {
		return -c
	}
	return c
}

// next returns the next hits of all parts together, at most n.
func (m *searching) next(ctx context.Context, n int) ([]hit, error) {
	if err := m.prepare(ctx, n); err != nil {
		return nil, err
	}
	var hits []hit
	for len(hits) < n && len(m.parts) > 0 {
		first := m.parts[0]
		hits = append(hits, first.buffer[0])
		first.buffer = first.buffer[1:]
		if err := first.fill(ctx, n-len(hits)); err != nil {
			return nil, err
		}
		m.parts = m.parts[1:]
		if len(first.buffer) > 0 {
			m.insert(first)
		}
	}
	return hits, nil
}

// prepare reads the first hits of every part and puts the parts in order.
func (m *searching) prepare(ctx context.Context, n int) error {
	if m.ready {
		return nil
	}
	m.ready = true
	parts := m.parts
	m.parts = nil
	for _, p := range parts {
		if err := p.fill(ctx, n); err != nil {
			return err
		}
		if len(p.buffer) > 0 {
			m.parts = append(m.parts, p)
		}
	}
	slices.SortFunc(m.parts, func(a, b *part) int { return m.compare(a.buffer[0], b.buffer[0]) })
	return nil
}

// insert puts a part back where its next hit belongs.
func (m *searching) insert(p *part) {
	at, _ := slices.BinarySearchFunc(m.parts, p.buffer[0], func(q *part, h hit) int { return m.compare(q.buffer[0], h) })
	m.parts = slices.Insert(m.parts, at, p)
}
