package stream

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/graph"
)

// follower reads a list of Graph by its next links. Where a link counts rows, the
// next page begins some rows before its place, so that nothing slips past when the
// list shrinks meanwhile; a link with a token of the service is followed as it is.
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
	step, pass := 0, 1
	for {
		rows, pages, err := f.pass(ctx, w, step)
		switch {
		case err == nil:
			w.floor = f.floor(step, rows, pages)
			return nil
		case (overloaded(err) || rows == 0 && refusedPage(err)) && step < last:
			step++
		case !worthAnotherPass(err):
			return err
		case pass == maxPasses:
			return w.restless(err)
		default:
			pass++
		}
	}
}

// floor is the fewest calls that a pass can have taken.
func (f follower[T]) floor(step int, rows, pages int64) int64 {
	size := f.sizes[min(step, len(f.sizes)-1)]
	if size == 0 {
		return pages // how many rows make a page is the service's own affair
	}
	return floorOf(rows, int64(size))
}

// pass reads the list once, and returns how many rows and pages it has.
func (f follower[T]) pass(ctx context.Context, w *writer, step int) (rows, pages int64, err error) {
	var at seam
	at.begin(0)
	for here, from := "", ""; ; {
		next, err := f.page(ctx, w, step, from, &at)
		if err != nil {
			return at.rows, pages, err
		}
		joins, err := at.end()
		if err != nil {
			return at.rows, pages, err
		}
		if joins {
			pages++
			here = next
		}
		switch {
		case here == "":
			return at.rows, pages, nil
		case joins && !at.fresh && at.begun > 0:
			return at.rows, pages, errMoved // it leads on and gives what it gave before
		}
		from = at.from(here, f.sizes[min(step, len(f.sizes)-1)])
	}
}

// page reads one page, and returns the link behind it.
func (f follower[T]) page(ctx context.Context, w *writer, step int, from string, at *seam) (next string, err error) {
	alone := step == len(f.sizes)
	q := graph.Query{
		Filter: f.filter, PageSize: f.sizes[min(step, len(f.sizes)-1)], ExpandAlerts: f.whole != nil && !alone, From: from,
		OnPage: func(page graph.PageRead) error {
			if next = page.Next; next == "" || page.Rows == 0 {
				return nil
			}
			return errPageRead
		},
	}
	for v, err := range f.list(ctx, &q) {
		switch {
		case errors.Is(err, errPageRead):
			return next, nil
		case err != nil && !undecoded(err):
			return "", err
		}
		it := f.item(&v)
		if alone && it.key != "" {
			err = oneAlone(ctx, w, v, f.item, f.whole)
		} else {
			err = w.one(it, err)
		}
		if err != nil {
			return "", err
		}
		at.take(it.key)
	}
	return next, nil
}

// from begins the page behind a link: some rows before its place where the link
// counts rows, at the link itself where it holds a token.
func (s *seam) from(link string, size int) string {
	u, err := url.Parse(link)
	if err != nil {
		return link // the list refuses it
	}
	query := u.Query()
	if _, err := strconv.Atoi(query.Get("$skip")); err != nil || query.Has("$skiptoken") {
		s.back = 0
		s.begin(0)
		return link
	}
	query.Set("$skip", strconv.FormatInt(s.begin(size), 10))
	u.RawQuery = query.Encode()
	return u.String()
}

// refusedPage tells whether a question was refused as such, which a smaller page
// may mend.
func refusedPage(err error) bool {
	refused, ok := errors.AsType[*graph.Error](err)
	return ok && refused.StatusCode == http.StatusBadRequest
}
