package gatehouse

import (
	"encoding/json"
	"time"
)

// Hunt is a saved hunting query.
type Hunt struct {
	ID           string    `json:"id"`   // hunt_…
	Name         string    `json:"name"` // unique
	Query        string    `json:"query"`
	Integrations []string  `json:"integrations"`       // ids of where it runs
	Schedule     string    `json:"schedule,omitempty"` // an interval, such as 30m; empty runs only when asked
	Enabled      bool      `json:"enabled"`            // whether the schedule counts
	By           string    `json:"by"`                 // who saved it
	Created      time.Time `json:"created"`
	Changed      time.Time `json:"changed"`
	NextRun      time.Time `json:"nextRun,omitzero"`
	// Unreadable says why what is kept of it cannot be read, in one line; empty when
	// it can. Then there are no more than the names and the times.
	Unreadable string `json:"-"`
}

// HuntState says where a run of a hunt stands.
type HuntState string

// The states of a run of a hunt.
const (
	HuntQueued    HuntState = "queued"
	HuntRunning   HuntState = "running"
	HuntSucceeded HuntState = "succeeded"
	HuntFailed    HuntState = "failed"
	HuntCancelled HuntState = "cancelled"
)

// HuntColumn is one column of what a hunt found.
type HuntColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // as Microsoft names it
}

// HuntRun is one run of a query in one integration.
type HuntRun struct {
	ID          string       `json:"id"`             // run_…
	Hunt        string       `json:"hunt,omitempty"` // id of the saved hunt; empty for one that was asked ad hoc
	Integration string       `json:"integration"`
	Query       string       `json:"query"`
	API         API          `json:"api,omitempty"`
	By          string       `json:"by,omitempty"`
	State       HuntState    `json:"state"`
	Created     time.Time    `json:"created"`
	Started     time.Time    `json:"started,omitzero"`
	Ended       time.Time    `json:"ended,omitzero"`
	Rows        int64        `json:"rows"`
	Columns     []HuntColumn `json:"columns,omitempty"`
	Truncated   bool         `json:"truncated,omitempty"` // there was more than Microsoft or we allow
	Error       string       `json:"error,omitempty"`     // one line
	// Held is until when at least somebody works on it; zero when nobody has said so.
	Held time.Time `json:"-"`
}

// HuntRow is one row of what a hunt found.
type HuntRow struct {
	Number int64           `json:"number"` // from 1, within its run
	Row    json.RawMessage `json:"row"`
}
