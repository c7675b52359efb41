package store

import (
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

// compareFacets is the order in which facets are kept.
func compareFacets(a, b gatehouse.Facet) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Value, b.Value)
}

// sortedFacets makes facets as they are kept: cut, in order, each once.
func sortedFacets(facets []gatehouse.Facet) []gatehouse.Facet {
	kept := make([]gatehouse.Facet, 0, len(facets))
	for _, f := range facets {
		if name := cutValue(f.Name); name != "" {
			kept = append(kept, gatehouse.Facet{Name: name, Value: cutValue(f.Value)})
		}
	}
	slices.SortFunc(kept, compareFacets)
	return slices.Compact(kept)
}

// packFacets encodes facets: each text with its length before it.
func packFacets(facets []gatehouse.Facet) []byte {
	b := []byte{}
	for _, f := range facets {
		for _, text := range []string{f.Name, f.Value} {
			b = binary.AppendUvarint(b, uint64(len(text)))
			b = append(b, text...)
		}
	}
	return b
}

// errFacets says that packed facets cannot be read.
var errFacets = errors.New("facets of a record cannot be read: index the stream anew")

// unpackFacets is the way back.
func unpackFacets(b []byte) ([]gatehouse.Facet, error) {
	var facets []gatehouse.Facet
	rest := string(b)
	text := func() (string, bool) {
		n, size := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		if size <= 0 || n > uint64(len(rest)-size) { //nolint:gosec // the size was just read from there
			return "", false
		}
		t := rest[size : size+int(n)] //nolint:gosec // no more than there is
		rest = rest[size+int(n):]     //nolint:gosec // no more than there is
		return t, true
	}
	for rest != "" {
		name, ok := text()
		value, also := text()
		if !ok || !also {
			return nil, errFacets
		}
		facets = append(facets, gatehouse.Facet{Name: name, Value: value})
	}
	return facets, nil
}

// facetSet is what the index holds of one record.
type facetSet struct {
	gone   int64
	facets []gatehouse.Facet // in their order
}

// facetKey is a row of the index, but for its record.
type facetKey struct {
	gone        int64
	name, value string
}

// rows are the rows of the index with their places.
func (f facetSet) rows() map[facetKey]int64 {
	rows := make(map[facetKey]int64, len(f.facets))
	for i, v := range f.facets {
		first := i == 0 || f.facets[i-1].Name != v.Name
		last := i == len(f.facets)-1 || f.facets[i+1].Name != v.Name
		place := placeBetween
		switch {
		case first && last:
			place = placeOnly
		case first:
			place = placeFirst
		case last:
			place = placeLast
		}
		rows[facetKey{f.gone, v.Name, v.Value}] = place
	}
	return rows
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
	facetKey
	id, place int64
}

// compareRows is the order of the index: rows written in it are written faster.
func compareRows(a, b facetRow) int {
	switch {
	case a.gone != b.gone:
		return int(a.gone - b.gone)
	case a.name != b.name:
		return strings.Compare(a.name, b.name)
	case a.value != b.value:
		return strings.Compare(a.value, b.value)
	case a.id < b.id:
		return -1
	default:
		return 1
	}
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
	d := facetDiff{mirror: mirror}
	for _, c := range changes {
		want := facetSet{gone: flag(c.gone), facets: sortedFacets(c.facets)}
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
		f.facets, err = unpackFacets(packed)
		held[id] = f
		return id, err
	})
	return held, err
}

// facetDiff is what has to be written.
type facetDiff struct {
	mirror    int64
	put, drop []facetRow
	ids       []int64 // of the records whose list changes
	gone      []int64
	packed    [][]byte
	empty     []int64 // ids of the records that have none any more
}

// compare notes what differs for one record.
func (d *facetDiff) compare(id int64, held, want facetSet) {
	before, after := held.rows(), want.rows()
	changed := false
	for key, place := range after {
		if was, ok := before[key]; !ok || was != place {
			d.put = append(d.put, facetRow{key, id, place})
			changed = true
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			d.drop = append(d.drop, facetRow{key, id, 0})
			changed = true
		}
	}
	switch {
	case changed && len(want.facets) == 0:
		d.empty = append(d.empty, id)
	case changed:
		d.ids, d.gone, d.packed = append(d.ids, id), append(d.gone, want.gone), append(d.packed, packFacets(want.facets))
	}
}

// write writes it.
func (d *facetDiff) write(ctx context.Context, t *transaction) error {
	key := []string{"mirror_id", "gone", "name", "value", "record_id"}
	if len(d.drop) > 0 {
		if err := t.dialect.remove(ctx, t.Tx, "facets", key, d.columns(d.drop)[:len(key)]); err != nil {
			return err
		}
	}
	if len(d.put) > 0 {
		b := bulk{table: "facets", columns: append(key, "place"), conflict: "ON CONFLICT (mirror_id, gone, name, value, record_id) DO UPDATE SET place = excluded.place"}
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
	mirrors, gone, ids, places := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	names, values := make([]string, n), make([]string, n)
	for i, r := range rows {
		mirrors[i], gone[i], names[i], values[i], ids[i], places[i] = d.mirror, r.gone, r.name, r.value, r.id, r.place
	}
	return []any{mirrors, gone, names, values, ids, places}
}
