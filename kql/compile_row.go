package kql

import "strings"

func (o *whereOperator) compile(c *compiler, in relation) (relation, error) {
	v, err := c.condition(o.condition, &scope{rel: &in})
	if err != nil {
		return in, err
	}
	out := in
	out.name, err = c.stage(v.pos, false, "SELECT %s FROM %s WHERE %s", in.all(), in.name, v.sql)
	return out, err
}

func (o *sortOperator) compile(c *compiler, in relation) (relation, error) {
	return c.sortBy(in, o.keys)
}

// sortBy notes the order; its keys become hidden columns.
func (c *compiler) sortBy(in relation, keys []sortKey) (relation, error) {
	items := make([]string, 0, len(keys)+len(in.columns))
	for _, col := range in.columns {
		items = append(items, col.alias)
	}
	out := in
	out.order = nil
	heavy := false
	for _, k := range keys {
		v, err := c.expr(k.value, &scope{rel: &in})
		if err != nil {
			return in, err
		}
		if v.typ == TypeDynamic {
			return in, c.fail(v.pos, "the key can't be of dynamic type")
		}
		alias := c.alias()
		heavy = heavy || v.weight > maxWeight
		items = append(items, v.sql+" AS "+alias)
		out.order = append(out.order, orderKey{alias: alias, ascending: k.ascending, nulls: k.nulls})
	}
	var err error
	out.name, err = c.stage(0, heavy, "SELECT %s FROM %s", strings.Join(items, ", "), in.name)
	return out, err
}

// compile takes n rows: the first ones where the rows are sorted.
func (o *topOperator) compile(c *compiler, in relation) (relation, error) {
	count, err := c.expr(o.count, &scope{})
	if err != nil {
		return in, err
	}
	if !count.typ.integer() {
		return in, c.fail(count.pos, "the number of rows must be a constant of type long, not %s", count.typ)
	}
	out := in
	if len(o.keys) > 0 {
		if out, err = c.sortBy(in, o.keys); err != nil {
			return in, err
		}
	}
	out.name, err = c.stage(count.pos, false, "SELECT %s FROM %s%s LIMIT max(0, coalesce(%s, 0))", out.all(), out.name, out.orderBy(), count.sql)
	return out, err
}

func (o *countOperator) compile(c *compiler, in relation) (relation, error) {
	out := relation{columns: []column{{name: "Count", alias: c.alias(), typ: TypeLong, weight: 1}}}
	var err error
	out.name, err = c.stage(0, false, "SELECT count(*) AS %s FROM %s", out.columns[0].alias, in.name)
	return out, err
}

func (o *distinctOperator) compile(c *compiler, in relation) (relation, error) {
	out := newColumns(c, nil)
	if o.star {
		out = newColumns(c, in.columns)
	} else if err := c.columns(out, o.columns, &in); err != nil {
		return in, err
	}
	for _, col := range out.columns {
		if col.typ == TypeDynamic {
			return in, c.fail(0, "the key '%s' is of a 'dynamic' type. Please use an explicit cast, for example tostring(%s)", col.name, col.name)
		}
	}
	rel := relation{columns: out.columns}
	var err error
	rel.name, err = c.stage(0, false, "SELECT DISTINCT %s FROM %s", strings.Join(out.items, ", "), in.name)
	return rel.light(), err
}

// light notes that the columns are computed by now and weigh nothing more.
func (r relation) light() relation {
	r.columns = append([]column(nil), r.columns...)
	for i := range r.columns {
		r.columns[i].weight = 1
	}
	return r
}

// compile lists the columns of the input, whose rows are never read.
func (o *getschemaOperator) compile(c *compiler, in relation) (relation, error) {
	out := relation{columns: []column{
		{name: "ColumnName", alias: c.alias(), typ: TypeString, weight: 1},
		{name: "ColumnOrdinal", alias: c.alias(), typ: TypeLong, weight: 1},
		{name: "DataType", alias: c.alias(), typ: TypeString, weight: 1},
		{name: "ColumnType", alias: c.alias(), typ: TypeString, weight: 1},
	}}
	rows := make([]string, len(in.columns))
	for i, col := range in.columns {
		rows[i] = "(" + c.bind(col.name) + ", " + c.bind(int64(i)) + ", " + c.bind("System."+col.typ.DotNet()) + ", " + c.bind(col.typ.String()) + ")"
	}
	cols := out.columns
	// VALUES names its columns column1, column2 and so on.
	name, err := c.stage(0, false, "SELECT column1 AS %s, column2 AS %s, column3 AS %s, column4 AS %s FROM (VALUES %s)",
		cols[0].alias, cols[1].alias, cols[2].alias, cols[3].alias, strings.Join(rows, ", "))
	out.name = name
	return out, err
}

// compile makes one row of each element of an array.
func (o *expandOperator) compile(c *compiler, in relation) (relation, error) {
	v, err := c.expr(o.column.value, &scope{rel: &in})
	if err != nil {
		return in, err
	}
	if v.typ != TypeDynamic {
		return in, c.fail(v.pos, "expanding is for values of type dynamic, not %s", v.typ)
	}
	name, err := o.column.single()
	if err != nil {
		return in, err
	}
	if name == "" {
		name = resultName(o.column.value)
	}
	element := value{sql: elementSQL, typ: TypeDynamic, nullable: true, weight: 1, pos: v.pos}
	out := newColumns(c, in.columns)
	if name == "" {
		name = out.free("Column1")
	}
	out.set(name, c.convert(element, o.to))
	rel := relation{columns: out.columns, order: in.order}
	items := append(append([]string(nil), out.items...), in.hidden()...)
	// The JSON is computed in a subquery: a name in it must not meet the names
	// of json_each's own columns.
	rel.name, err = c.stage(o.pos, true, "SELECT %s FROM (SELECT %s, coalesce(%s, 'null') AS cx FROM %s), json_each(cx)",
		strings.Join(items, ", "), in.all(), v.sql, in.name)
	return rel.light(), err
}

// elementSQL is the JSON of the row that json_each is at: an element of an array,
// or of an object a bag with its one property.
const elementSQL = `(CASE WHEN substr(cx, 1, 1) = '{' THEN json_object(key, json(CASE type WHEN 'text' THEN json_quote(value) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null' ELSE value END)) WHEN type = 'null' THEN NULL WHEN type = 'text' THEN json_quote(value) WHEN type = 'true' THEN 'true' WHEN type = 'false' THEN 'false' ELSE CAST(value AS TEXT) END)`
