package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-sec/gatehouse"
)

// facetBytes is how long a value may be; what is longer is cut.
const facetBytes = 256

// The places of a value among those that a record has of one name.
const (
	placeOnly int64 = iota
	placeFirst
	placeLast
	placeBetween
)

// cutValue makes a value into one that is kept.
func cutValue(v string) string {
	v = keepable(v)
	if len(v) <= facetBytes {
		return v
	}
	cut := facetBytes
	for cut > 0 && !utf8.RuneStart(v[cut]) {
		cut--
	}
	return v[:cut]
}

// packFacets encodes facets: the id of each name, and the value with its length
// before it.
func packFacets(facets []namedValue) []byte {
	size := 0
	for _, f := range facets {
		size += 2*binary.MaxVarintLen32 + len(f.value)
	}
	b := make([]byte, 0, size)
	for _, f := range facets {
		b = binary.AppendUvarint(b, uint64(f.name)) //nolint:gosec // ids are not negative
		b = binary.AppendUvarint(b, uint64(len(f.value)))
		b = append(b, f.value...)
	}
	return b
}

// errFacets says that packed facets cannot be read.
var errFacets = errors.New("facets of a record cannot be read: index the stream anew")

// unpackFacets is the way back, for the names that are wanted; nil wants all. The
// values go behind those of into.
func unpackFacets(packed []byte, wanted []int64, into []namedValue) ([]namedValue, error) {
	for len(packed) > 0 {
		name, n := binary.Uvarint(packed)
		if n <= 0 {
			return nil, errFacets
		}
		length, m := binary.Uvarint(packed[n:])
		if m <= 0 || length > uint64(len(packed)-n-m) { //nolint:gosec // the sizes were just read from there
			return nil, errFacets
		}
		value := packed[n+m : n+m+int(length)] //nolint:gosec // no more than there is
		packed = packed[n+m+len(value):]
		if id := int64(name); wanted == nil || slices.Contains(wanted, id) { //nolint:gosec // it was one before
			into = append(into, namedValue{id, string(value)})
		}
	}
	return into, nil
}

// facetSet is what the index holds of one record.
type facetSet struct {
	gone   int64
	facets []namedValue // in their order
}

// placeOf is the place of one of the values.
func (f facetSet) placeOf(i int) int64 {
	first := i == 0 || f.facets[i-1].name != f.facets[i].name
	last := i == len(f.facets)-1 || f.facets[i+1].name != f.facets[i].name
	switch {
	case first && last:
		return placeOnly
	case first:
		return placeFirst
	case last:
		return placeLast
	default:
		return placeBetween
	}
}

// rowOf is one of the values as a row of the index.
func (f facetSet) rowOf(id int64, i int) facetRow {
	v := f.facets[i]
	return facetRow{facet: facetID(v.name, f.gone), value: v.value, id: id, place: f.placeOf(i)}
}

// facetChange is a record whose facets may have to be written.
type facetChange struct {
	id     int64
	fresh  bool // nothing is held of it
	keep   bool // the facets stay; only gone may change
	gone   bool
	facets []gatehouse.Facet
}

// facetRow is a row of the index.
type facetRow struct {
	facet     int64
	value     string
	id, place int64
}

// compareRows is the order of the index: rows written in it are written faster.
func compareRows(a, b facetRow) int {
	return cmp.Or(cmp.Compare(a.facet, b.facet), strings.Compare(a.value, b.value), cmp.Compare(a.id, b.id))
}

// writeFacets brings the index up to what the changes say, and writes no more
// than what differs. The mirror is locked.
func (t *transaction) writeFacets(ctx context.Context, mirror int64, changes []facetChange) error {
	some := slices.ContainsFunc(changes, func(c facetChange) bool { return len(c.facets) > 0 })
	if !some && !t.faceted {
		return nil
	}
	if !t.faceted {
		t.faceted = true
		if err := t.expectOne(t.exec(ctx, "UPDATE mirrors SET faceted = 1 WHERE id = $1", mirror)); err != nil {
			return err
		}
	}
	held, err := t.heldFacets(ctx, changes)
	if err != nil {
		return err
	}
	names, err := t.nameFacets(ctx, mirror, changes)
	if err != nil {
		return err
	}
	d := facetDiff{}
	for _, c := range changes {
		want := facetSet{gone: flag(c.gone), facets: keptFacets(names, c.facets)}
		if c.keep {
			want.facets = held[c.id].facets
		}
		d.compare(c.id, held[c.id], want)
	}
	return d.write(ctx, t)
}

// heldFacets looks up what the index holds of the records.
func (t *transaction) heldFacets(ctx context.Context, changes []facetChange) (map[int64]facetSet, error) {
	var ids []int64
	for _, c := range changes {
		if !c.fresh {
			ids = append(ids, c.id)
		}
	}
	held := make(map[int64]facetSet, len(ids))
	if len(ids) == 0 {
		return held, nil
	}
	list, err := t.dialect.list(ids)
	if err != nil {
		return nil, err
	}
	rows, err := t.QueryContext(ctx, "SELECT record_id, gone, facets FROM record_facets WHERE record_id IN "+t.dialect.numbers("$1"), list)
	if err != nil {
		return nil, err
	}
	_, err = scanAll(rows, func(scan func(...any) error) (id int64, err error) {
		var f facetSet
		var packed []byte
		if err = scan(&id, &f.gone, &packed); err != nil {
			return id, err
		}
		f.facets, err = unpackFacets(packed, nil, nil)
		held[id] = f
		return id, err
	})
	return held, err
}

// facetDiff is what has to be written.
type facetDiff struct {
	put, drop []facetRow
	ids       []int64 // of the records whose list changes
	gone      []int64
	packed    [][]byte
	empty     []int64 // ids of the records that have none any more
}

// compare notes what differs for one record.
func (d *facetDiff) compare(id int64, held, want facetSet) {
	changed := held.gone != want.gone
	i, j := 0, 0
	for i < len(held.facets) || j < len(want.facets) {
		var order int
		switch {
		case i == len(held.facets):
			order = 1
		case j == len(want.facets):
			order = -1
		default:
			order = compareValues(held.facets[i], want.facets[j])
		}
		switch {
		case order == 0 && held.gone == want.gone && held.placeOf(i) == want.placeOf(j):
		case order == 0 && held.gone == want.gone:
			d.put = append(d.put, want.rowOf(id, j))
		default:
			if order <= 0 {
				d.drop = append(d.drop, held.rowOf(id, i))
			}
			if order >= 0 {
				d.put = append(d.put, want.rowOf(id, j))
			}
			changed = true
		}
		if order <= 0 {
			i++
		}
		if order >= 0 {
			j++
		}
	}
	switch {
	case changed && len(want.facets) == 0 && len(held.facets) > 0:
		d.empty = append(d.empty, id)
	case changed && len(want.facets) > 0:
		d.ids, d.gone, d.packed = append(d.ids, id), append(d.gone, want.gone), append(d.packed, packFacets(want.facets))
	}
}

// write writes it.
func (d *facetDiff) write(ctx context.Context, t *transaction) error {
	key := []string{"facet", "value", "record_id"}
	if len(d.drop) > 0 {
		if err := t.dialect.remove(ctx, t.Tx, "facets", key, d.columns(d.drop)[:len(key)]); err != nil {
			return err
		}
	}
	if len(d.put) > 0 {
		b := bulk{table: "facets", columns: append(key, "place"), conflict: "ON CONFLICT (facet, value, record_id) DO UPDATE SET place = excluded.place"}
		if err := t.dialect.insert(ctx, t.Tx, b, d.columns(d.put)); err != nil {
			return err
		}
	}
	if len(d.empty) > 0 {
		if err := t.dialect.remove(ctx, t.Tx, "record_facets", []string{"record_id"}, []any{d.empty}); err != nil {
			return err
		}
	}
	if len(d.ids) == 0 {
		return nil
	}
	b := bulk{table: "record_facets", columns: []string{"record_id", "gone", "facets"}, conflict: "ON CONFLICT (record_id) DO UPDATE SET gone = excluded.gone, facets = excluded.facets"}
	return t.dialect.insert(ctx, t.Tx, b, []any{d.ids, d.gone, d.packed})
}

// columns returns rows of the index column by column, in its order.
func (d *facetDiff) columns(rows []facetRow) []any {
	slices.SortFunc(rows, compareRows)
	n := len(rows)
	facets, values, ids, places := make([]int64, n), make([]string, n), make([]int64, n), make([]int64, n)
	for i, r := range rows {
		facets[i], values[i], ids[i], places[i] = r.facet, r.value, r.id, r.place
	}
	return []any{facets, values, ids, places}
}
