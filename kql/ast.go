package kql

// Query is a parsed query: let statements and one pipeline. It does not change,
// and can be compiled many times and at once.
type Query struct {
	text string
	lets []letStatement
	body *pipeline
}

// String returns the text that was parsed.
func (q *Query) String() string { return q.text }

// letStatement is let name = value; exactly one of scalar and table is set. A
// lone name may mean either and is kept as a scalar.
type letStatement struct {
	name   string
	pos    int
	scalar expr
	table  *pipeline
}

// pipeline is a source of rows and the operators they pass.
type pipeline struct {
	source source
	steps  []step
	pos    int
}

// source is where a pipeline's rows come from.
type source interface {
	compile(c *compiler) (relation, error)
}

// step is one operator of a pipeline, with the name it goes by in messages.
type step struct {
	name string
	pos  int
	op   operator
}

// operator turns the rows of one relation into those of another.
type operator interface {
	compile(c *compiler, in relation) (relation, error)
}

// The sources.
type (
	// tableSource is a table of the schema, or a tabular let.
	tableSource struct {
		name string
		pos  int
	}
	// printSource is print a = 1, b = 2.
	printSource struct{ columns []namedExpr }
	// rangeSource is range x from a to b step c.
	rangeSource struct {
		name           string
		pos            int
		from, to, step expr
	}
	// datatableSource is datatable(a:long, b:string)[1, "x"].
	datatableSource struct {
		pos     int
		columns []Column
		values  []expr
	}
	// unionSource is union at the start of a pipeline; it has no rows of its own.
	unionSource struct{ union *unionOperator }
)

// The operators.
type (
	whereOperator   struct{ condition expr }
	extendOperator  struct{ columns []namedExpr }
	projectOperator struct{ columns []namedExpr }
	// pickOperator is project-away, project-keep and project-reorder.
	pickOperator struct {
		patterns []namePattern
		pick     pickKind
	}
	renameOperator struct{ pairs []renamePair }
	// summarizeOperator groups by keys; without aggregates it is distinct.
	summarizeOperator struct {
		aggregates []namedExpr
		keys       []namedExpr
	}
	distinctOperator struct {
		star    bool
		columns []namedExpr
	}
	sortOperator struct{ keys []sortKey }
	// topOperator is top n by, and with no keys it is take n.
	topOperator struct {
		count expr
		keys  []sortKey
	}
	countOperator     struct{}
	getschemaOperator struct{}
	serializeOperator struct{ columns []namedExpr }
	joinOperator      struct {
		kind   joinKind
		pos    int
		right  *pipeline
		on     []joinKey
		lookup bool // keys of the right side are left out
	}
	unionOperator struct {
		pos        int
		legs       []unionLeg
		inner      bool
		fuzzy      bool
		withSource string
	}
	expandOperator struct {
		column namedExpr
		to     Type
		pos    int
	}
)

// pickKind tells the operators apart that pick columns by name.
type pickKind uint8

const (
	pickAway pickKind = iota
	pickKeep
	pickReorder
)

// namePattern is a column's name in which * stands for any characters.
type namePattern struct {
	text string
	pos  int
}

// renamePair is new = old.
type renamePair struct {
	to, from string
	pos      int
}

// namedExpr is an expression with the name it was given, if any. Names holds
// more than one for (a, b) = f(...).
type namedExpr struct {
	names []string
	value expr
}

// sortKey is one key of sort and top.
type sortKey struct {
	value     expr
	ascending bool
	nulls     string // "", "FIRST" or "LAST"
}

// joinKey is one equality of a join; with names equal it came from on Key.
type joinKey struct {
	left, right       string
	leftPos, rightPos int
}

// unionLeg is one input of a union: a pipeline, or a pattern of table names.
type unionLeg struct {
	table   *pipeline
	pattern string
	pos     int
}

// expr is a scalar expression.
type expr interface{ offset() int }

// The expressions.
type (
	literalExpr struct {
		pos int
		lit literal
	}
	nameExpr struct {
		pos  int
		name string
	}
	// starExpr is * as an argument of arg_max, arg_min and take_any.
	starExpr struct{ pos int }
	callExpr struct {
		pos  int
		name string
		args []expr
	}
	unaryExpr struct {
		pos int
		op  string
		x   expr
	}
	// binaryExpr has an operator of signs (+ == <=) or of words (has, and).
	binaryExpr struct {
		pos  int
		op   string
		x, y expr
	}
	// listExpr is x in (...), and has_any and has_all; table is the form with a
	// query in the parentheses.
	listExpr struct {
		pos   int
		op    string
		x     expr
		items []expr
		table *pipeline
	}
	betweenExpr struct {
		pos     int
		x       expr
		low     expr
		high    expr
		negated bool
	}
	// pathExpr is a.b and a["b"].
	pathExpr struct {
		pos int
		x   expr
		key string
	}
	// indexExpr is a[0] and a[Expr].
	indexExpr struct {
		pos   int
		x     expr
		index expr
	}
	// scalarQueryExpr is toscalar(query).
	scalarQueryExpr struct {
		pos   int
		table *pipeline
	}
)

func (e *literalExpr) offset() int     { return e.pos }
func (e *nameExpr) offset() int        { return e.pos }
func (e *starExpr) offset() int        { return e.pos }
func (e *callExpr) offset() int        { return e.pos }
func (e *unaryExpr) offset() int       { return e.pos }
func (e *binaryExpr) offset() int      { return e.pos }
func (e *listExpr) offset() int        { return e.pos }
func (e *betweenExpr) offset() int     { return e.pos }
func (e *pathExpr) offset() int        { return e.pos }
func (e *indexExpr) offset() int       { return e.pos }
func (e *scalarQueryExpr) offset() int { return e.pos }
