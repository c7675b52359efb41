package gatehouse

import "time"

// Stream names a kind of record that is mirrored. Which streams there are, and
// how each is read, is the catalogue of package stream.
type Stream string

// StreamState says how a stream of one integration fares, and so who has to act.
type StreamState string

// The states of a stream.
const (
	StreamPending      StreamState = "pending"        // not read yet
	StreamHealthy      StreamState = "healthy"        // read whole and on time
	StreamDegraded     StreamState = "degraded"       // read, but late, thinner than usual, or with records set aside
	StreamThrottled    StreamState = "throttled"      // Microsoft's limit, or our budget, is spent; it goes on by itself
	StreamUnauthorized StreamState = "unauthorized"   // Entra ID refuses the credential
	StreamForbidden    StreamState = "forbidden"      // a permission was withdrawn
	StreamUpstream     StreamState = "upstream-error" // Microsoft answers with an error of its own
	StreamStorage      StreamState = "storage-error"  // our own database refuses the write
	StreamPaused       StreamState = "paused"         // the integration is paused
	StreamOff          StreamState = "off"            // never read: a permission or licence is missing
)

// StreamHealth is what is known about one stream of one integration.
type StreamHealth struct {
	Integration  string        `json:"integration"`
	Stream       Stream        `json:"stream"`
	State        StreamState   `json:"state"`
	Owner        string        `json:"owner,omitempty"`       // who has to act: you, microsoft, gatehouse or nobody
	Reason       string        `json:"reason,omitempty"`      // why it is in this state, one line
	Mend         string        `json:"mend,omitempty"`        // what to do about it, one line
	API          API           `json:"api,omitempty"`         // the door it is read through
	LastSuccess  time.Time     `json:"lastSuccess,omitzero"`  // end of the last run that went well
	LastAttempt  time.Time     `json:"lastAttempt,omitzero"`  // end of the last run of any outcome
	LastChange   time.Time     `json:"lastChange,omitzero"`   // the last event of the stream
	Lag          time.Duration `json:"lag"`                   // nanoseconds between now and the newest that was seen
	Held         int64         `json:"held"`                  // records in the mirror that are not removed
	Upstream     int64         `json:"upstream"`              // what Microsoft counts; -1 when it does not say
	SetAside     int64         `json:"setAside"`              // records that could not be decoded
	Calls        int64         `json:"calls"`                 // calls of the last run
	Floor        int64         `json:"floor"`                 // the fewest calls it could have taken
	NextAttempt  time.Time     `json:"nextAttempt,omitzero"`  // when it is read again
	FailingSince time.Time     `json:"failingSince,omitzero"` // first failure in an unbroken row of them
	Detour       Detour        `json:"detour,omitzero"`       // why it is not read through the API that comes first
	Rhythm       Rhythm        `json:"rhythm,omitzero"`       // how often it changes
}

// Rhythm is how often the records of a stream change.
type Rhythm struct {
	Since   time.Time     `json:"since"`   // the first reading that brought changes
	Changes int64         `json:"changes"` // such readings
	Silence time.Duration `json:"silence"` // nanoseconds: the longest between two of them, of late
}

// Detour tells of an API that fails by itself, so that a stream is read, or soon
// will be, through the next one.
type Detour struct {
	API      API       `json:"api"`            // the one that fails
	Since    time.Time `json:"since"`          // its first failure in an unbroken row
	Failures int       `json:"failures"`       // in that row
	Reason   string    `json:"reason"`         // what it answers, one line
	Retry    time.Time `json:"retry,omitzero"` // when it is tried again; zero as long as it is still the one that is read
}
