package rest

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
)

// Listing is a list to be read.
type Listing struct {
	Request
	// Limit is how many items to hand out. Zero means all.
	Limit int
	// Skip is how many items to pass over, at the service. Only with PageSize.
	Skip int
	// PageSize is the largest page that Microsoft allows, for lists that take
	// $top and $skip. Zero means that the list takes neither.
	PageSize int
	// SizeParam is the parameter that sets the size of a page without putting an
	// end to next links: "pageSize" of the exports, "$top" of Graph. Empty for the
	// lists whose $top suppresses them.
	SizeParam string
	// EmptyOn404 tells that the service answers 404 where there is nothing.
	EmptyOn404 bool
	// ByTop pages by $top and $skip although there is no limit: for lists without
	// next links, and for pages that are smaller than the service's own. It needs
	// PageSize.
	ByTop bool
	// From is the Next of a page that was read before; the list goes on there.
	// Empty means from its start.
	From string
	// OnPage is told of each page before the first item of the next. Its error
	// ends the list. Default: none.
	OnPage func(PageRead) error
}

// maxEmptyPages is how many pages in a row may be empty and lead on.
const maxEmptyPages = 20

// Fail returns a list that is nothing but an error about what was given.
func Fail[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, Input(err))
	}
}

// List reads a list item by item. An error ends it, except a [*DecodeError],
// which comes with its item and after which the list goes on.
func List[T any, P Item[T]](ctx context.Context, c *Client, l Listing) iter.Seq2[T, error] {
	return decoded[T, P](c.Items(ctx, l))
}

// decoded decodes the items of a list.
func decoded[T any, P Item[T]](items iter.Seq2[jsontext.Value, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for raw, err := range items {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			if !yield(Decode[T, P](raw)) {
				return
			}
		}
	}
}

// Items reads a list as raw JSON. Each value is only good until the next.
func (c *Client) Items(ctx context.Context, l Listing) iter.Seq2[jsontext.Value, error] {
	return sequence(func(item func(jsontext.Value) error) error {
		w := &walk{c: c, Listing: l, seen: map[string]bool{}, seed: maphash.MakeSeed()}
		return w.run(ctx, item)
	})
}

// errStop ends the reading of a page because the caller wants no more.
var errStop = errors.New("stop")

// sequence makes a list of what run hands to item, and of its error.
func sequence(run func(item func(jsontext.Value) error) error) iter.Seq2[jsontext.Value, error] {
	return func(yield func(jsontext.Value, error) bool) {
		err := run(func(raw jsontext.Value) error {
			if !yield(raw, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// walk is one reading of a list.
type walk struct {
	c *Client
	Listing
	first *url.URL        // address of the first page, without $top and $skip
	seen  map[string]bool // addresses of pages that were read
	given int             // items handed out
	full  bool            // there are more than the limit
	empty int             // empty pages in a row
	last  *progress       // the page before
	seed  maphash.Seed
	calls atomic.Int64 // requests that left
}

// run reads page after page.
func (w *walk) run(ctx context.Context, item func(jsontext.Value) error) error {
	first, err := w.c.url(w.Request)
	if err != nil {
		return err
	}
	w.first = first
	u, err := w.begin()
	if err != nil {
		return err
	}
	ctx = WithOnCall(ctx, func(Call) { w.calls.Add(1) })
	for u != nil {
		if w.seen[u.String()] {
			return &LinkError{w.Operation, "it repeats a page that was read already"}
		}
		w.seen[u.String()] = true
		before := w.calls.Load()
		p, err := w.page(ctx, u, item)
		if err != nil {
			return err
		}
		next, err := w.after(u, p)
		if err != nil {
			return err
		}
		if err := w.report(p, w.calls.Load()-before, next); err != nil {
			return err
		}
		u = next
	}
	return nil
}

// report tells the caller of a page that was read.
func (w *walk) report(p page, calls int64, next *url.URL) error {
	if w.OnPage == nil {
		return nil
	}
	read := PageRead{Number: len(w.seen), Rows: p.rows, Calls: calls}
	if next != nil {
		read.Next = next.String()
	}
	return w.OnPage(read)
}

// begin returns the address of the first page, or of the one that From names,
// which is checked like every next link.
func (w *walk) begin() (*url.URL, error) {
	start := w.start() // also makes w.first what a link must keep
	if w.From == "" {
		return start, nil
	}
	u, reason := w.c.nextURL(w.From, w.first)
	if reason != "" {
		return nil, Input(&LinkError{w.Operation, reason})
	}
	if !w.byTop() {
		return u, nil
	}
	// Only the place counts: the size of pages may be another one now.
	skip, ok := skipOf(u.Query())
	if !ok {
		return nil, Input(&LinkError{w.Operation, "it has no $skip to go on from"})
	}
	w.Skip = skip
	return w.start(), nil
}

// byTop tells whether the list is paged by $top and $skip: only then does a
// limit reach the service, and next links do not matter.
func (w *walk) byTop() bool {
	return w.PageSize > 0 && w.SizeParam == "" && (w.ByTop || w.Limit > 0)
}

// start returns the address of the first page.
func (w *walk) start() *url.URL {
	q := map[string]int{}
	if w.Skip > 0 {
		q["$skip"] = w.Skip
	}
	size := w.PageSize
	if w.Limit > 0 {
		size = min(size, w.Limit)
	}
	switch {
	case w.byTop():
		q["$top"] = size
	case w.SizeParam != "" && size > 0:
		q[w.SizeParam] = size
		w.first = withNumbers(w.first, map[string]int{w.SizeParam: size})
	}
	return withNumbers(w.first, q)
}

// withNumbers returns u with parameters added. Whole numbers are printed as
// such at any size.
func withNumbers(u *url.URL, numbers map[string]int) *url.URL {
	if len(numbers) == 0 {
		return u
	}
	q := u.Query()
	for name, n := range numbers {
		q.Set(name, strconv.Itoa(n))
	}
	copied := *u
	copied.RawQuery = encodeQuery(q)
	return &copied
}

// after returns the address of the page behind p, nil at the end of the list.
func (w *walk) after(u *url.URL, p page) (*url.URL, error) {
	if w.Limit > 0 && w.given >= w.Limit {
		return nil, nil
	}
	if w.byTop() {
		return w.afterTop(u, p), nil
	}
	if p.next == "" {
		return nil, nil
	}
	if w.empty++; p.rows > 0 {
		w.empty = 0
	}
	if w.empty > maxEmptyPages {
		return nil, &LinkError{w.Operation, fmt.Sprintf("%d pages in a row were empty and led on", w.empty)}
	}
	next, reason := w.c.nextURL(p.next, w.first)
	if reason != "" {
		return nil, &LinkError{w.Operation, reason}
	}
	return next, nil
}

// afterTop returns the next page of a list that is paged by $top and $skip, nil
// behind its last page. A short page is the last, unless its size is a round
// number: then it may be short because the service has a lower maximum than
// documented, and only the next page tells.
func (w *walk) afterTop(u *url.URL, p page) *url.URL {
	asked, _ := strconv.Atoi(u.Query().Get("$top"))
	if p.rows == 0 || p.rows < asked && p.rows%10 != 0 {
		return nil
	}
	size := w.PageSize
	if w.Limit > 0 {
		size = min(size, w.Limit-w.given)
	}
	return withNumbers(w.first, map[string]int{"$top": size, "$skip": w.Skip + w.given})
}

// page reads one page, again from its start when it breaks off.
func (w *walk) page(ctx context.Context, u *url.URL, item func(jsontext.Value) error) (page, error) {
	done := newProgress(w.seed)
	give := func(raw jsontext.Value) error {
		if w.Limit > 0 && w.given >= w.Limit {
			w.full = true
			return errStop
		}
		w.given++
		return item(raw)
	}
	for try := 0; ; try++ {
		p, err := w.attempt(ctx, u, done.resume(give))
		if errors.Is(err, errNothing) {
			p, err = page{}, nil
		}
		if w.full {
			return page{rows: p.rows - 1}, nil // all but the one that was refused
		}
		if err == nil {
			err = done.complete(p.rows)
		}
		if err == nil {
			return p, w.checkNew(done)
		}
		if err := w.c.again(ctx, w.Operation, err, try); err != nil {
			return p, err
		}
	}
}

// checkNew refuses a page that is the one before over again: the service did not
// move on, and would never come to an end.
func (w *walk) checkNew(done *progress) error {
	if w.last != nil && done.done > 0 && w.last.done == done.done && w.last.same(done) {
		return &LinkError{w.Operation, "it leads to the same items again"}
	}
	w.last = done
	return nil
}

// attempt asks for a page once.
func (w *walk) attempt(ctx context.Context, u *url.URL, item func(jsontext.Value) error) (page, error) {
	resp, err := w.c.open(ctx, w.Operation, u, w.Body)
	if err != nil {
		return page{}, w.refusal(err, u)
	}
	defer resp.Body.Close()
	p, err := readPage(resp.Body, item)
	if inStream, ok := errors.AsType[*Error](err); ok {
		inStream.Method, inStream.Path = w.Operation.Method, u.Path
		return p, err
	}
	if err == nil || errors.Is(err, errStop) || errors.Is(err, ErrChanged) {
		return p, err
	}
	return p, fmt.Errorf("%s: %w", w.Operation, err)
}

// refusal explains what the service answered in place of a page.
func (w *walk) refusal(err error, u *url.URL) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.StatusCode {
	case http.StatusNotFound:
		// A 404 without a body is an unknown route, not an empty list.
		if w.EmptyOn404 && e.Code != "" {
			return errNothing
		}
		fallthrough
	case http.StatusBadRequest, http.StatusGone:
		if (len(w.seen) > 1 || w.From != "") && hasParam(u.Query(), "$skiptoken") {
			return fmt.Errorf("%w: %w", ErrCursorExpired, err)
		}
	}
	return err
}

// errNothing is a 404 that means an empty page.
var errNothing = errors.New("nothing")
