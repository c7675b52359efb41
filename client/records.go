package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/api"
)

// Query says which records to list, and how.
type Query struct {
	Integrations []string // ids or names; none: all that the key may see
	Filter       []string // conditions, as risk[eq]High; all must hold
	Sort         string   // a field, with a minus before it for descending
	Fields       []string // what of each record to send, as dotted paths; none: all
	Raw          bool     // with the objects as Microsoft sent them
	NoOCSF       bool     // without the OCSF events
	Removed      bool     // also those that are gone
	Live         bool     // ask Defender instead of the mirror
	Count        bool     // count them
	Limit        int      // records of a page, up to 1,000; 0: the server's default
	Cursor       string   // where to go on; empty: from the first
}

// values is the query as a URL has it.
func (q Query) values() url.Values {
	v := url.Values{}
	for _, i := range q.Integrations {
		v.Add("integration", i)
	}
	for _, f := range q.Filter {
		v.Add("filter", f)
	}
	for _, f := range q.Fields {
		v.Add("fields", f)
	}
	for name, on := range map[string]bool{"raw": q.Raw, "removed": q.Removed, "live": q.Live, "count": q.Count} {
		if on {
			v.Set(name, "true")
		}
	}
	if q.NoOCSF {
		v.Set("ocsf", "false")
	}
	for name, text := range map[string]string{"sort": q.Sort, "cursor": q.Cursor} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// RecordsService reads one kind of record.
type RecordsService struct {
	c        *Client
	resource string
	below    []string // of another record
}

// path is where the list is.
func (s *RecordsService) path() []string {
	if s.below != nil {
		return append(append([]string{}, s.below...), s.resource)
	}
	return []string{s.resource}
}

// Page reads one page of a list.
func (s *RecordsService) Page(ctx context.Context, q Query) (api.Records, error) {
	return get[api.Records](ctx, s.c, q.values(), s.path()...)
}

// List yields the records of a list, page by page. It ends at the first error.
// Problems of single integrations are no error: see [RecordsService.Page].
func (s *RecordsService) List(ctx context.Context, q Query) iter.Seq2[api.Record, error] {
	return func(yield func(api.Record, error) bool) {
		for {
			page, err := s.Page(ctx, q)
			if err != nil {
				yield(api.Record{}, err)
				return
			}
			for _, r := range page.Items {
				if !yield(r, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Cursor = page.Next
		}
	}
}

// Get reads one record. For a device the id may be a name that means exactly one.
func (s *RecordsService) Get(ctx context.Context, integration, id string, q Query) (api.Record, error) {
	return get[api.Record](ctx, s.c, q.values(), append(s.path(), integration, id)...)
}

// Of reads what belongs to a device: alerts, vulnerabilities or machine actions.
func (s *RecordsService) Of(integration, device string) *RecordsService {
	resource := s.resource
	if resource == "machine-actions" {
		resource = "actions"
	}
	return &RecordsService{c: s.c, resource: resource, below: []string{"devices", integration, device}}
}
