package gatehouse

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// EventKind says what happened to a record.
type EventKind string

// The kinds of event. A record that comes back after its removal is created
// anew.
const (
	EventCreated EventKind = "created"
	EventUpdated EventKind = "updated"
	EventRemoved EventKind = "removed"
)

// Event is one change of one record. Events are numbered across all
// integrations in the order in which they were committed.
type Event struct {
	Number      int64     `json:"number"` // greater than that of every event committed before
	ID          string    `json:"id"`     // see [EventID]
	Integration string    `json:"integration"`
	Stream      Stream    `json:"stream"`
	Key         string    `json:"key"`
	Version     int64     `json:"version"` // of the record after the change
	Kind        EventKind `json:"kind"`
	Time        time.Time `json:"time"` // when it was committed to the mirror, in UTC
}

// EventID returns the id of an event: 32 hexadecimal digits that depend on
// nothing but the integration, the stream, the key and the version of the
// record. What is delivered twice carries the same id twice.
func EventID(integration string, stream Stream, key string, version int64) string {
	h := sha256.New()
	for _, part := range []string{integration, string(stream), key, strconv.FormatInt(version, 10)} {
		h.Write([]byte(strconv.Itoa(len(part))))
		h.Write([]byte{':'})
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
