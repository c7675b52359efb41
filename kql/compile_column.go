package kql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// columnList gathers the columns of a new relation and how SQL computes them.
type columnList struct {
	c       *compiler
	columns []column
	items   []string // for SELECT
	heavy   bool     // one of the columns is worth computing once
	unnamed int
}

// newColumns starts a list with columns that pass through unchanged.
func newColumns(c *compiler, pass []column) *columnList {
	l := &columnList{c: c}
	for _, col := range pass {
		l.pass(col)
	}
	return l
}

// pass adds a column of the relation before as it is.
func (l *columnList) pass(col column) {
	l.columns = append(l.columns, col)
	l.items = append(l.items, col.alias)
}

// has tells whether the name is taken.
func (l *columnList) has(name string) bool {
	for _, c := range l.columns {
		if c.name == name {
			return true
		}
	}
	return false
}

// free returns the name, or with a number behind it when it is taken.
func (l *columnList) free(name string) string {
	out := name
	for n := 1; l.has(out); n++ {
		out = fmt.Sprintf("%s%d", name, n)
	}
	return out
}

// make turns a value into a column under a new alias.
func (l *columnList) make(name string, v value) (column, string) {
	col := column{name: name, alias: l.c.alias(), typ: v.typ, nullable: v.nullable, weight: v.weight}
	if v.weight > maxWeight {
		l.heavy = true
	}
	return col, v.sql + " AS " + col.alias
}

// add appends a computed column. A name that the query gives must be new; one
// that was made up gets a number when it is not.
func (l *columnList) add(name string, given bool, v value) error {
	switch {
	case given && l.has(name):
		return l.c.fail(v.pos, "a column named '%s' already exists", name)
	case name == "":
		l.unnamed++
		name = l.free(fmt.Sprintf("Column%d", l.unnamed))
	case !given:
		name = l.free(name)
	}
	col, item := l.make(name, v)
	l.columns = append(l.columns, col)
	l.items = append(l.items, item)
	return nil
}

// set replaces the column of that name in its place, or appends it.
func (l *columnList) set(name string, v value) {
	col, item := l.make(name, v)
	for i := range l.columns {
		if l.columns[i].name == name {
			l.columns[i], l.items[i] = col, item
			return
		}
	}
	l.columns = append(l.columns, col)
	l.items = append(l.items, item)
}

// relation makes the stage that selects the list from in; the order stays.
func (l *columnList) relation(pos int, in relation) (relation, error) {
	out := relation{columns: l.columns, order: in.order}
	items := append(append([]string(nil), l.items...), in.hidden()...)
	if len(items) == 0 {
		return out, nil // the pipeline refuses it
	}
	var err error
	out.name, err = l.c.stage(pos, l.heavy, "SELECT %s FROM %s", strings.Join(items, ", "), in.name)
	if l.heavy {
		out.columns = append([]column(nil), out.columns...)
		for i := range out.columns {
			out.columns[i].weight = 1
		}
	}
	return out, err
}

// single returns the one name an expression was given, or nothing.
func (e namedExpr) single() (string, error) {
	switch len(e.names) {
	case 0:
		return "", nil
	case 1:
		return e.names[0], nil
	}
	return "", semanticError(e.value.offset(), "(%s) = ...: the expression does not return %d values", strings.Join(e.names, ", "), len(e.names))
}

// resultName is the name Kusto makes up for an expression without one: a column
// keeps its name, a path joins its parts, conversions and bin take the name of
// what they convert. It is empty where Kusto counts: Column1, Column2, ...
func resultName(e expr) string {
	switch e := e.(type) {
	case *nameExpr:
		return e.name
	case *pathExpr:
		if base := resultName(e.x); base != "" {
			return base + "_" + e.key
		}
	case *indexExpr:
		lit, ok := e.index.(*literalExpr)
		if base := resultName(e.x); base != "" && ok {
			return fmt.Sprintf("%s_%v", base, lit.lit.value)
		}
	case *callExpr:
		switch e.name {
		case "bin", "floor", "tostring", "toint", "tolong", "toreal", "todouble", "todatetime", "totimespan", "tobool", "toboolean", "todynamic", "parse_json", "toguid":
			if len(e.args) > 0 {
				return resultName(e.args[0])
			}
		}
	}
	return ""
}

func (o *extendOperator) compile(c *compiler, in relation) (relation, error) {
	out := newColumns(c, in.columns)
	given := map[string]bool{}
	for _, e := range o.columns {
		v, err := c.expr(e.value, &scope{rel: &in})
		if err != nil {
			return in, err
		}
		name, err := e.single()
		if err != nil {
			return in, err
		}
		if name == "" {
			if _, ok := e.value.(*nameExpr); ok {
				continue // extend of a column that is there changes nothing
			}
			if err := out.add(resultName(e.value), false, v); err != nil {
				return in, err
			}
			continue
		}
		if given[name] {
			return in, c.fail(v.pos, "a column named '%s' already exists", name)
		}
		given[name] = true
		out.set(name, v)
	}
	return out.relation(0, in)
}

func (o *serializeOperator) compile(c *compiler, in relation) (relation, error) {
	return (&extendOperator{o.columns}).compile(c, in)
}

func (o *projectOperator) compile(c *compiler, in relation) (relation, error) {
	out := newColumns(c, nil)
	if err := c.columns(out, o.columns, &in); err != nil {
		return in, err
	}
	return out.relation(0, in)
}

// columns adds expressions to a list under the names they have or get.
func (c *compiler) columns(out *columnList, list []namedExpr, in *relation) error {
	for _, e := range list {
		v, err := c.expr(e.value, &scope{rel: in})
		if err != nil {
			return err
		}
		name, err := e.single()
		if err != nil {
			return err
		}
		given := name != ""
		if !given {
			name = resultName(e.value)
		}
		if err := out.add(name, given, v); err != nil {
			return err
		}
	}
	return nil
}

func (o *renameOperator) compile(c *compiler, in relation) (relation, error) {
	out := in
	out.columns = append([]column(nil), in.columns...)
	renamed := map[string]bool{}
	for _, pair := range o.pairs {
		i := indexOf(in.columns, pair.from)
		if i < 0 {
			return in, c.fail(pair.pos, "Failed to resolve column named '%s'", pair.from)
		}
		if renamed[pair.from] {
			return in, c.fail(pair.pos, "the column '%s' is renamed twice", pair.from)
		}
		renamed[pair.from] = true
		out.columns[i].name = pair.to
	}
	seen := map[string]bool{}
	for _, col := range out.columns {
		if seen[col.name] {
			return in, c.fail(o.pairs[0].pos, "a column named '%s' already exists", col.name)
		}
		seen[col.name] = true
	}
	return out, nil
}

// indexOf finds a column's place by its name, or -1.
func indexOf(columns []column, name string) int {
	for i, c := range columns {
		if c.name == name {
			return i
		}
	}
	return -1
}

func (o *pickOperator) compile(c *compiler, in relation) (relation, error) {
	var picked []column
	taken := map[string]bool{}
	for _, p := range o.patterns {
		columns := matching(p.text, in.columns)
		if len(columns) == 0 && !strings.Contains(p.text, "*") {
			return in, c.fail(p.pos, "Failed to resolve column named '%s'", p.text)
		}
		for _, col := range columns {
			if !taken[col.name] {
				taken[col.name] = true
				picked = append(picked, col)
			}
		}
	}
	var kept, rest []column
	for _, col := range in.columns {
		if taken[col.name] {
			kept = append(kept, col)
		} else {
			rest = append(rest, col)
		}
	}
	out := in
	switch o.pick {
	case pickAway:
		out.columns = rest
	case pickKeep:
		out.columns = kept
	case pickReorder:
		out.columns = slices.Concat(picked, rest)
	}
	return out, nil
}

// matching returns the columns whose names fit a pattern in which * stands for
// any characters.
func matching(pattern string, columns []column) []column {
	match := wildcard(pattern)
	var out []column
	for _, c := range columns {
		if match(c.name) {
			out = append(out, c)
		}
	}
	return out
}

// wildcard makes a test of a pattern in which * stands for any characters.
func wildcard(pattern string) func(string) bool {
	if !strings.Contains(pattern, "*") {
		return func(s string) bool { return s == pattern }
	}
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`\A(?s:` + strings.Join(parts, ".*") + `)\z`).MatchString
}
