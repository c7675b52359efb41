package kql

import (
	"slices"
	"strings"
)

// namedExprs reads [name =] expr, ...
func (p *parser) namedExprs() ([]namedExpr, error) { return list(p, p.namedExpr) }

// namedExpr reads [name =] expr, or (a, b) = expr.
func (p *parser) namedExpr() (namedExpr, error) {
	if names, ok := p.tuple(); ok {
		value, err := p.expr()
		return namedExpr{names, value}, err
	}
	var names []string
	if t := p.peek(); (t.kind == tokenName || t.kind == tokenQuoted) && p.following().is("=") {
		name, err := p.name("a name")
		if err != nil {
			return namedExpr{}, err
		}
		p.take()
		names = []string{name.text}
	}
	value, err := p.expr()
	return namedExpr{names, value}, err
}

// tuple reads (a, b) = if that is what follows, and nothing otherwise.
func (p *parser) tuple() ([]string, bool) {
	at := p.at
	if !p.accept("(") {
		return nil, false
	}
	names, err := list(p, func() (string, error) {
		t, err := p.name("a name")
		return t.text, err
	})
	if err == nil && p.accept(")") && p.accept("=") {
		return names, true
	}
	p.at = at
	return nil, false
}

// expr reads a scalar expression: and binds tighter than or, comparisons tighter
// than and, then + -, then * / %.
func (p *parser) expr() (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	return p.leftToRight([]string{"or"}, func() (expr, error) {
		return p.leftToRight([]string{"and"}, p.comparison)
	})
}

// leftToRight reads operands with any of the operators between them. A long
// chain makes a deep tree on the left, which balanced evens out.
func (p *parser) leftToRight(ops []string, operand func() (expr, error)) (expr, error) {
	x, err := operand()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		t := p.peek()
		if !containsSign(ops, t) {
			return x, nil
		}
		if n > 2000 {
			return nil, syntaxError(t.start, "The expression is too long")
		}
		p.take()
		y, err := operand()
		if err != nil {
			return nil, err
		}
		x = &binaryExpr{pos: t.start, op: t.text, x: x, y: y}
	}
}

// containsSign tells whether t is one of ops.
func containsSign(ops []string, t token) bool {
	return slices.ContainsFunc(ops, t.is)
}

// comparison reads x, or x op y for any operator that yields a bool.
func (p *parser) comparison() (expr, error) {
	x, err := p.sum()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		t := p.peek()
		if t.kind != tokenSign && t.kind != tokenName {
			return x, nil
		}
		kind := comparisonKind(t.text)
		if kind == notComparison {
			return x, nil
		}
		if n > 50 {
			return nil, syntaxError(t.start, "The expression is too long")
		}
		p.take()
		if x, err = p.comparisonOf(kind, t, x); err != nil {
			return nil, err
		}
	}
}

// comparisonClass is how the right side of a comparison is written.
type comparisonClass uint8

const (
	notComparison comparisonClass = iota
	plainComparison
	listComparison
	betweenComparison
	regexComparison
)

// comparisonKind classifies an operator.
func comparisonKind(op string) comparisonClass {
	switch op {
	case "==", "!=", "<>", "<", ">", "<=", ">=", "=~", "!~":
		return plainComparison
	case "matches":
		return regexComparison
	}
	word := strings.TrimPrefix(op, "!")
	switch word {
	case "between":
		return betweenComparison
	case "in", "in~":
		return listComparison
	}
	if word == op && (op == "has_any" || op == "has_all") {
		return listComparison
	}
	if _, ok := stringOperators()[word]; ok {
		return plainComparison
	}
	return notComparison
}

// comparisonOf reads what follows the operator t.
func (p *parser) comparisonOf(kind comparisonClass, t token, x expr) (expr, error) {
	switch kind {
	case listComparison:
		return p.listOf(t, x)
	case betweenComparison:
		return p.betweenOf(t, x)
	case regexComparison:
		if err := p.expect("regex"); err != nil {
			return nil, err
		}
	}
	y, err := p.sum()
	op := t.text
	if op == "<>" {
		op = "!="
	}
	return &binaryExpr{pos: t.start, op: op, x: x, y: y}, err
}

// listOf reads (a, b, ...), (query) or the name of either.
func (p *parser) listOf(t token, x expr) (expr, error) {
	e := &listExpr{pos: t.start, op: t.text, x: x}
	if !p.peek().is("(") {
		item, err := p.postfix()
		e.items = []expr{item}
		return e, err
	}
	p.take()
	var err error
	if p.tabularAhead(p.at) {
		e.table, err = p.pipeline()
	} else if !p.peek().is(")") {
		e.items, err = list(p, p.expr)
	}
	if err != nil {
		return nil, err
	}
	return e, p.expect(")")
}

// betweenOf reads (low .. high).
func (p *parser) betweenOf(t token, x expr) (expr, error) {
	e := &betweenExpr{pos: t.start, x: x, negated: t.text[0] == '!'}
	err := p.expect("(")
	if err != nil {
		return nil, err
	}
	if e.low, err = p.expr(); err != nil {
		return nil, err
	}
	if err = p.expect(".."); err != nil {
		return nil, err
	}
	if e.high, err = p.expr(); err != nil {
		return nil, err
	}
	return e, p.expect(")")
}

func (p *parser) sum() (expr, error) {
	return p.leftToRight([]string{"+", "-"}, func() (expr, error) {
		return p.leftToRight([]string{"*", "/", "%"}, p.unary)
	})
}

// unary reads -x and +x.
func (p *parser) unary() (expr, error) {
	t := p.peek()
	if !t.is("-") && !t.is("+") {
		return p.postfix()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.take()
	x, err := p.unary()
	return &unaryExpr{pos: t.start, op: t.text, x: x}, err
}

// postfix reads a primary and the .name and [index] after it.
func (p *parser) postfix() (expr, error) {
	x, err := p.primary()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		t := p.peek()
		if n > maxNesting {
			return nil, syntaxError(t.start, "The path is too long")
		}
		switch {
		case t.is("."):
			p.take()
			name, err := p.name("a property")
			if err != nil {
				return nil, err
			}
			x = &pathExpr{pos: t.start, x: x, key: name.text}
		case t.kind == tokenQuoted:
			p.take()
			x = &pathExpr{pos: t.start, x: x, key: t.text}
		case t.is("["):
			p.take()
			if x, err = p.index(t, x); err != nil {
				return nil, err
			}
		default:
			return x, nil
		}
	}
}

// index reads what stands in brackets.
func (p *parser) index(t token, x expr) (expr, error) {
	index, err := p.expr()
	if err != nil {
		return nil, err
	}
	if lit, ok := index.(*literalExpr); ok && lit.lit.typ == TypeString {
		key, _ := lit.lit.value.(string)
		return &pathExpr{pos: t.start, x: x, key: key}, p.expect("]")
	}
	return &indexExpr{pos: t.start, x: x, index: index}, p.expect("]")
}

// primary reads a literal, a name, a call, or an expression in parentheses.
func (p *parser) primary() (expr, error) {
	t := p.peek()
	switch {
	case t.kind == tokenLiteral:
		return p.literal(), nil
	case t.is("*"):
		p.take()
		return &starExpr{pos: t.start}, nil
	case t.is("("):
		p.take()
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		return x, p.expect(")")
	}
	name, err := p.name("an expression")
	if err != nil {
		return nil, err
	}
	if name.kind == tokenName && p.peek().is("(") {
		return p.call(name)
	}
	return &nameExpr{pos: name.start, name: name.text}, nil
}

// literal reads a constant; strings that follow one another are one string.
func (p *parser) literal() expr {
	t := p.take()
	e := &literalExpr{pos: t.start, lit: t.lit}
	for t.lit.typ == TypeString && p.peek().kind == tokenLiteral && p.peek().lit.typ == TypeString {
		head, _ := e.lit.value.(string)
		tail, _ := p.take().lit.value.(string)
		e.lit.value = head + tail
	}
	return e
}

// call reads the arguments of a function.
func (p *parser) call(name token) (expr, error) {
	p.take()
	if name.text == "toscalar" {
		table, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		return &scalarQueryExpr{pos: name.start, table: table}, p.expect(")")
	}
	e := &callExpr{pos: name.start, name: name.text}
	if p.accept(")") {
		return e, nil
	}
	var err error
	if e.args, err = list(p, p.expr); err != nil {
		return nil, err
	}
	return e, p.expect(")")
}
