package gatehouse

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Hash is a SHA-256 digest of what a record says.
type Hash [sha256.Size]byte

// HashOf returns the digest of b.
func HashOf(b []byte) Hash { return sha256.Sum256(b) }

// String returns the digest as 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns the digest as 64 hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Record is one object of Defender as it was last read, raw and whole.
type Record struct {
	Integration string    `json:"integration"`
	Stream      Stream    `json:"stream"`
	Key         string    `json:"key"`              // what identifies the object within its stream
	API         API       `json:"api,omitempty"`    // the door it came through, which decides its shape
	Document    []byte    `json:"-"`                // JSON as Microsoft sent it
	Content     Hash      `json:"content"`          // of the document without the noisy fields of its stream
	Whole       Hash      `json:"whole"`            // of the whole document
	Version     int64     `json:"version"`          // 1 at first, one more with every event
	FirstSeen   time.Time `json:"firstSeen"`        // when it first came into the mirror
	Changed     time.Time `json:"changed"`          // when it last made an event
	Removed     time.Time `json:"removed,omitzero"` // when it was found gone; zero while it exists
}

// Gone reports whether the record has been removed upstream.
func (r Record) Gone() bool { return !r.Removed.IsZero() }
