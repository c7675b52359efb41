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
	edgeRows  = 20  // rows from the edge of a page on that are looked at to find its last one again
	maxEdges  = 50  // pages whose edges are looked at; where there are more, the order (newest first) is trusted
	stepBack  = 10  // rows that are read twice where a list is taken up again in another way
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
	for range maxPasses {
		pass, err := p.pass(ctx, w)
		if worthAnotherPass(err) {
			continue
		}
		if err != nil {
			return err
		}
		w.floor = floorOf(pass.rows, p.largest)
		// A single page cannot lose anything at an edge, and the first reading
		// removes nothing.
		if len(pass.edges) <= 1 || len(pass.edges) > maxEdges || w.first {
			return nil
		}
		if holds, err := p.holds(ctx, pass); holds || err != nil {
			return err
		}
	}
	w.doubtful = true
	return nil
}

// worthAnotherPass tells whether an error says that the list is another one by
// now.
func worthAnotherPass(err error) bool {
	return errors.Is(err, defender.ErrChanged) || errors.Is(err, defender.ErrCursorExpired) || errors.Is(err, defender.ErrSnapshotReplaced)
}

// pass is what one reading of a list came to.
type pass struct {
	rows  int64
	edges []edge // the last item of each page
	last  string // key of the last item
}

// edge is where the last item of a page stood.
type edge struct {
	at  int64
	key string
}

// pass reads the list once.
func (p pager[T]) pass(ctx context.Context, w *writer) (pass, error) {
	var done pass
	for step := 0; ; {
		n, err := p.part(ctx, w, step, &done)
		switch {
		case err == nil && (!p.single(step) || n < p.smallest()):
			return done, nil
		case err == nil:
			step-- // one bad page does not make the whole list bad
		case !overloaded(err) || step == p.lastStep():
			return done, err
		default:
			step++
			done.rows = max(0, done.rows-stepBack)
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

// part reads from where the pass stands: to the end, or one page of single items.
// It returns how many items came.
func (p pager[T]) part(ctx context.Context, w *writer, step int, done *pass) (int, error) {
	q := p.query
	q.Skip = int(done.rows)
	if p.single(step) {
		q.Expand, q.Top = nil, p.smallest()
	} else {
		q.PageSize = p.sizes()[step]
	}
	q.OnPage = func(defender.PageRead) error {
		done.edges = append(done.edges, edge{done.rows - 1, done.last})
		return nil
	}
	n := 0
	for v, err := range p.list(ctx, &q) {
		if err != nil && !undecoded(err) {
			return n, err
		}
		it := p.item(&v)
		if p.single(step) {
			err = oneAlone(ctx, w, v, p.item, p.whole)
		} else {
			err = w.one(it, err)
		}
		if err != nil {
			return n, err
		}
		n++
		done.rows++
		done.last = it.key
	}
	return n, nil
}

// oneAlone reads an item by itself. One that even then cannot be read is set aside.
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

// holds tells whether the last item of every page but the last still stands where
// it was read, or further back. If one has moved forward or is gone, those behind it
// have moved as well, and one of them may have slipped from a page that was not read
// yet into one that was.
func (p pager[T]) holds(ctx context.Context, done pass) (bool, error) {
	for _, e := range done.edges[:len(done.edges)-1] {
		if found, err := p.stands(ctx, e); !found || err != nil {
			return false, err
		}
	}
	return true, nil
}

// stands tells whether an item stands where it was, or a little behind.
func (p pager[T]) stands(ctx context.Context, e edge) (bool, error) {
	q := p.query
	q.Expand, q.Top, q.Skip = nil, edgeRows, int(max(e.at, 0))
	for v, err := range p.list(ctx, &q) {
		if err != nil && !undecoded(err) {
			return false, err
		}
		if p.item(&v).key == e.key {
			return true, nil
		}
	}
	return false, nil
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
