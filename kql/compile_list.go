package kql

import "strings"

// set is the right side of in and has_any: either constants and expressions, or
// a SELECT of one column.
type set struct {
	items []value
	query string // a SELECT whose one column is named by member
	typ   Type   // of the query's column; 0 if it is whatever JSON holds
}

// member is the name of the column in set.query.
const member = "m"

// list compiles in, !in, in~, !in~, has_any and has_all.
func (c *compiler) list(e *listExpr, s *scope) (value, error) {
	x, err := c.expr(e.x, s)
	if err != nil {
		return x, err
	}
	right, err := c.set(e, s)
	if err != nil {
		return x, err
	}
	word, negated := strings.CutPrefix(e.op, "!")
	var out value
	if word == "in" || word == "in~" {
		out, err = c.in(e, x, right, word == "in~")
	} else {
		out, err = c.hasList(e, x, right)
	}
	if err != nil {
		return out, err
	}
	if negated {
		out.sql, out.nullable = "("+out.sql+" IS NOT TRUE)", false
	}
	return out, nil
}

// set compiles what stands in the parentheses.
func (c *compiler) set(e *listExpr, s *scope) (set, error) {
	if e.table != nil {
		return c.queried(e.table)
	}
	if len(e.items) == 1 {
		if table, ok := c.tableNamed(e.items[0], s); ok {
			return c.queried(table)
		}
	}
	var out set
	for _, item := range e.items {
		v, err := c.expr(item, s)
		if err != nil {
			return out, err
		}
		if v.typ == TypeDynamic && len(e.items) == 1 {
			return set{query: "SELECT CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE value END AS " + member + " FROM json_each(" + v.sql + ")"}, nil
		}
		out.items = append(out.items, v)
	}
	return out, nil
}

// tableNamed tells whether a lone name means rows: no column and no scalar let
// has that name, but a tabular let or a table.
func (c *compiler) tableNamed(e expr, s *scope) (*pipeline, bool) {
	name, ok := e.(*nameExpr)
	if !ok {
		return nil, false
	}
	if s.rel != nil {
		if _, ok := s.rel.find(name.name); ok {
			return nil, false
		}
	}
	table := &pipeline{source: &tableSource{name: name.name, pos: name.pos}, pos: name.pos}
	let, n, ok := c.let(name.name)
	if !ok {
		_, ok = c.schema.Tables[name.name]
		return table, ok
	}
	if let.table != nil {
		return table, true
	}
	found := false
	_ = c.within(n, func() error { // let a = Table; let b = a
		_, found = c.tableNamed(let.scalar, &scope{})
		return nil
	})
	return table, found
}

// queried compiles a query of which the first column counts.
func (c *compiler) queried(p *pipeline) (set, error) {
	rel, err := c.pipeline(p)
	if err != nil {
		return set{}, err
	}
	col := rel.columns[0]
	return set{query: "SELECT " + col.alias + " AS " + member + " FROM " + rel.name, typ: col.typ}, nil
}

// in compiles x in (...).
func (c *compiler) in(e *listExpr, x value, right set, fold bool) (value, error) {
	out := value{typ: TypeBool, nullable: x.nullable, weight: x.weight + 1}
	if right.query != "" {
		return c.inQuery(e, out, x, right, fold)
	}
	if len(right.items) == 0 {
		out.sql = "0"
		return out, nil
	}
	if x.typ == TypeDynamic {
		x = c.convert(x, right.items[0].typ)
	}
	parts := make([]string, len(right.items))
	for i, item := range right.items {
		if fold && (x.typ != TypeString || item.typ != TypeString) {
			return x, c.fail(e.pos, "Operator '%s' takes strings, not %s and %s", e.op, x.typ, item.typ)
		}
		_, item, err := c.comparable(e.pos, x, item)
		if err != nil {
			return x, err
		}
		parts[i] = c.folded(item, fold)
		out.nullable = out.nullable || item.nullable
		out.weight += item.weight
	}
	out.sql = "(" + c.folded(x, fold) + " IN (" + strings.Join(parts, ", ") + "))"
	return out, nil
}

// inQuery compiles x in (query), and x in (array).
func (c *compiler) inQuery(e *listExpr, out, x value, right set, fold bool) (value, error) {
	if right.typ == 0 { // an array
		if x.typ == TypeDynamic {
			x = c.convert(x, TypeString)
		}
		if x.typ != TypeString && !x.typ.numeric() {
			return x, c.fail(e.pos, "Operator '%s': a value of type %s is not looked for in an array", e.op, x.typ)
		}
	} else if x.typ != right.typ && (!x.typ.numeric() || !right.typ.numeric()) {
		return x, semanticError(e.pos, "Cannot compare values of types %s and %s. Try adding explicit casts", x.typ, right.typ)
	}
	if x.typ == TypeDynamic || fold && x.typ != TypeString {
		return x, c.fail(e.pos, "Operator '%s' cannot be applied to a value of type %s", e.op, x.typ)
	}
	query := right.query
	if fold {
		query = "SELECT kql_lower(" + member + ") FROM (" + query + ")"
	}
	out.sql = "(" + c.folded(x, fold) + " IN (" + query + "))"
	out.nullable = true
	return out, nil
}

// folded is x in lower case if fold is set.
func (c *compiler) folded(x value, fold bool) string {
	switch {
	case !fold:
		return x.sql
	case x.lit != nil:
		text, _ := x.lit.value.(string)
		return c.bind(lower(text))
	}
	return "kql_lower(" + x.sql + ")"
}

// hasList compiles has_any and has_all.
func (c *compiler) hasList(e *listExpr, x value, right set) (value, error) {
	x, _, err := c.strings(e.op, x, null(TypeString))
	if err != nil {
		return x, err
	}
	out := value{typ: TypeBool, weight: x.weight + 1}
	if right.query != "" {
		if right.typ != 0 && right.typ != TypeString {
			return x, c.fail(e.pos, "Operator '%s' takes strings, not %s", e.op, right.typ)
		}
		test, not := "kql_has("+x.sql+", CAST("+member+" AS TEXT))", ""
		if e.op == "has_all" {
			test, not = "NOT "+test, "NOT "
		}
		out.sql = "(" + not + "EXISTS (SELECT 1 FROM (" + right.query + ") WHERE " + test + "))"
		return out, nil
	}
	if len(right.items) == 0 {
		return x, c.fail(e.pos, "Operator '%s' needs at least one value", e.op)
	}
	tests := make([]string, len(right.items))
	for i, item := range right.items {
		if _, item, err = c.strings(e.op, x, item); err != nil {
			return x, err
		}
		tests[i] = "kql_has(" + x.sql + ", " + item.sql + ")"
		out.weight += x.weight + item.weight
	}
	op := map[string]string{"has_any": " OR ", "has_all": " AND "}[e.op]
	out.sql = balanced(tests, op)
	if len(tests) == 1 {
		out.sql = "(" + out.sql + ")"
	}
	return out, nil
}
