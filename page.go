package gatehouse

import (
	"encoding/json"
	"time"
)

// Page is a part of a stream as it was read: what is committed to the mirror in
// one transaction, together with the checkpoint behind it.
type Page struct {
	Records  []PageRecord
	SetAside []SetAside
	// Checkpoint is where the stream stands behind this page; nil leaves it where
	// it is.
	Checkpoint *Checkpoint
	// Complete says that the run was read to its natural end and that no page is
	// missing before this one. Only then may what was not seen be removed.
	Complete bool
	// Calls is how many calls upstream the page took, Floor the fewest that it
	// could have taken.
	Calls, Floor int64
	// Upstream is how many records Microsoft counts in all; -1 when it does not
	// say.
	Upstream int64
}

// PageRecord is one record of a [Page].
type PageRecord struct {
	Key      string // what identifies the object within its stream
	API      API    // the door it came through
	Document []byte // JSON as Microsoft sent it
	// Content is the hash of the document without the stream's noisy fields: an
	// event is made when it differs from the one that is held through the same
	// door.
	Content Hash
	// Common is the hash of what every door of the stream knows about the object.
	// When a record comes through another door than the one held, this is what
	// decides whether it has changed. Zero for a stream of one door.
	Common Hash
	Gone   bool // Microsoft reports the record as removed; only Key counts then
	// Facets are what the record is found and sorted by. None for a stream that is
	// only listed by key.
	Facets []Facet
	// Points are the values of the record that are kept as a history.
	Points []Point
}

// Facet is one searchable field of a record. A record may have several values of
// one name, as a device has tags.
type Facet struct {
	Name string `json:"name"`
	// Value is a normalised text whose order by bytes is the order to sort in:
	// lower case, times in UTC with a fixed width, numbers padded. What is longer
	// than 256 bytes is cut.
	Value string `json:"value"`
}

// Point is one value at one time, as of a score: the history of a record that
// holds only its last one.
type Point struct {
	// Key is what the value belongs to; empty means the key of the record.
	Key     string    `json:"key"`
	Time    time.Time `json:"time"`
	Value   float64   `json:"value"`
	Maximum float64   `json:"maximum,omitzero"` // the most that Value could be; 0 when there is no such number
	// Detail is more about the value, as JSON; may be empty.
	Detail json.RawMessage `json:"detail,omitempty"`
}

// SetAside is an item that could not be decoded, kept with the reason.
type SetAside struct {
	Key      string // empty when not even that could be read
	Document []byte
	Reason   string
}
