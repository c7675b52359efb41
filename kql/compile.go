package kql

import (
	"fmt"
	"slices"
	"strings"
)

// What a query may amount to. SQLite has limits of its own on tables in a join,
// columns and parameters; these keep clear of them, so that a query that compiles
// can always be prepared.
const (
	maxSources   = 40
	maxStages    = 250
	maxColumns   = 1000
	maxArguments = 20_000
	maxWeight    = 400
	maxSQL       = 2 << 20
	maxExprSQL   = 64 << 10
	maxDepth     = 250
)

// Compile checks the query's names and types against the schema and turns it
// into SQL. The error, if any, is an [*Error] of kind [KindSemantic], worded as
// Kusto words it where that is known, or of kind [KindUnsupported]. Equal
// queries and schemas give equal plans.
func (q *Query) Compile(schema Schema) (*Plan, error) {
	c := &compiler{
		schema:     schema,
		lets:       q.lets,
		functions:  functions(),
		aggregates: aggregates(),
		bound:      map[any]int{},
	}
	plan, err := c.plan(q.body)
	if err != nil {
		return nil, located(err, q.text)
	}
	return plan, nil
}

// compiler holds what is shared by all parts of one query. Each operator becomes
// one common table expression, a stage, which reads the one before. Columns have
// made-up names in SQL (c1, c2, ...), each used once in a whole query: SQLite
// takes names that differ in case for the same, and an unknown name in double
// quotes for a string, and Kusto allows any character in a name.
type compiler struct {
	schema     Schema
	lets       []letStatement // those in sight
	functions  map[string]function
	aggregates map[string]aggregate

	args    []argument
	bound   map[any]int // values that have a parameter already
	stages  []string
	size    int // bytes of SQL so far
	aliases int
	sources int
	op      string // the operator at work, for messages
}

// relation is a stage seen from the next one.
type relation struct {
	name    string
	columns []column
	// order is how the rows are sorted, by hidden columns that are none of
	// columns. Sorting is put off until it matters: to take, top and the end.
	order []orderKey
}

// column is one column of a relation.
type column struct {
	name     string // in Kusto
	alias    string // in SQL
	typ      Type
	nullable bool
	// weight is how large the expression behind the column is. SQLite repeats
	// it at each place of use.
	weight int
}

// orderKey is one key of a relation's order.
type orderKey struct {
	alias     string
	ascending bool
	nulls     string
}

// find looks a column up by its name in Kusto.
func (r *relation) find(name string) (column, bool) {
	for _, c := range r.columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

// all lists the columns and those of the order, for a SELECT that passes them on.
func (r *relation) all() string {
	out := make([]string, 0, len(r.columns)+len(r.order))
	for _, c := range r.columns {
		out = append(out, c.alias)
	}
	return strings.Join(append(out, r.hidden()...), ", ")
}

// hidden lists the columns of the order.
func (r *relation) hidden() []string {
	out := make([]string, len(r.order))
	for i, k := range r.order {
		out[i] = k.alias
	}
	return out
}

// orderBy is the clause that sorts, or nothing.
func (r *relation) orderBy() string {
	if len(r.order) == 0 {
		return ""
	}
	parts := make([]string, len(r.order))
	for i, k := range r.order {
		parts[i] = k.alias + " DESC"
		if k.ascending {
			parts[i] = k.alias + " ASC"
		}
		if k.nulls != "" {
			parts[i] += " NULLS " + k.nulls
		}
	}
	return " ORDER BY " + strings.Join(parts, ", ")
}

// plan compiles the query's body and the select that ends it.
func (c *compiler) plan(body *pipeline) (*Plan, error) {
	rel, err := c.pipeline(body)
	if err != nil {
		return nil, err
	}
	aliases := make([]string, len(rel.columns))
	columns := make([]Column, len(rel.columns))
	for i, col := range rel.columns {
		aliases[i] = col.alias
		columns[i] = Column{col.name, col.typ}
	}
	sql := "WITH RECURSIVE " + strings.Join(c.stages, ",\n") + "\nSELECT " + strings.Join(aliases, ", ") + " FROM " + rel.name + rel.orderBy()
	return &Plan{sql: sql, args: c.args, columns: columns}, nil
}

// pipeline compiles a source and its operators.
func (c *compiler) pipeline(p *pipeline) (relation, error) {
	outer := c.op
	defer func() { c.op = outer }()
	if len(p.steps) > 0 {
		c.op = p.steps[0].name
	}
	rel, err := p.source.compile(c)
	if err != nil {
		return rel, err
	}
	for _, s := range p.steps {
		c.op = s.name
		if rel, err = s.op.compile(c, rel); err != nil {
			return rel, err
		}
		if len(rel.columns) == 0 {
			return rel, semanticError(s.pos, "'%s' operator: no columns are left", s.name)
		}
		if len(rel.columns) > maxColumns {
			return rel, semanticError(s.pos, "'%s' operator: more than %d columns", s.name, maxColumns)
		}
	}
	return rel, nil
}

// stage adds a common table expression and returns its name. A heavy one is
// computed before it is used, where SQLite would otherwise copy its expressions
// into each place that uses its columns.
func (c *compiler) stage(pos int, heavy bool, format string, args ...any) (string, error) {
	name := fmt.Sprintf("s%d", len(c.stages)+1)
	hint := ""
	if heavy {
		hint = "MATERIALIZED "
	}
	text := name + " AS " + hint + "(" + fmt.Sprintf(format, args...) + ")"
	c.size += len(text)
	if len(c.stages) >= maxStages || c.size > maxSQL || len(c.args) > maxArguments || parentheses(text) > maxDepth {
		return "", semanticError(pos, "The query is too complex: it has more operators or constants than the emulation of Kusto takes")
	}
	c.stages = append(c.stages, text)
	return name, nil
}

// alias makes a name for a new column in SQL.
func (c *compiler) alias() string {
	c.aliases++
	return fmt.Sprintf("c%d", c.aliases)
}

// bind makes a parameter of a value; equal values share one.
func (c *compiler) bind(v any) string {
	if n, ok := c.bound[v]; ok {
		return fmt.Sprintf("?%d", n)
	}
	c.args = append(c.args, argument{value: v})
	c.bound[v] = len(c.args)
	return fmt.Sprintf("?%d", len(c.args))
}

// clock is the key under which the parameter of now() is kept.
type clock struct{}

// now is the parameter that stands for the time at which the plan runs.
func (c *compiler) now() string {
	if n, ok := c.bound[clock{}]; ok {
		return fmt.Sprintf("?%d", n)
	}
	c.args = append(c.args, argument{now: true})
	c.bound[clock{}] = len(c.args)
	return fmt.Sprintf("?%d", len(c.args))
}

// let looks a let statement up; the last one of a name counts.
func (c *compiler) let(name string) (letStatement, int, bool) {
	for i, let := range slices.Backward(c.lets) {
		if let.name == name {
			return let, i, true
		}
	}
	return letStatement{}, 0, false
}

// within runs f with only the first n let statements in sight, which is what a
// let statement sees of those before it.
func (c *compiler) within(n int, f func() error) error {
	outer := c.lets
	c.lets = outer[:n]
	defer func() { c.lets = outer }()
	return f()
}

// fail is a semantic error that names the operator at work.
func (c *compiler) fail(pos int, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	if c.op != "" {
		message = "'" + c.op + "' operator: " + message
	}
	return semanticError(pos, "%s", message)
}

// parentheses is how deep they nest, which bounds how deep SQLite's tree of the
// expression is.
func parentheses(sql string) int {
	depth, deepest := 0, 0
	for i := range len(sql) {
		switch sql[i] {
		case '(':
			depth++
			deepest = max(deepest, depth)
		case ')':
			depth--
		}
	}
	return deepest
}
