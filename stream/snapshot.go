package stream

import (
	"context"
	"errors"
	"iter"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// Bounds of a reading that does not come to rest.
const (
	maxPasses = 3   // times that a list is read from its start in one run
	ownFault  = 500 // the first status that is the service's own fault
)

// pager reads a list of Defender for Endpoint or Defender XDR. Its pages are
// counted, not keyed: it makes sure that no record was lost at the edge of a page
// when the list moved meanwhile, and it comes down to smaller pages, and at last
// to single items, where the service breaks on large ones.
type pager[T any] struct {
	list  func(context.Context, *defender.Query) iter.Seq2[T, error]
	item  func(*T) item
	query defender.Query
	// largest is the largest page that Microsoft allows.
	largest int64
	// smaller are the pages to come down to when the service fails. Default: 1,000
	// and 100.
	smaller []int
	// whole reads one item by itself. When it is set, the last resort is a list
	// without what query expands, and each item of it read so.
	whole func(context.Context, *T) (T, error)
}

// read reads the list to its natural end.
func (p pager[T]) read(ctx context.Context, w *writer) error {
	for pass := 1; ; pass++ {
		rows, err := p.pass(ctx, w)
		switch {
		case err == nil:
			w.floor = floorOf(rows, p.largest)
			return nil
		case !worthAnotherPass(err):
			return err
		case pass == maxPasses:
			return w.restless(err)
		}
	}
}

// restless ends a reading of a list that has moved in each of its passes. What was
// read counts: a full reading has only no proof that it is all. One of what is new
// fails, for the watermark would leave behind what has slipped past.
func (w *writer) restless(err error) error {
	if !w.full || !errors.Is(err, errMoved) {
		return err
	}
	w.doubtful = true
	return nil
}

// worthAnotherPass tells whether an error says that the list is another one by
// now.
func worthAnotherPass(err error) bool {
	return errors.Is(err, errMoved) || errors.Is(err, defender.ErrChanged) || errors.Is(err, defender.ErrCursorExpired) || errors.Is(err, defender.ErrSnapshotReplaced)
}

// pass reads the list once, page by page, and returns how many rows it has.
func (p pager[T]) pass(ctx context.Context, w *writer) (int64, error) {
	var at seam
	for step := 0; ; {
		more, err := p.page(ctx, w, step, &at)
		switch {
		case overloaded(err) && step < p.lastStep():
			step++
			continue
		case err != nil:
			return at.rows, err
		}
		joins, err := at.end()
		if err != nil {
			return at.rows, err
		}
		if !joins {
			continue
		}
		if !more {
			return at.rows, nil
		}
		if !at.fresh {
			// The service says that there is more and gives what was given before.
			return at.rows, errMoved
		}
		if p.single(step) {
			step-- // one bad page does not make the whole list bad
		}
	}
}

// sizes returns the pages of the steps: the service's own, the smaller ones.
func (p pager[T]) sizes() []int {
	if p.smaller == nil {
		return []int{0, 1000, 100}
	}
	return append([]int{0}, p.smaller...)
}

func (p pager[T]) smallest() int { return p.sizes()[len(p.sizes())-1] }

// single tells whether a step is the last resort, behind those with a size.
func (p pager[T]) single(step int) bool { return step == len(p.sizes()) }

func (p pager[T]) lastStep() int {
	if p.whole != nil {
		return len(p.sizes())
	}
	return len(p.sizes()) - 1
}

// errPageRead ends a list behind a page that leads on.
var errPageRead = errors.New("the page was read")

// page reads one page, and tells whether the list goes on behind it.
func (p pager[T]) page(ctx context.Context, w *writer, step int, at *seam) (more bool, err error) {
	q := p.query
	if p.single(step) {
		q.Expand, q.Top = nil, p.smallest()
	} else {
		q.PageSize = p.sizes()[step]
	}
	q.Skip = int(at.begin(max(q.Top, q.PageSize)))
	q.OnPage = func(page defender.PageRead) error {
		if page.Next == "" || page.Rows == 0 {
			return nil
		}
		return errPageRead
	}
	for v, err := range p.list(ctx, &q) {
		switch {
		case errors.Is(err, errPageRead):
			// A page of a size of ours leads on as long as it may be a short one; when it
			// holds nothing new it was the last.
			return at.fresh || step == 0, nil
		case err != nil && !undecoded(err):
			return false, err
		}
		it := p.item(&v)
		if p.single(step) && it.key != "" {
			err = oneAlone(ctx, w, v, p.item, p.whole)
		} else {
			err = w.one(it, err)
		}
		if err != nil {
			return false, err
		}
		at.take(it.key)
	}
	return p.single(step) && at.taken >= int64(p.smallest()), nil
}

// oneAlone reads an item by itself, by its key. One that even then cannot be read is
// set aside.
func oneAlone[T any](ctx context.Context, w *writer, v T, item func(*T) item, whole func(context.Context, *T) (T, error)) error {
	short := item(&v)
	v, err := whole(ctx, &v)
	switch {
	case errors.Is(err, defender.ErrNotFound):
		return nil // gone since
	case overloaded(err):
		return w.setAside(short.key, short.document, err.Error())
	}
	return w.one(item(&v), err)
}

// overloaded tells whether the service failed by itself, which a smaller question
// may help.
func overloaded(err error) bool {
	refused, ok := errors.AsType[*defender.Error](err)
	return ok && refused.StatusCode >= ownFault && !errors.Is(err, defender.ErrThrottled)
}

// undecoded tells whether an error is about one item alone.
func undecoded(err error) bool {
	_, ok := errors.AsType[*defender.DecodeError](err)
	return ok
}

// snapshot returns the read function of a stream that is one list, read whole.
func snapshot[T any](s func() Stream, p func(*defender.Client) pager[T]) func(context.Context, Request) error {
	return func(ctx context.Context, r Request) error {
		ctx, w := begin(ctx, s(), gatehouse.APIMDE, r)
		w.full = true
		if err := p(r.Clients.Defender).read(ctx, w); err != nil {
			return err
		}
		return w.finish()
	}
}
