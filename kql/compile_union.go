package kql

import (
	"maps"
	"slices"
	"strings"
)

// unionInput is one input of a union with the name that withsource shows.
type unionInput struct {
	rel  relation
	name string
}

// compile appends the rows of all inputs. Columns are matched by name; where the
// types of one name differ, each type gets a column of its own.
func (o *unionOperator) compile(c *compiler, in relation) (relation, error) {
	var inputs []unionInput
	if in.name != "" {
		inputs = append(inputs, unionInput{in, "union_arg0"})
	}
	for _, leg := range o.legs {
		more, err := o.leg(c, leg, len(inputs))
		if err != nil {
			return in, err
		}
		inputs = append(inputs, more...)
	}
	if len(inputs) == 0 {
		return in, c.fail(o.pos, "no table fits")
	}
	merged := o.merge(c, inputs)
	out := relation{columns: make([]column, len(merged))}
	for i, m := range merged {
		out.columns[i] = m.column
	}
	selects := make([]string, len(inputs))
	for i, input := range inputs {
		items := make([]string, len(merged))
		for k, m := range merged {
			items[k] = m.from(c, input) + " AS " + m.alias
		}
		if len(items) > 0 {
			selects[i] = "SELECT " + strings.Join(items, ", ") + " FROM " + input.rel.name
		}
	}
	if len(merged) == 0 {
		return in, c.fail(o.pos, "the inputs have no column in common")
	}
	var err error
	out.name, err = c.stage(o.pos, false, "%s", strings.Join(selects, " UNION ALL "))
	return out, err
}

// leg compiles one leg, which is several inputs where its name is a pattern.
func (o *unionOperator) leg(c *compiler, leg unionLeg, n int) ([]unionInput, error) {
	if leg.table != nil {
		name := "union_arg" + string(rune('0'+n%10))
		if t, ok := leg.table.source.(*tableSource); ok {
			name = t.name
			if o.fuzzy && !c.tableExists(t.name) {
				return nil, nil
			}
		}
		rel, err := c.pipeline(leg.table)
		return []unionInput{{rel, name}}, err
	}
	var out []unionInput
	match := wildcard(leg.pattern)
	for _, name := range slices.Sorted(maps.Keys(c.schema.Tables)) {
		if !match(name) {
			continue
		}
		rel, err := (&tableSource{name: name, pos: leg.pos}).compile(c)
		if err != nil {
			return nil, err
		}
		out = append(out, unionInput{rel, name})
	}
	if len(out) == 0 && !o.fuzzy {
		return nil, c.fail(leg.pos, "Failed to resolve table or column expression named '%s'", leg.pattern)
	}
	return out, nil
}

// tableExists tells whether a table or a let statement has the name.
func (c *compiler) tableExists(name string) bool {
	if _, _, ok := c.let(name); ok {
		return true
	}
	_, ok := c.schema.Tables[name]
	return ok
}

// mergedColumn is a column of a union: source is the column of the inputs that it
// is made of, or "" for that of withsource.
type mergedColumn struct {
	column
	source string
}

// merge finds the columns of the union in the order of their first mention.
func (o *unionOperator) merge(c *compiler, inputs []unionInput) []mergedColumn {
	types := map[string][]Type{}
	count, weight := map[string]int{}, map[string]int{}
	var names []string
	for _, input := range inputs {
		for _, col := range input.rel.columns {
			if len(types[col.name]) == 0 {
				names = append(names, col.name)
			}
			if !slices.Contains(types[col.name], col.typ) {
				types[col.name] = append(types[col.name], col.typ)
			}
			count[col.name]++
			weight[col.name] = max(weight[col.name], col.weight)
		}
	}
	var out []mergedColumn
	if o.withSource != "" {
		out = append(out, mergedColumn{column: column{name: o.withSource, alias: c.alias(), typ: TypeString, weight: 1}})
	}
	for _, name := range names {
		if o.inner && (count[name] < len(inputs) || len(types[name]) > 1) || name == o.withSource {
			continue
		}
		for _, t := range types[name] {
			shown := name
			if len(types[name]) > 1 {
				shown = name + "_" + t.String()
			}
			out = append(out, mergedColumn{column{name: shown, alias: c.alias(), typ: t, nullable: t != TypeString, weight: weight[name]}, name})
		}
	}
	return out
}

// from is what an input has for the column.
func (m *mergedColumn) from(c *compiler, input unionInput) string {
	if m.source == "" {
		return c.bind(input.name)
	}
	if col, ok := input.rel.find(m.source); ok && col.typ == m.typ {
		return col.alias
	}
	return null(m.typ).sql
}
