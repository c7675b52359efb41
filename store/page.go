package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
)

// PageRecord is one record as it was read.
type PageRecord struct {
	// Key identifies the record within its stream: UTF-8, not empty, without
	// NUL, of at most [MaxKey] bytes. A record whose key is not so is set aside.
	Key string
	// API is the door it came through.
	API gatehouse.API
	// Document is the JSON as Microsoft sent it. It is kept as it is.
	Document []byte
	// Content is the hash of the document without the stream's noisy fields: an
	// event is made when it differs from the one that is held. The zero hash
	// stands for Whole.
	Content gatehouse.Hash
	// Whole is the hash of the document: when it is the one that is held nothing
	// has changed, whatever Content says. The zero hash stands for that of Document.
	Whole gatehouse.Hash
	// Common is the hash of what every door of the stream knows about the object.
	// When the record that is held came through another door, and both have one,
	// this decides in place of Content whether there is an event. Zero for a stream
	// of one door.
	Common gatehouse.Hash
	// Gone says that Microsoft reports the record as removed. Only Key counts then.
	Gone bool
	// Facets are what the record is found by; see [Store.Search]. They are written
	// when the document, or the door, has changed; for others see [Store.Reindex].
	Facets []gatehouse.Facet
	// Points are added to the history of the stream, whether the record has changed
	// or not; see [Store.Points].
	Points []gatehouse.Point
}

// SetAside is an item that could not be decoded.
type SetAside struct {
	Key   string // when it is known: a held record with this key then counts as seen
	Raw   []byte // the item as Microsoft sent it
	Error string // why it could not be decoded
}

// Page is what is committed in one transaction.
type Page struct {
	// Run is the run that read the page, as [Store.BeginRun] or [Store.ResumeRun] gave it.
	Run gatehouse.SyncRun
	// Records in the order in which they were read. When a key is there twice
	// the last one counts.
	Records []PageRecord
	// SetAside is what could not be decoded.
	SetAside []SetAside
	// Checkpoint is where the stream stands behind this page; nil leaves it
	// where it is.
	Checkpoint *gatehouse.Checkpoint
	// Complete says that this page was read to the natural end of the run and
	// that no page is missing before it. Only then may the run be swept.
	Complete bool
	// Calls is how many calls upstream the page took.
	Calls int64
}

// PageResult says what a page changed.
type PageResult struct {
	Rows      int64 // records and set-aside items given; the sum of the next five
	Created   int64
	Updated   int64
	Unchanged int64 // nothing, or only noise, has changed; repeats of a key too
	Removed   int64
	SetAside  int64
	Noisy     int64 // of Unchanged: the document was replaced without an event
	Repeated  int64 // of Unchanged: the same key came again later in the page
	First     int64 // number of the first event made; 0 when none was
	Last      int64 // number of the last event made; 0 when none was
}

// CommitPage writes a page, its events and its checkpoint in one transaction:
// all of it, or nothing and an error. To commit the same page again is safe: it
// makes no event. It fails with [ErrRunOver] when the run has ended or was taken
// over by another worker.
func (s *Store) CommitPage(ctx context.Context, p Page) (PageResult, error) {
	var result PageResult
	err := s.write(ctx, "commit page", func(tx *transaction) error {
		w := &pageWriter{transaction: tx, page: p}
		err := w.commit(ctx)
		result = w.result
		return err
	})
	if err != nil {
		return PageResult{}, err
	}
	return result, nil
}

// pageWriter commits one page.
type pageWriter struct {
	*transaction
	page   Page
	mirror int64
	plan   plan
	result PageResult
}

func (w *pageWriter) commit(ctx context.Context) error {
	var err error
	if w.mirror, err = w.fence(ctx, w.page.Run); err != nil {
		return err
	}
	records, aside := sift(w.page.Records, w.page.SetAside)
	w.result.Rows = int64(len(w.page.Records) + len(w.page.SetAside))
	w.result.SetAside = int64(len(aside))
	last, repeated := lastOfEach(records)
	w.result.Repeated, w.result.Unchanged = repeated, repeated
	held, err := w.states(ctx, keysOf(last, aside))
	if err != nil {
		return err
	}
	w.plan = newPlan(w.page.Run.ID, micros(w.now), last, held, aside)
	for _, step := range []func(context.Context) error{w.writeRecords, w.writeRecordFacets, w.touch} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := w.writePoints(ctx, last); err != nil {
		return err
	}
	if err := w.writeSetAside(ctx, aside); err != nil {
		return err
	}
	// The numbers are taken last: from here on every other writer of events
	// waits until this transaction has ended.
	if err := w.writeEvents(ctx); err != nil {
		return err
	}
	return w.settle(ctx, noKey(aside))
}

// fence proves that the run is the one that may write to its stream and holds
// the stream until the transaction ends. It returns the mirror's id.
func (t *transaction) fence(ctx context.Context, run gatehouse.SyncRun) (int64, error) {
	rows, err := t.QueryContext(ctx,
		"UPDATE mirrors SET run_id = run_id WHERE integration_id = $1 AND stream = $2 AND run_id = $3 AND attempt = $4 AND run_id <> 0 RETURNING id, faceted",
		run.Integration, run.Stream, run.ID, run.Attempt)
	if err != nil {
		return 0, err
	}
	ids, err := scanAll(rows, t.scanMirror)
	if err != nil {
		return 0, err
	}
	if len(ids) == 0 {
		return 0, fmt.Errorf("store: %w: run %d (attempt %d) of %s of integration %s has ended or goes on elsewhere", ErrRunOver, run.ID, run.Attempt, run.Stream, run.Integration)
	}
	return ids[0], nil
}

// scanMirror reads the id of the mirror that was locked, and whether it has facets.
func (t *transaction) scanMirror(scan func(...any) error) (id int64, err error) {
	var faceted int64
	err = scan(&id, &faceted)
	t.faceted = faceted != 0
	return id, err
}

// states looks up what is held under the keys.
func (w *pageWriter) states(ctx context.Context, keys []string) (map[string]heldRecord, error) {
	held := make(map[string]heldRecord, len(keys))
	if len(keys) == 0 {
		return held, nil
	}
	list, err := w.dialect.list(keys)
	if err != nil {
		return nil, err
	}
	rows, err := w.QueryContext(ctx,
		"SELECT key, id, api, version, content, whole, common, first_seen, removed, seen_run FROM records WHERE mirror_id = $1 AND key IN "+w.dialect.texts("$2"),
		w.mirror, list)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key string
		var h heldRecord
		var content, whole, common []byte
		if err := rows.Scan(&key, &h.id, &h.api, &h.version, &content, &whole, &common, &h.firstSeen, &h.removed, &h.seenRun); err != nil {
			return nil, err
		}
		h.content, h.whole, h.common = hash(content), hash(whole), hash(common)
		held[key] = h
	}
	return held, rows.Err()
}

// writeRecords inserts and updates what the plan says.
func (w *pageWriter) writeRecords(ctx context.Context) error {
	if n := w.plan.fresh(); n > 0 {
		ids, err := w.dialect.recordIDs(ctx, w.Tx, n)
		if err != nil {
			return err
		}
		w.plan.name(ids)
	}
	for _, write := range []struct {
		bulk    bulk
		columns []any
	}{{recordBulk(), w.plan.recordColumns(w.mirror)}, {documentBulk(), w.plan.documentColumns()}} {
		if length(write.columns[0]) == 0 {
			continue
		}
		if err := w.dialect.insert(ctx, w.Tx, write.bulk, write.columns); err != nil {
			return err
		}
	}
	return nil
}

// recordBulk writes records, new ones and held ones alike.
func recordBulk() bulk {
	return bulk{
		table:   "records",
		columns: []string{"id", "mirror_id", "key", "api", "version", "content", "whole", "common", "first_seen", "changed", "removed", "seen_run"},
		conflict: "ON CONFLICT (id) DO UPDATE SET api = excluded.api, version = excluded.version, content = excluded.content, whole = excluded.whole, common = excluded.common, " +
			"changed = CASE WHEN excluded.changed = 0 THEN records.changed ELSE excluded.changed END, removed = excluded.removed, seen_run = excluded.seen_run",
	}
}

// documentBulk writes documents, new ones and held ones alike.
func documentBulk() bulk {
	return bulk{
		table:    "documents",
		columns:  []string{"record_id", "document"},
		conflict: "ON CONFLICT (record_id) DO UPDATE SET document = excluded.document",
	}
}

// writeRecordFacets writes the facets of the records that changed.
func (w *pageWriter) writeRecordFacets(ctx context.Context) error {
	changes := make([]facetChange, len(w.plan.records))
	for i := range w.plan.records {
		r := &w.plan.records[i]
		changes[i] = facetChange{id: r.id, fresh: r.version == 1 && r.changed != 0, keep: r.removed != 0, gone: r.removed != 0, facets: r.facets}
	}
	return w.writeFacets(ctx, w.mirror, changes)
}

// touch marks the unchanged records as seen in this run.
func (w *pageWriter) touch(ctx context.Context) error {
	if len(w.plan.touched) == 0 {
		return nil
	}
	list, err := w.dialect.list(w.plan.touched)
	if err != nil {
		return err
	}
	_, err = w.ExecContext(ctx, "UPDATE records SET seen_run = $1 WHERE id IN "+w.dialect.numbers("$2"), w.page.Run.ID, list)
	return err
}

// writeEvents appends the events of the plan.
func (w *pageWriter) writeEvents(ctx context.Context) error {
	first, last, err := w.appendEvents(ctx, w.mirror, w.plan.eventRows())
	w.result.First, w.result.Last = first, last
	return err
}

// settle moves the checkpoint and adds the page to its run and its mirror.
func (w *pageWriter) settle(ctx context.Context, asideNoKey int64) error {
	r, c := &w.result, w.plan.counts
	r.Created, r.Updated, r.Removed, r.Noisy = c.created, c.updated, c.removed, c.noisy
	r.Unchanged += c.unchanged + c.noisy
	err := w.expectOne(w.exec(ctx,
		`UPDATE runs SET pages = pages + 1, row_count = row_count + $2, created = created + $3, updated = updated + $4, unchanged = unchanged + $5,
		removed = removed + $6, set_aside = set_aside + $7, set_aside_no_key = set_aside_no_key + $8, calls = calls + $9,
		complete = CASE WHEN $10 = 1 THEN 1 ELSE complete END WHERE id = $1`,
		w.page.Run.ID, r.Rows, r.Created, r.Updated, r.Unchanged, r.Removed, r.SetAside, asideNoKey, w.page.Calls, flag(w.page.Complete)))
	if err != nil {
		return err
	}
	if len(w.plan.events) > 0 {
		if err := w.countHeld(ctx, w.mirror, r.Created-r.Removed); err != nil {
			return err
		}
	}
	if w.page.Checkpoint == nil {
		return nil
	}
	return w.moveCheckpoint(ctx, w.mirror, *w.page.Checkpoint)
}

// countHeld keeps the number of records of a mirror, and the time of its last event.
func (t *transaction) countHeld(ctx context.Context, mirror, more int64) error {
	return t.expectOne(t.exec(ctx, "UPDATE mirrors SET held = held + $2, last_change = $3 WHERE id = $1", mirror, more, micros(t.now)))
}

// expectOne refuses a statement that should have touched one row and did not.
func (t *transaction) expectOne(n int64, err error) error {
	if err == nil && n != 1 {
		return errors.New("a row that the transaction holds is missing")
	}
	return err
}
