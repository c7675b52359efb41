package store

import (
	"context"
	"encoding/binary"

	"github.com/gatehouse-sec/gatehouse"
)

// Digest sums up a set of records. Two sets are equal when their digests are;
// the order of the records does not matter, so nothing has to be sorted or held.
type Digest struct {
	Count    int64
	Keys     gatehouse.Hash // over the keys
	Contents gatehouse.Hash // over the keys with the content hash of each
}

// Add counts a record in. Digests are compared with ==.
func (d *Digest) Add(key string, content gatehouse.Hash) {
	d.Count++
	k := gatehouse.HashOf([]byte(key))
	addLanes(&d.Keys, k)
	addLanes(&d.Contents, gatehouse.HashOf(append(k[:], content[:]...)))
}

// addLanes adds in four lanes of 64 bits, which, unlike an exclusive or, tells
// a record that is there twice from one that is not there.
func addLanes(sum *gatehouse.Hash, h gatehouse.Hash) {
	for i := 0; i < len(h); i += 8 {
		lane := binary.BigEndian.Uint64(sum[i:]) + binary.BigEndian.Uint64(h[i:])
		binary.BigEndian.PutUint64(sum[i:], lane)
	}
}

// Digest sums up the records of a stream that are not removed.
func (s *Store) Digest(ctx context.Context, integration string, stream gatehouse.Stream) (Digest, error) {
	var d Digest
	for r, err := range s.Records(ctx, integration, stream, RecordQuery{}) {
		if err != nil {
			return Digest{}, err
		}
		d.Add(r.Key, r.Content)
	}
	return d, nil
}
