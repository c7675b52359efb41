package api

import (
	"encoding/json"
	"time"
)

// NewHunt saves a hunt.
type NewHunt struct {
	Name         string   `json:"name" minLength:"1" maxLength:"100"`
	Query        string   `json:"query" minLength:"1" doc:"Kusto, as in Microsoft's advanced hunting."`
	Integrations []string `json:"integrations,omitempty" doc:"Ids or names; absent means all that the key may see."`
	Every        string   `json:"every,omitempty" doc:"How often it runs by itself, at least 5m. Absent: only when asked." example:"1h"`
	Enabled      *bool    `json:"enabled,omitempty" doc:"Default: true."`
}

// Hunt is a saved advanced hunting query.
type Hunt struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Query        string    `json:"query"`
	Integrations []string  `json:"integrations,omitempty"`
	Every        string    `json:"every,omitempty"`
	Enabled      bool      `json:"enabled"`
	By           string    `json:"by"`
	Created      time.Time `json:"created"`
	Changed      time.Time `json:"changed"`
	NextRun      time.Time `json:"nextRun,omitzero"`
}

// Hunts is the list of saved hunts.
type Hunts struct {
	Items []Hunt `json:"items"`
}

// RunHunt runs a query once.
type RunHunt struct {
	Query        string   `json:"query" minLength:"1"`
	Integrations []string `json:"integrations,omitempty" doc:"Ids or names; absent means all that the key may see."`
	Timespan     string   `json:"timespan,omitempty" doc:"How far back, as ISO 8601; Graph only." example:"P7D"`
}

// HuntRun is one run of a query in one integration.
type HuntRun struct {
	ID          string       `json:"id"`
	Hunt        string       `json:"hunt,omitempty" doc:"Id of the saved hunt."`
	Integration string       `json:"integration"`
	State       string       `json:"state" enum:"queued,running,succeeded,failed,cancelled"`
	Query       string       `json:"query"`
	By          string       `json:"by,omitempty"`
	API         string       `json:"api,omitempty"`
	Created     time.Time    `json:"created"`
	Started     time.Time    `json:"started,omitzero"`
	Ended       time.Time    `json:"ended,omitzero"`
	Columns     []HuntColumn `json:"columns,omitempty"`
	Rows        int64        `json:"rows"`
	Truncated   bool         `json:"truncated,omitempty" doc:"Microsoft's caps cut the result: narrow the query."`
	Problem     *Problem     `json:"problem,omitempty"`
}

// HuntColumn is a column of a result.
type HuntColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// HuntRuns is a page of runs, the newest first.
type HuntRuns struct {
	Items    []HuntRun `json:"items"`
	Next     string    `json:"next,omitempty"`
	Warnings []string  `json:"warnings,omitempty" doc:"What looks wrong with the query. It was sent all the same: Microsoft knows more of Kusto than Gatehouse does."`
}

// HuntRows is a page of a result.
type HuntRows struct {
	Items []json.RawMessage `json:"items" doc:"One object for each row, as Microsoft sent it."`
	Next  string            `json:"next,omitempty"`
}
