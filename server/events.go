package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// addEventRoutes registers the feed.
func addEventRoutes(s *Server) {
	add(s, route{
		method: http.MethodGet, path: "/v1/events", scope: gatehouse.ScopeRead, id: "listEvents", tag: "Events",
		summary:     "Read the feed of changes",
		description: "What changed in the mirrors, in the order of the commits. Ask again with after set to next: nothing is missed, and nothing comes twice.",
	}, s.listEvents)
	add(s, route{
		method: http.MethodGet, path: "/v1/events/live", scope: gatehouse.ScopeRead, id: "followEvents", tag: "Events", streams: true,
		summary:     "Follow the feed of changes",
		description: "Server-sent events: each has the number of the change as its id, its kind as event and the change as data. Last-Event-ID takes the feed up behind a number; without it, and without after, it begins with what comes next. A comment every 15 seconds shows that the connection lives.",
	}, s.followEvents)
}

// FeedQuery says which changes, and how they are shown.
type FeedQuery struct {
	Chosen
	Streams []gatehouse.Stream `query:"stream,explode" doc:"Any of these streams; may be repeated."`
	Kinds   []string           `query:"kind,explode" doc:"Any of created, updated, removed; may be repeated."`
	Format  string             `query:"format" enum:"none,ocsf,raw" default:"none" doc:"The record as it is now, beside the change."`
}

// eventsQuery asks for a page of the feed.
type eventsQuery struct {
	FeedQuery
	After int64 `query:"after" minimum:"0" doc:"Changes behind this number; 0 begins with the first."`
	Limit int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// feed reads changes for one caller.
type feed struct {
	*Server

	integrations []gatehouse.Integration
	filter       store.EventFilter
	every        bool // no integration is left out, those to come either
	format       string
}

// newFeed checks what is asked.
func (s *Server) newFeed(ctx context.Context, q FeedQuery) (feed, error) {
	f := feed{Server: s, format: q.Format, filter: store.EventFilter{Streams: q.Streams}, every: callerOf(ctx).all && len(q.Integrations) == 0}
	known := []gatehouse.EventKind{gatehouse.EventCreated, gatehouse.EventUpdated, gatehouse.EventRemoved}
	for _, k := range q.Kinds {
		if !slices.Contains(known, gatehouse.EventKind(k)) {
			return f, invalid("query.kind", "there is no kind "+shortened(k), "use created, updated or removed")
		}
		f.filter.Kinds = append(f.filter.Kinds, gatehouse.EventKind(k))
	}
	for _, name := range q.Streams {
		if !knownStream(name) {
			return f, invalid("query.stream", "there is no stream "+shortened(string(name)), "GET /v1/streams lists them")
		}
	}
	var err error
	f.integrations, err = s.visible(ctx, q.Integrations)
	return f, err
}

func (s *Server) listEvents(ctx context.Context, q *eventsQuery) (*answer[api.Events], error) {
	f, err := s.newFeed(ctx, q.FeedQuery)
	if err != nil {
		return nil, err
	}
	page, err := f.page(ctx, q.After, q.Limit)
	return &answer[api.Events]{page}, err
}

// page reads the changes behind a number. The end of the log is asked first: what
// is committed meanwhile is left to the next page, so that no integration gets
// ahead of another and next is true for all of them.
func (f feed) page(ctx context.Context, after int64, limit int) (api.Events, error) {
	last, err := f.store.LastEvent(ctx)
	if err != nil {
		return api.Events{}, err
	}
	page := api.Events{Items: []api.Event{}, Next: max(after, last), Last: last}
	var events []gatehouse.Event
	for _, filter := range f.filters() {
		some, err := f.read(ctx, filter, after, last, limit)
		if err != nil {
			return page, err
		}
		events = append(events, some...)
	}
	slices.SortFunc(events, func(a, b gatehouse.Event) int { return cmp.Compare(a.Number, b.Number) })
	if len(events) >= limit {
		events = events[:limit]
		page.Next = events[limit-1].Number
	}
	accounts := map[string]gatehouse.Integration{}
	for _, i := range f.integrations {
		accounts[i.ID] = i
	}
	for _, e := range events {
		shown, err := f.show(ctx, e, accounts[e.Integration])
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, shown)
	}
	return page, nil
}

// filters are what is read of the log: one for all, or one for each integration.
func (f feed) filters() []store.EventFilter {
	if f.every {
		return []store.EventFilter{f.filter}
	}
	filters := make([]store.EventFilter, len(f.integrations))
	for n, i := range f.integrations {
		filters[n] = f.filter
		filters[n].Integration = i.ID
	}
	return filters
}

// read reads what a filter lets through, up to the last number.
func (f feed) read(ctx context.Context, filter store.EventFilter, after, last int64, limit int) ([]gatehouse.Event, error) {
	var events []gatehouse.Event
	for e, err := range f.store.Events(ctx, after, filter, limit) {
		if err != nil {
			return nil, err
		}
		if e.Number > last {
			break
		}
		events = append(events, e)
	}
	return events, nil
}

// show is a change as it is shown. A record that is being deleted with its
// integration is left out.
func (f feed) show(ctx context.Context, e gatehouse.Event, account gatehouse.Integration) (api.Event, error) {
	shown := api.Event{Number: e.Number, ID: e.ID, Integration: e.Integration, Stream: e.Stream, Key: e.Key, Version: e.Version, Kind: string(e.Kind), Time: e.Time}
	if f.format == "" || f.format == "none" {
		return shown, nil
	}
	r, err := f.store.Record(ctx, e.Integration, e.Stream, e.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return shown, nil
	case err != nil:
		return shown, err
	case f.format == "raw":
		shown.Raw = rawOf(r.Document)
	default:
		shown.OCSF = ocsfOf(r, account)
	}
	return shown, nil
}
