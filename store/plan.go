package store

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-sec/gatehouse"
)

// heldRecord is what is known of a record before a page is committed.
type heldRecord struct {
	id, version        int64
	api                gatehouse.API
	content, whole     gatehouse.Hash
	common             gatehouse.Hash // zero for a stream of one door
	firstSeen, removed int64
	seenRun            int64
}

// plannedRecord is a record as it will be written. An id of 0 is a new one.
type plannedRecord struct {
	heldRecord
	key      string
	changed  int64  // 0 leaves it as it is
	document []byte // nil leaves it as it is
	facets   []gatehouse.Facet
}

// plannedEvent is an event that will be appended.
type plannedEvent struct {
	index   int // of its record in the plan, whose id may not be known yet
	version int64
	kind    gatehouse.EventKind
}

// counts says how many records of a page fared how.
type counts struct{ created, updated, noisy, unchanged, removed int64 }

// plan is what a page will write: a pure function of the page and of what is held.
type plan struct {
	run, now int64
	records  []plannedRecord
	events   []plannedEvent
	touched  []int64 // ids to be marked as seen, and nothing else
	counts   counts
}

// newPlan decides about every record, each key of which is there once.
func newPlan(run, now int64, records []PageRecord, held map[string]heldRecord, aside []SetAside) plan {
	p := plan{run: run, now: now}
	for _, r := range records {
		h, known := held[r.Key]
		switch {
		case r.Gone:
			p.remove(r, h, known)
		default:
			p.keep(withHashes(r), h, known)
		}
	}
	p.sawSetAside(records, held, aside)
	return p
}

// remove plans for a record that is reported as gone.
func (p *plan) remove(r PageRecord, h heldRecord, known bool) {
	if !known || h.removed != 0 {
		p.counts.unchanged++
		return
	}
	h.removed = p.now
	p.counts.removed++
	p.change(PageRecord{Key: r.Key}, h, nil, gatehouse.EventRemoved)
}

// keep plans for a record that exists.
func (p *plan) keep(r PageRecord, h heldRecord, known bool) {
	same := known && h.removed == 0
	switch {
	case same && h.whole == r.Whole && h.content == r.Content && h.common == r.Common && h.api == r.API:
		p.counts.unchanged++
		p.touch(h)
		return
	case same && (h.whole == r.Whole || sameContent(h, r)):
		// Noise, another door, or a changed list of noisy fields: no event.
		p.counts.noisy++
		h.seenRun = p.run
		p.records = append(p.records, plannedRecord{heldRecord: adopt(h, r), key: r.Key, document: documentUnless(h.whole == r.Whole, r), facets: r.Facets})
		return
	}
	kind := gatehouse.EventUpdated
	if !same {
		kind = gatehouse.EventCreated
		p.counts.created++
	} else {
		p.counts.updated++
	}
	if !known {
		h.firstSeen = p.now
	}
	h = adopt(h, r)
	h.removed = 0
	p.change(r, h, documentUnless(false, r), kind)
}

// sameContent tells whether a record says what is held. Through another door it
// is another document, so only what both doors know can be compared.
func sameContent(h heldRecord, r PageRecord) bool {
	none := gatehouse.Hash{}
	if h.api != r.API && h.common != none && r.Common != none {
		return h.common == r.Common
	}
	return h.content == r.Content
}

// adopt takes over what the page says of a record.
func adopt(h heldRecord, r PageRecord) heldRecord {
	h.api, h.content, h.whole, h.common = r.API, r.Content, r.Whole, r.Common
	return h
}

// documentUnless returns the document, never nil, unless it is held already.
func documentUnless(held bool, r PageRecord) []byte {
	switch {
	case held:
		return nil
	case r.Document == nil:
		return []byte{}
	default:
		return r.Document
	}
}

// change plans a new version of a record and its event.
func (p *plan) change(r PageRecord, h heldRecord, document []byte, kind gatehouse.EventKind) {
	h.version++
	h.seenRun = p.run
	p.events = append(p.events, plannedEvent{index: len(p.records), version: h.version, kind: kind})
	p.records = append(p.records, plannedRecord{heldRecord: h, key: r.Key, changed: p.now, document: document, facets: r.Facets})
}

// touch marks a record as seen, once for each run.
func (p *plan) touch(h heldRecord) {
	if h.seenRun < p.run {
		p.touched = append(p.touched, h.id)
	}
}

// sawSetAside marks records as seen whose item could not be decoded: they
// exist, whatever they say.
func (p *plan) sawSetAside(records []PageRecord, held map[string]heldRecord, aside []SetAside) {
	if len(aside) == 0 {
		return
	}
	decided := make(map[string]bool, len(records))
	for _, r := range records {
		decided[r.Key] = true
	}
	for _, a := range aside {
		h, known := held[a.Key]
		if known && h.removed == 0 && !decided[a.Key] {
			p.touch(h)
			decided[a.Key] = true
		}
	}
}

// fresh counts the records that need an id.
func (p *plan) fresh() int {
	n := 0
	for _, r := range p.records {
		if r.id == 0 {
			n++
		}
	}
	return n
}

// name gives ids to the new records.
func (p *plan) name(ids []int64) {
	for i := range p.records {
		if p.records[i].id == 0 {
			p.records[i].id, ids = ids[0], ids[1:]
		}
	}
}

// eventRows returns the events with the ids of their records.
func (p *plan) eventRows() []eventRow {
	rows := make([]eventRow, len(p.events))
	for i, e := range p.events {
		rows[i] = eventRow{record: p.records[e.index].id, version: e.version, kind: e.kind}
	}
	return rows
}

// recordColumns returns the rows of table records.
func (p *plan) recordColumns(mirror int64) []any {
	n := len(p.records)
	ids, mirrors, versions, first := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	changed, removed, seen := make([]int64, n), make([]int64, n), make([]int64, n)
	keys, apis, contents, wholes, commons := make([]string, n), make([]string, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i := range p.records {
		r := &p.records[i]
		ids[i], mirrors[i], versions[i], first[i] = r.id, mirror, r.version, r.firstSeen
		changed[i], removed[i], seen[i] = r.changed, r.removed, r.seenRun
		keys[i], apis[i], contents[i], wholes[i] = r.key, string(r.api), r.content[:], r.whole[:]
		commons[i] = digestOrEmpty(&r.common)
	}
	return []any{ids, mirrors, keys, apis, versions, contents, wholes, commons, first, changed, removed, seen}
}

// digestOrEmpty is how a digest is kept that most streams do not have.
func digestOrEmpty(h *gatehouse.Hash) []byte {
	if *h == (gatehouse.Hash{}) {
		return []byte{}
	}
	return h[:]
}

// documentColumns returns the rows of table documents.
func (p *plan) documentColumns() []any {
	var ids []int64
	var documents [][]byte
	for _, r := range p.records {
		if r.document != nil {
			ids, documents = append(ids, r.id), append(documents, r.document)
		}
	}
	return []any{ids, documents}
}

// withHashes fills in the hashes that were not given.
func withHashes(r PageRecord) PageRecord {
	if r.Whole == (gatehouse.Hash{}) {
		r.Whole = gatehouse.HashOf(r.Document)
	}
	if r.Content == (gatehouse.Hash{}) {
		r.Content = r.Whole
	}
	return r
}

// sift moves the records whose key cannot be kept to what is set aside.
func sift(records []PageRecord, aside []SetAside) ([]PageRecord, []SetAside) {
	bad := 0
	for _, r := range records {
		if badKey(r.Key) != "" {
			bad++
		}
	}
	if bad == 0 {
		return records, cleaned(aside)
	}
	good := make([]PageRecord, 0, len(records)-bad)
	for _, r := range records {
		if why := badKey(r.Key); why != "" {
			aside = append(slices.Clip(aside), SetAside{Key: r.Key, Raw: r.Document, Error: why})
			continue
		}
		good = append(good, r)
	}
	return good, cleaned(aside)
}

// cleaned drops keys and texts that no database takes.
func cleaned(aside []SetAside) []SetAside {
	clean := make([]SetAside, len(aside))
	for i, a := range aside {
		if unfit(a.Key) != "" {
			a.Key = ""
		}
		a.Error, a.Raw = keepable(a.Error), notNil(a.Raw)
		clean[i] = a
	}
	return clean
}

// MaxKey is how many bytes a key may have: an index of PostgreSQL takes 2,700, less
// what stands beside the key.
const MaxKey = 2000

// badKey says why no record can have a key; empty when one can.
func badKey(key string) string {
	switch {
	case key == "":
		return "the record has no key"
	case len(key) > MaxKey:
		return fmt.Sprintf("the key of the record has %d bytes, and %d are the most", len(key), MaxKey)
	default:
		return unfit(key)
	}
}

// unfit says why no database takes a key; empty when all do.
func unfit(key string) string {
	switch {
	case !utf8.ValidString(key):
		return "the key of the record is not UTF-8"
	case strings.ContainsRune(key, 0):
		return "the key of the record holds a NUL"
	default:
		return ""
	}
}

// lastOfEach keeps the last record of each key, in the order of the last
// occurrences, and counts the others.
func lastOfEach(records []PageRecord) (last []PageRecord, repeated int64) {
	where := make(map[string]int, len(records))
	for i, r := range records {
		where[r.Key] = i
	}
	if len(where) == len(records) {
		return records, 0
	}
	last = make([]PageRecord, 0, len(where))
	for i, r := range records {
		if where[r.Key] == i {
			last = append(last, r)
		}
	}
	return last, int64(len(records) - len(last))
}

// keysOf lists the keys to look up.
func keysOf(records []PageRecord, aside []SetAside) []string {
	keys := make([]string, 0, len(records)+len(aside))
	for _, r := range records {
		keys = append(keys, r.Key)
	}
	for _, a := range aside {
		if a.Key != "" {
			keys = append(keys, a.Key)
		}
	}
	return keys
}

// noKey counts the set-aside items of which nobody knows which record they are.
func noKey(aside []SetAside) (n int64) {
	for _, a := range aside {
		if a.Key == "" {
			n++
		}
	}
	return n
}
