package kql

import (
	"fmt"
	"regexp"
	"strings"
)

// sqlOp is SQL's word for one of Kusto's comparisons of values that are not null.
func sqlOp(op string) string {
	if op == "==" {
		return "="
	}
	return op
}

// compare compiles == != < > <= >=. Kusto has two nulls equal to neither true nor
// false, and a null unequal to any value.
func (c *compiler) compare(pos int, op string, x, y value) (value, error) {
	x, y, err := c.comparable(pos, x, y)
	if err != nil {
		return x, err
	}
	out := value{typ: TypeBool, weight: x.weight + y.weight + 1}
	switch {
	case op != "==" && op != "!=":
		out.nullable = x.nullable || y.nullable
		out.sql = "(" + x.sql + " " + op + " " + y.sql + ")"
	case !x.nullable && !y.nullable:
		out.sql = "(" + x.sql + " " + sqlOp(op) + " " + y.sql + ")"
	case !x.nullable || !y.nullable:
		is := map[string]string{"==": " IS ", "!=": " IS NOT "}[op]
		out.sql = "(" + x.sql + is + y.sql + ")"
	default:
		is := map[string]string{"==": " IS ", "!=": " IS NOT "}[op]
		out.sql = "(CASE WHEN " + x.sql + " IS NULL AND " + y.sql + " IS NULL THEN NULL ELSE " + x.sql + is + y.sql + " END)"
		out.nullable = true
		out.weight *= 2
	}
	return out, nil
}

// comparable brings two values to types that can be compared, as Kusto does:
// numbers and bools among each other, dynamic with anything but dynamic.
func (c *compiler) comparable(pos int, x, y value) (value, value, error) {
	number := func(t Type) bool { return t.numeric() || t == TypeBool }
	switch {
	case x.typ == TypeDynamic && y.typ != TypeDynamic:
		return c.convert(x, y.typ), y, nil
	case y.typ == TypeDynamic && x.typ != TypeDynamic:
		return x, c.convert(y, x.typ), nil
	case x.typ == y.typ && x.typ != TypeDynamic, number(x.typ) && number(y.typ):
		return x, y, nil
	}
	return x, y, semanticError(pos, "Cannot compare values of types %s and %s. Try adding explicit casts", x.typ, y.typ)
}

// between compiles x between (low .. high), both ends included. With a datetime
// on the left, high may be a timespan after low.
func (c *compiler) between(e *betweenExpr, s *scope) (value, error) {
	var v [3]value
	for i, part := range []expr{e.x, e.low, e.high} {
		x, err := c.expr(part, s)
		if err != nil {
			return x, err
		}
		v[i] = x
	}
	x, low, high := v[0], v[1], v[2]
	if high.typ == TypeTimeSpan && low.typ == TypeDateTime {
		high = value{sql: "(" + low.sql + " + " + high.sql + ")", typ: TypeDateTime, nullable: low.nullable || high.nullable, weight: low.weight + high.weight}
	}
	if x.typ == TypeDynamic {
		x = c.convert(x, low.typ)
	}
	for _, end := range []value{low, high} {
		if _, _, err := c.comparable(e.pos, x, end); err != nil {
			return x, err
		}
	}
	if end := low; end.typ == TypeDynamic {
		low = c.convert(low, x.typ)
	}
	if high.typ == TypeDynamic {
		high = c.convert(high, x.typ)
	}
	not := ""
	if e.negated {
		not = "NOT "
	}
	return value{
		sql:      "(" + x.sql + " " + not + "BETWEEN " + low.sql + " AND " + high.sql + ")",
		typ:      TypeBool,
		nullable: x.nullable || low.nullable || high.nullable,
		weight:   x.weight + low.weight + high.weight + 1,
	}, nil
}

// stringOperators maps Kusto's string operators to SQL; each may be negated with
// a ! in front.
func stringOperators() map[string]string {
	return map[string]string{
		"has":           "kql_has(%s, %s)",
		"has_cs":        "kql_has_cs(%s, %s)",
		"hasprefix":     "kql_hasprefix(%s, %s)",
		"hasprefix_cs":  "kql_hasprefix_cs(%s, %s)",
		"hassuffix":     "kql_hassuffix(%s, %s)",
		"hassuffix_cs":  "kql_hassuffix_cs(%s, %s)",
		"contains":      "kql_contains(%s, %s)",
		"contains_cs":   "kql_contains_cs(%s, %s)",
		"startswith":    "kql_startswith(%s, %s)",
		"startswith_cs": "kql_startswith_cs(%s, %s)",
		"endswith":      "kql_endswith(%s, %s)",
		"endswith_cs":   "kql_endswith_cs(%s, %s)",
	}
}

// matchString compiles the operators on strings: has, contains, =~, matches ...
func (c *compiler) matchString(e *binaryExpr, x, y value) (value, error) {
	x, y, err := c.strings(e.op, x, y)
	if err != nil {
		return x, err
	}
	word, negated := strings.CutPrefix(e.op, "!")
	format := stringOperators()[word]
	switch e.op {
	case "=~", "!~":
		format, negated = "kql_equals(%s, %s)", e.op == "!~"
	case "matches":
		format = "kql_matches(%s, %s)"
		if err := c.checkRegex(y); err != nil {
			return y, err
		}
	}
	out := value{sql: fmt.Sprintf(format, x.sql, y.sql), typ: TypeBool, weight: x.weight + y.weight + 1}
	if negated {
		out.sql = "(NOT " + out.sql + ")"
	}
	return out, nil
}

// strings brings both sides of a string operator to strings.
func (c *compiler) strings(op string, x, y value) (value, value, error) {
	for _, v := range []*value{&x, &y} {
		switch v.typ {
		case TypeString:
		case TypeDynamic:
			pos := v.pos
			*v = c.convert(*v, TypeString)
			v.pos = pos
		default:
			return x, y, c.fail(v.pos, "Operator '%s' cannot be applied to a value of type %s: it takes strings. Try adding tostring()", op, v.typ)
		}
	}
	return x, y, nil
}

// checkRegex refuses a constant that is no regular expression. Kusto's syntax is
// RE2, which is Go's too.
func (c *compiler) checkRegex(v value) error {
	if v.lit == nil {
		return nil // an invalid one matches nothing at run time
	}
	pattern, _ := v.lit.value.(string)
	if _, err := regexp.Compile(pattern); err != nil {
		return c.fail(v.pos, "Regular expression pattern is ill-formed: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return nil
}
