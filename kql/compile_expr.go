package kql

import (
	"strings"
)

// value is a compiled expression. A value of type string is never NULL in SQL:
// every part of the compiler keeps that up.
type value struct {
	sql      string // in parentheses where it is more than a word or a call
	typ      Type
	nullable bool
	weight   int
	pos      int
	lit      *literal // the constant, if it is one
}

// isNull tells whether v is a literal null of any type.
func (v value) isNull() bool { return v.lit != nil && v.lit.value == nil }

// null is the null of a type; that of string is the empty string.
func null(t Type) value {
	v := value{sql: "NULL", typ: t, nullable: true, weight: 1, lit: &literal{typ: t}}
	if t == TypeString {
		v.sql, v.nullable = "''", false
		v.lit.value = ""
	}
	return v
}

// scope is what names mean at one place of a query.
type scope struct {
	rel *relation // the columns in sight, or nil for none
	// rows is set where aggregates may stand: the columns their arguments see.
	rows *relation
}

// expr compiles an expression.
func (c *compiler) expr(e expr, s *scope) (value, error) {
	v, err := c.anyExpr(e, s)
	if err != nil {
		return v, err
	}
	v.pos = e.offset()
	if len(v.sql) > maxExprSQL {
		return v, c.fail(v.pos, "the expression is too complex")
	}
	v.weight = min(v.weight, 1<<20)
	return v, nil
}

func (c *compiler) anyExpr(e expr, s *scope) (value, error) {
	switch e := e.(type) {
	case *literalExpr:
		return c.literal(e.lit), nil
	case *nameExpr:
		return c.nameValue(e, s)
	case *callExpr:
		return c.call(e, s)
	case *unaryExpr:
		return c.unary(e, s)
	case *binaryExpr:
		return c.binary(e, s)
	case *listExpr:
		return c.list(e, s)
	case *betweenExpr:
		return c.between(e, s)
	case *pathExpr:
		return c.path(e, s)
	case *indexExpr:
		return c.index(e, s)
	case *scalarQueryExpr:
		return c.scalarQuery(e)
	}
	return value{}, c.fail(e.offset(), "'*' stands for no value here")
}

// literal makes a parameter of a constant.
func (c *compiler) literal(lit literal) value {
	if lit.value == nil {
		return null(lit.typ)
	}
	return value{sql: c.bind(lit.value), typ: lit.typ, weight: 1, lit: &lit}
}

// nameValue finds a column, or else a scalar let.
func (c *compiler) nameValue(e *nameExpr, s *scope) (value, error) {
	if s.rel != nil {
		if col, ok := s.rel.find(e.name); ok {
			return value{sql: col.alias, typ: col.typ, nullable: col.nullable, weight: col.weight}, nil
		}
	}
	let, n, ok := c.let(e.name)
	if !ok || let.scalar == nil {
		return value{}, c.fail(e.pos, "Failed to resolve column or scalar expression named '%s'", e.name)
	}
	var v value
	err := c.within(n, func() (err error) {
		v, err = c.expr(let.scalar, &scope{})
		return err
	})
	return v, err
}

// condition compiles an expression that must be a bool.
func (c *compiler) condition(e expr, s *scope) (value, error) {
	v, err := c.expr(e, s)
	if err != nil {
		return v, err
	}
	switch v.typ {
	case TypeBool:
		return v, nil
	case TypeDynamic:
		return c.convert(v, TypeBool), nil
	}
	return v, c.fail(v.pos, "the expression must be of type bool, not %s", v.typ)
}

// unary compiles -x and +x.
func (c *compiler) unary(e *unaryExpr, s *scope) (value, error) {
	x, err := c.expr(e.x, s)
	if err != nil {
		return x, err
	}
	if !x.typ.numeric() && x.typ != TypeTimeSpan {
		return x, c.fail(e.pos, "Operator '%s' cannot be applied to a value of type %s", e.op, x.typ)
	}
	if e.op == "+" {
		return x, nil
	}
	if x.lit != nil && x.lit.value != nil {
		return c.literal(negated(*x.lit)), nil
	}
	return value{sql: "(-" + x.sql + ")", typ: x.typ, nullable: x.nullable, weight: x.weight + 1}, nil
}

// negated is the constant with the other sign.
func negated(lit literal) literal {
	switch n := lit.value.(type) {
	case int64:
		lit.value = -n
	case float64:
		lit.value = -n
	}
	return lit
}

// binary compiles x op y.
func (c *compiler) binary(e *binaryExpr, s *scope) (value, error) {
	if e.op == "and" || e.op == "or" {
		return c.chain(e, s)
	}
	x, err := c.expr(e.x, s)
	if err != nil {
		return x, err
	}
	y, err := c.expr(e.y, s)
	if err != nil {
		return y, err
	}
	switch e.op {
	case "+", "-", "*", "/", "%":
		return c.arithmetic(e, x, y)
	case "==", "!=", "<", ">", "<=", ">=":
		return c.compare(e.pos, e.op, x, y)
	}
	return c.matchString(e, x, y)
}

// chain compiles a and b and c ... as a balanced tree: SQLite limits how deep an
// expression may be.
func (c *compiler) chain(e *binaryExpr, s *scope) (value, error) {
	var operands []expr
	var flatten func(x expr)
	flatten = func(x expr) {
		if b, ok := x.(*binaryExpr); ok && b.op == e.op {
			flatten(b.x)
			flatten(b.y)
			return
		}
		operands = append(operands, x)
	}
	flatten(e)
	out := value{typ: TypeBool, weight: 1}
	parts := make([]string, len(operands))
	for i, x := range operands {
		v, err := c.condition(x, s)
		if err != nil {
			return v, err
		}
		parts[i] = v.sql
		out.nullable = out.nullable || v.nullable
		out.weight += v.weight
	}
	out.sql = balanced(parts, " "+strings.ToUpper(e.op)+" ")
	return out, nil
}

// balanced joins parts by a logical operator as a tree of least depth.
func balanced(parts []string, op string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	half := len(parts) / 2
	return "(" + balanced(parts[:half], op) + op + balanced(parts[half:], op) + ")"
}

// path compiles a.b on a dynamic value.
func (c *compiler) path(e *pathExpr, s *scope) (value, error) {
	x, err := c.dynamicOperand(e.x, e.pos, s)
	if err != nil {
		return x, err
	}
	out := value{typ: TypeDynamic, nullable: true, weight: x.weight + 2}
	if plainKey(e.key) {
		out.sql = "nullif((" + x.sql + " -> " + c.bind(`$."`+e.key+`"`) + "), 'null')"
	} else {
		out.sql = "kql_get(" + x.sql + ", " + c.bind(e.key) + ")"
	}
	return out, nil
}

// plainKey tells whether SQLite's JSON paths can name the key.
func plainKey(key string) bool {
	for i := range len(key) {
		if !isNameByte(key[i]) && strings.IndexByte(" .-:/@", key[i]) < 0 {
			return false
		}
	}
	return key != ""
}

// index compiles a[i]; a negative index counts from the end.
func (c *compiler) index(e *indexExpr, s *scope) (value, error) {
	x, err := c.dynamicOperand(e.x, e.pos, s)
	if err != nil {
		return x, err
	}
	i, err := c.expr(e.index, s)
	if err != nil {
		return i, err
	}
	if !i.typ.integer() && i.typ != TypeString {
		return i, c.fail(i.pos, "an index must be of type long or string, not %s", i.typ)
	}
	return value{sql: "kql_get(" + x.sql + ", " + i.sql + ")", typ: TypeDynamic, nullable: true, weight: x.weight + i.weight + 1}, nil
}

// dynamicOperand compiles what stands before a path.
func (c *compiler) dynamicOperand(e expr, pos int, s *scope) (value, error) {
	x, err := c.expr(e, s)
	if err == nil && x.typ != TypeDynamic {
		err = c.fail(pos, "a property or element is taken of a value of type %s, which is not dynamic: parse it with parse_json() first", x.typ)
	}
	return x, err
}

// scalarQuery compiles toscalar: the first column of the first row.
func (c *compiler) scalarQuery(e *scalarQueryExpr) (value, error) {
	rel, err := c.pipeline(e.table)
	if err != nil {
		return value{}, err
	}
	col := rel.columns[0]
	sql := "(SELECT " + col.alias + " FROM " + rel.name + rel.orderBy() + " LIMIT 1)"
	out := value{sql: sql, typ: col.typ, nullable: true, weight: 1}
	return out.filled(), nil
}

// filled keeps a string from being NULL.
func (v value) filled() value {
	if v.typ == TypeString {
		v.sql, v.nullable = "coalesce("+v.sql+", '')", false
	}
	return v
}
