package store

import (
	"context"
	"fmt"
	"math"
)

// CountSearch counts the records that meet a query, from the beginning and
// without its limit, up to atMost; 0 has no bound.
func (s *Store) CountSearch(ctx context.Context, q SearchQuery, atMost int64) (int64, error) {
	if atMost <= 0 {
		atMost = math.MaxInt64
	}
	q.Sort, q.Descending, q.After, q.Limit, q.Documents = "", false, nil, 0, false
	m, err := s.newSearch(ctx, q)
	if err != nil {
		return 0, s.failure("count", err)
	}
	total := int64(0)
	for _, p := range m.parts {
		n, err := p.count(ctx, atMost-total)
		if err != nil {
			return 0, s.failure("count", err)
		}
		if total += n; total >= atMost {
			return atMost, nil
		}
	}
	return total, nil
}

// count counts the hits of one part, up to atMost.
func (p *part) count(ctx context.Context, atMost int64) (n int64, err error) {
	w := &p.where
	switch {
	case len(w.points)+len(w.spans)+len(w.rest) == 0 && p.gone == 0:
		err = p.store.read.QueryRowContext(ctx, "SELECT held FROM mirrors WHERE id = $1", p.mirror).Scan(&n)
		return min(n, atMost), err
	case len(w.rest) > 0 || len(w.spans) > 1 || (len(w.spans) == 1 && w.spans[0].manyPrefixes):
		return p.countOneByOne(ctx, atMost)
	}
	c := &conditions{}
	l, err := p.countLead(ctx)
	if err != nil {
		return 0, err
	}
	from := "SELECT DISTINCT f.record_id FROM facets f"
	if l == nil {
		from = "SELECT r.id FROM records r"
		c.add("r.mirror_id = ?", p.mirror)
		c.parts = append(c.parts, []string{"r.removed = 0", "r.removed <> 0"}[p.gone])
		err = p.checks(c, "r.id", nil)
	} else if err = p.on(c, *l); err == nil {
		err = p.checks(c, "f.record_id", l.point)
	}
	if err != nil {
		return 0, err
	}
	c.parts[len(c.parts)-1] += " = 1"
	err = p.store.read.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM (%s%s LIMIT %d) n", from, c.where(), atMost), c.args...).Scan(&n)
	return n, err
}

// countLead is the condition that a count reads by: the span, which the index
// cannot check otherwise, or the point with the fewest hits.
func (p *part) countLead(ctx context.Context) (*lead, error) {
	leads := p.where.leads()
	if len(p.where.spans) == 1 {
		return &lead{span: &p.where.spans[0]}, nil
	}
	if len(leads) == 0 {
		return nil, nil
	}
	best, err := p.cheapest(ctx, leads, p.store.options.Search.Many)
	if best == nil {
		best = &leads[0]
	}
	return best, err
}

// countOneByOne counts what the index alone cannot tell.
func (p *part) countOneByOne(ctx context.Context, atMost int64) (n int64, err error) {
	for {
		if err := p.fill(ctx, detailBatch); err != nil || len(p.buffer) == 0 {
			return min(n, atMost), err
		}
		n += int64(len(p.buffer))
		if p.buffer = nil; n >= atMost {
			return atMost, nil
		}
	}
}
