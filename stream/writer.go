package stream

import (
	"errors"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// errNoObject tells that a document is no JSON object.
var errNoObject = errors.New("it is no JSON object")

// Sizes of a page of ours.
const (
	pageRows  = 1000
	pageBytes = 4 << 20 // a page ends early when its documents have this many bytes
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
	api   gatehouse.API
	emit  func(gatehouse.Page) error
	limit int
	full  bool
	from  gatehouse.Checkpoint
	now   func() time.Time

	hash  *hasher
	page  gatehouse.Page
	bytes int
	rows  int64 // in all
	seen  time.Time
	calls func() int64
	spent int64 // calls that were reported
}

// newWriter begins a reading.
func newWriter(s Stream, api gatehouse.API, r Request) *writer {
	w := &writer{
		api: api, emit: r.Emit, limit: r.PageRows, full: r.Mode == gatehouse.SyncFull, from: r.From, now: r.Now,
		hash: newHasher(s), seen: r.From.Watermark,
	}
	if w.limit <= 0 {
		w.limit = pageRows
	}
	if w.now == nil {
		w.now = time.Now
	}
	w.calls = r.Clients.Defender.Calls
	if api == gatehouse.APIGraph {
		w.calls = r.Clients.Graph.Calls
	}
	w.spent = w.calls()
	return w
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
	}
	if i.common != nil {
		record.Common = i.common.hash()
	}
	if i.changed.After(w.seen) {
		w.seen = i.changed
	}
	w.page.Records = append(w.page.Records, record)
	return w.grown(len(i.document))
}

// setAside takes what could not be decoded.
func (w *writer) setAside(key string, document []byte, reason string) error {
	w.page.SetAside = append(w.page.SetAside, gatehouse.SetAside{Key: key, Document: document, Reason: reason})
	return w.grown(len(document))
}

// grown hands the page on when it is full.
func (w *writer) grown(n int) error {
	w.rows++
	w.bytes += n
	if len(w.page.Records)+len(w.page.SetAside) < w.limit && w.bytes < pageBytes {
		return nil
	}
	return w.flush()
}

// flush hands the page on. The checkpoint stays where it is: what is read in the
// midst of a moving set proves nothing, so an interrupted run begins anew.
func (w *writer) flush() error {
	calls := w.calls()
	w.page.Calls, w.page.Upstream = calls-w.spent, -1
	w.spent = calls
	page := w.page
	w.page, w.bytes = gatehouse.Page{}, 0
	return w.emit(page)
}

// finish hands the last page on, with the checkpoint for the next run.
func (w *writer) finish(floor int64, next gatehouse.Checkpoint) error {
	next.Phase = ""
	w.page.Floor, w.page.Checkpoint, w.page.Complete = floor, &next, w.full
	return w.flush()
}

// floor is the fewest calls that rows can be read in.
func floor(rows int64, page int64) int64 { return max(1, (rows+page-1)/page) }
