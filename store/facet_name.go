package store

import (
	"context"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
)

// noFacet is the id of a facet that no record has.
const noFacet int64 = -1

// facetID is how the index names a facet of the living, or of the removed.
func facetID(name, gone int64) int64 { return 2*name + gone }

// namesOf reads the names of the facets of a mirror.
const namesOf = "SELECT name, id FROM facet_names WHERE mirror_id = $1"

// scanNames gathers names and their ids.
func scanNames(names map[string]int64) func(scan func(...any) error) (struct{}, error) {
	return func(scan func(...any) error) (none struct{}, err error) {
		var name string
		var id int64
		if err = scan(&name, &id); err == nil {
			names[name] = id
		}
		return none, err
	}
}

// facetNames returns the ids of the names of a mirror's facets. They never change,
// so what was read once is kept; it is read again when one of wanted is missing.
func (s *Store) facetNames(ctx context.Context, mirror int64, wanted []string) (map[string]int64, error) {
	s.namesMu.Lock()
	names := s.names[mirror]
	s.namesMu.Unlock()
	if names != nil && !slices.ContainsFunc(wanted, func(name string) bool { _, ok := names[name]; return !ok }) {
		return names, nil
	}
	rows, err := s.read.QueryContext(ctx, namesOf, mirror)
	if err != nil {
		return nil, err
	}
	names = map[string]int64{}
	if _, err := scanAll(rows, scanNames(names)); err != nil {
		return nil, err
	}
	s.namesMu.Lock()
	defer s.namesMu.Unlock()
	s.names[mirror] = names
	return names, nil
}

// nameFacets returns the ids of the names of a mirror's facets, and gives one to
// each that is new. The mirror is locked.
func (t *transaction) nameFacets(ctx context.Context, mirror int64, changes []facetChange) (map[string]int64, error) {
	names := map[string]int64{}
	read := func() error {
		rows, err := t.QueryContext(ctx, namesOf, mirror)
		if err == nil {
			_, err = scanAll(rows, scanNames(names))
		}
		return err
	}
	if err := read(); err != nil {
		return nil, err
	}
	var mirrors []int64
	var fresh []string
	for _, c := range changes {
		for _, f := range c.facets {
			if _, known := names[f.Name]; known {
				continue
			}
			name := cutValue(f.Name)
			if _, known := names[name]; !known && name != "" && !slices.Contains(fresh, name) {
				mirrors, fresh = append(mirrors, mirror), append(fresh, name)
			}
		}
	}
	if len(fresh) == 0 {
		return names, nil
	}
	b := bulk{table: "facet_names", columns: []string{"mirror_id", "name"}}
	if err := t.dialect.insert(ctx, t.Tx, b, []any{mirrors, fresh}); err != nil {
		return nil, err
	}
	return names, read()
}

// namedValue is a facet as it is kept: with the id of its name.
type namedValue struct {
	name  int64
	value string
}

// compareValues is the order in which the facets of a record are kept.
func compareValues(a, b namedValue) int {
	switch {
	case a.name != b.name:
		return int(a.name - b.name)
	case a.value < b.value:
		return -1
	case a.value > b.value:
		return 1
	default:
		return 0
	}
}

// keptFacets makes facets as they are kept: cut, in order, each once.
func keptFacets(names map[string]int64, facets []gatehouse.Facet) []namedValue {
	kept := make([]namedValue, 0, len(facets))
	for _, f := range facets {
		id, known := names[f.Name]
		if !known {
			id, known = names[cutValue(f.Name)]
		}
		if known {
			kept = append(kept, namedValue{id, cutValue(f.Value)})
		}
	}
	slices.SortFunc(kept, compareValues)
	return slices.Compact(kept)
}
