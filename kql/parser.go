package kql

import "slices"

// maxNesting is how deep parentheses, calls and subqueries may nest.
const maxNesting = 64

// Parse reads a query. The error, if any, is an [*Error] of kind [KindSyntax] or
// [KindUnsupported] with the position of the first thing that does not fit.
// Whether names exist and types fit is found out by [Query.Compile].
func Parse(text string) (*Query, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, located(err, text)
	}
	p := &parser{tokens: tokens}
	q, err := p.query()
	if err != nil {
		return nil, located(err, text)
	}
	q.text = text
	return q, nil
}

// parser walks over the tokens; at is the next one.
type parser struct {
	tokens []token
	at     int
	depth  int
}

// peek returns the next token.
func (p *parser) peek() token { return p.tokens[p.at] }

// following returns the token after the next one.
func (p *parser) following() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

// take returns the next token and passes it.
func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

// accept passes the next token if it is the sign or word.
func (p *parser) accept(text string) bool {
	if p.peek().is(text) {
		p.at++
		return true
	}
	return false
}

// expect passes the sign or word, or says that it is missing.
func (p *parser) expect(text string) error {
	if p.accept(text) {
		return nil
	}
	return p.unexpected("'" + text + "'")
}

// unexpected is the error for the next token.
func (p *parser) unexpected(wanted string) error {
	t := p.peek()
	return syntaxError(t.start, "A recognition error occurred: expected %s, found %s", wanted, t.shown())
}

// enter counts one more level of nesting; the caller defers leave.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxNesting {
		return syntaxError(p.peek().start, "The query nests deeper than %d levels", maxNesting)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// name reads an identifier, quoted or not.
func (p *parser) name(wanted string) (token, error) {
	t := p.peek()
	if t.kind == tokenQuoted && t.text != "" || t.kind == tokenName && t.text[0] != '$' {
		return p.take(), nil
	}
	return t, p.unexpected(wanted)
}

// query reads the statements.
func (p *parser) query() (*Query, error) {
	q := &Query{}
	for {
		for p.accept(";") {
		}
		t := p.peek()
		if t.kind == tokenEnd {
			return nil, syntaxError(t.start, "No tabular statement found: a query ends with an expression that returns rows")
		}
		if t.is("let") {
			let, err := p.let()
			if err != nil {
				return nil, err
			}
			q.lets = append(q.lets, let)
			continue
		}
		if t.kind == tokenName && slices.Contains([]string{"set", "declare", "alias", "restrict"}, t.text) && p.following().kind == tokenName {
			return nil, unsupportedError(t.start, "The statement '%s' is not supported", t.text)
		}
		body, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		q.body = body
		return q, p.end()
	}
}

// end expects nothing more than semicolons.
func (p *parser) end() error {
	for p.accept(";") {
	}
	if p.peek().kind != tokenEnd {
		return p.unexpected("the end of the query")
	}
	return nil
}

// let reads let name = value;
func (p *parser) let() (letStatement, error) {
	p.take()
	name, err := p.name("a name")
	if err != nil {
		return letStatement{}, err
	}
	let := letStatement{name: name.text, pos: name.start}
	if err := p.expect("="); err != nil {
		return let, err
	}
	if p.functionAhead() {
		return let, unsupportedError(p.peek().start, "A user-defined function is not supported: write its body where it is called")
	}
	if p.tabularAhead(p.at) {
		let.table, err = p.pipeline()
	} else {
		let.scalar, err = p.expr()
	}
	if err != nil {
		return let, err
	}
	if p.peek().kind == tokenEnd {
		return let, p.unexpected("';' after the let statement")
	}
	return let, p.expect(";")
}

// functionAhead tells whether (parameters) { body } follows.
func (p *parser) functionAhead() bool {
	if p.peek().is("view") && p.following().is("(") {
		return true
	}
	return p.peek().is("(") && p.tokens[min(p.matching(p.at)+1, len(p.tokens)-1)].is("{")
}

// matching returns the index of the token that closes the one at i, or the last
// index.
func (p *parser) matching(i int) int {
	depth := 0
	for ; i < len(p.tokens)-1; i++ {
		switch t := p.tokens[i]; {
		case t.is("("), t.is("["), t.is("{"):
			depth++
		case t.is(")"), t.is("]"), t.is("}"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(p.tokens) - 1
}

// tabularAhead tells whether the expression at token i returns rows rather than
// a value: it has a pipe of its own, or starts as only a source does. A lone name
// can be either and counts as a value.
func (p *parser) tabularAhead(i int) bool {
	for range maxNesting {
		t := p.tokens[i]
		if t.kind == tokenName && p.sourceWord(i) {
			return true
		}
		for j := i; j < len(p.tokens)-1; j++ {
			switch s := p.tokens[j]; {
			case s.is("("), s.is("["), s.is("{"):
				j = p.matching(j)
				continue
			case s.is("|"):
				return true
			case s.is(";"), s.is(")"), s.is(","):
				j = len(p.tokens)
			}
		}
		if !t.is("(") {
			return false
		}
		i++
	}
	return false
}

// sourceWord tells whether token i is a word that starts a source and not a name
// that happens to be spelled so.
func (p *parser) sourceWord(i int) bool {
	next := p.tokens[min(i+1, len(p.tokens)-1)]
	switch p.tokens[i].text {
	case "union":
		return next.kind == tokenName || next.kind == tokenQuoted || next.is("(")
	case "print":
		return next.kind != tokenEnd && !next.is("|") && !next.is(";") && !next.is(")") && !next.is("==")
	case "range":
		return next.kind == tokenName || next.kind == tokenQuoted
	case "datatable", "materialize":
		return next.is("(")
	}
	return false
}

// pipeline reads a source and its operators.
func (p *parser) pipeline() (*pipeline, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	pipe := &pipeline{pos: p.peek().start}
	var err error
	if pipe.source, err = p.source(); err != nil {
		return nil, err
	}
	for p.accept("|") {
		s, err := p.step()
		if err != nil {
			return nil, err
		}
		pipe.steps = append(pipe.steps, s)
	}
	return pipe, nil
}

// compile makes a pipeline in parentheses a source.
func (p *pipeline) compile(c *compiler) (relation, error) { return c.pipeline(p) }

// source reads what stands before the first pipe.
func (p *parser) source() (source, error) {
	t := p.peek()
	if t.is("(") {
		p.take()
		inner, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	if t.kind == tokenName && p.sourceWord(p.at) {
		p.take()
		return p.wordSource(t)
	}
	if t.kind == tokenName && (t.text == "search" || t.text == "find" || t.text == "externaldata" || t.text == "evaluate") && !p.following().is("|") && p.following().kind != tokenEnd {
		return nil, unsupportedError(t.start, "The operator '%s' is not supported", t.text)
	}
	name, err := p.name("a table")
	if err != nil {
		return nil, err
	}
	if p.peek().is("(") {
		return nil, unsupportedError(t.start, "Unknown function: '%s'", t.text)
	}
	if p.peek().is(".") {
		return nil, unsupportedError(p.peek().start, "Tables of other databases and clusters are not supported")
	}
	return &tableSource{name: name.text, pos: name.start}, nil
}

// wordSource reads the rest of a source that starts with the word t.
func (p *parser) wordSource(t token) (source, error) {
	switch t.text {
	case "union":
		u, err := p.union(t.start)
		return &unionSource{u}, err
	case "print":
		columns, err := p.namedExprs()
		return &printSource{columns}, err
	case "range":
		return p.rangeSource()
	case "datatable":
		return p.datatable(t.start)
	}
	p.take() // the parenthesis of materialize, which changes no result
	inner, err := p.pipeline()
	if err != nil {
		return nil, err
	}
	return inner, p.expect(")")
}

// rangeSource reads x from a to b step c.
func (p *parser) rangeSource() (source, error) {
	name, err := p.name("a column name")
	if err != nil {
		return nil, err
	}
	r := &rangeSource{name: name.text, pos: name.start}
	for _, part := range []struct {
		word string
		into *expr
	}{{"from", &r.from}, {"to", &r.to}, {"step", &r.step}} {
		if err := p.expect(part.word); err != nil {
			return nil, err
		}
		if *part.into, err = p.expr(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// datatable reads (a:long, b:string)[1, "x", 2, "y"].
func (p *parser) datatable(pos int) (source, error) {
	d := &datatableSource{pos: pos}
	p.take() // the parenthesis
	for {
		name, err := p.name("a column name")
		if err != nil {
			return nil, err
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		typ, ok := ParseType(p.peek().text)
		if !ok || p.peek().kind != tokenName {
			return nil, p.unexpected("a type")
		}
		p.take()
		d.columns = append(d.columns, Column{name.text, typ})
		if !p.accept(",") {
			break
		}
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if err := p.expect("["); err != nil {
		return nil, err
	}
	for !p.accept("]") {
		value, err := p.expr()
		if err != nil {
			return nil, err
		}
		d.values = append(d.values, value)
		if !p.accept(",") && !p.peek().is("]") {
			return nil, p.unexpected("',' or ']'")
		}
	}
	if len(d.values)%len(d.columns) != 0 {
		return nil, syntaxError(pos, "datatable: %d values do not fill rows of %d columns", len(d.values), len(d.columns))
	}
	return d, nil
}
