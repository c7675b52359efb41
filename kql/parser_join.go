package kql

import (
	"slices"
	"strings"
)

// joinKind is the flavour of a join.
type joinKind string

// Kusto's kinds of join; several have two names.
const (
	joinInner       joinKind = "inner"
	joinInnerUnique joinKind = "innerunique"
	joinLeftOuter   joinKind = "leftouter"
	joinRightOuter  joinKind = "rightouter"
	joinFullOuter   joinKind = "fullouter"
	joinLeftSemi    joinKind = "leftsemi"
	joinRightSemi   joinKind = "rightsemi"
	joinLeftAnti    joinKind = "leftanti"
	joinRightAnti   joinKind = "rightanti"
)

// joinKinds maps every spelling to its kind.
func joinKinds() map[string]joinKind {
	return map[string]joinKind{
		"inner": joinInner, "innerunique": joinInnerUnique,
		"leftouter": joinLeftOuter, "rightouter": joinRightOuter, "fullouter": joinFullOuter,
		"leftsemi": joinLeftSemi, "rightsemi": joinRightSemi,
		"leftanti": joinLeftAnti, "anti": joinLeftAnti, "leftantisemi": joinLeftAnti,
		"rightanti": joinRightAnti, "rightantisemi": joinRightAnti,
	}
}

// join reads [kind=k] right on keys, of join and of lookup.
func (p *parser) join(first token) (operator, error) {
	j := &joinOperator{kind: joinInnerUnique, pos: first.start, lookup: first.text == "lookup"}
	if j.lookup {
		j.kind = joinLeftOuter
	}
	if err := p.hints(); err != nil {
		return nil, err
	}
	if p.peek().is("kind") && p.following().is("=") {
		if err := p.joinKind(j); err != nil {
			return nil, err
		}
	}
	if err := p.hints(); err != nil {
		return nil, err
	}
	right, err := p.joinRight()
	if err != nil {
		return nil, err
	}
	j.right = right
	if err := p.expect("on"); err != nil {
		return nil, err
	}
	j.on, err = list(p, p.joinKey)
	for err == nil && p.accept("and") {
		var key joinKey
		key, err = p.joinKey()
		j.on = append(j.on, key)
	}
	return j, err
}

// joinKind reads kind=k.
func (p *parser) joinKind(j *joinOperator) error {
	p.take()
	p.take()
	t := p.peek()
	kind, ok := joinKinds()[t.text]
	if j.lookup && kind != joinInner && kind != joinLeftOuter {
		ok = false
	}
	if !ok {
		return p.unexpected("a kind of " + p.tokens[p.at-3].text + " (inner, leftouter and so on)")
	}
	j.kind = kind
	p.take()
	return nil
}

// joinRight reads a table's name or a pipeline in parentheses.
func (p *parser) joinRight() (*pipeline, error) {
	pos := p.peek().start
	src, err := p.source()
	if err != nil {
		return nil, err
	}
	return &pipeline{source: src, pos: pos}, nil
}

// joinKey reads Key, or $left.A == $right.B in either order.
func (p *parser) joinKey() (joinKey, error) {
	if !strings.HasPrefix(p.peek().text, "$") {
		name, err := p.name("a column to join on")
		if err == nil && !p.joinKeyEnds() {
			err = unsupportedError(name.start, "join: on accepts column names and $left.A == $right.B, nothing else")
		}
		return joinKey{left: name.text, right: name.text, leftPos: name.start, rightPos: name.start}, err
	}
	sideA, nameA, err := p.joinSide()
	if err != nil {
		return joinKey{}, err
	}
	if err := p.expect("=="); err != nil {
		return joinKey{}, err
	}
	sideB, nameB, err := p.joinSide()
	if err != nil {
		return joinKey{}, err
	}
	if sideA == sideB {
		return joinKey{}, semanticError(nameA.start, "join: both sides of the equality refer to %s", sideA)
	}
	if sideA == "$right" {
		nameA, nameB = nameB, nameA
	}
	return joinKey{left: nameA.text, right: nameB.text, leftPos: nameA.start, rightPos: nameB.start}, nil
}

// joinKeyEnds tells whether a name on its own was the whole key.
func (p *parser) joinKeyEnds() bool {
	t := p.peek()
	return t.kind == tokenEnd || slices.ContainsFunc([]string{",", "|", ")", ";", "and"}, t.is)
}

// joinSide reads $left.Name or $right.Name.
func (p *parser) joinSide() (side string, name token, err error) {
	t := p.peek()
	if !t.is("$left") && !t.is("$right") {
		return "", t, p.unexpected("'$left' or '$right'")
	}
	p.take()
	if t2 := p.peek(); t2.kind == tokenQuoted { // $left['a name']
		return t.text, p.take(), nil
	}
	if err := p.expect("."); err != nil {
		return "", t, err
	}
	name, err = p.name("a column")
	return t.text, name, err
}

// unionStep reads union after a pipe.
func (p *parser) unionStep(first token) (operator, error) { return p.union(first.start) }

// union reads [kind=inner|outer] [withsource=Name] [isfuzzy=true] legs.
func (p *parser) union(pos int) (*unionOperator, error) {
	u := &unionOperator{pos: pos}
	for {
		if err := p.hints(); err != nil {
			return nil, err
		}
		if !p.following().is("=") {
			break
		}
		if err := p.unionOption(u); err != nil {
			return nil, err
		}
	}
	legs, err := list(p, p.unionLeg)
	u.legs = legs
	return u, err
}

// unionOption reads one name=value.
func (p *parser) unionOption(u *unionOperator) error {
	name := p.take()
	p.take()
	value := p.take()
	switch {
	case name.is("kind") && (value.is("inner") || value.is("outer")):
		u.inner = value.text == "inner"
	case name.is("isfuzzy") && value.kind == tokenLiteral && value.lit.typ == TypeBool:
		u.fuzzy = value.lit.value == int64(1)
	case (name.is("withsource") || name.is("with_source")) && (value.kind == tokenName || value.kind == tokenQuoted):
		u.withSource = value.text
	default:
		return syntaxError(name.start, "A recognition error occurred: union takes kind=inner|outer, withsource=Name and isfuzzy=true|false, not %s = %s", name.shown(), value.shown())
	}
	return nil
}

// unionLeg reads a table, a pattern such as Device*, or a pipeline in parentheses.
func (p *parser) unionLeg() (unionLeg, error) {
	t := p.peek()
	if t.kind == tokenName || t.is("*") {
		at := p.at
		if pattern, err := p.pattern(); err == nil && strings.Contains(pattern.text, "*") {
			return unionLeg{pattern: pattern.text, pos: t.start}, nil
		}
		p.at = at
	}
	right, err := p.joinRight()
	return unionLeg{table: right, pos: t.start}, err
}
