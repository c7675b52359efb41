package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// addRecordRoutes registers the list and the single record of every resource.
func addRecordRoutes(s *Server) {
	for _, r := range recordResources() {
		add(s, route{
			method: http.MethodGet, path: "/v1/" + r.name, scope: gatehouse.ScopeRead, id: "list" + r.many, tag: r.title,
			summary:     "List " + strings.ToLower(r.title),
			description: "From the mirror, across one, several or all integrations that the key may see. `filter` is " + filterDoc,
		}, s.lister(r))
		add(s, route{
			method: http.MethodGet, path: "/v1/" + r.name + "/{integration}/{id}", scope: gatehouse.ScopeRead, id: "get" + strings.ToUpper(r.one[:1]) + r.one[1:], tag: r.title,
			summary: "Get one " + r.one, description: r.getDoc(),
		}, s.getter(r))
	}
}

// getDoc says by what one record may be asked for.
func (r resource) getDoc() string {
	if len(r.aliases) == 0 {
		return "By its id."
	}
	return "By its id or, where exactly one fits, by its " + strings.Join(r.aliases, ", ") + ". What fits several is refused with the candidates."
}

// Chosen is a question about some integrations.
type Chosen struct {
	Integrations []string `query:"integration,explode" doc:"Ids or names of integrations; may be repeated. Absent: all that the key may see."`
}

// View is how records are to be shown.
type View struct {
	Fields []string `query:"fields" doc:"What to show, with dots and commas: ocsf.device.hostname,raw.riskScore,derived. Absent: all of ocsf and derived."`
	Raw    bool     `query:"raw" doc:"Also the object as Microsoft sent it."`
	OCSF   bool     `query:"ocsf" default:"true" doc:"false leaves the OCSF event out."`
}

// listQuery is what may be asked of a list.
type listQuery struct {
	Chosen
	View
	Filter  []string `query:"filter,explode" doc:"field[operator]value; may be repeated, all have to hold." example:"risk[eq]High"`
	Sort    string   `query:"sort" doc:"A field to sort by; a minus before it turns the order around. What lacks the field comes last. Absent: by integration and id without filters, and with them in an order of the mirror that is the same on every page." example:"-lastSeen"`
	Limit   int      `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Cursor  string   `query:"cursor" doc:"The next of the page before, with all other parameters but limit the same."`
	Count   bool     `query:"count" doc:"Also say how many there are in all, up to 10,000."`
	Removed bool     `query:"removed" doc:"Also what was removed at Microsoft."`
	Live    bool     `query:"live" doc:"Ask Defender now, not the mirror. Spends from Microsoft's limits; one page alone, without cursor, count and removed."`
}

// signature is what a cursor of the list is bound to: all but the size of the page.
func (q *listQuery) signature(r resource) string {
	text, _ := json.Marshal([]any{r.name, q.Integrations, q.Filter, q.Sort, q.Removed}) //nolint:errchkjson // texts alone
	return string(text)
}

// listing is a question that was understood.
type listing struct {
	resource
	integrations []gatehouse.Integration
	search       store.SearchQuery
	within       string // what the keys have to begin with; empty for anything
	fields       fields
	signature    string
	count        bool
}

// lister returns the handler of a list.
func (s *Server) lister(r resource) func(context.Context, *listQuery) (*answer[api.Records], error) {
	return func(ctx context.Context, q *listQuery) (*answer[api.Records], error) {
		l, err := s.understand(ctx, r, q)
		if err != nil {
			return nil, err
		}
		if q.Live {
			return s.listLive(ctx, l, q)
		}
		return s.list(ctx, l)
	}
}

// understand turns a request into a question to the store.
func (s *Server) understand(ctx context.Context, r resource, q *listQuery) (l listing, err error) {
	l = listing{resource: r, signature: q.signature(r), count: q.Count}
	if l.fields, err = parseFields(q.Fields, q.OCSF, q.Raw); err != nil {
		return l, err
	}
	l.search = store.SearchQuery{Stream: r.stream, Limit: q.Limit, Documents: l.fields.ocsf || l.fields.raw || l.fields.derived, Removed: q.Removed, Integrations: []string{}}
	if l.search.Where, l.within, err = r.conditions(q.Filter); err != nil {
		return l, err
	}
	if l.search.Sort, l.search.Descending, err = r.sorting(q.Sort); err != nil {
		return l, err
	}
	if q.Cursor != "" {
		l.search.After = &store.Position{}
		if err = readCursor(ctx, l.signature, q.Cursor, l.search.After); err != nil {
			return l, err
		}
	}
	if l.integrations, err = s.visible(ctx, q.Integrations); err != nil {
		return l, err
	}
	for _, i := range l.integrations {
		l.search.Integrations = append(l.search.Integrations, i.ID)
	}
	return l, nil
}

// countMost is where counting stops.
const countMost = 10_000

// list answers from the mirror.
func (s *Server) list(ctx context.Context, l listing) (*answer[api.Records], error) {
	found, more, err := s.find(ctx, l)
	if err != nil {
		return nil, err
	}
	page := api.Records{Items: make([]api.Record, 0, len(found))}
	if more {
		if page.Next, err = cursorOf(ctx, l.signature, found[len(found)-1].Position); err != nil {
			return nil, err
		}
	}
	if l.count {
		n, err := s.countAll(ctx, l)
		if err != nil {
			return nil, err
		}
		page.Count = &n
	}
	records := make([]gatehouse.Record, len(found))
	for i, f := range found {
		records[i] = f.Record
	}
	if page.Items, err = s.show(ctx, l, records); err != nil {
		return nil, err
	}
	page.Mirrors, page.Problems, err = s.mirrorsOf(ctx, l.integrations, l.stream)
	return &answer[api.Records]{page}, err
}

// find reads one page, and whether there is more.
func (s *Server) find(ctx context.Context, l listing) (found []store.Found, more bool, err error) {
	if l.within != "" {
		return s.findWithin(ctx, l, l.search.Limit)
	}
	q := l.search
	q.Limit++
	for f, err := range s.store.Search(ctx, q) {
		if err != nil {
			return nil, false, err
		}
		found = append(found, f)
	}
	if more = len(found) > l.search.Limit; more {
		found = found[:l.search.Limit]
	}
	return found, more, nil
}

// countAll counts what a listing would give in all its pages.
func (s *Server) countAll(ctx context.Context, l listing) (int64, error) {
	if l.within == "" {
		return s.store.CountSearch(ctx, l.search, countMost)
	}
	l.search.After = nil
	found, _, err := s.findWithin(ctx, l, countMost)
	return int64(len(found)), err
}

// findWithin reads the records whose keys begin with one thing: in the order of
// their keys alone, since they have no index of their own.
func (s *Server) findWithin(ctx context.Context, l listing, limit int) (found []store.Found, more bool, err error) {
	if l.search.Sort != "" {
		return nil, false, invalid("query.sort", "what is asked within one "+l.resource.within+" comes in the order of its ids", "leave sort out")
	}
	prefix := l.within + "|"
	fits := newMatcher(l.stream, l.search.Where)
	integrations := slices.Sorted(slices.Values(l.search.Integrations))
	for _, id := range integrations {
		from := prefix
		if at := l.search.After; at != nil {
			if id < at.Integration {
				continue
			}
			if id == at.Integration {
				from = at.Key
			}
		}
		for r, err := range s.store.Records(ctx, id, l.stream, store.RecordQuery{After: from, Documents: true, Removed: l.search.Removed}) {
			if err != nil {
				return nil, false, err
			}
			if !strings.HasPrefix(r.Key, prefix) {
				break
			}
			if !fits.record(r.Document) {
				continue
			}
			if len(found) == limit {
				return found, true, nil
			}
			found = append(found, store.Found{Record: r, Position: store.Position{Integration: id, Key: r.Key}})
		}
	}
	return found, false, nil
}
