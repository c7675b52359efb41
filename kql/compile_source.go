package kql

import (
	"fmt"
	"strings"
)

// compile finds a table: a let statement hides a table of the schema.
func (t *tableSource) compile(c *compiler) (relation, error) {
	if let, n, ok := c.let(t.name); ok {
		var rel relation
		err := c.within(n, func() (err error) {
			rel, err = c.letTable(let, t)
			return err
		})
		return rel, err
	}
	columns, ok := c.schema.Tables[t.name]
	if !ok || checkColumns(t.name, columns) != nil {
		return relation{}, c.fail(t.pos, "Failed to resolve table or column expression named '%s'", t.name)
	}
	rel := relation{columns: make([]column, len(columns))}
	items := make([]string, len(columns))
	for i, col := range columns {
		rel.columns[i] = column{name: col.Name, alias: c.alias(), typ: col.Type, nullable: col.Type != TypeString, weight: 1}
		items[i] = "[" + col.Name + "] AS " + rel.columns[i].alias
	}
	return rel, c.sourceStage(t.pos, &rel, "SELECT %s FROM [%s]", strings.Join(items, ", "), t.name)
}

// sourceStage adds the stage of a source and counts it.
func (c *compiler) sourceStage(pos int, rel *relation, format string, args ...any) error {
	if c.sources++; c.sources > maxSources {
		return semanticError(pos, "The query is too complex: it reads tables more than %d times", maxSources)
	}
	var err error
	rel.name, err = c.stage(pos, false, format, args...)
	return err
}

// letTable compiles the rows that a let statement names.
func (c *compiler) letTable(let letStatement, t *tableSource) (relation, error) {
	if let.table != nil {
		return c.pipeline(let.table)
	}
	if name, ok := let.scalar.(*nameExpr); ok {
		other := &tableSource{name: name.name, pos: t.pos}
		return other.compile(c)
	}
	return relation{}, c.fail(t.pos, "Failed to resolve table or column expression named '%s': the let statement of that name is a scalar", t.name)
}

func (u *unionSource) compile(c *compiler) (relation, error) {
	outer := c.op
	c.op = "union"
	defer func() { c.op = outer }()
	return u.union.compile(c, relation{})
}

// compile makes the one row of print.
func (p *printSource) compile(c *compiler) (relation, error) {
	c.op = "print"
	out := newColumns(c, nil)
	for i, e := range p.columns {
		v, err := c.expr(e.value, &scope{})
		if err != nil {
			return relation{}, err
		}
		name, err := e.single()
		if err != nil {
			return relation{}, err
		}
		given := name != ""
		if !given {
			name = fmt.Sprintf("print_%d", i)
		}
		if err := out.add(name, given, v); err != nil {
			return relation{}, err
		}
	}
	rel := relation{columns: out.columns}
	return rel, c.sourceStage(0, &rel, "SELECT %s", strings.Join(out.items, ", "))
}

// compile makes the rows from .. to by recursion.
func (r *rangeSource) compile(c *compiler) (relation, error) {
	c.op = "range"
	var v [3]value
	for i, e := range []expr{r.from, r.to, r.step} {
		x, err := c.expr(e, &scope{})
		if err != nil {
			return relation{}, err
		}
		v[i] = x
	}
	step := v[0].typ
	if step == TypeDateTime {
		step = TypeTimeSpan
	}
	typ := v[0].typ
	switch {
	case typ.numeric() && v[1].typ.numeric() && v[2].typ.numeric():
		for _, x := range v {
			typ, _ = unify(typ, x.typ)
		}
	case typ != TypeDateTime && typ != TypeTimeSpan || v[1].typ != typ || v[2].typ != step:
		return relation{}, c.fail(r.pos, "cannot go from %s to %s by steps of %s", v[0].typ, v[1].typ, v[2].typ)
	}
	alias := c.alias()
	rel := relation{columns: []column{{name: r.name, alias: alias, typ: typ, nullable: true, weight: 1}}}
	self := fmt.Sprintf("s%d", len(c.stages)+1)
	inside := func(x string) string {
		return fmt.Sprintf("(CASE WHEN %[2]s > 0 THEN %[1]s <= %[3]s ELSE %[2]s < 0 AND %[1]s >= %[3]s END)", x, v[2].sql, v[1].sql)
	}
	next := "(" + alias + " + " + v[2].sql + ")"
	return rel, c.sourceStage(r.pos, &rel, "SELECT %s AS %s WHERE %s UNION ALL SELECT %s FROM %s WHERE %s",
		v[0].sql, alias, inside(v[0].sql), next, self, inside(next))
}

// compile makes rows of the constants of datatable.
func (d *datatableSource) compile(c *compiler) (relation, error) {
	c.op = "datatable"
	rel := relation{}
	names := map[string]bool{}
	for _, col := range d.columns {
		if names[col.Name] {
			return rel, c.fail(d.pos, "a column named '%s' already exists", col.Name)
		}
		names[col.Name] = true
		rel.columns = append(rel.columns, column{name: col.Name, alias: c.alias(), typ: col.Type, nullable: col.Type != TypeString, weight: 1})
	}
	var rows []string
	for at := 0; at < len(d.values); at += len(d.columns) {
		cells := make([]string, len(d.columns))
		for i, col := range d.columns {
			v, err := c.expr(d.values[at+i], &scope{})
			if err != nil {
				return rel, err
			}
			if v, err = c.assign(v, col.Type, d.values[at+i].offset()); err != nil {
				return rel, err
			}
			cells[i] = v.sql + " AS " + rel.columns[i].alias
		}
		rows = append(rows, "SELECT "+strings.Join(cells, ", "))
	}
	if len(rows) == 0 {
		empty := make([]string, len(d.columns))
		for i := range empty {
			empty[i] = "NULL AS " + rel.columns[i].alias
		}
		rows = []string{"SELECT " + strings.Join(empty, ", ") + " WHERE 0"}
	}
	if len(rows) > 400 {
		return rel, c.fail(d.pos, "more than 400 rows")
	}
	return rel, c.sourceStage(d.pos, &rel, "%s", strings.Join(rows, " UNION ALL "))
}

// assign makes v fit a column of type t, or refuses it.
func (c *compiler) assign(v value, t Type, pos int) (value, error) {
	switch {
	case v.typ == t:
		return v, nil
	case v.isNull():
		return null(t), nil
	case v.typ.numeric() && t.numeric(), v.typ == TypeString && t == TypeDateTime:
		return c.convert(v, t), nil
	}
	return v, c.fail(pos, "a value of type %s does not fit a column of type %s", v.typ, t)
}
