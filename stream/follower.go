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
}

// read reads the list to its natural end.
func (f follower[T]) read(ctx context.Context, w *writer) error {
	step := 0
	for try := 1; ; try++ {
		done, err := f.pass(ctx, w, f.sizes[step])
		switch {
		case err == nil && f.sizes[step] == 0:
			w.floor = int64(done.pages)
			return nil
		case err == nil:
			w.floor = floorOf(done.rows, int64(f.sizes[step]))
			return nil
		case (overloaded(err) || done.rows == 0 && refusedPage(err)) && step < len(f.sizes)-1:
			step++
		case !worthAnotherPass(err) || try > maxPasses:
			return err
		}
	}
}

// pass reads the list once.
func (f follower[T]) pass(ctx context.Context, w *writer, size int) (pass, error) {
	var done pass
	q := graph.Query{Filter: f.filter, PageSize: size, OnPage: func(graph.PageRead) error {
		done.pages++
		return nil
	}}
	for v, err := range f.list(ctx, &q) {
		if err != nil && !undecoded(err) {
			return done, err
		}
		if err := w.one(f.item(&v), err); err != nil {
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
