package emulator

import "strings"

// column is a filterable property of a set of rows.
type column[T any] struct {
	name string
	kind odataKind
	get  func(row *T) odataValue
}

// filter is a filter bound to the properties of one set.
type filter[T any] struct {
	root    *odataNode
	columns []column[T]
}

// bindFilter parses a filter and checks its names and types against the properties that may be filtered. Property names
// are matched in any case, as the mixed case of Microsoft's own lists suggests (core.md 3.1).
func bindFilter[T any](text, typeName string, columns []column[T]) (*filter[T], error) {
	root, err := parseFilter(text)
	if err != nil {
		return nil, err
	}
	f := &filter[T]{root: root, columns: columns}
	kind, err := f.bind(root, typeName, kindNull)
	if err != nil {
		return nil, err
	}
	if kind != kindBool {
		return nil, odataErrorf("The $filter expression must evaluate to a single boolean value.")
	}
	return f, nil
}

// bind resolves names below a node and returns the node's type.
func (f *filter[T]) bind(n *odataNode, typeName string, variable odataKind) (odataKind, error) {
	switch n.op {
	case "literal":
		return n.value.kind, nil
	case "variable":
		return variable, nil
	case "property":
		return f.bindProperty(n, typeName)
	case "any":
		return f.bindAny(n, typeName)
	}
	kinds := make([]odataKind, len(n.args))
	for i, arg := range n.args {
		kind, err := f.bind(arg, typeName, variable)
		if err != nil {
			return 0, err
		}
		kinds[i] = kind
	}
	return kindBool, checkOperands(n.op, kinds)
}

// bindProperty finds the column of a property.
func (f *filter[T]) bindProperty(n *odataNode, typeName string) (odataKind, error) {
	for i, c := range f.columns {
		if strings.EqualFold(c.name, n.name) {
			n.column = i
			return c.kind, nil
		}
	}
	return 0, odataErrorf("Could not find a property named '%s' on type '%s'.", n.name, typeName)
}

// bindAny checks any() over a collection of strings.
func (f *filter[T]) bindAny(n *odataNode, typeName string) (odataKind, error) {
	kind, err := f.bindProperty(n.args[0], typeName)
	if err != nil {
		return 0, err
	}
	if kind != kindStrings {
		return 0, odataErrorf("The parent value for a property access of a property 'any' is not a collection.")
	}
	body, err := f.bind(n.args[1], typeName, kindString)
	if err == nil && body != kindBool {
		err = odataErrorf("The Any/All query expression must evaluate to a single boolean value.")
	}
	return kindBool, err
}

// checkOperands refuses operators on types they do not take.
func checkOperands(op string, kinds []odataKind) error {
	switch op {
	case "and", "or", "not":
		for _, k := range kinds {
			if k != kindBool {
				return odataErrorf("A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for operator kind '%s'.", kinds[0], kinds[len(kinds)-1], operatorName(op))
			}
		}
		return nil
	case "startswith", "endswith", "contains":
		if kinds[0] != kindString || kinds[1] != kindString {
			return odataErrorf("No function signature for the function with name '%s' matches the specified arguments.", op)
		}
		return nil
	}
	for _, k := range kinds[1:] {
		if k != kinds[0] && k != kindNull && kinds[0] != kindNull || kinds[0] == kindStrings {
			return odataErrorf("A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for operator kind '%s'.", kinds[0], k, operatorName(op))
		}
	}
	return nil
}

// operatorName names an operator as Microsoft's messages do.
func operatorName(op string) string {
	names := map[string]string{
		"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual", "lt": "LessThan", "le": "LessThanOrEqual",
		"and": "And", "or": "Or", "not": "Not", "in": "In",
	}
	return names[op]
}

// match tells whether a row passes. A nil filter lets everything pass.
func (f *filter[T]) match(row *T) bool {
	return f == nil || f.eval(f.root, row, "").truth
}

// eval computes the value of a node for one row; variable is the element that any() looks at.
func (f *filter[T]) eval(n *odataNode, row *T, variable string) odataValue {
	switch n.op {
	case "literal":
		return n.value
	case "variable":
		return odataValue{kind: kindString, text: variable}
	case "property":
		return f.columns[n.column].get(row)
	case "and":
		return boolValue(f.eval(n.args[0], row, variable).truth && f.eval(n.args[1], row, variable).truth)
	case "or":
		return boolValue(f.eval(n.args[0], row, variable).truth || f.eval(n.args[1], row, variable).truth)
	case "not":
		return boolValue(!f.eval(n.args[0], row, variable).truth)
	case "any":
		for _, element := range f.eval(n.args[0], row, variable).strings {
			if f.eval(n.args[1], row, element).truth {
				return boolValue(true)
			}
		}
		return boolValue(false)
	}
	left := f.eval(n.args[0], row, variable)
	for _, arg := range n.args[1:] { // more than one for in
		if compare(n.op, left, f.eval(arg, row, variable)) {
			return boolValue(true)
		}
	}
	return boolValue(false)
}

// compare applies a comparison or a string function. Comparisons with null are false, except eq and ne.
func compare(op string, a, b odataValue) bool {
	switch op {
	case "startswith":
		return strings.HasPrefix(a.text, b.text)
	case "endswith":
		return strings.HasSuffix(a.text, b.text)
	case "contains":
		return strings.Contains(a.text, b.text)
	}
	null := a.kind == kindNull || b.kind == kindNull
	sign := 0
	if !null {
		sign = order(a, b)
	}
	switch op {
	case "eq", "in":
		return a.kind == b.kind && sign == 0
	case "ne":
		return a.kind != b.kind || sign != 0
	case "gt":
		return !null && sign > 0
	case "ge":
		return !null && sign >= 0
	case "lt":
		return !null && sign < 0
	}
	return !null && sign <= 0
}

// order compares two values of one kind.
func order(a, b odataValue) int {
	switch a.kind {
	case kindNumber:
		return sign(a.number - b.number)
	case kindTime:
		return sign(float64(a.moment - b.moment))
	case kindBool:
		if a.truth == b.truth {
			return 0
		}
		if b.truth {
			return -1
		}
		return 1
	}
	return strings.Compare(a.text, b.text)
}

// sign is -1, 0 or 1.
func sign(d float64) int {
	switch {
	case d < 0:
		return -1
	case d > 0:
		return 1
	}
	return 0
}
