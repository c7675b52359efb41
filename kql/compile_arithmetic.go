package kql

// arithmeticRow says what an operator makes of two types. Classes: n number, d
// datetime, t timespan.
type arithmeticRow struct {
	op, x, y string
	typ      Type // 0: the wider of the two numbers
	sql      string
}

// arithmeticTable lists all pairs of types that can be added and so on.
func arithmeticTable() []arithmeticRow {
	return []arithmeticRow{
		{"+", "n", "n", 0, "(%x + %y)"},
		{"-", "n", "n", 0, "(%x - %y)"},
		{"*", "n", "n", 0, "(%x * %y)"},
		{"/", "n", "n", 0, "(%x / %y)"},
		{"%", "n", "n", 0, "kql_mod(%x, %y)"},
		{"+", "d", "t", TypeDateTime, "(%x + %y)"},
		{"+", "t", "d", TypeDateTime, "(%x + %y)"},
		{"-", "d", "t", TypeDateTime, "(%x - %y)"},
		{"-", "d", "d", TypeTimeSpan, "(%x - %y)"},
		{"+", "t", "t", TypeTimeSpan, "(%x + %y)"},
		{"-", "t", "t", TypeTimeSpan, "(%x - %y)"},
		{"*", "t", "n", TypeTimeSpan, "CAST(%x * %y AS INTEGER)"},
		{"*", "n", "t", TypeTimeSpan, "CAST(%x * %y AS INTEGER)"},
		{"/", "t", "t", TypeReal, "(CAST(%x AS REAL) / %y)"},
		{"/", "t", "n", TypeTimeSpan, "CAST(%x / %y AS INTEGER)"},
		{"%", "t", "t", TypeTimeSpan, "kql_mod(%x, %y)"},
		{"%", "d", "t", TypeTimeSpan, "kql_mod(%x, %y)"},
	}
}

// class is the letter of a type in the table of arithmetic, or "".
func class(t Type) string {
	switch {
	case t.numeric():
		return "n"
	case t == TypeDateTime:
		return "d"
	case t == TypeTimeSpan:
		return "t"
	}
	return ""
}

// arithmetic compiles + - * / %. What SQL has no value for, such as a division by
// zero, is null.
func (c *compiler) arithmetic(e *binaryExpr, x, y value) (value, error) {
	for _, row := range arithmeticTable() {
		if row.op != e.op || row.x != class(x.typ) || row.y != class(y.typ) {
			continue
		}
		typ := row.typ
		if typ == 0 {
			typ, _ = unify(x.typ, y.typ)
		}
		nullable := x.nullable || y.nullable || e.op == "/" || e.op == "%" || typ == TypeDateTime
		return value{sql: fill(row.sql, x.sql, y.sql), typ: typ, nullable: nullable, weight: x.weight + y.weight + 1}, nil
	}
	return x, c.fail(e.pos, "Operator '%s' cannot be applied to values of types %s and %s", e.op, x.typ, y.typ)
}

// fill puts two operands into a row's SQL.
func fill(format, x, y string) string {
	out := make([]byte, 0, len(format)+len(x)+len(y))
	for i := 0; i < len(format); i++ {
		switch {
		case format[i] == '%' && i+1 < len(format) && format[i+1] == 'x':
			out = append(out, x...)
			i++
		case format[i] == '%' && i+1 < len(format) && format[i+1] == 'y':
			out = append(out, y...)
			i++
		default:
			out = append(out, format[i])
		}
	}
	return string(out)
}

// unify finds the type that values of two types can both have: the wider of two
// numbers, or the same type.
func unify(a, b Type) (Type, bool) {
	switch {
	case a == b:
		return a, true
	case a.numeric() && b.numeric():
		return max(a, b), true
	}
	return 0, false
}
