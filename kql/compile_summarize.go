package kql

import (
	"slices"
	"strconv"
	"strings"
)

func (o *summarizeOperator) compile(c *compiler, in relation) (relation, error) {
	out := newColumns(c, nil)
	if err := c.columns(out, o.keys, &in); err != nil {
		return in, err
	}
	for i, key := range out.columns {
		if key.typ == TypeDynamic {
			return in, c.fail(o.keys[i].value.offset(), "Summarize group key '%s' is of a 'dynamic' type. Please use an explicit cast (for example, 'summarize ... by tostring(%s)') as grouping by a 'dynamic' type is not supported", key.name, key.name)
		}
	}
	keys := len(out.columns)
	// One arg_max among no other minimum or maximum lets SQLite take the other
	// columns from its row by itself; else functions of ours do, row by row.
	bare := o.extremes() == 1
	for _, e := range o.aggregates {
		if err := c.addAggregate(out, e, &in, o.keys, bare); err != nil {
			return in, err
		}
	}
	if len(out.items) == 0 {
		return relation{}, nil // the pipeline refuses it
	}
	group := ""
	if keys > 0 {
		places := make([]string, keys)
		for i := range places {
			places[i] = strconv.Itoa(i + 1)
		}
		group = " GROUP BY " + strings.Join(places, ", ")
	}
	rel := relation{columns: out.columns}
	var err error
	rel.name, err = c.stage(0, false, "SELECT %s FROM %s%s", strings.Join(out.items, ", "), in.name, group)
	return rel.light(), err
}

// extremes counts the aggregates that SQLite computes by min or max; 2 stands for
// any reason not to count on its rule for the other columns.
func (o *summarizeOperator) extremes() int {
	n := 0
	for _, e := range o.aggregates {
		call, ok := e.value.(*callExpr)
		if !ok {
			return 2
		}
		switch call.name {
		case "arg_max", "arg_min":
			n++
		case "count", "countif", "dcount", "dcountif", "sum", "sumif", "avg", "avgif", "make_set", "make_list", "any", "take_any":
		default:
			return 2
		}
	}
	return n
}

// addAggregate adds the column or columns of one aggregate.
func (c *compiler) addAggregate(out *columnList, e namedExpr, in *relation, keys []namedExpr, bare bool) error {
	call, _ := e.value.(*callExpr)
	if call != nil && c.aggregates[call.name].rowwise {
		return c.addRowwise(out, e, call, in, keys, bare)
	}
	if !c.aggregated(e.value) {
		return c.fail(e.value.offset(), "the expression is not an aggregate: it calls no function such as count() or max()")
	}
	v, err := c.expr(e.value, &scope{rows: in})
	if err != nil {
		return err
	}
	name, err := e.single()
	if err != nil {
		return err
	}
	given := name != ""
	if !given && call != nil {
		if f, ok := c.aggregates[call.name]; ok {
			name = aggregateName(call, f)
		}
	}
	return out.add(name, given, v)
}

// aggregated tells whether an expression has an aggregate in it.
func (c *compiler) aggregated(e expr) bool {
	switch e := e.(type) {
	case *callExpr:
		if _, ok := c.aggregates[e.name]; ok {
			return true
		}
		return slices.ContainsFunc(e.args, c.aggregated)
	case *unaryExpr:
		return c.aggregated(e.x)
	case *binaryExpr:
		return c.aggregated(e.x) || c.aggregated(e.y)
	case *betweenExpr:
		return c.aggregated(e.x)
	case *listExpr:
		return c.aggregated(e.x)
	case *pathExpr:
		return c.aggregated(e.x)
	case *indexExpr:
		return c.aggregated(e.x)
	}
	return false
}

// addRowwise adds the columns of arg_max(x, a, b), take_any(a, b) and so on; *
// stands for all columns that are not among the others.
func (c *compiler) addRowwise(out *columnList, e namedExpr, call *callExpr, in *relation, keys []namedExpr, bare bool) error {
	if len(call.args) == 0 {
		return semanticError(call.pos, "%s(): function expects at least 1 argument, got 0", call.name)
	}
	extreme := strings.HasPrefix(call.name, "arg_")
	row := rowwise{c: c, out: out, call: call, in: in, prefix: c.aggregates[call.name].prefix}
	rest := call.args
	if extreme {
		v, err := c.expr(call.args[0], &scope{rel: in})
		if err != nil {
			return err
		}
		if v.typ == TypeDynamic {
			return semanticError(v.pos, "%s(): argument #1 must not be of type dynamic. Try adding an explicit cast", call.name)
		}
		row.by, row.bare = v, bare
		rest = call.args[1:]
		if err := row.addKey(e.nameAt(0)); err != nil {
			return err
		}
	}
	for i, arg := range rest {
		if _, ok := arg.(*starExpr); ok {
			if err := row.addAll(keys, call.args); err != nil {
				return err
			}
			continue
		}
		place := i
		if extreme {
			place++
		}
		if err := row.add(arg, e.nameAt(place)); err != nil {
			return err
		}
	}
	if len(e.names) > len(call.args) {
		return semanticError(call.pos, "(%s) = ...: %s() returns %d values", strings.Join(e.names, ", "), call.name, len(call.args))
	}
	return nil
}

// nameAt is the name given to the i-th value, or nothing.
func (e namedExpr) nameAt(i int) string {
	if i < len(e.names) {
		return e.names[i]
	}
	return ""
}

// rowwise adds the columns of one aggregate that yields values of one row.
type rowwise struct {
	c      *compiler
	out    *columnList
	call   *callExpr
	in     *relation
	by     value // what arg_max maximizes; none for take_any
	bare   bool  // SQLite finds the row by itself
	prefix string
}

// addKey adds the value that is maximized.
func (r *rowwise) addKey(name string) error {
	v := r.by
	v.sql = strings.TrimPrefix(r.call.name, "arg_") + "(" + r.by.sql + ")"
	v.nullable = true
	return r.addValue(r.call.args[0], name, v.filled())
}

// add adds the value of an expression in the row.
func (r *rowwise) add(e expr, name string) error {
	v, err := r.c.expr(e, &scope{rel: r.in})
	if err != nil {
		return err
	}
	return r.addValue(e, name, r.pick(v))
}

// addValue adds a column under the name given or made up.
func (r *rowwise) addValue(e expr, name string, v value) error {
	given := name != ""
	if !given {
		name = resultName(e)
		if r.prefix != "" {
			name = r.prefix + "_" + name
		}
	}
	return r.out.add(name, given, v)
}

// pick makes the value that of the row looked for.
func (r *rowwise) pick(v value) value {
	switch {
	case r.by.sql == "":
		v.sql = "kql_any(" + v.sql + r.in.orderBy() + ")"
	case r.bare:
	default:
		v.sql = "kql_" + r.call.name + "(" + r.by.sql + ", " + v.sql + ")"
	}
	v.lit = nil
	v.nullable = true
	return v.filled()
}

// addAll adds all columns but the keys of the group and the arguments.
func (r *rowwise) addAll(keys []namedExpr, args []expr) error {
	skip := map[string]bool{}
	for _, k := range keys {
		if name, ok := k.value.(*nameExpr); ok {
			skip[name.name] = true
		}
	}
	for _, a := range args {
		if name, ok := a.(*nameExpr); ok {
			skip[name.name] = true
		}
	}
	for _, col := range r.in.columns {
		if skip[col.name] {
			continue
		}
		v := value{sql: col.alias, typ: col.typ, nullable: col.nullable, weight: col.weight}
		name := col.name
		if r.prefix != "" {
			name = r.prefix + "_" + name
		}
		if err := r.out.add(name, false, r.pick(v)); err != nil {
			return err
		}
	}
	return nil
}
