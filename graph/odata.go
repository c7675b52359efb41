package graph

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// safePage is a page that every list is known to allow: Microsoft documents no
// maximum for these, and that of incidents is 50.
const safePage = 50

// Query narrows a list. A nil *Query and the zero Query mean all of it.
type Query struct {
	// Filter is an OData filter in Microsoft's terms, for example "severity eq
	// 'high'". Its quotes and parentheses are checked, the rest is the service's.
	// Default: none.
	Filter string
	// Top is how many items to read in all. Default: zero, which means all.
	Top int
	// PageSize is how many items to ask for at once. Default: Top when that is at
	// most 50, else the service's own.
	PageSize int
}

// listing turns a query into a list to be read, or says what is wrong with it.
func (q *Query) listing(op Operation) (rest.Listing, error) {
	l := rest.Listing{Request: rest.Request{Operation: op}, SizeParam: "$top"}
	if q == nil {
		return l, nil
	}
	if q.Top < 0 || q.PageSize < 0 {
		return l, fmt.Errorf("top and page size must not be negative, got %d and %d", q.Top, q.PageSize)
	}
	l.Limit, l.PageSize = q.Top, q.PageSize
	if l.PageSize == 0 && q.Top <= safePage {
		l.PageSize = q.Top
	}
	if q.Filter == "" {
		return l, nil
	}
	if err := balanced(q.Filter); err != nil {
		return l, err
	}
	l.Query = url.Values{"$filter": {q.Filter}}
	return l, nil
}

// balanced refuses a filter that cannot be one.
func balanced(filter string) error {
	if strings.TrimSpace(filter) == "" {
		return errors.New("filter is blank: leave it out")
	}
	depth, quoted := 0, false
	for _, c := range filter {
		switch {
		case c == '\'':
			quoted = !quoted // a doubled quote closes and opens again
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		if depth < 0 {
			break
		}
	}
	switch {
	case quoted:
		return errors.New("filter: a quote is not closed")
	case depth != 0:
		return errors.New("filter: the parentheses are not in balance")
	}
	return nil
}

// pick returns the value of valid that v means, whatever its case. Nothing stays
// nothing. Anything else is an error that lists the values.
func pick[E ~string](what string, v E, valid []E) (E, error) {
	if v == "" {
		return "", nil
	}
	i := slices.IndexFunc(valid, func(e E) bool { return strings.EqualFold(string(e), string(v)) })
	if i < 0 {
		names := make([]string, len(valid))
		for i, e := range valid {
			names[i] = string(e)
		}
		return "", fmt.Errorf("%s %q is not valid: use %s", what, string(v), strings.Join(names, ", "))
	}
	return valid[i], nil
}
