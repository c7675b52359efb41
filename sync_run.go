package gatehouse

import "time"

// SyncMode says what a run reads.
type SyncMode string

// The modes of a run.
const (
	SyncFull        SyncMode = "full"        // every record there is; may end in a sweep
	SyncIncremental SyncMode = "incremental" // what changed since the watermark
	SyncDelta       SyncMode = "delta"       // what Microsoft lists as changed
)

// SyncRun is one reading of one stream of one integration, from its start to
// its end, across restarts.
type SyncRun struct {
	ID          int64     `json:"id"`
	Attempt     int64     `json:"attempt"` // 1 at first, one more each time the run is resumed
	Integration string    `json:"integration"`
	Stream      Stream    `json:"stream"`
	Mode        SyncMode  `json:"mode"`
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended,omitzero"` // zero while it goes on
	Complete    bool      `json:"complete"`       // every page was read to the natural end
	Swept       bool      `json:"swept"`          // what was not seen has been removed
	Pages       int64     `json:"pages"`
	Rows        int64     `json:"rows"` // read from upstream, repeats included
	Created     int64     `json:"created"`
	Updated     int64     `json:"updated"`
	Unchanged   int64     `json:"unchanged"` // noisy changes included
	Removed     int64     `json:"removed"`
	SetAside    int64     `json:"setAside"` // could not be decoded
	Calls       int64     `json:"calls"`    // made upstream
	Error       string    `json:"error,omitempty"`
}

// Open reports whether the run has not ended.
func (r SyncRun) Open() bool { return r.Ended.IsZero() }
