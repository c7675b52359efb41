package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/plain"
	"github.com/gatehouse-sec/gatehouse/store"
)

// panicError is what a source panicked with.
type panicError struct{ value any }

// Error returns one line.
func (e *panicError) Error() string { return fmt.Sprintf("a defect of this program: %v", e.value) }

// errIncomplete says that a source came to an end without having said so.
var errIncomplete = errors.New("the reading ended before its natural end was seen")

// reading is one attempt at one run of one source.
type reading struct {
	*session

	source   Source
	run      gatehouse.SyncRun
	resumed  bool // the checkpoint belongs to this run
	started  time.Time
	pages    int64 // committed in this attempt
	progress Progress
	underWay chan error // the outcome of the page that is being committed; nil when none is
}

// read reads a source and keeps how it fares. It returns when the source is due
// again, and an error only when the session has to end.
func (s *session) read(src Source) (time.Time, error) {
	if src.Off != nil {
		return s.off(src)
	}
	via, err := s.through(src)
	if err != nil {
		return time.Time{}, err
	}
	r := &reading{session: s, source: via, started: s.options.Now(), progress: Progress{Integration: s.account, API: via.API, Upstream: -1}}
	err = r.attempt(s.healthOf(src))
	if errors.Is(err, errGaveWay) {
		return time.Time{}, err
	}
	cameToItsEnd := err == nil || errors.Is(err, errIncomplete) || errors.Is(err, store.ErrImplausible)
	if stop := context.Cause(s.soft); stop != nil && !cameToItsEnd {
		// Whatever came up on the way out: the run goes on where it is.
		r.ended(stop, s.healthOf(src))
		return time.Time{}, stop
	}
	if errors.Is(err, store.ErrRunOver) || errors.Is(err, store.ErrNotFound) {
		return time.Time{}, fmt.Errorf("engine: %s: %w", src.Stream, errors.Join(errTakenOver, err))
	}
	var h gatehouse.StreamHealth
	givenUp := false
	if cameToItsEnd {
		h = r.succeeded(s.healthOf(src), err)
	} else {
		h, givenUp = r.failed(src, err)
	}
	kept := s.keep(h)
	r.ended(err, h)
	if givenUp && kept == nil && s.soft.Err() == nil {
		return s.read(src) // through the next door, once: the first is given up now
	}
	return h.NextAttempt, kept
}

// off notes that a stream cannot be read at all, which is a failure only when it
// could be read before.
func (s *session) off(src Source) (time.Time, error) {
	h := s.healthOf(src)
	h.Owner, h.Reason, h.Mend = src.Off.Owner, src.Off.Reason, src.Off.Mend
	h.LastAttempt = s.options.Now().UTC()
	h = s.withheld(h)
	kept := s.keep(h)
	s.tell(Progress{Integration: s.account, Run: gatehouse.SyncRun{Integration: s.integration, Stream: src.Stream}, Upstream: -1, Done: true, Health: h})
	return h.NextAttempt, kept
}

// attempt begins or resumes the run and takes it as far as it goes.
func (r *reading) attempt(h gatehouse.StreamHealth) error {
	from, err := r.open(h)
	if err != nil {
		return err
	}
	if !r.run.Complete {
		if err := r.readPages(from); err != nil {
			return r.giveUp(err)
		}
	}
	switch {
	case !r.run.Complete && r.run.Mode == gatehouse.SyncFull:
		return r.end(errIncomplete)
	case !r.run.Complete:
		return r.end(nil) // what was not seen has only not changed
	}
	swept, err := r.sweep()
	r.progress.Page = PageProgress{Removed: swept.Removed}
	if err != nil && !errors.Is(err, store.ErrImplausible) {
		return r.giveUp(err)
	}
	return r.end(err)
}

// sweep removes what the run has not seen, but for what its door cannot show.
func (r *reading) sweep() (swept store.SweepResult, err error) {
	if r.source.Stays != nil && !r.run.Swept {
		if err := r.guarded(r.source.Stream, r.spare); err != nil {
			return swept, err
		}
	}
	err = r.insist("a sweep", func() error {
		swept, err = r.store.FinishSweep(r.hard, r.run, r.options.Guard)
		return err
	})
	return swept, err
}

// spare marks what the door of the run cannot show.
func (r *reading) spare() error {
	return r.insist("what stays", func() error {
		_, err := r.store.Spare(r.hard, r.run, r.source.Stays)
		return err
	})
}

// open begins a run, or takes up the one that was interrupted, and returns where
// to go on. Only a reading that stands at a checkpoint of its own goes on there.
// Any other begins anew, and so does its run: what the broken attempt has seen may
// be gone by now, and must not count as seen in the sweep.
func (r *reading) open(h gatehouse.StreamHealth) (from gatehouse.Checkpoint, err error) {
	if err := r.changeDoor(h); err != nil {
		return from, err
	}
	err = r.insist("a run", func() error {
		from, err = r.openRun()
		return err
	})
	return from, err
}

// openRun is one try of open.
func (r *reading) openRun() (gatehouse.Checkpoint, error) {
	from, err := r.store.Checkpoint(r.hard, r.integration, r.source.Stream)
	if err != nil {
		return from, err
	}
	r.run, err = r.store.ResumeRun(r.hard, r.integration, r.source.Stream)
	r.resumed = err == nil && r.run.Pages > 0 && from.Phase != ""
	if errors.Is(err, store.ErrNotFound) || err == nil && r.run.Pages > 0 && !r.run.Complete && !r.resumed {
		err = r.begin(from)
	}
	if err != nil || r.resumed || r.run.Complete || from.Phase == "" {
		return from, err
	}
	// It stands in the midst of an earlier run, and must never be taken for a
	// checkpoint of this one.
	from.Phase = ""
	_, err = r.store.CommitPage(r.hard, store.Page{Run: r.run, Checkpoint: &from})
	return from, err
}

// begin begins a new run, which ends one that is open.
func (r *reading) begin(from gatehouse.Checkpoint) error {
	mode, err := r.mode(from)
	if err != nil {
		return err
	}
	if r.run, err = r.store.BeginRun(r.hard, r.integration, r.source.Stream, mode); err != nil {
		return err
	}
	r.trim()
	return nil
}

// changeDoor forgets where a stream stands that is read through another API from
// now on, and how much there was: neither means anything behind another door. The door
// is kept before anything is read through it.
func (r *reading) changeDoor(h gatehouse.StreamHealth) error {
	if h.API == r.source.API {
		return nil
	}
	if h.API != "" {
		r.log.Info("a stream changes its door", "name", r.account.Name, "stream", h.Stream, "from", h.API, "to", r.source.API)
		err := r.insist("a reset", func() error { return r.store.ResetCheckpoint(r.hard, r.integration, h.Stream) })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	h.API, h.Upstream = r.source.API, -1
	return r.keep(h)
}

// mode decides what a new run reads: everything at first, when the last full run
// came to nothing, and when it is long ago; what is new otherwise.
func (r *reading) mode(from gatehouse.Checkpoint) (gatehouse.SyncMode, error) {
	if from.Moved.IsZero() || (from.Phase == "" && from.Watermark.IsZero() && len(from.State) == 0) {
		return gatehouse.SyncFull, nil
	}
	last, err := r.store.LastRun(r.hard, r.integration, r.source.Stream, gatehouse.SyncFull)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return gatehouse.SyncFull, nil
	case err != nil:
		return "", err
	}
	// One that lies ahead was begun before the clock was set back: nobody knows when.
	if age := r.options.Now().Sub(last.Started); !last.Complete || age >= r.source.Reconcile || age < -clocksDiffer {
		return gatehouse.SyncFull, nil
	}
	return r.source.Next, nil
}

// readPages lets the source read.
func (r *reading) readPages(from gatehouse.Checkpoint) (err error) {
	r.progress.Run = r.run
	r.tell(r.progress)
	defer func() {
		// When the page was refused, whatever the source says is only what follows.
		if settled := r.settle(); settled != nil {
			err = settled
		}
	}()
	held, err := r.store.Count(r.hard, r.integration, r.source.Stream)
	if err != nil {
		return err
	}
	return r.guarded(r.source.Stream, func() error {
		return r.source.Read(r.hard, Request{
			API: r.source.API, Mode: r.run.Mode, From: from, Resumed: r.resumed, Held: held, Emit: r.emit, PageRows: r.options.PageRows, Now: r.options.Now,
		})
	})
}

// guarded lets a source do something. What it panics with is its error.
func (s *session) guarded(stream gatehouse.Stream, do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("a source panicked", "stream", stream, "panic", v, "stack", string(debug.Stack()))
			err = &panicError{v}
		}
	}()
	return do()
}

// emit takes a page. It is committed while the source reads on: one page is under
// way at most, in the order in which they came, and what went wrong with it is
// told at the next one, or at the end.
func (r *reading) emit(p gatehouse.Page) error {
	if err := r.settle(); err != nil {
		return err
	}
	if p.Complete || r.soft.Err() != nil {
		if err := r.commitPage(p); err != nil || p.Complete {
			return err
		}
		return context.Cause(r.soft)
	}
	if r.givesWay(p) {
		if err := r.commitPage(p); err != nil {
			return err
		}
		return errGaveWay
	}
	r.underWay = make(chan error, 1)
	go func() { r.underWay <- r.commitPage(p) }()
	return nil
}

// givesWay tells whether the reading is interrupted behind a page: the run can go
// on there, it has had its time, and another stream is due.
func (r *reading) givesWay(p gatehouse.Page) bool {
	return p.Checkpoint != nil && p.Checkpoint.Phase != "" && r.options.Now().Sub(r.started) >= r.options.Slice && r.waiting(r.source.Stream)
}

// settle waits for the page that is under way.
func (r *reading) settle() error {
	if r.underWay == nil {
		return nil
	}
	err := <-r.underWay
	r.underWay = nil
	return err
}

// commitPage commits a page and tells of it.
func (r *reading) commitPage(p gatehouse.Page) error {
	begun := time.Now()
	result, err := r.commit(page(r.run, p))
	if err != nil {
		return err
	}
	took := time.Since(begun)
	r.pages++
	r.count(p, result)
	r.progress.Page = PageProgress{Rows: result.Rows, Created: result.Created, Updated: result.Updated, Removed: result.Removed, Calls: p.Calls, Took: took}
	r.tell(r.progress)
	r.progress.Page = PageProgress{}
	return nil
}

// commit commits a page, again and again when the database is away for a moment:
// what was read is not thrown away for that.
func (r *reading) commit(p store.Page) (result store.PageResult, err error) {
	err = r.insist("a page", func() error {
		result, err = r.store.CommitPage(r.hard, p)
		return err
	})
	return result, err
}

// page turns what a source hands out into what the store takes.
func page(run gatehouse.SyncRun, p gatehouse.Page) store.Page {
	records := make([]store.PageRecord, len(p.Records))
	for i, r := range p.Records {
		records[i] = store.PageRecord{Key: r.Key, API: r.API, Document: r.Document, Content: r.Content, Common: r.Common, Gone: r.Gone, Facets: r.Facets, Points: r.Points}
	}
	aside := make([]store.SetAside, len(p.SetAside))
	for i, a := range p.SetAside {
		aside[i] = store.SetAside{Key: a.Key, Raw: a.Document, Error: a.Reason}
	}
	return store.Page{Run: run, Records: records, SetAside: aside, Checkpoint: p.Checkpoint, Complete: p.Complete, Calls: p.Calls}
}

// count adds a page to the run and to the progress.
func (r *reading) count(p gatehouse.Page, result store.PageResult) {
	r.run.Pages++
	r.run.Rows += result.Rows
	r.run.Created += result.Created
	r.run.Updated += result.Updated
	r.run.Unchanged += result.Unchanged
	r.run.Removed += result.Removed
	r.run.SetAside += result.SetAside
	r.run.Calls += p.Calls
	r.run.Complete = r.run.Complete || p.Complete
	g := &r.progress
	g.Run = r.run
	g.Rows += result.Rows
	g.Calls += p.Calls
	g.Floor += p.Floor
	g.Elapsed = r.options.Now().Sub(r.started)
	if s := g.Elapsed.Seconds(); s > 0 {
		g.RowsPerSec = float64(g.Rows) / s
	}
	if p.Upstream >= 0 {
		g.Upstream = p.Upstream
	}
}

// hopeless is for how long a run may fail without getting one page further
// before it is given up and begun anew.
const hopeless = time.Hour

// giveUp decides whether a run that failed can go on later, and ends it when it
// cannot.
func (r *reading) giveUp(err error) error {
	if r.soft.Err() != nil || errors.Is(err, store.ErrRunOver) || errors.Is(err, errGaveWay) {
		return err
	}
	v := r.explain(err)
	since := r.health[r.source.Stream].FailingSince
	stuck := r.pages == 0 && v.State == gatehouse.StreamUpstream && !since.IsZero() && r.options.Now().Sub(since) > hopeless
	if !v.Anew && !stuck {
		return err
	}
	if _, ended := r.store.EndRun(r.hard, r.run, store.RunEnd{Error: plain.Short(err.Error())}); ended != nil {
		return errors.Join(err, ended)
	}
	return err
}

// end closes a run that came to its end, and returns why as it was given.
func (r *reading) end(why error) error {
	var text string
	if why != nil {
		text = plain.Short(why.Error())
	}
	run, err := r.endRun(text)
	if err != nil {
		return err
	}
	r.run, r.progress.Run = run, run
	return why
}

// endRun closes the run. When the database went away in the midst of that it may
// have been closed, and then the second try finds it so.
func (r *reading) endRun(text string) (run gatehouse.SyncRun, err error) {
	tries := 0
	err = r.insist("the end of a run", func() error {
		tries++
		run, err = r.store.EndRun(r.hard, r.run, store.RunEnd{Error: text})
		return err
	})
	if tries == 1 || !errors.Is(err, store.ErrRunOver) {
		return run, err
	}
	last, unread := r.store.Runs(r.hard, r.integration, r.source.Stream, 1)
	if unread == nil && len(last) == 1 && last[0].ID == r.run.ID && last[0].Attempt == r.run.Attempt && !last[0].Open() {
		return last[0], nil
	}
	return run, err
}

// trimOneIn says how seldom old runs are forgotten: there is no hurry.
const trimOneIn = 32

// trim forgets old runs, now and then.
func (r *reading) trim() {
	if r.options.Random()*trimOneIn >= 1 {
		return
	}
	if _, err := r.store.TrimRuns(r.hard, r.integration, r.source.Stream, r.options.KeepRuns); err != nil {
		r.log.Warn("old runs cannot be forgotten", "stream", r.source.Stream, "error", err)
	}
}

// ended tells that the attempt is over.
func (r *reading) ended(err error, h gatehouse.StreamHealth) {
	g := r.progress
	g.Run = r.run
	g.Run.Integration, g.Run.Stream = r.integration, r.source.Stream
	g.Elapsed = r.options.Now().Sub(r.started)
	g.Done, g.Err, g.Health = true, err, h
	r.tell(g)
}
