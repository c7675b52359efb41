package kql

import (
	"maps"
	"slices"
	"strings"
)

// stepParsers maps the name of each operator to what reads the rest of it.
func stepParsers() map[string]func(*parser, token) (operator, error) {
	return map[string]func(*parser, token) (operator, error){
		"where":           (*parser).where,
		"filter":          (*parser).where,
		"extend":          (*parser).extend,
		"project":         (*parser).project,
		"project-away":    (*parser).pick,
		"project-keep":    (*parser).pick,
		"project-reorder": (*parser).pick,
		"project-rename":  (*parser).rename,
		"summarize":       (*parser).summarize,
		"distinct":        (*parser).distinct,
		"sort":            (*parser).sort,
		"order":           (*parser).sort,
		"top":             (*parser).top,
		"take":            (*parser).limit,
		"limit":           (*parser).limit,
		"count":           (*parser).count,
		"getschema":       (*parser).getschema,
		"serialize":       (*parser).serialize,
		"join":            (*parser).join,
		"lookup":          (*parser).join,
		"union":           (*parser).unionStep,
		"mv-expand":       (*parser).expand,
		"mvexpand":        (*parser).expand,
	}
}

// foreignOperators are Kusto's operators that this package does not have; the
// list makes the message better, nothing else.
const foreignOperators = " as consume evaluate facet find fork invoke macro-expand make-graph make-series mv-apply parse parse-kv parse-where " +
	"partition project-by-names reduce render sample sample-distinct scan search top-hitters top-nested "

// step reads one operator, after its pipe.
func (p *parser) step() (step, error) {
	first := p.peek()
	if first.kind != tokenName {
		return step{}, p.unexpected("an operator")
	}
	name := p.dashedName()
	parse, ok := stepParsers()[name]
	if !ok {
		if strings.Contains(foreignOperators, " "+name+" ") {
			return step{}, unsupportedError(first.start, "The operator '%s' is not supported", name)
		}
		known := strings.Join(slices.Sorted(maps.Keys(stepParsers())), ", ")
		return step{}, syntaxError(first.start, "A recognition error occurred: '%s' is no operator (known: %s)", name, known)
	}
	op, err := parse(p, first)
	return step{name: name, pos: first.start, op: op}, err
}

// dashedName reads a word with dashes in it, such as project-away.
func (p *parser) dashedName() string {
	t := p.take()
	name, end := t.text, t.end
	for {
		dash, word := p.peek(), p.following()
		if !dash.is("-") || dash.start != end || word.kind != tokenName || word.start != dash.end {
			return name
		}
		p.take()
		p.take()
		name, end = name+"-"+word.text, word.end
	}
}

// list reads items with commas between them.
func list[T any](p *parser, item func() (T, error)) ([]T, error) {
	var out []T
	for {
		x, err := item()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
		if !p.accept(",") {
			return out, nil
		}
	}
}

func (p *parser) where(token) (operator, error) {
	e, err := p.expr()
	return &whereOperator{e}, err
}

func (p *parser) extend(token) (operator, error) {
	columns, err := p.namedExprs()
	return &extendOperator{columns}, err
}

func (p *parser) project(token) (operator, error) {
	columns, err := p.namedExprs()
	return &projectOperator{columns}, err
}

func (p *parser) serialize(token) (operator, error) {
	if t := p.peek(); t.kind == tokenEnd || t.kind == tokenSign {
		return &serializeOperator{}, nil
	}
	columns, err := p.namedExprs()
	return &serializeOperator{columns}, err
}

// pick reads the name patterns of project-away and its kin.
func (p *parser) pick(token) (operator, error) {
	kinds := map[string]pickKind{"away": pickAway, "keep": pickKeep, "reorder": pickReorder}
	kind := kinds[p.tokens[p.at-1].text]
	patterns, err := list(p, p.pattern)
	return &pickOperator{patterns: patterns, pick: kind}, err
}

// pattern reads a name in which * may stand for any characters.
func (p *parser) pattern() (namePattern, error) {
	t := p.peek()
	if t.kind == tokenQuoted {
		p.take()
		return namePattern{t.text, t.start}, nil
	}
	out := namePattern{pos: t.start}
	end := t.start
	for t = p.peek(); t.start == end && (t.kind == tokenName || t.is("*") || t.kind == tokenLiteral && out.text != ""); t = p.peek() {
		out.text += t.text
		end = t.end
		p.take()
	}
	if out.text == "" {
		return out, p.unexpected("a column name")
	}
	return out, nil
}

// rename reads New = Old, ...
func (p *parser) rename(token) (operator, error) {
	pairs, err := list(p, func() (renamePair, error) {
		to, err := p.name("a new column name")
		if err != nil {
			return renamePair{}, err
		}
		if err := p.expect("="); err != nil {
			return renamePair{}, err
		}
		from, err := p.name("a column name")
		return renamePair{to: to.text, from: from.text, pos: from.start}, err
	})
	return &renameOperator{pairs}, err
}

// hints passes over hint.name=value, which tune a cluster and change no result.
func (p *parser) hints() error {
	for p.peek().is("hint") && p.following().is(".") {
		p.take()
		p.take()
		p.dashedName()
		if err := p.expect("="); err != nil {
			return err
		}
		p.take()
	}
	return nil
}

// summarize reads aggregates by keys, either of which may be missing.
func (p *parser) summarize(token) (operator, error) {
	if err := p.hints(); err != nil {
		return nil, err
	}
	s := &summarizeOperator{}
	var err error
	if !p.peek().is("by") {
		if s.aggregates, err = p.namedExprs(); err != nil {
			return nil, err
		}
	}
	if p.accept("by") {
		s.keys, err = p.namedExprs()
	}
	return s, err
}

func (p *parser) distinct(token) (operator, error) {
	if p.peek().is("*") {
		p.take()
		return &distinctOperator{star: true}, nil
	}
	columns, err := p.namedExprs()
	return &distinctOperator{columns: columns}, err
}

func (p *parser) sort(token) (operator, error) {
	if err := p.expect("by"); err != nil {
		return nil, err
	}
	keys, err := list(p, p.sortKey)
	return &sortOperator{keys}, err
}

func (p *parser) top(token) (operator, error) {
	count, err := p.expr()
	if err != nil {
		return nil, err
	}
	if err := p.expect("by"); err != nil {
		return nil, err
	}
	keys, err := list(p, p.sortKey)
	return &topOperator{count, keys}, err
}

func (p *parser) limit(token) (operator, error) {
	count, err := p.expr()
	return &topOperator{count: count}, err
}

func (p *parser) count(token) (operator, error) { return &countOperator{}, nil }

func (p *parser) getschema(token) (operator, error) { return &getschemaOperator{}, nil }

// sortKey reads expr [asc|desc] [nulls first|last]; Kusto's default is desc.
func (p *parser) sortKey() (sortKey, error) {
	value, err := p.expr()
	if err != nil {
		return sortKey{}, err
	}
	key := sortKey{value: value, ascending: p.accept("asc")}
	if !key.ascending {
		p.accept("desc")
	}
	if p.accept("nulls") {
		switch {
		case p.accept("first"):
			key.nulls = "FIRST"
		case p.accept("last"):
			key.nulls = "LAST"
		default:
			return key, p.unexpected("'first' or 'last'")
		}
	}
	return key, nil
}

// expand reads mv-expand [Name =] Expr [to typeof(type)].
func (p *parser) expand(first token) (operator, error) {
	column, err := p.namedExpr()
	if err != nil {
		return nil, err
	}
	op := &expandOperator{column: column, to: TypeDynamic, pos: first.start}
	if p.accept("to") {
		if err := p.expect("typeof"); err != nil {
			return nil, err
		}
		if err := p.expect("("); err != nil {
			return nil, err
		}
		typ, ok := ParseType(p.peek().text)
		if !ok {
			return nil, p.unexpected("a type")
		}
		op.to = typ
		p.take()
		if err := p.expect(")"); err != nil {
			return nil, err
		}
	}
	if t := p.peek(); t.is(",") || t.is("limit") {
		return nil, unsupportedError(t.start, "mv-expand of several columns or with a limit is not supported")
	}
	return op, nil
}
