package gatehouse

import "time"

// Checkpoint is where one stream of one integration stands. It moves in the
// transaction that commits the page it stands behind.
type Checkpoint struct {
	Phase     string    `json:"phase,omitempty"`    // what the stream is doing, in its own words
	Watermark time.Time `json:"watermark,omitzero"` // the largest time seen upstream, never the clock
	State     []byte    `json:"-"`                  // JSON that only the stream understands; may be nil
	Moved     time.Time `json:"moved,omitzero"`     // when it was committed; set by the store
}
