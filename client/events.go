package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
)

// EventsService reads the feed of changes.
type EventsService struct{ c *Client }

// EventQuery says which events to read.
type EventQuery struct {
	After        int64 // numbers greater than this one
	Integrations []string
	Streams      []string
	Format       string // none, ocsf or raw; empty: the server's default
	Limit        int    // of a page; 0: the server's default
}

// Page reads one page of the feed.
func (s *EventsService) Page(ctx context.Context, q EventQuery) (api.Events, error) {
	v := url.Values{"after": {strconv.FormatInt(q.After, 10)}}
	for name, list := range map[string][]string{"integration": q.Integrations, "stream": q.Streams} {
		for _, text := range list {
			v.Add(name, text)
		}
	}
	if q.Format != "" {
		v.Set("format", q.Format)
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return get[api.Events](ctx, s.c, v, "events")
}

// List yields the events that there are, to the newest. Keep the number of the
// last one to go on from there.
func (s *EventsService) List(ctx context.Context, q EventQuery) iter.Seq2[api.Event, error] {
	return s.read(ctx, q, nil)
}

// usualRest is how long [EventsService.Follow] rests by default.
const usualRest = 500 * time.Millisecond

// Follow yields the events that there are, and then each new one, until ctx ends.
// When there is no new one it rests before it looks again. Default: for half a
// second. An error of rest ends it.
func (s *EventsService) Follow(ctx context.Context, q EventQuery, rest func(context.Context) error) iter.Seq2[api.Event, error] {
	if rest == nil {
		rest = func(ctx context.Context) error { return pause.For(ctx, usualRest) }
	}
	return s.read(ctx, q, rest)
}

// read yields events, and rests at their end before it asks for more; without a
// rest it ends there.
func (s *EventsService) read(ctx context.Context, q EventQuery, rest func(context.Context) error) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		for {
			page, err := s.Page(ctx, q)
			if err == nil && len(page.Items) == 0 {
				if rest == nil && page.Next >= page.Last {
					return
				}
				if rest != nil {
					err = rest(ctx)
				}
			}
			if err != nil {
				yield(api.Event{}, err)
				return
			}
			for _, e := range page.Items {
				if !yield(e, nil) {
					return
				}
			}
			q.After = max(q.After, page.Next)
		}
	}
}
