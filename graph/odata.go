package graph

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// safePage is a page that every list is known to allow: that of incidents, since
// Microsoft documents no maximum for the others.
const safePage = MaxIncidentPage

// Query narrows a list. A nil *Query and the zero Query mean all of it.
type Query struct {
	// Filter is an OData filter in Microsoft's terms, for example "severity eq
	// 'high'". Its quotes and parentheses are checked, the rest is the service's.
	// Default: none.
	Filter string
	// OrderBy is a property, with " desc" behind it for the opposite order. Only
	// alerts can be ordered, and only by createdDateTime, which is not documented
	// but seen to work. Default: the service's own, which is newest first.
	OrderBy string
	// ExpandAlerts includes the alerts of incidents. Other lists have none. Heavy
	// incidents can make the service fail; ask for smaller pages then, or without.
	ExpandAlerts bool
	// Top is how many items to read in all. Default: zero, which means all.
	Top int
	// PageSize is how many items to ask for at once, at most 50 for incidents.
	// Default: the largest page where one is known, else Top when that is at most
	// 50, else the service's own.
	PageSize int
	// From is the Next of a [PageRead] of the same list with the same Filter,
	// OrderBy, ExpandAlerts and PageSize: the list goes on there. Default: from its
	// start.
	From string
	// OnPage is told of each page that was read to its end, before the first item
	// of the next one. Its error ends the list, which hands it out as it is.
	// Default: none.
	OnPage func(PageRead) error
}

// Ge is the filter "property ge time".
func Ge(property string, t time.Time) string { return property + " ge " + rest.FormatTime(t) }

// Lt is the filter "property lt time".
func Lt(property string, t time.Time) string { return property + " lt " + rest.FormatTime(t) }

// entitySet says what is known about the query options of one list.
type entitySet struct {
	name          string   // for people, plural
	pageSize      int      // the largest page; 0 when it is not known
	orderBy       []string // by which properties it can be ordered
	expandsAlerts bool
}

// listing turns a query into a list to be read, or says what is wrong with it.
func (s entitySet) listing(op Operation, q *Query) (rest.Listing, error) {
	l := rest.Listing{Request: rest.Request{Operation: op}, SizeParam: "$top", PageSize: s.pageSize}
	if q == nil {
		return l, nil
	}
	if err := s.check(q); err != nil {
		return l, err
	}
	l.Limit, l.From, l.OnPage = q.Top, q.From, q.OnPage
	switch {
	case q.PageSize > 0:
		l.PageSize = q.PageSize
	case s.pageSize == 0 && q.Top <= safePage:
		l.PageSize = q.Top
	}
	l.Query = url.Values{}
	for name, value := range map[string]string{"$filter": q.Filter, "$orderby": q.OrderBy} {
		if value != "" {
			l.Query.Set(name, value)
		}
	}
	if q.ExpandAlerts {
		l.Query.Set("$expand", "alerts")
	}
	return l, nil
}

// check says what is wrong with a query for the list.
func (s entitySet) check(q *Query) error {
	if q.Top < 0 || q.PageSize < 0 {
		return rest.Inputf("top and page size must not be negative, got %d and %d", q.Top, q.PageSize)
	}
	if s.pageSize > 0 && q.PageSize > s.pageSize {
		return rest.Inputf("page size for %s must be at most %d, got %d", s.name, s.pageSize, q.PageSize)
	}
	if q.ExpandAlerts && !s.expandsAlerts {
		return rest.Inputf("%s have no alerts to expand", s.name)
	}
	if err := s.checkOrder(q.OrderBy); err != nil || q.Filter == "" {
		return err
	}
	return balanced(q.Filter)
}

// checkOrder refuses an order that the list does not have.
func (s entitySet) checkOrder(order string) error {
	if order == "" {
		return nil
	}
	property, direction, _ := strings.Cut(order, " ")
	switch {
	case len(s.orderBy) == 0:
		return rest.Inputf("%s cannot be put in another order", s.name)
	case !slices.Contains(s.orderBy, property) || !slices.Contains([]string{"", "asc", "desc"}, direction):
		return rest.Inputf("order of %s by %q: use %s, with desc behind it for the opposite", s.name, order, strings.Join(s.orderBy, ", "))
	}
	return nil
}

// list reads a set with a query.
func list[T any, P rest.Item[T]](ctx context.Context, c *rest.Client, set entitySet, op Operation, q *Query) iter.Seq2[T, error] {
	l, err := set.listing(op, q)
	if err != nil {
		return rest.Fail[T](err)
	}
	return rest.List[T, P](ctx, c, l)
}

// balanced refuses a filter that cannot be one.
func balanced(filter string) error {
	if strings.TrimSpace(filter) == "" {
		return rest.Inputf("filter is blank: leave it out")
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
		return rest.Inputf("filter: a quote is not closed")
	case depth != 0:
		return rest.Inputf("filter: the parentheses are not in balance")
	}
	return nil
}
