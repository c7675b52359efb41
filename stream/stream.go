package stream

import (
	"context"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Mode says how a stream is kept up to date.
type Mode string

// The modes.
const (
	Snapshot    Mode = "snapshot"    // read whole each time; what is gone is removed
	Incremental Mode = "incremental" // read from the watermark minus the overlap; reconciled whole now and then
	Export      Mode = "export"      // read whole from export files, then by Microsoft's list of changes
)

// Stream is one kind of record that is mirrored.
type Stream struct {
	Name  gatehouse.Stream
	Title string // for people: "Devices"
	Docs  string // Microsoft's page
	Mode  Mode
	// Noisy are the members of a document that change without meaning: they
	// update the record and make no event.
	Noisy []string
	// Seen are the members of a document that tell when its object was last seen, as
	// the doors name it. Default: no door has a horizon.
	Seen []string
	// Interval is how often the stream is read.
	Interval time.Duration
	// Overlap is how far an incremental read goes back behind the watermark, since
	// Microsoft publishes late.
	Overlap time.Duration
	// Reconcile is how often an incremental or export stream is read whole, to
	// catch what came later than the overlap and what is gone.
	Reconcile time.Duration
	// Doors are the APIs that can serve the stream, in order of preference.
	Doors []Door

	// loose tells that the case of names and members that are null do not count,
	// since Microsoft prints the same row in two ways.
	loose bool
}

// Door is one API through which a stream can be read.
type Door struct {
	API   gatehouse.API
	AnyOf []gatehouse.Permission // any one suffices
	// Horizon is how far back the door sees: an object that was last seen before is
	// not shown, and so not gone for that. Default: 0, the door shows everything.
	Horizon time.Duration
	// Only tells of an object, by its document of any door, whether it is of a kind that
	// the door shows. Default: the door shows every kind.
	Only func(document []byte) bool
	Read func(ctx context.Context, r Request) error
}

// LastSeen returns when the object of a document was last seen, by any door; the
// zero time when the document does not say.
func (s Stream) LastSeen(document []byte) time.Time {
	var members map[string]jsontext.Value
	if lenient(document, &members) != nil {
		return time.Time{}
	}
	for _, name := range s.Seen {
		var at defender.Time
		if json.Unmarshal(members[name], &at) == nil && !at.IsZero() {
			return at.Time
		}
	}
	return time.Time{}
}

// ShowsAll tells whether a door shows every object that there is.
func (d Door) ShowsAll() bool { return d.Horizon == 0 && d.Only == nil }

// Shows tells whether a door can show the object of a document now. One whose
// document does not say when it was last seen is taken to be shown.
func (s Stream) Shows(d Door, document []byte, now time.Time) bool {
	if d.Only != nil && !d.Only(document) {
		return false
	}
	at := s.LastSeen(document)
	return d.Horizon == 0 || at.IsZero() || !at.Before(now.Add(-d.Horizon))
}

// Clients are the SDKs of one integration. They share one budget.
type Clients struct {
	Defender *defender.Client
	Graph    *graph.Client
}

// Request is one reading of a stream.
type Request struct {
	Clients Clients
	// Mode says what to read: everything, what changed since the watermark, or
	// Microsoft's list of changes.
	Mode gatehouse.SyncMode
	// From is the checkpoint that the last page left behind, of this run when it
	// was interrupted, or of the run before. The zero value begins anew.
	From gatehouse.Checkpoint
	// Resumed tells that From belongs to this very run, which was interrupted.
	Resumed bool
	// Held is how many records of the stream are held.
	Held int64
	// Emit takes a page and commits it. Its error ends the reading.
	Emit func(gatehouse.Page) error
	// PageRows is how many records make a page of ours. Default: 1,000.
	PageRows int
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// lenient decodes what Microsoft has sent.
func lenient(document []byte, v any) error {
	return json.Unmarshal(document, v, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}
