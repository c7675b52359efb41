package rest

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"

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
}

// maxEmptyPages is how many pages in a row may be empty and lead on.
const maxEmptyPages = 20

// Fail returns a list that is nothing but an error.
func Fail[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, err)
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
	return func(yield func(jsontext.Value, error) bool) {
		w := &walk{c: c, Listing: l, seen: map[string]bool{}, seed: maphash.MakeSeed()}
		err := w.run(ctx, func(raw jsontext.Value) error {
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
	empty int             // empty pages in a row
	last  *progress       // the page before
	seed  maphash.Seed
}

// run reads page after page.
func (w *walk) run(ctx context.Context, item func(jsontext.Value) error) error {
	first, err := w.c.url(w.Request)
	if err != nil {
		return err
	}
	w.first = first
	for u := w.start(); u != nil; {
		if w.seen[u.String()] {
			return &LinkError{w.Operation, "it repeats a page that was read already"}
		}
		w.seen[u.String()] = true
		p, err := w.page(ctx, u, item)
		if err != nil {
			return err
		}
		if u, err = w.after(u, p); err != nil {
			return err
		}
	}
	return nil
}

// byTop tells whether the list is paged by $top and $skip: only then does a
// limit reach the service, and there are no next links.
func (w *walk) byTop() bool { return w.PageSize > 0 && w.SizeParam == "" && w.Limit > 0 }

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
	q := maps.Clone(u.Query())
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
	return withNumbers(w.first, map[string]int{
		"$top":  min(w.PageSize, w.Limit-w.given),
		"$skip": w.Skip + w.given,
	})
}

// page reads one page, again from its start when it breaks off.
func (w *walk) page(ctx context.Context, u *url.URL, item func(jsontext.Value) error) (page, error) {
	done := newProgress(w.seed)
	give := func(raw jsontext.Value) error {
		if w.Limit > 0 && w.given >= w.Limit {
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
		if err == nil {
			err = done.complete(p.rows)
		}
		if err == nil {
			return p, w.checkNew(done)
		}
		if err := w.again(ctx, err, try); err != nil {
			return p, err
		}
	}
}

// again returns nil when a page that failed with err is worth another try, after
// a pause.
func (w *walk) again(ctx context.Context, err error, try int) error {
	if !errors.Is(err, ErrTruncated) || ctx.Err() != nil || try >= w.c.retries {
		if ctx.Err() != nil && errors.Is(err, ErrTruncated) {
			return ctx.Err()
		}
		return err
	}
	return pause(ctx, backoff(try), nil)
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
		if len(w.seen) > 1 && hasParam(u.Query(), "$skiptoken") {
			return fmt.Errorf("%w: %w", ErrCursorExpired, err)
		}
	}
	return err
}

// errNothing is a 404 that means an empty page.
var errNothing = errors.New("nothing")
