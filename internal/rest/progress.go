package rest

import (
	"errors"
	"hash/maphash"

	"github.com/go-json-experiment/json/jsontext"
)

// progress remembers which items of one page or file were handed out, as a
// count and one hash over them all, so that a second reading can go on behind
// them and knows whether they are still the same.
type progress struct {
	done int
	hash maphash.Hash
}

// same tells whether another page had the same items. Hashes of different seeds
// cannot be compared, so all share one.
func (p *progress) same(other *progress) bool { return p.hash.Sum64() == other.hash.Sum64() }

// newProgress returns a progress at the start of a page or file. The pages of
// one list share a seed.
func newProgress(seed maphash.Seed) *progress {
	p := &progress{}
	p.hash.SetSeed(seed)
	return p
}

// ErrChanged tells that what was read again after a break is no longer what was
// read before it. Read the list again from its start.
var ErrChanged = errors.New("the list changed while it was read: read it again")

// resume returns a function that passes to item only what was not yet handed
// out, and records it.
func (p *progress) resume(item func(jsontext.Value) error) func(jsontext.Value) error {
	var again maphash.Hash
	again.SetSeed(p.hash.Seed())
	want, until, at := p.hash.Sum64(), p.done, 0
	return func(raw jsontext.Value) error {
		at++
		if at <= until {
			record(&again, raw)
			if at == until && again.Sum64() != want {
				return ErrChanged
			}
			return nil
		}
		record(&p.hash, raw)
		p.done++
		return item(raw)
	}
}

// complete tells whether a reading reached what an earlier one had handed out.
func (p *progress) complete(rows int) error {
	if rows < p.done {
		return ErrChanged
	}
	return nil
}

func record(h *maphash.Hash, raw jsontext.Value) {
	_, _ = h.Write(raw)
	_ = h.WriteByte('\n')
}
