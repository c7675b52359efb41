package kql

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"math"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// registerAggregates adds the aggregates that SQLite lacks.
func registerAggregates(d *sqlite.Driver) error {
	for name, row := range map[string]struct {
		args int32
		make func() folder
	}{
		"kql_make_list":  {2, func() folder { return &elementList{} }},
		"kql_make_set":   {2, func() folder { return &elementList{seen: map[string]bool{}} }},
		"kql_any":        {1, func() folder { return &firstValue{} }},
		"kql_arg_max":    {2, func() folder { return &extremeValue{sign: 1} }},
		"kql_arg_min":    {2, func() folder { return &extremeValue{sign: -1} }},
		"kql_stdev":      {1, func() folder { return &spread{root: true} }},
		"kql_variance":   {1, func() folder { return &spread{} }},
		"kql_percentile": {2, func() folder { return &ranked{} }},
	} {
		err := d.RegisterFunction(name, &sqlite.FunctionImpl{
			NArgs: row.args, Deterministic: true,
			MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) {
				return folding{row.make()}, nil
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// folder gathers values and returns what they come to.
type folder interface {
	step(args []driver.Value)
	result() driver.Value
}

// folding is a folder in the shape that the driver asks for.
type folding struct{ folder }

var _ sqlite.AggregateFunction = folding{}

// Step adds a row.
func (f folding) Step(_ *sqlite.FunctionContext, args []driver.Value) error {
	f.step(args)
	return nil
}

// WindowInverse is never called: no plan uses these functions over a window.
func (f folding) WindowInverse(*sqlite.FunctionContext, []driver.Value) error {
	return errors.New("kql: the aggregate does not run over a window")
}

// WindowValue returns the result.
func (f folding) WindowValue(*sqlite.FunctionContext) (driver.Value, error) { return f.result(), nil }

// Final has nothing to give back.
func (f folding) Final(*sqlite.FunctionContext) {}

// elementList is make_list, and make_set where seen is not nil.
type elementList struct {
	items []string
	seen  map[string]bool
}

func (l *elementList) step(args []driver.Value) {
	most, _ := intArg(args[1])
	if args[0] == nil || int64(len(l.items)) >= most {
		return
	}
	item := textArg(args[0])
	if l.seen != nil {
		if l.seen[item] {
			return
		}
		l.seen[item] = true
	}
	l.items = append(l.items, item)
}

func (l *elementList) result() driver.Value { return "[" + strings.Join(l.items, ",") + "]" }

// firstValue is take_any: the value of the first row, so that several of them
// agree on the row.
type firstValue struct {
	value driver.Value
	found bool
}

func (f *firstValue) step(args []driver.Value) {
	if !f.found {
		f.value, f.found = args[0], true
	}
}

func (f *firstValue) result() driver.Value { return f.value }

// extremeValue is arg_max and arg_min: the second argument in the row in which
// the first is greatest, or least; the first such row counts.
type extremeValue struct {
	sign     int
	by       driver.Value
	value    driver.Value
	anything bool
}

func (e *extremeValue) step(args []driver.Value) {
	better := !e.anything || args[0] != nil && (e.by == nil || e.sign*compareValues(args[0], e.by) > 0)
	if better {
		e.by, e.value, e.anything = args[0], args[1], true
	}
}

func (e *extremeValue) result() driver.Value { return e.value }

// compareValues orders two values of one type.
func compareValues(a, b driver.Value) int {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case string:
		return cmp.Compare(x, textArg(b))
	}
	return cmp.Compare(realArg(a), realArg(b))
}

// spread is the variance of a sample, or its root.
type spread struct {
	root    bool
	n       float64
	mean, m float64
}

func (s *spread) step(args []driver.Value) {
	if args[0] == nil {
		return
	}
	x := realArg(args[0])
	s.n++
	delta := x - s.mean
	s.mean += delta / s.n
	s.m += delta * (x - s.mean)
}

func (s *spread) result() driver.Value {
	if s.n < 2 {
		return 0.0
	}
	v := s.m / (s.n - 1)
	if s.root {
		v = math.Sqrt(v)
	}
	return v
}

// ranked is percentile by the nearest rank.
type ranked struct {
	values  []driver.Value
	percent float64
}

func (r *ranked) step(args []driver.Value) {
	if args[0] != nil {
		r.values = append(r.values, args[0])
		r.percent = realArg(args[1])
	}
}

func (r *ranked) result() driver.Value {
	if len(r.values) == 0 {
		return nil
	}
	slices.SortFunc(r.values, compareValues)
	rank := int(math.Ceil(r.percent / 100 * float64(len(r.values))))
	return r.values[min(max(rank-1, 0), len(r.values)-1)]
}
