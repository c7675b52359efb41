package emulator

import (
	"slices"
	"strings"
)

// odataNode is one node of a parsed filter.
type odataNode struct {
	op     string // literal, property, variable, and, or, not, eq, ne, gt, ge, lt, le, in, startswith, endswith, contains, any
	args   []*odataNode
	value  odataValue // of a literal
	name   string     // of a property or variable
	column int        // of a property, after binding
}

// maxFilterDepth bounds how deep a filter may nest.
const maxFilterDepth = 100

// filterParser is a Pratt parser of $filter.
type filterParser struct {
	text      string
	tokens    []token
	next      int
	depth     int
	variables []string // of the any() that is being read
}

// parseFilter reads a filter without knowing the properties it names.
func parseFilter(text string) (*odataNode, error) {
	tokens, err := lexFilter(text)
	if err != nil {
		return nil, err
	}
	p := &filterParser{text: text, tokens: tokens}
	root, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected()
	}
	return root, nil
}

func (p *filterParser) peek() token { return p.tokens[p.next] }

func (p *filterParser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

// unexpected is the error for a token that cannot stand where it does.
func (p *filterParser) unexpected() error {
	t := p.peek()
	if t.kind == tokenEnd {
		return odataErrorf("Expression expected at position %d in '%s'.", t.at, p.text)
	}
	return odataErrorf("Syntax error at position %d in '%s'.", t.at, p.text)
}

// mark takes a punctuation mark that must come next.
func (p *filterParser) mark(text string) error {
	if t := p.peek(); t.kind != tokenMark || t.text != text {
		return p.unexpected()
	}
	p.take()
	return nil
}

// binding gives the binding power of an infix operator, 0 for anything else. Operators are in lower case, as OData says.
func binding(t token) int {
	if t.kind != tokenName {
		return 0
	}
	switch t.text {
	case "or":
		return 1
	case "and":
		return 2
	case "eq", "ne":
		return 3
	case "gt", "ge", "lt", "le", "in":
		return 4
	}
	return 0
}

// expression reads operators that bind tighter than the given power.
func (p *filterParser) expression(power int) (*odataNode, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxFilterDepth {
		return nil, odataErrorf("The recursion limit of %d has been exceeded.", maxFilterDepth)
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		t := p.peek()
		b := binding(t)
		if b <= power {
			return left, nil
		}
		p.take()
		if t.text == "in" {
			left, err = p.list(left)
		} else {
			var right *odataNode
			right, err = p.expression(b)
			left = &odataNode{op: t.text, args: []*odataNode{left, right}}
		}
		if err != nil {
			return nil, err
		}
	}
}

// list reads the values of an in operator.
func (p *filterParser) list(left *odataNode) (*odataNode, error) {
	if err := p.mark("("); err != nil {
		return nil, err
	}
	node := &odataNode{op: "in", args: []*odataNode{left}}
	for {
		t := p.take()
		if t.kind != tokenLiteral {
			p.next = max(0, p.next-1)
			return nil, p.unexpected()
		}
		node.args = append(node.args, &odataNode{op: "literal", value: t.value})
		if p.peek().text != "," {
			return node, p.mark(")")
		}
		p.take()
	}
}

// operand reads what an operator applies to.
func (p *filterParser) operand() (*odataNode, error) {
	t := p.peek()
	switch {
	case t.kind == tokenLiteral:
		p.take()
		return &odataNode{op: "literal", value: t.value}, nil
	case t.kind == tokenMark && t.text == "(":
		p.take()
		inner, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return inner, p.mark(")")
	case t.kind == tokenName:
		p.take()
		return p.named(t)
	}
	return nil, p.unexpected()
}

// named reads what begins with a name: a constant, not, a function, any(), a variable or a property.
func (p *filterParser) named(t token) (*odataNode, error) {
	switch t.text {
	case "true", "false":
		return &odataNode{op: "literal", value: boolValue(t.text == "true")}, nil
	case "null":
		return &odataNode{op: "literal"}, nil
	case "not":
		inner, err := p.expression(5)
		if err != nil {
			return nil, err
		}
		return &odataNode{op: "not", args: []*odataNode{inner}}, nil
	}
	if p.peek().text == "(" && p.peek().kind == tokenMark {
		if head, ok := strings.CutSuffix(t.text, "/any"); ok {
			return p.any(head)
		}
		return p.function(t)
	}
	if slices.Contains(p.variables, t.text) {
		return &odataNode{op: "variable", name: t.text}, nil
	}
	return &odataNode{op: "property", name: t.text}, nil
}

// function reads a call of one of the string functions.
func (p *filterParser) function(t token) (*odataNode, error) {
	name := strings.ToLower(t.text)
	if name != "startswith" && name != "endswith" && name != "contains" {
		return nil, odataErrorf("An unknown function with name '%s' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed.", t.text)
	}
	p.take()
	first, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if err := p.mark(","); err != nil {
		return nil, err
	}
	second, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	return &odataNode{op: name, args: []*odataNode{first, second}}, p.mark(")")
}

// any reads tags/any(t: t eq 'x'). Microsoft's pages do not show it, but it is in common use.
func (p *filterParser) any(property string) (*odataNode, error) {
	p.take()
	variable := p.take()
	if variable.kind != tokenName {
		return nil, p.unexpected()
	}
	if err := p.mark(":"); err != nil {
		return nil, err
	}
	p.variables = append(p.variables, variable.text)
	body, err := p.expression(0)
	p.variables = p.variables[:len(p.variables)-1]
	if err != nil {
		return nil, err
	}
	collection := &odataNode{op: "property", name: property}
	return &odataNode{op: "any", name: variable.text, args: []*odataNode{collection, body}}, p.mark(")")
}
