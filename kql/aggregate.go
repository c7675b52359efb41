package kql

import (
	"slices"
	"strings"
)

// aggregate is an aggregate function of Kusto.
type aggregate struct {
	args   string // as in function.args
	result Type   // 0: that of the first argument
	// sql has $1 for the first argument and $order where the order of the rows
	// shows in the result.
	sql string
	// filter is the place of the condition among the arguments, from 1, or 0.
	filter int
	// empty is the value of no rows; without it that is null.
	empty string
	// types lists what the first argument may be; empty means anything but
	// dynamic.
	types []Type
	// prefix is what a column without a name of its own is called, before the
	// name of the argument.
	prefix string
	// rowwise marks arg_max, arg_min, any and take_any, which yield values of one
	// row and may yield several columns.
	rowwise bool
}

// aggregates lists Kusto's aggregate functions by name. Dcount is exact here; on
// Microsoft's side it is an estimate.
//
// Source: https://learn.microsoft.com/kusto/query/aggregation-functions
func aggregates() map[string]aggregate {
	number := []Type{TypeInt, TypeLong, TypeReal, TypeTimeSpan}
	average := append([]Type{TypeDateTime}, number...)
	everything := []Type{TypeBool, TypeInt, TypeLong, TypeReal, TypeDateTime, TypeTimeSpan, TypeString, TypeDynamic, TypeGUID}
	table := map[string]aggregate{
		"count":          {result: TypeLong, sql: "count(*)", empty: "0"},
		"dcount":         {args: "*?i", result: TypeLong, sql: "count(DISTINCT $1)", empty: "0"},
		"count_distinct": {args: "*", result: TypeLong, sql: "count(DISTINCT $1)", empty: "0"},
		"sum":            {args: "*", sql: "sum($1)", empty: "0", types: number},
		"avg":            {args: "*", sql: "avg($1)", types: average},
		"min":            {args: "*", sql: "min($1)"},
		"max":            {args: "*", sql: "max($1)"},
		"stdev":          {args: "n", result: TypeReal, sql: "kql_stdev($1)", empty: "0"},
		"variance":       {args: "n", result: TypeReal, sql: "kql_variance($1)", empty: "0"},
		"percentile":     {args: "*n", sql: "kql_percentile($1, $2)", types: average},
		"make_list":      {args: "J?i", result: TypeDynamic, sql: "kql_make_list($1, $2$order)", empty: "'[]'", types: everything, prefix: "list"},
		"make_set":       {args: "J?i", result: TypeDynamic, sql: "kql_make_set($1, $2$order)", empty: "'[]'", types: everything, prefix: "set"},
		"arg_max":        {rowwise: true},
		"arg_min":        {rowwise: true},
		"take_any":       {rowwise: true},
		"any":            {rowwise: true, prefix: "any"},
	}
	for _, name := range []string{"count", "dcount", "sum", "avg", "min", "max", "stdev", "variance", "make_list", "make_set"} {
		f := table[name]
		required, _, _ := strings.Cut(f.args, "?")
		f.args = required + "b"
		f.filter = len(f.args)
		if f.prefix == "" {
			f.prefix = name + "if"
		}
		separator := ""
		if strings.HasPrefix(name, "make_") {
			separator = "_"
		}
		table[name+separator+"if"] = f
	}
	return table
}

// maxElements is how many elements make_list and make_set keep.
const maxElements = "1048576"

// aggregate compiles the call of an aggregate over the rows of s.
func (c *compiler) aggregate(e *callExpr, f aggregate, s *scope) (value, error) {
	if f.rowwise {
		return value{}, c.fail(e.pos, "%s() cannot be a part of an expression", e.name)
	}
	first, err := c.firstArgument(e, f, s)
	if err != nil {
		return first, err
	}
	args, err := c.arguments(e, f.args, s)
	if err != nil {
		return value{}, err
	}
	out := value{typ: f.result, nullable: f.empty == "", weight: 1}
	if out.typ == 0 {
		out.typ = resultType(e.name, first.typ)
	}
	second := maxElements
	if len(args) > 1 && f.filter == 0 {
		second = args[1].sql
	}
	out.sql = strings.ReplaceAll(f.sql, "$2", second)
	out.sql = strings.ReplaceAll(out.sql, "$order", s.rel.orderBy())
	if len(args) > 0 {
		out.sql = strings.ReplaceAll(out.sql, "$1", args[0].sql)
	}
	if f.filter > 0 {
		out.sql += " FILTER (WHERE " + args[f.filter-1].sql + ")"
	}
	if strings.HasPrefix(e.name, "avg") && out.typ != TypeReal {
		out.sql = "CAST(" + out.sql + " AS INTEGER)"
	}
	if f.empty != "" {
		out.sql = "coalesce(" + out.sql + ", " + f.empty + ")"
	}
	return out.filled(), nil
}

// firstArgument compiles and checks the type of what is aggregated.
func (c *compiler) firstArgument(e *callExpr, f aggregate, s *scope) (value, error) {
	if len(e.args) == 0 || !strings.HasPrefix(f.args, "*") && !strings.HasPrefix(f.args, "J") {
		return value{}, nil
	}
	v, err := c.expr(e.args[0], s)
	if err != nil {
		return v, err
	}
	if len(f.types) == 0 && v.typ != TypeDynamic {
		return v, nil
	}
	if slices.Contains(f.types, v.typ) {
		return v, nil
	}
	return v, semanticError(v.pos, "%s(): argument #1 must not be of type %s. Try adding an explicit cast", e.name, v.typ)
}

// resultType is the type of an aggregate whose result follows its argument.
func resultType(name string, t Type) Type {
	switch {
	case strings.HasPrefix(name, "avg") && t.numeric():
		return TypeReal
	case strings.HasPrefix(name, "sum") && t == TypeInt:
		return TypeLong
	}
	return t
}

// aggregateName is the name Kusto makes up for a column of an aggregate.
func aggregateName(e expr, f aggregate) string {
	call, ok := e.(*callExpr)
	if !ok {
		return ""
	}
	prefix := f.prefix
	if prefix == "" {
		prefix = call.name
	}
	argument := ""
	if len(call.args) > 0 && f.filter != 1 {
		argument = resultName(call.args[0])
	}
	return prefix + "_" + argument
}
