package kql

import "strings"

// The functions below build what a template cannot: the type of their result
// depends on their arguments.

// buildNow compiles now(), now(offset) and ago(span).
func buildNow(c *compiler, e *callExpr, args []value) (value, error) {
	out := value{sql: c.now(), typ: TypeDateTime}
	if len(args) == 1 {
		op := map[string]string{"now": " + ", "ago": " - "}[e.name]
		out.sql = "(" + out.sql + op + args[0].sql + ")"
		out.nullable = true
	}
	return out, nil
}

// buildConversion compiles tolong(x) and its kin.
func buildConversion(t Type) func(*compiler, *callExpr, []value) (value, error) {
	return func(c *compiler, e *callExpr, args []value) (value, error) {
		v := args[0]
		if _, ok := conversions()[[2]Type{v.typ, t}]; !ok && v.typ != t {
			return v, semanticError(v.pos, "%s(): cannot convert a value of type %s", e.name, v.typ)
		}
		out := c.convert(v, t)
		out.lit = nil
		return out, nil
	}
}

// buildBin compiles bin(value, size) and bin_at(value, size, fixed point).
func buildBin(_ *compiler, e *callExpr, args []value) (value, error) {
	for i, a := range args {
		if a.typ == TypeDynamic {
			return a, semanticError(a.pos, "%s(): argument #%d must not be dynamic. Try adding an explicit cast", e.name, i+1)
		}
	}
	x, size := args[0], args[1]
	span := x.typ == TypeDateTime || x.typ == TypeTimeSpan
	fits := x.typ.numeric() && size.typ.numeric() || span && size.typ == TypeTimeSpan
	if len(args) == 3 && args[2].typ != x.typ && (!x.typ.numeric() || !args[2].typ.numeric()) {
		fits = false
	}
	if !fits {
		return x, semanticError(e.pos, "%s(): values of type %s cannot be rounded to multiples of %s", e.name, x.typ, size.typ)
	}
	typ := x.typ
	if !span {
		typ, _ = unify(x.typ, size.typ)
	}
	origin := "0"
	if len(args) == 3 {
		origin = args[2].sql
	}
	return value{sql: "kql_bin(" + x.sql + ", " + size.sql + ", " + origin + ")", typ: typ, nullable: true}, nil
}

// buildAbs compiles abs of a number or a timespan.
func buildAbs(_ *compiler, _ *callExpr, args []value) (value, error) {
	x := args[0]
	if !x.typ.numeric() && x.typ != TypeTimeSpan {
		return x, semanticError(x.pos, "abs(): argument #1 expected to be a number or a timespan, got %s", x.typ)
	}
	// SQLite's own abs fails on the least integer.
	return value{sql: "kql_abs(" + x.sql + ")", typ: x.typ, nullable: x.nullable}, nil
}

// buildParseJSON compiles parse_json; dynamic values pass as they are.
func buildParseJSON(c *compiler, _ *callExpr, args []value) (value, error) {
	v := args[0]
	if v.typ != TypeDynamic {
		v = c.convert(c.convert(v, TypeString), TypeDynamic)
	}
	v.lit = nil
	return v, nil
}

// buildBagPack compiles bag_pack(key, value, ...).
func buildBagPack(_ *compiler, e *callExpr, args []value) (value, error) {
	if len(args)%2 != 0 {
		return value{}, semanticError(e.pos, "%s(): a key lacks its value", e.name)
	}
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.sql
	}
	return value{sql: "kql_bag_pack(" + strings.Join(parts, ", ") + ")", typ: TypeDynamic}, nil
}

// buildIsEmpty compiles isempty and isnotempty: an empty string or a null.
func buildIsEmpty(c *compiler, e *callExpr, args []value) (value, error) {
	v := args[0]
	out := value{typ: TypeBool}
	negated := strings.Contains(e.name, "not")
	switch {
	case v.typ == TypeString && negated:
		out.sql = "(" + v.sql + " <> '')"
	case v.typ == TypeString:
		out.sql = "(" + v.sql + " = '')"
	case v.typ == TypeDynamic && negated:
		out.sql = "(coalesce(" + v.sql + `, '""') <> '""')`
	case v.typ == TypeDynamic:
		out.sql = "(coalesce(" + v.sql + `, '""') = '""')`
	default:
		return buildIsNull(c, e, args)
	}
	return out, nil
}

// buildIsNull compiles isnull and isnotnull. A string is never null.
func buildIsNull(_ *compiler, e *callExpr, args []value) (value, error) {
	op := " IS NULL)"
	if strings.Contains(e.name, "not") {
		op = " IS NOT NULL)"
	}
	return value{sql: "(" + args[0].sql + op, typ: TypeBool}, nil
}

// buildCase compiles iff(condition, then, else) and case(condition, then, ...,
// else). A condition that is null counts as false.
func buildCase(c *compiler, e *callExpr, args []value) (value, error) {
	if len(args)%2 == 0 {
		return value{}, semanticError(e.pos, "%s(): the last argument, the value if no condition holds, is missing", e.name)
	}
	var results []value
	for i, a := range args {
		isResult := i%2 == 1 || i == len(args)-1
		if isResult {
			results = append(results, a)
			continue
		}
		if a.typ == TypeDynamic {
			args[i] = c.convert(a, TypeBool)
		} else if a.typ != TypeBool {
			return a, semanticError(a.pos, "%s(): argument #%d expected to be a bool expression, got %s", e.name, i+1, a.typ)
		}
	}
	out, results, err := c.unified(e, results)
	if err != nil {
		return out, err
	}
	var b strings.Builder
	b.WriteString("(CASE")
	for i, r := range results[:len(results)-1] {
		b.WriteString(" WHEN " + args[2*i].sql + " THEN " + r.sql)
	}
	b.WriteString(" ELSE " + results[len(results)-1].sql + " END)")
	out.sql = b.String()
	return out, nil
}

// buildCoalesce compiles coalesce: the first argument that is not null; among
// strings the first that is not empty.
func buildCoalesce(c *compiler, e *callExpr, args []value) (value, error) {
	out, args, err := c.unified(e, args)
	if err != nil {
		return out, err
	}
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.sql
		if a.typ == TypeString {
			parts[i] = "nullif(" + a.sql + ", '')"
		}
	}
	out.sql = "coalesce(" + strings.Join(parts, ", ") + ")"
	return out.filled(), nil
}

// unified brings results that stand for one another to one type.
func (c *compiler) unified(e *callExpr, results []value) (value, []value, error) {
	typ := Type(0)
	for _, r := range results {
		switch wider, ok := unify(typ, r.typ); {
		case typ == 0:
			typ = r.typ
		case ok:
			typ = wider
		case r.isNull():
		default:
			return value{}, nil, semanticError(r.pos, "%s(): the values must all have the same type, got %s and %s. Try adding explicit casts", e.name, typ, r.typ)
		}
	}
	out := value{typ: typ}
	converted := make([]value, len(results))
	for i, r := range results {
		converted[i] = c.convert(r, typ)
		if r.isNull() {
			converted[i] = null(typ)
		}
		out.nullable = out.nullable || converted[i].nullable
	}
	return out, converted, nil
}

// buildGetType compiles gettype, which is known before the query runs but for
// dynamic values.
func buildGetType(c *compiler, _ *callExpr, args []value) (value, error) {
	if v := args[0]; v.typ == TypeDynamic {
		return value{sql: "kql_gettype(" + v.sql + ")", typ: TypeString}, nil
	}
	return value{sql: c.bind(args[0].typ.String()), typ: TypeString}, nil
}

// buildPart compiles the functions whose first argument names a part of a date,
// which must be one that Kusto knows.
func buildPart(t Type, sql string) func(*compiler, *callExpr, []value) (value, error) {
	f := function{result: t, sql: sql}
	return func(_ *compiler, e *callExpr, args []value) (value, error) {
		if args[0].lit == nil {
			return args[0], semanticError(args[0].pos, "%s(): argument #1 must be a constant", e.name)
		}
		part, _ := args[0].lit.value.(string)
		if _, ok := partOf(part, timeOf(epochTicks)); !ok {
			return args[0], semanticError(args[0].pos, "%s(): '%s' is no part of a date: year, quarter, month, week_of_year, day, hour, minute, second and so on are", e.name, part)
		}
		return f.value(args), nil
	}
}
