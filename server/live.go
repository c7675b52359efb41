package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// LiveLister is a [Backend] that lists what Defender has now.
type LiveLister interface {
	// ListLive reads a stream until enough fits or the list ends, and says how it
	// ended: whole, or broken off at a bound of its own. It may push conditions down
	// to Microsoft, and need not: the caller filters what it gets by itself.
	ListLive(ctx context.Context, integration string, name gatehouse.Stream, where []store.Condition, take func(LiveRecord) (more bool)) (whole bool, err error)
}

// liveMost is how many records a live list holds, of all integrations together.
const liveMost = 10_000

// liveIntegrations is how many integrations a live list asks at most.
const liveIntegrations = 50

// liveAtOnce is how many integrations are asked at once.
const liveAtOnce = 8

// liveAnswer is what one integration has answered.
type liveAnswer struct {
	records []gatehouse.Record
	err     error
	whole   bool
}

// listLive asks Defender. What one integration refuses is a problem of its own.
func (s *Server) listLive(ctx context.Context, l listing, q *listQuery) (*answer[api.Records], error) {
	lister, ok := s.backend.(LiveLister)
	switch {
	case !ok:
		return nil, invalid("query.live", "this server lists from the mirror alone", "leave live out")
	case q.Cursor != "" || q.Count || q.Removed:
		return nil, invalid("query.live", "a live list is one page, and Defender knows no removed records", "leave cursor, count and removed out")
	case len(l.integrations) > liveIntegrations:
		return nil, invalid("query.live", fmt.Sprintf("a live list asks at most %d integrations, and these are %d", liveIntegrations, len(l.integrations)), "name some with integration, or leave live out")
	case l.within != "":
		return nil, invalid("query.live", l.name+" are exported by Microsoft in files, which takes minutes", "leave live out")
	}
	answers := make([]liveAnswer, len(l.integrations))
	var asking sync.WaitGroup
	places := make(chan struct{}, liveAtOnce)
	for n, i := range l.integrations {
		asking.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			answers[n] = s.askLive(ctx, lister, l, i)
		})
	}
	asking.Wait()
	page := api.Records{Mirrors: []api.Mirror{}}
	var records []gatehouse.Record
	for n, a := range answers {
		i := l.integrations[n]
		records = append(records, a.records...)
		if a.err != nil {
			p := *s.problem(ctx, a.err)
			p.Integration = i.ID
			page.Problems = append(page.Problems, p)
			continue
		}
		page.Mirrors = append(page.Mirrors, api.Mirror{Integration: i.ID, Stream: l.stream, AsOf: s.now().UTC(), Live: true})
		if !a.whole {
			p := newProblem(api.CodeTooLarge, fmt.Sprintf("Defender has more than was read: the answer is of the first %d records that fit", len(a.records)), "narrow the filter, or ask the mirror")
			p.Integration = i.ID
			page.Problems = append(page.Problems, *p)
		}
	}
	sortLive(l, records)
	var err error
	page.Items, err = s.show(ctx, l, records[:min(len(records), l.search.Limit)])
	return &answer[api.Records]{page}, err
}

// askLive asks one integration. Without a sort the page is full as soon as enough
// fits; with one, all that fits has to be known.
func (s *Server) askLive(ctx context.Context, lister LiveLister, l listing, i gatehouse.Integration) (a liveAnswer) {
	fits := newMatcher(l.stream, l.search.Where)
	most := max(liveMost/len(l.integrations), l.search.Limit)
	if l.search.Sort == "" {
		most = l.search.Limit
	}
	a.whole, a.err = lister.ListLive(ctx, i.ID, l.stream, l.search.Where, func(r LiveRecord) bool {
		if fits.record(r.Document) {
			a.records = append(a.records, gatehouse.Record{Integration: i.ID, Stream: l.stream, Key: r.Key, API: r.API, Document: r.Document, Changed: s.now().UTC()})
		}
		return len(a.records) < most
	})
	return a
}

// sortLive puts records in the order of a listing.
func sortLive(l listing, records []gatehouse.Record) {
	if l.search.Sort == "" {
		slices.SortStableFunc(records, func(a, b gatehouse.Record) int {
			return cmp.Or(strings.Compare(a.Integration, b.Integration), strings.Compare(a.Key, b.Key))
		})
		return
	}
	index, values := stream.NewIndexer(l.stream), map[mirrorKey]string{}
	for _, r := range records {
		var all []string
		for _, f := range index.Facets(r.Document) {
			if f.Name == l.search.Sort {
				all = append(all, f.Value)
			}
		}
		slices.Sort(all)
		if l.search.Descending {
			slices.Reverse(all)
		}
		if len(all) > 0 {
			values[mirrorKey{r.Integration, r.Key}] = all[0]
		}
	}
	slices.SortStableFunc(records, func(a, b gatehouse.Record) int {
		x, y := values[mirrorKey{a.Integration, a.Key}], values[mirrorKey{b.Integration, b.Key}]
		switch {
		case (x == "") != (y == ""):
			return strings.Compare(y, x) // what has none comes last
		case l.search.Descending:
			return strings.Compare(y, x)
		}
		return strings.Compare(x, y)
	})
}
