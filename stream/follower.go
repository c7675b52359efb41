package stream

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/gatehouse-sec/gatehouse/graph"
)

// follower reads a list of Graph by its next links. Microsoft documents that it
// comes with the newest first and that items are not moved by updates, so that
// what is new while it is read pushes items to later pages, never past them.
type follower[T any] struct {
	list   func(context.Context, *graph.Query) iter.Seq2[T, error]
	item   func(*T) item
	filter string
	// sizes are the pages to ask for, each when the one before was refused or
	// broke the service; 0 is the service's own. Microsoft does not document the
	// largest.
	sizes []int
	// whole reads one item by itself. When it is set, the list comes with what
	// belongs to its items ($expand), and the last resort is a list without that, and
	// each item of it read by itself.
	whole func(context.Context, *T) (T, error)
}

// read reads the list to its natural end.
func (f follower[T]) read(ctx context.Context, w *writer) error {
	last := len(f.sizes) - 1
	if f.whole != nil {
		last++
	}
	step := 0
	for try := 1; ; try++ {
		done, err := f.pass(ctx, w, step)
		switch {
		case err == nil:
			w.floor = f.floor(step, done)
			return nil
		case (overloaded(err) || done.rows == 0 && refusedPage(err)) && step < last:
			step++
		case !worthAnotherPass(err) || try > maxPasses:
			return err
		}
	}
}

// floor is the fewest calls that a pass can have taken.
func (f follower[T]) floor(step int, done pass) int64 {
	size := f.sizes[min(step, len(f.sizes)-1)]
	if size == 0 {
		return int64(len(done.edges)) // how many rows make a page is the service's own affair
	}
	return floorOf(done.rows, int64(size))
}

// pass reads the list once.
func (f follower[T]) pass(ctx context.Context, w *writer, step int) (pass, error) {
	var done pass
	alone := step == len(f.sizes)
	q := graph.Query{
		Filter: f.filter, PageSize: f.sizes[min(step, len(f.sizes)-1)], ExpandAlerts: f.whole != nil && !alone,
		OnPage: func(graph.PageRead) error {
			done.edges = append(done.edges, edge{done.rows - 1, done.last})
			return nil
		},
	}
	for v, err := range f.list(ctx, &q) {
		if err != nil && !undecoded(err) {
			return done, err
		}
		if alone {
			err = oneAlone(ctx, w, v, f.item, f.whole)
		} else {
			err = w.one(f.item(&v), err)
		}
		if err != nil {
			return done, err
		}
		done.rows++
	}
	return done, nil
}

// refusedPage tells whether a question was refused as such, which a smaller page
// may mend.
func refusedPage(err error) bool {
	refused, ok := errors.AsType[*graph.Error](err)
	return ok && refused.StatusCode == http.StatusBadRequest
}
