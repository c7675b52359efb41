package store

import (
	"context"
	"math"
	"slices"
	"strings"
)

// phase is how far the search of one part is.
type phase int

// The phases of a part.
const (
	phaseChoose  phase = iota // how to begin is not decided
	phaseSorted               // the index is read in the order of the sort
	phaseLed                  // the hits of one point are read in the order of their ids
	phaseMissing              // the records are read in the order of their keys
	phaseOver
)

// part is the living, or the removed, records of one mirror.
type part struct {
	*searching
	integration string
	mirror      int64
	gone        int64
	held        int64            // records of the mirror
	names       map[string]int64 // ids of the names of facets

	lead     *point // of phaseLed
	phase    phase
	from     hit  // only what comes behind it, when there is one
	started  bool // from counts
	size     int  // of the next batch
	examined int  // rows looked at so far
	found    int  // hits among them
	settled  bool // another way was tried already
	buffer   []hit
}

// begin sets a part behind a position and says whether there is anything left of
// it. A position in another integration stands before or behind all records of
// this one that have the same value.
func (p *part) begin(after *hit) bool {
	if after == nil {
		return true
	}
	p.from, p.started = *after, true
	ahead := strings.Compare(p.integration, after.integration)
	if p.q.Descending {
		ahead = -ahead
	}
	if ahead == 0 {
		return true
	}
	p.from.integration = p.integration
	byKey := p.q.Sort == "" || after.missing
	switch {
	case byKey && ahead < 0:
		return false
	case byKey && p.q.Sort == "":
		p.started = false
	case byKey:
		p.from = hit{integration: p.integration, missing: true} // the first of those that have none
	case (ahead > 0) != p.q.Descending:
		p.from.id = -1
	default:
		p.from.id = math.MaxInt64
	}
	return true
}

// fill reads until there is a hit in the buffer, or no more. want is how many
// hits are asked for.
func (p *part) fill(ctx context.Context, want int) error {
	for len(p.buffer) == 0 && p.phase != phaseOver {
		var err error
		switch p.phase {
		case phaseChoose:
			err = p.choose(ctx)
		case phaseSorted:
			err = p.readSorted(ctx, want)
		case phaseLed:
			err = p.readOn(ctx, want, p.ledRows)
		default:
			err = p.readOn(ctx, want, p.keyRows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// facet is the id of a facet in the index.
func (p *part) facet(name string) int64 {
	if id, known := p.names[name]; known {
		return facetID(id, p.gone)
	}
	return noFacet
}

// choose decides how to begin: when one condition has few hits they are gathered
// and sorted here, else the records are read in order.
func (p *part) choose(ctx context.Context) error {
	p.size = p.store.options.Search.First
	switch {
	case p.byID:
		p.phase = phaseLed
	case p.q.Sort == "" || (p.started && p.from.missing):
		p.phase = phaseMissing
	default:
		p.phase = phaseSorted
	}
	few := p.few()
	best, err := p.cheapest(ctx, p.where.leads(), few)
	switch {
	case err != nil:
		return err
	case p.byID && (best == nil || best.point != nil):
		return p.chooseLead(ctx, best)
	case best == nil:
		return nil
	}
	ids, err := p.gatherIDs(ctx, *best, few)
	if err == nil && len(ids) < few {
		return p.gather(ctx, ids)
	}
	if err == nil && p.byID {
		err = p.chooseLead(ctx, nil)
	}
	return err
}

// few is up to how many hits of one condition it costs less to gather and sort
// them than to read in order. Of n hits among all records, all/n rows have to be
// read for each one that is wanted: both cost the same where n is the root of
// those wanted times all.
func (p *part) few() int {
	o := p.store.options.Search
	if o.Few > 0 {
		return o.Few
	}
	wanted := p.q.Limit
	if wanted == 0 {
		return o.Many
	}
	return min(o.Many, max(fewLeast, int(math.Sqrt(float64(wanted)*float64(p.held)))))
}

// fewLeast is how many records are gathered however few there are in all.
const fewLeast = 200

// chooseLead takes the point with the fewest records to read by.
func (p *part) chooseLead(ctx context.Context, best *lead) error {
	var points []lead
	for _, d := range p.where.leads() {
		if d.point != nil {
			points = append(points, d)
		}
	}
	if best == nil && len(points) > 1 {
		var err error
		if best, err = p.cheapest(ctx, points, p.store.options.Search.Many); err != nil {
			return err
		}
	}
	if best == nil {
		best = &points[0]
	}
	p.lead = best.point
	return nil
}

// weigh looks for another way when so many rows were read for so few hits that the
// rest of those wanted is far away.
func (p *part) weigh(ctx context.Context, want int) error {
	o := p.store.options.Search
	ahead := want * p.examined / max(1, p.found) // rows to read
	if p.settled || p.examined < o.Budget || ahead < o.Budget {
		return nil
	}
	best, err := p.cheapest(ctx, p.where.leads(), min(ahead, o.Many))
	if err != nil {
		return err
	}
	if best == nil {
		best = p.where.container() // reads a whole name, but not the records
	}
	if best == nil || (p.lead != nil && best.point == p.lead) {
		return nil
	}
	p.settled = true
	ids, err := p.gatherIDs(ctx, *best, o.Many)
	if err != nil || len(ids) >= o.Many {
		return err
	}
	return p.gather(ctx, ids)
}

// keep takes hits into the buffer.
func (p *part) keep(hits []hit) {
	p.buffer = append(p.buffer, hits...)
	p.found += len(hits)
}

// detailBatch is of how many records the facets are looked up at once.
const detailBatch = 1000

// gather looks at all records that are left and sorts the hits.
func (p *part) gather(ctx context.Context, ids []int64) error {
	p.phase = phaseOver
	var all []hit
	for chunk := range slices.Chunk(ids, detailBatch) {
		hits, err := p.detail(ctx, chunk)
		if err != nil {
			return err
		}
		all = append(all, hits...)
	}
	if err := p.addKeys(ctx, all); err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(h hit) bool { return p.started && !p.behind(h) })
	slices.SortFunc(all, p.compare)
	p.keep(all)
	return nil
}

// detail looks up the facets of records and keeps those that meet the rest.
func (p *part) detail(ctx context.Context, ids []int64) ([]hit, error) {
	hits := make([]hit, 0, len(ids))
	if p.q.Sort == "" && len(p.where.spans)+len(p.where.rest) == 0 {
		for _, id := range ids {
			hits = append(hits, hit{integration: p.integration, id: id})
		}
		return hits, nil
	}
	err := p.eachFacets(ctx, ids, func(id int64, facets []namedValue) {
		h := hit{integration: p.integration, id: id}
		if p.q.Sort != "" {
			value, ok := p.sortValue(facets)
			h.value, h.missing = value, !ok
		}
		if p.fits(facets) {
			hits = append(hits, h)
		}
	})
	return hits, err
}

// behind tells whether a hit comes behind the position.
func (p *part) behind(h hit) bool {
	if p.from.missing && p.from.key == "" && p.q.Sort != "" {
		return h.missing // behind the last that has a value
	}
	return p.compare(h, p.from) > 0
}

// candidate is a row that was read in order.
type candidate struct {
	hit
	place int64
	fits  bool // what the index can tell
}

// readSorted reads the next rows of the index in the order of the sort.
func (p *part) readSorted(ctx context.Context, want int) error {
	rows, err := p.sortedRows(ctx, p.size)
	if err != nil {
		return err
	}
	if err := p.sift(ctx, rows); err != nil {
		return err
	}
	if len(rows) < p.size {
		return p.endSorted(ctx)
	}
	p.advance(rows[len(rows)-1].hit)
	if len(p.buffer) >= want {
		return nil
	}
	return p.weighWith(ctx, want-len(p.buffer))
}

// weighWith weighs only when nothing waits in the buffer: what is gathered comes
// behind it, so that order is kept.
func (p *part) weighWith(ctx context.Context, want int) error {
	held := p.buffer
	p.buffer = nil
	err := p.weigh(ctx, want)
	p.buffer = append(held, p.buffer...)
	return err
}

// advance goes on behind a row.
func (p *part) advance(last hit) {
	p.from, p.started = last, true
	p.examined += p.size
	p.size = min(p.size*2, p.store.options.Search.Batch)
}

// endSorted goes on to the records that have no value, if there may be any.
func (p *part) endSorted(ctx context.Context) error {
	p.phase = phaseOver
	if p.where.needsName(p.q.Sort) {
		return nil
	}
	some, err := p.someMissing(ctx)
	if err == nil && some {
		p.phase, p.size = phaseMissing, p.store.options.Search.Batch
		p.from, p.started = hit{integration: p.integration, missing: true}, true
	}
	return err
}

// readOn reads the next records by one way: in the order of their keys all of
// them, or those that have no value to sort by; or in the order of their ids.
func (p *part) readOn(ctx context.Context, want int, read func(context.Context, int) ([]candidate, error)) error {
	rows, err := read(ctx, p.size)
	if err != nil {
		return err
	}
	if err := p.sift(ctx, rows); err != nil {
		return err
	}
	if len(rows) < p.size {
		p.phase = phaseOver
		return nil
	}
	p.advance(rows[len(rows)-1].hit)
	if len(p.buffer) >= want {
		return nil
	}
	return p.weighWith(ctx, want-len(p.buffer))
}

// sift keeps the rows that meet the whole search.
func (p *part) sift(ctx context.Context, rows []candidate) error {
	var ids []int64 // whose list has to be looked at
	for _, c := range rows {
		if c.fits && p.doubtful(c) {
			ids = append(ids, c.id)
		}
	}
	good := map[int64]string{}
	if len(ids) > 0 {
		err := p.eachFacets(ctx, ids, func(id int64, facets []namedValue) {
			value, has := p.sortValue(facets)
			if p.fits(facets) && (p.phase == phaseSorted || p.q.Sort == "" || !has) {
				good[id] = value
			}
		})
		if err != nil {
			return err
		}
	}
	for _, c := range rows {
		value, ok := good[c.id]
		if c.fits && (!p.doubtful(c) || (ok && (p.phase != phaseSorted || value == c.value))) {
			p.keep([]hit{c.hit})
		}
	}
	return nil
}

// doubtful tells whether the index alone cannot say that a row is a hit: there
// are conditions that it does not answer, or the record has several values, or
// it is one of those that should have none.
func (p *part) doubtful(c candidate) bool {
	if len(p.where.rest) > 0 || (p.phase == phaseMissing && p.q.Sort != "") {
		return true
	}
	_, ranged := p.where.span[p.q.Sort]
	spans := len(p.where.spans)
	if p.phase == phaseSorted && ranged {
		if i := p.where.span[p.q.Sort]; len(p.where.spans[i].prefixes) > 0 {
			return true
		}
		spans--
		if c.place != placeOnly {
			return true
		}
	}
	return spans > 0
}
