package store

import (
	"fmt"
	"slices"
	"strings"
)

// where is what a search asks for, sorted by how it can be looked up.
type where struct {
	points []point        // in the index, with the id of the record
	spans  []span         // in the index, as a range of values
	rest   []Condition    // only in the list of the record, or by reading a whole name
	span   map[string]int // name to place in spans
}

// point asks for a record by one of some values.
type point struct {
	name   string
	values []string
	not    bool
}

// span asks for a value between two ends. An empty hi has no end.
type span struct {
	name         string
	lo           string
	above        bool // more than lo, not lo itself
	hi           string
	bounded      bool       // hi counts
	including    bool       // hi itself, too
	prefixes     [][]string // of each list one has to fit
	manyPrefixes bool
}

// newWhere sorts conditions and refuses those that make no sense.
func newWhere(conditions []Condition) (where, error) {
	w := where{span: map[string]int{}}
	for _, c := range conditions {
		c.Name = cutValue(c.Name)
		if c.Name == "" {
			return w, fmt.Errorf("store: search: %w: a condition has no name", ErrInvalid)
		}
		if err := w.add(c); err != nil {
			return w, err
		}
	}
	return w, nil
}

// add takes in one condition.
func (w *where) add(c Condition) error {
	if len(c.Values) == 0 && c.Op != OpExists {
		return fmt.Errorf("store: search: %w: %s on %q needs a value", ErrInvalid, c.Op, c.Name)
	}
	switch c.Op {
	case OpEqual, OpIn, OpNotEqual:
		w.points = append(w.points, point{c.Name, each(c.Values, cutValue), c.Op == OpNotEqual})
	case OpLess, OpLessOrEqual, OpGreater, OpGreaterOrEqual:
		if len(c.Values) > 1 {
			return fmt.Errorf("store: search: %w: %s on %q needs one value", ErrInvalid, c.Op, c.Name)
		}
		c.Values = each(c.Values, keepable)
		w.narrow(c)
	case OpPrefix:
		c.Values = each(c.Values, cutValue)
		w.narrow(c)
	case OpContains, OpExists:
		c.Values = each(c.Values, keepable)
		w.rest = append(w.rest, c)
	default:
		return fmt.Errorf("store: search: %w: there is no comparison %q", ErrInvalid, c.Op)
	}
	return nil
}

// each makes values into those that are kept.
func each(values []string, keep func(string) string) []string {
	kept := make([]string, len(values))
	for i, v := range values {
		kept[i] = keep(v)
	}
	return kept
}

// narrow makes the span of a name smaller.
func (w *where) narrow(c Condition) {
	i, ok := w.span[c.Name]
	if !ok {
		i = len(w.spans)
		w.span[c.Name] = i
		w.spans = append(w.spans, span{name: c.Name})
	}
	s, v := &w.spans[i], c.Values[0]
	switch c.Op {
	case OpGreater, OpGreaterOrEqual:
		s.from(v, c.Op == OpGreater)
	case OpLess, OpLessOrEqual:
		s.to(v, c.Op == OpLessOrEqual)
	default:
		if len(c.Values) == 1 {
			s.from(v, false)
		}
		// Several prefixes are no one range: they are looked at value by value, and
		// every further condition of this kind has to fit as well.
		s.manyPrefixes = s.manyPrefixes || len(c.Values) > 1
		s.prefixes = append(s.prefixes, c.Values)
	}
}

func (s *span) from(v string, above bool) {
	if v > s.lo || (v == s.lo && above) {
		s.lo, s.above = v, above
	}
}

func (s *span) to(v string, including bool) {
	if !s.bounded || v < s.hi || (v == s.hi && !including) {
		s.hi, s.bounded, s.including = v, true, including
	}
}

// fits tells whether a value lies in the span.
func (s *span) fits(v string) bool {
	if v < s.lo || (s.above && v == s.lo) || (s.bounded && (v > s.hi || (v == s.hi && !s.including))) {
		return false
	}
	for _, list := range s.prefixes {
		if !slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(v, p) }) {
			return false
		}
	}
	return true
}

// end is the first text behind the span by its prefix; empty when there is none.
// Values are UTF-8, so a byte that UTF-8 has not stands behind them all.
func (s *span) end() (hi string, bounded, including bool) {
	hi, bounded, including = s.hi, s.bounded, s.including
	if s.manyPrefixes {
		return hi, bounded, including
	}
	for _, p := range s.prefixes {
		if last := p[0] + "\U0010FFFF\U0010FFFF"; !bounded || last < hi {
			hi, bounded, including = last, true, true
		}
	}
	return hi, bounded, including
}

// fits tells whether a record meets all but the points, which the index has
// answered. The facets are those of the part's mirror.
func (p *part) fits(facets []namedValue) bool {
	for i := range p.where.spans {
		s := &p.where.spans[i]
		if !slices.ContainsFunc(p.values(facets, s.name), func(f namedValue) bool { return s.fits(f.value) }) {
			return false
		}
	}
	for _, c := range p.where.rest {
		have := p.values(facets, c.Name)
		ok := (len(have) > 0) != slices.Contains(c.Values, "false")
		if c.Op == OpContains {
			ok = slices.ContainsFunc(have, func(f namedValue) bool {
				return slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(f.value, v) })
			})
		}
		if !ok {
			return false
		}
	}
	return true
}

// values returns the values that a record has of a name.
func (p *part) values(facets []namedValue, name string) []namedValue {
	id, known := p.names[name]
	if !known {
		return nil
	}
	from := slices.IndexFunc(facets, func(f namedValue) bool { return f.name == id })
	if from < 0 {
		return nil
	}
	to := from
	for to < len(facets) && facets[to].name == id {
		to++
	}
	return facets[from:to]
}

// sortValue is the value of a record that it is sorted by: the first in the
// direction among those that fit the span on the name.
func (p *part) sortValue(facets []namedValue) (string, bool) {
	have := p.values(facets, p.q.Sort)
	i, spanned := p.where.span[p.q.Sort]
	for n := range have {
		f := have[n]
		if p.q.Descending {
			f = have[len(have)-1-n]
		}
		if !spanned || p.where.spans[i].fits(f.value) {
			return f.value, true
		}
	}
	return "", false
}

// names are all that the conditions name.
func (w *where) names() []string {
	var names []string
	for i := range w.points {
		names = append(names, w.points[i].name)
	}
	for i := range w.spans {
		names = append(names, w.spans[i].name)
	}
	for i := range w.rest {
		names = append(names, w.rest[i].Name)
	}
	return names
}

// pointed tells whether there is a point that leads.
func (w *where) pointed() bool {
	return slices.ContainsFunc(w.points, func(p point) bool { return !p.not })
}

// needsName tells whether only records with a facet of that name can meet the
// conditions.
func (w *where) needsName(name string) bool {
	if _, ok := w.span[name]; ok {
		return true
	}
	return slices.ContainsFunc(w.points, func(p point) bool { return p.name == name && !p.not }) ||
		slices.ContainsFunc(w.rest, func(c Condition) bool { return c.Name == name && !slices.Contains(c.Values, "false") })
}
