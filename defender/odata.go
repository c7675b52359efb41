package defender

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// Query narrows a list. A nil *Query and the zero Query mean all of it.
type Query struct {
	// Filter is an OData filter in Microsoft's terms. It is checked before it is
	// sent: its syntax, and its properties against those that Microsoft documents
	// as filterable for the list. Default: none.
	Filter Filter
	// Top is how many items to read in all. More than one page is read as several
	// pages by $top and $skip. Default: zero, which means all, by next links.
	Top int
	// Skip is how many items to pass over at the service. Default: none.
	Skip int
	// Expand are the relations to include. Only alerts have one: "evidence".
	// Default: none.
	Expand []string
	// PageSize is how many items to ask for at once, at most the list's largest
	// page. Smaller pages help where a heavy tenant makes the service fail. Default:
	// zero, which means the service's own, which is the largest.
	PageSize int
	// From is the Next of a [PageRead] of the same list with the same Filter and
	// Expand: the list goes on there, and Top counts from there. PageSize may be
	// another one. Default: from its start.
	From string
	// OnPage is told of each page that was read to its end, before the first item
	// of the next one. Its error ends the list, which hands it out as it is.
	// Default: none.
	OnPage func(PageRead) error
}

// entitySet says what Microsoft documents for the query options of one list.
type entitySet struct {
	name       string // for people, plural
	filterable []string
	pageSize   int // the largest page; the most that $top takes
	expand     []string
	byTop      bool // pages by $top and $skip always, next links are not documented
}

// listing turns a query into a list to be read, or says what is wrong with it.
func (s entitySet) listing(op Operation, q *Query) (rest.Listing, error) {
	l := rest.Listing{Request: rest.Request{Operation: op}, PageSize: s.pageSize, ByTop: s.byTop}
	if q == nil {
		return l, nil
	}
	if q.Top < 0 || q.Skip < 0 {
		return l, rest.Inputf("top and skip must not be negative, got %d and %d", q.Top, q.Skip)
	}
	if q.PageSize < 0 || q.PageSize > s.pageSize {
		return l, rest.Inputf("page size for %s must lie between 1 and %d, got %d", s.name, s.pageSize, q.PageSize)
	}
	if q.PageSize > 0 {
		l.PageSize, l.ByTop = q.PageSize, true
	}
	l.Limit, l.Skip, l.Query, l.From, l.OnPage = q.Top, q.Skip, url.Values{}, q.From, q.OnPage
	if q.Filter != "" {
		if err := q.Filter.check(s); err != nil {
			return l, err
		}
		l.Query.Set("$filter", string(q.Filter))
	}
	for _, e := range q.Expand {
		if !slices.Contains(s.expand, e) {
			return l, rest.Inputf("%s cannot be expanded by %q: %s", s.name, e, orNone("use", s.expand))
		}
	}
	if len(q.Expand) > 0 {
		l.Query.Set("$expand", strings.Join(q.Expand, ","))
	}
	return l, nil
}

func orNone(verb string, names []string) string {
	if len(names) == 0 {
		return "there is nothing to expand"
	}
	return verb + " " + strings.Join(names, ", ")
}

// list reads a set with a query.
func list[T any, P rest.Item[T]](ctx context.Context, c *rest.Client, set entitySet, op Operation, q *Query) iter.Seq2[T, error] {
	l, err := set.listing(op, q)
	if err != nil {
		return rest.Fail[T](err)
	}
	return rest.List[T, P](ctx, c, l)
}

// secondText is how a moment is printed where Microsoft's samples have whole
// seconds. It never lies after t.
func secondText(t time.Time) string { return rest.FormatTime(t.Truncate(time.Second)) }
