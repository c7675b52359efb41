package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// lead is a condition whose hits can be read from the index.
type lead struct {
	point    *point
	span     *span
	contains *Condition
}

// leads lists the conditions that can lead a search.
func (w *where) leads() []lead {
	var list []lead
	for i := range w.points {
		if !w.points[i].not {
			list = append(list, lead{point: &w.points[i]})
		}
	}
	for i := range w.spans {
		list = append(list, lead{span: &w.spans[i]})
	}
	return list
}

// container is a condition that the index can answer by reading the whole of a
// name; nil when there is none.
func (w *where) container() *lead {
	for i := range w.rest {
		if w.rest[i].Op == OpContains {
			return &lead{contains: &w.rest[i]}
		}
	}
	return nil
}

// on adds what a lead asks of the rows f of the index.
func (p *part) on(c *conditions, d lead) error {
	switch {
	case d.point != nil:
		c.add("f.facet = ?", p.facet(d.point.name))
		return c.among(p.store.dialect, "f.value", d.point.values)
	case d.span != nil:
		c.add("f.facet = ?", p.facet(d.span.name))
		hi, bounded, including := d.span.end()
		if d.span.above {
			c.add("f.value > ?", d.span.lo)
		} else if d.span.lo != "" {
			c.add("f.value >= ?", d.span.lo)
		}
		if bounded && including {
			c.add("f.value <= ?", hi)
		} else if bounded {
			c.add("f.value < ?", hi)
		}
	default:
		c.add("f.facet = ?", p.facet(d.contains.Name))
		holds := make([]string, len(d.contains.Values))
		args := make([]any, len(holds))
		for i, v := range d.contains.Values {
			holds[i], args[i] = p.store.dialect.contains("f.value", "?"), v
		}
		c.add("("+strings.Join(holds, " OR ")+")", args...)
	}
	return nil
}

// cheapest returns the lead with the fewest hits, if any has fewer than most.
func (p *part) cheapest(ctx context.Context, leads []lead, most int) (*lead, error) {
	var best *lead
	for _, d := range leads {
		n, err := p.estimate(ctx, d, most)
		if err != nil {
			return nil, err
		}
		if n < most {
			best, most = &d, n+1
		}
	}
	return best, nil
}

// estimate counts the rows of a lead, up to most. What was counted a moment ago
// is not counted again: it only decides about the way.
func (p *part) estimate(ctx context.Context, d lead, most int) (int, error) {
	c := &conditions{}
	if err := p.on(c, d); err != nil {
		return 0, err
	}
	//nolint:gosec // the parts are ours
	query := fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM facets f%s LIMIT %d) n", c.where(), most)
	key, now := fmt.Sprint(query, c.args), p.store.now()
	if n, ok := p.store.estimates.get(key, now); ok {
		return n, nil
	}
	var n int
	err := p.store.read.QueryRowContext(ctx, query, c.args...).Scan(&n)
	if err == nil {
		p.store.estimates.put(key, n, now)
	}
	return n, err
}

// checks is a truth value: whether a record meets every point but the one that
// leads. The rows are those of an index f or r whose id of the record is given.
func (p *part) checks(c *conditions, id string, but *point) error {
	var all []string
	for i := range p.where.points {
		q := &p.where.points[i]
		if q == but {
			continue
		}
		e := &conditions{args: c.args}
		e.add("e.facet = ?", p.facet(q.name))
		if err := e.among(p.store.dialect, "e.value", q.values); err != nil {
			return err
		}
		not := ""
		if q.not {
			not = "NOT "
		}
		all = append(all, not+"EXISTS (SELECT 1 FROM facets e"+e.where()+" AND e.record_id = "+id+")")
		c.args = e.args
	}
	// The CASE keeps either database from making a join of it that reads and sorts
	// more than it has to.
	test := "1"
	if len(all) > 0 {
		test = "CASE WHEN " + strings.Join(all, " AND ") + " THEN 1 ELSE 0 END"
	}
	c.parts = append(c.parts, test)
	return nil
}

// takeCheck returns what checks has added, and takes it out of the conditions.
func takeCheck(c *conditions) string {
	last := len(c.parts) - 1
	test := c.parts[last]
	c.parts = c.parts[:last]
	return test
}

// gatherIDs returns the ids of the records that a lead and the other points
// let through, from most rows at most: as many as that may not be all.
func (p *part) gatherIDs(ctx context.Context, d lead, most int) ([]int64, error) {
	c := &conditions{}
	if err := p.on(c, d); err != nil {
		return nil, err
	}
	if err := p.checks(c, "f.record_id", d.point); err != nil {
		return nil, err
	}
	c.parts[len(c.parts)-1] += " = 1"
	rows, err := p.store.read.QueryContext(ctx, "SELECT f.record_id FROM facets f"+c.where()+c.limit(most), c.args...) //nolint:gosec // the parts are ours
	if err != nil {
		return nil, err
	}
	n := 0
	ids, err := scanAll(rows, func(scan func(...any) error) (id int64, err error) {
		n++
		err = scan(&id)
		return id, err
	})
	if n >= most {
		return ids, err
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// sortedRows reads the index in the order of the sort, from the position on.
func (p *part) sortedRows(ctx context.Context, n int) ([]candidate, error) {
	c := &conditions{}
	c.add("f.facet = ?", p.facet(p.q.Sort))
	i, ranged := p.where.span[p.q.Sort]
	s := span{}
	if ranged {
		s = p.where.spans[i]
	}
	order := "f.value, f.record_id"
	if p.q.Descending {
		order = "f.value DESC, f.record_id DESC"
		p.downward(c, s)
	} else {
		p.upward(c, s)
	}
	// Without a span the index itself says which of several values counts.
	if !ranged && p.q.Descending {
		c.parts = append(c.parts, fmt.Sprintf("f.place IN (%d, %d)", placeOnly, placeLast))
	} else if !ranged {
		c.parts = append(c.parts, fmt.Sprintf("f.place IN (%d, %d)", placeOnly, placeFirst))
	}
	if err := p.checks(c, "f.record_id", nil); err != nil {
		return nil, err
	}
	test := takeCheck(c)
	//nolint:gosec // the parts are ours
	rows, err := p.store.read.QueryContext(ctx, "SELECT f.record_id, f.value, f.place, "+test+" FROM facets f"+c.where()+" ORDER BY "+order+c.limit(n), c.args...)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(scan func(...any) error) (r candidate, err error) {
		var fits int64
		err = scan(&r.id, &r.value, &r.place, &fits)
		r.integration, r.fits = p.integration, fits != 0
		return r, err
	})
}

// upward sets the ends of an ascending read: where it begins is one condition,
// so that the index is entered there.
func (p *part) upward(c *conditions, s span) {
	value, id := s.lo, int64(-1)
	if s.above {
		id = math.MaxInt64
	}
	if p.started && p.from.value >= value {
		if p.from.value > value || p.from.id > id {
			value, id = p.from.value, p.from.id
		}
	}
	c.add("(f.value, f.record_id) > (?, ?)", value, id)
	if hi, bounded, including := s.end(); bounded && including {
		c.add("f.value <= ?", hi)
	} else if bounded {
		c.add("f.value < ?", hi)
	}
}

// downward is the same for a descending read.
func (p *part) downward(c *conditions, s span) {
	value, bounded, including := s.end()
	id := int64(-1)
	if including {
		id = math.MaxInt64
	}
	if p.started && (!bounded || p.from.value < value || (p.from.value == value && p.from.id < id)) {
		value, id, bounded = p.from.value, p.from.id, true
	}
	if bounded {
		c.add("(f.value, f.record_id) < (?, ?)", value, id)
	}
	if s.above {
		c.add("f.value > ?", s.lo)
	} else if s.lo != "" {
		c.add("f.value >= ?", s.lo)
	}
}

// keyRows reads records in the order of their keys, from the position on.
func (p *part) keyRows(ctx context.Context, n int) ([]candidate, error) {
	c := &conditions{}
	c.add("r.mirror_id = ?", p.mirror)
	c.parts = append(c.parts, []string{"r.removed = 0", "r.removed <> 0"}[p.gone])
	order := "r.key"
	if p.q.Descending {
		order = "r.key DESC"
	}
	switch {
	case !p.started || p.from.key == "":
	case p.q.Descending:
		c.add("r.key < ?", p.from.key)
	default:
		c.add("r.key > ?", p.from.key)
	}
	if err := p.checks(c, "r.id", nil); err != nil {
		return nil, err
	}
	test := takeCheck(c)
	//nolint:gosec // the parts are ours
	rows, err := p.store.read.QueryContext(ctx, "SELECT r.id, r.key, "+test+" FROM records r"+c.where()+" ORDER BY "+order+c.limit(n), c.args...)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(scan func(...any) error) (r candidate, err error) {
		var fits int64
		err = scan(&r.id, &r.key, &fits)
		r.integration, r.fits, r.missing = p.integration, fits != 0, p.q.Sort != ""
		return r, err
	})
}

// someMissing tells whether there are records that have no value to sort by.
func (p *part) someMissing(ctx context.Context) (bool, error) {
	var have, all int64
	err := p.store.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM facets WHERE facet = $1 AND place IN (0, 1)", p.facet(p.q.Sort)).Scan(&have)
	if err != nil {
		return false, err
	}
	query := "SELECT held FROM mirrors WHERE id = $1"
	if p.gone != 0 {
		query = "SELECT COUNT(*) FROM records WHERE mirror_id = $1 AND removed <> 0"
	}
	err = p.store.read.QueryRowContext(ctx, query, p.mirror).Scan(&all)
	return have != all, err
}
