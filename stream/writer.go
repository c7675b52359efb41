package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// errNoObject tells that a document is no JSON object.
var errNoObject = errors.New("it is no JSON object")

// Sizes of a page of ours.
const (
	pageRows  = 1000
	pageBytes = 2 << 20 // a page ends early when its documents have this many bytes
)

// item is one object as it was read.
type item struct {
	key      string
	document []byte
	common   facts     // nil in a stream of one door
	changed  time.Time // what the watermark is made of; zero where there is none
	gone     bool
}

// writer gathers what is read into pages and hands them on.
type writer struct {
	api     gatehouse.API
	emit    func(gatehouse.Page) error
	limit   int
	from    gatehouse.Checkpoint
	now     time.Time // when the reading began
	overlap time.Duration
	hash    *hasher
	index   *Indexer
	calls   atomic.Int64 // that were made

	full     bool      // everything is read
	doubtful bool      // something may have been missed: nothing may be removed
	floor    int64     // the fewest calls of the run
	upstream int64     // what Microsoft counts, -1 when it does not say
	seen     time.Time // the largest time that was seen
	state    []byte    // what the stream keeps for its next reading

	page  gatehouse.Page
	bytes int
	spent int64 // calls that were reported
}

// begin begins a reading. Calls made with the context count as the reading's.
func begin(ctx context.Context, s Stream, api gatehouse.API, r Request) (context.Context, *writer) {
	w := &writer{
		api: api, emit: r.Emit, limit: r.PageRows, from: r.From, hash: newHasher(s), index: NewIndexer(s.Name),
		full: r.Mode == gatehouse.SyncFull, floor: 1, upstream: -1, seen: r.From.Watermark,
		overlap: s.Overlap, now: r.now(),
	}
	if w.limit <= 0 {
		w.limit = pageRows
	}
	return defender.WithOnCall(ctx, func(defender.Call) { w.calls.Add(1) }), w
}

// one takes an item together with the error that a list gave with it. A member
// that did not fit its type is no reason to lose the item; an item without key
// is set aside.
func (w *writer) one(i item, err error) error {
	reason := "it has no key"
	if err != nil {
		bad, ok := errors.AsType[*defender.DecodeError](err)
		if !ok {
			return err
		}
		if reason = bad.Error(); i.document == nil {
			i.document = bad.Raw
		}
	}
	if i.key == "" {
		return w.setAside("", i.document, reason)
	}
	return w.add(i)
}

// add takes an item.
func (w *writer) add(i item) error {
	record := gatehouse.PageRecord{Key: i.key, API: w.api, Document: i.document, Gone: i.gone}
	if !i.gone {
		record.Content = w.hash.content(i.document)
		record.Facets, record.Points = w.index.Facets(i.document), w.index.Points(i.document)
	}
	if i.common != nil {
		record.Common = i.common.hash()
	}
	w.see(i.changed)
	w.page.Records = append(w.page.Records, record)
	return w.grown(len(i.document))
}

// see remembers the largest time. One ahead of the clock counts as now: it would use
// up the overlap, in which the next reading looks for what comes late. One that is
// ahead by more than the overlap cannot be true, and does not count.
func (w *writer) see(t time.Time) {
	if t.After(w.now) && t.Before(w.now.Add(w.overlap)) {
		t = w.now
	}
	if t.After(w.seen) && !t.After(w.now) {
		w.seen = t
	}
}

// setAside takes what could not be decoded.
func (w *writer) setAside(key string, document []byte, reason string) error {
	w.page.SetAside = append(w.page.SetAside, gatehouse.SetAside{Key: key, Document: document, Reason: reason})
	return w.grown(len(document))
}

// grown hands the page on when it is full.
func (w *writer) grown(n int) error {
	w.bytes += n
	if len(w.page.Records)+len(w.page.SetAside) < w.limit && w.bytes < pageBytes {
		return nil
	}
	return w.flush()
}

// flush hands the page on. The checkpoint stays where it is: what is read in the
// midst of a moving set proves nothing, so an interrupted run begins anew.
func (w *writer) flush() error {
	calls := w.calls.Load()
	w.page.Calls, w.page.Upstream = calls-w.spent, w.upstream
	w.spent = calls
	page := w.page
	w.page, w.bytes = gatehouse.Page{}, 0
	return w.emit(page)
}

// finish hands the last page on, with the checkpoint for the next run.
func (w *writer) finish() error {
	w.page.Checkpoint = &gatehouse.Checkpoint{Watermark: w.seen, State: w.state}
	w.page.Complete = w.full && !w.doubtful
	w.page.Floor = w.floor
	return w.flush()
}

// since returns where an incremental reading begins. A full one, and the first,
// begin nowhere.
func (w *writer) since() (time.Time, bool) {
	if w.full || w.from.Watermark.IsZero() {
		return time.Time{}, false
	}
	return w.from.Watermark.Add(-w.overlap), true
}

// floorOf is the fewest calls that rows can be read in.
func floorOf(rows, page int64) int64 { return max(1, (rows+page-1)/page) }

// now is the clock.
func (r Request) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}
