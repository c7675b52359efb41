package gatehouse

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"
)

// ActorKind says what kind of actor did something.
type ActorKind string

// The kinds of actor.
const (
	ActorKey    ActorKind = "key"    // an API key, by its id
	ActorPerson ActorKind = "person" // someone with an OIDC token, by subject
	ActorSystem ActorKind = "system" // Gatehouse itself, by component
	ActorLocal  ActorKind = "local"  // the command line on the machine of the database
	ActorNobody ActorKind = "nobody" // a request that proved no identity
)

// AuditEntry is one entry of the audit log: who did what to what, and how it
// ended. Entries are numbered from 1 without gaps and chained by their hashes.
type AuditEntry struct {
	Number      int64           `json:"number"`
	Time        time.Time       `json:"time"` // in UTC, to the microsecond
	Actor       string          `json:"actor"`
	ActorKind   ActorKind       `json:"actorKind"`
	Operation   string          `json:"operation"`             // for example actions.submit
	Integration string          `json:"integration,omitempty"` // id; empty for what belongs to none
	Target      string          `json:"target,omitempty"`      // what it was done to
	Outcome     string          `json:"outcome"`               // for example allowed, refused, succeeded, failed
	RequestID   string          `json:"requestId,omitempty"`
	Detail      json.RawMessage `json:"detail,omitempty"` // more about it; never a secret
	Previous    Hash            `json:"previous"`         // Hash of the entry before; zero for the first
	Hash        Hash            `json:"hash"`             // see [AuditEntry.Digest]
}

// Digest returns what Hash has to be: the SHA-256 of the text
// "gatehouse audit 1\n", then of Previous, Number and Time (each number as 8
// bytes, big endian; the time in microseconds since 1970) and of each text field
// in the order of the struct, with its length in bytes (8 bytes, big endian)
// before it. So no two different entries have the same encoding.
func (e AuditEntry) Digest() Hash {
	h := sha256.New()
	number := func(n int64) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // the bits are what is meant
	}
	h.Write([]byte("gatehouse audit 1\n"))
	h.Write(e.Previous[:])
	number(e.Number)
	number(e.Time.UnixMicro())
	for _, field := range [][]byte{
		[]byte(e.Actor), []byte(e.ActorKind), []byte(e.Operation), []byte(e.Integration),
		[]byte(e.Target), []byte(e.Outcome), []byte(e.RequestID), e.Detail,
	} {
		number(int64(len(field)))
		h.Write(field)
	}
	return Hash(h.Sum(nil))
}
