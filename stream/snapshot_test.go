package stream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// restless is a list that is another one at each page.
type restless struct{ born int }

// rows are the keys of a page.
func (r *restless) rows() []string {
	keys := make([]string, 10)
	for n := range keys {
		r.born++
		keys[n] = fmt.Sprint(r.born)
	}
	return keys
}

// TestListsThatDoNotComeToRest: a full reading of such a list is not complete, and one
// of what is new fails, so that the watermark stays before what slipped past.
func TestListsThatDoNotComeToRest(t *testing.T) {
	t.Parallel()
	var list restless
	counted := pager[defender.Alert]{
		largest: 10, item: alertItem,
		list: func(_ context.Context, q *defender.Query) iter.Seq2[defender.Alert, error] {
			return func(yield func(defender.Alert, error) bool) {
				for _, key := range list.rows() {
					if !yield(defender.Alert{ID: key}, nil) {
						return
					}
				}
				yield(defender.Alert{}, q.OnPage(defender.PageRead{Next: "on", Rows: 10}))
			}
		},
	}
	linked := follower[graph.Alert]{
		sizes: []int{10}, item: func(a *graph.Alert) item { return item{key: a.ID} },
		list: func(_ context.Context, q *graph.Query) iter.Seq2[graph.Alert, error] {
			return func(yield func(graph.Alert, error) bool) {
				for _, key := range list.rows() {
					if !yield(graph.Alert{ID: key}, nil) {
						return
					}
				}
				yield(graph.Alert{}, q.OnPage(graph.PageRead{Next: "https://graph.microsoft.com/v1.0/security/alerts_v2?$skip=10", Rows: 10}))
			}
		},
	}
	for name, read := range map[string]func(context.Context, *writer) error{"counted": counted.read, "linked": linked.read} {
		for mode, fails := range map[gatehouse.SyncMode]bool{gatehouse.SyncFull: false, gatehouse.SyncIncremental: true} {
			ctx, w := begin(t.Context(), alerts(), gatehouse.APIMDE, Request{Mode: mode, Emit: func(gatehouse.Page) error { return nil }})
			if err := read(ctx, w); fails && !errors.Is(err, errMoved) || !fails && (err != nil || !w.doubtful) {
				t.Errorf("%s, %s: %v, doubtful %v", name, mode, err, w.doubtful)
			}
		}
	}
}

// TestNoKeyWhereItemsAreReadAlone: an item without a key cannot be read by itself. It
// is set aside, and the others are read.
func TestNoKeyWhereItemsAreReadAlone(t *testing.T) {
	t.Parallel()
	p := pager[defender.Alert]{
		largest: 10, item: alertItem, query: defender.Query{Expand: []string{"evidence"}},
		list: func(_ context.Context, q *defender.Query) iter.Seq2[defender.Alert, error] {
			return func(yield func(defender.Alert, error) bool) {
				if len(q.Expand) > 0 {
					yield(defender.Alert{}, &defender.Error{StatusCode: 500})
					return
				}
				_ = yield(defender.Alert{}, &defender.DecodeError{Raw: []byte(`5`)}) && yield(defender.Alert{ID: "a"}, nil)
			}
		},
		whole: func(_ context.Context, a *defender.Alert) (defender.Alert, error) {
			if a.ID == "" {
				return *a, errors.New("the id is missing")
			}
			return *a, nil
		},
	}
	var page gatehouse.Page
	ctx, w := begin(t.Context(), alerts(), gatehouse.APIMDE, Request{Mode: gatehouse.SyncFull, Emit: func(p gatehouse.Page) error {
		page = p
		return nil
	}})
	if err := errors.Join(p.read(ctx, w), w.finish()); err != nil {
		t.Fatal(err)
	}
	if len(page.Records) != 1 || len(page.SetAside) != 1 || string(page.SetAside[0].Document) != "5" || !page.Complete {
		t.Errorf("got %+v", page)
	}
	if reason := page.SetAside[0].Reason; strings.Contains(reason, "the id is missing") {
		t.Errorf("set aside for %s", reason)
	}
}
