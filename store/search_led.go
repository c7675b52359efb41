package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
)

// ledRows reads the records of the point that leads, in the order of their ids,
// from the position on. A record that has several of its values comes once.
func (p *part) ledRows(ctx context.Context, n int) ([]candidate, error) {
	c := &conditions{}
	test, err := p.ledTest(c)
	if err != nil {
		return nil, err
	}
	branches := [][]string{p.lead.values}
	if len(p.lead.values) <= inlineValues {
		branches = branches[:0]
		for v := range slices.Chunk(p.lead.values, 1) {
			branches = append(branches, v)
		}
	}
	// Each value is read by itself, for within one the ids are in order.
	sources := make([]string, len(branches))
	for i, values := range branches {
		if sources[i], err = p.ledBranch(c, values, n); err != nil {
			return nil, err
		}
	}
	source := sources[0]
	if len(sources) > 1 {
		source = "SELECT id FROM (" + strings.Join(sources, " UNION ALL ") + ") u ORDER BY id" + p.direction() + c.limit(n)
	}
	rows, err := p.store.read.QueryContext(ctx, "SELECT g.id, "+test+" FROM ("+source+") g", c.args...) //nolint:gosec // the parts are ours
	if err != nil {
		return nil, err
	}
	all, err := scanAll(rows, func(scan func(...any) error) (r candidate, err error) {
		var fits int64
		err = scan(&r.id, &fits)
		r.integration, r.fits = p.integration, fits != 0
		return r, err
	})
	slices.SortFunc(all, func(a, b candidate) int { return p.compare(a.hit, b.hit) })
	for i := 1; i < len(all); i++ {
		if all[i].id == all[i-1].id {
			all[i].fits = false // it has two of the values
		}
	}
	return all, err
}

// ledTest is the truth value of the other points.
func (p *part) ledTest(c *conditions) (string, error) {
	if err := p.checks(c, "g.id", p.lead); err != nil {
		return "", err
	}
	return takeCheck(c), nil
}

// ledBranch reads the ids of some values.
func (p *part) ledBranch(c *conditions, values []string, n int) (string, error) {
	b := &conditions{args: c.args}
	b.add("f.facet = ?", p.facet(p.lead.name))
	if err := b.among(p.store.dialect, "f.value", values); err != nil {
		return "", err
	}
	switch from := p.from.id; {
	case p.q.Descending && !p.started:
		b.add("f.record_id < ?", int64(math.MaxInt64))
	case p.q.Descending:
		b.add("f.record_id < ?", from)
	case !p.started:
		b.add("f.record_id > ?", int64(-1))
	default:
		b.add("f.record_id > ?", from)
	}
	text := "SELECT id FROM (SELECT f.record_id AS id FROM facets f" + b.where() + " ORDER BY f.record_id" + p.direction() + b.limit(n) + ") b"
	c.args = b.args
	return text, nil
}

// direction is the end of an ORDER BY.
func (p *part) direction() string {
	if p.q.Descending {
		return " DESC"
	}
	return ""
}

// eachFacets reads the facets of records that the search asks for.
func (p *part) eachFacets(ctx context.Context, ids []int64, f func(id int64, facets []namedValue)) error {
	list, err := p.store.dialect.list(ids)
	if err != nil {
		return err
	}
	rows, err := p.store.read.QueryContext(ctx, "SELECT record_id, facets FROM record_facets WHERE record_id IN "+p.store.dialect.numbers("$1"), list) //nolint:gosec // the parts are ours
	if err != nil {
		return err
	}
	wanted := make([]int64, 0, len(p.wanted))
	for _, name := range p.wanted {
		if id, known := p.names[name]; known {
			wanted = append(wanted, id)
		}
	}
	seen := make(map[int64]bool, len(ids))
	var facets []namedValue
	_, err = scanAll(rows, func(scan func(...any) error) (none struct{}, err error) {
		var id int64
		var packed sql.RawBytes
		if err = scan(&id, &packed); err != nil {
			return none, err
		}
		if facets, err = unpackFacets(packed, wanted, facets[:0]); err == nil {
			seen[id] = true
			f(id, facets)
		}
		return none, err
	})
	for _, id := range ids {
		if !seen[id] && err == nil {
			f(id, nil) // it has none
		}
	}
	return err
}

// addKeys looks up the keys of the hits that are ordered by them.
func (p *part) addKeys(ctx context.Context, hits []hit) error {
	places := map[int64]int{}
	var ids []int64
	for i, h := range hits {
		if h.missing || (p.q.Sort == "" && !p.byID) {
			places[h.id], ids = i, append(ids, h.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	list, err := p.store.dialect.list(ids)
	if err != nil {
		return err
	}
	rows, err := p.store.read.QueryContext(ctx, "SELECT id, key FROM records WHERE id IN "+p.store.dialect.numbers("$1"), list) //nolint:gosec // the parts are ours
	if err != nil {
		return err
	}
	_, err = scanAll(rows, func(scan func(...any) error) (id int64, err error) {
		var key string
		err = scan(&id, &key)
		hits[places[id]].key = key
		return id, err
	})
	return err
}
