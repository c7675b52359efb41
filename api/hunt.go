package api

import (
	"encoding/json"
	"time"
)

// NewHunt saves a hunt.
type NewHunt struct {
	Name         string   `json:"name" doc:"A name for people." minLength:"1" maxLength:"100"`
	Query        string   `json:"query" minLength:"1" doc:"Kusto, as in Microsoft's advanced hunting."`
	Integrations []string `json:"integrations,omitempty" doc:"Ids or names; absent means all that the key may see."`
	Every        string   `json:"every,omitempty" doc:"How often it runs by itself, at least 5m. Absent: only when asked." example:"1h"`
	Enabled      *bool    `json:"enabled,omitempty" doc:"Default: true."`
}

// Hunt is a saved advanced hunting query.
type Hunt struct {
	ID           string    `json:"id" doc:"Id of the hunt, hunt_…."`
	Name         string    `json:"name" doc:"A name for people."`
	Query        string    `json:"query" doc:"Kusto, as in Microsoft's advanced hunting."`
	Integrations []string  `json:"integrations,omitempty" doc:"Ids of the integrations it asks; absent means all that its maker may see."`
	Every        string    `json:"every,omitempty" doc:"How often it runs by itself; absent: only when asked."`
	Enabled      bool      `json:"enabled" doc:"Whether it runs by itself."`
	By           string    `json:"by" doc:"Who saved it."`
	Created      time.Time `json:"created" doc:"When it was made."`
	Changed      time.Time `json:"changed" doc:"When it was last changed."`
	NextRun      time.Time `json:"nextRun,omitzero" doc:"When it runs next by itself."`
	Reason       string    `json:"reason,omitempty" doc:"Why it cannot be read, one line: it does not run until it is saved anew."`
}

// Hunts is the list of saved hunts.
type Hunts struct {
	Items []Hunt `json:"items" doc:"What was found; an empty list when there is nothing."`
}

// RunHunt runs a query once.
type RunHunt struct {
	Query        string   `json:"query" doc:"Kusto, as in Microsoft's advanced hunting." minLength:"1"`
	Integrations []string `json:"integrations,omitempty" doc:"Ids or names; absent means all that the key may see."`
	API          string   `json:"api,omitempty" doc:"The API of Microsoft to run it through. Absent: the first that the integration allows, or graph where the query names a table that only graph knows." enum:"mde,graph"`
	Timespan     string   `json:"timespan,omitempty" doc:"How far back, as ISO 8601; Graph only." example:"P7D"`
}

// HuntRun is one run of a query in one integration.
type HuntRun struct {
	ID          string       `json:"id" doc:"Id of the run."`
	Hunt        string       `json:"hunt,omitempty" doc:"Id of the saved hunt."`
	Integration string       `json:"integration" doc:"Id of the integration."`
	State       string       `json:"state" doc:"Where it stands." enum:"queued,running,succeeded,failed,cancelled"`
	Query       string       `json:"query" doc:"Kusto, as in Microsoft's advanced hunting."`
	By          string       `json:"by,omitempty" doc:"Who asked for it; absent when it ran by itself."`
	API         string       `json:"api,omitempty" doc:"The API of Microsoft that it goes through: mde, xdr or graph."`
	Created     time.Time    `json:"created" doc:"When it was asked for."`
	Started     time.Time    `json:"started,omitzero" doc:"When it began; absent until then."`
	Ended       time.Time    `json:"ended,omitzero" doc:"When it ended; absent until then."`
	Columns     []HuntColumn `json:"columns,omitempty" doc:"The columns of the result."`
	Rows        int64        `json:"rows" doc:"How many rows it has found."`
	Truncated   bool         `json:"truncated,omitempty" doc:"Microsoft's caps cut the result: narrow the query."`
	Problem     *Problem     `json:"problem,omitempty" doc:"Why it failed."`
}

// HuntColumn is a column of a result.
type HuntColumn struct {
	Name string `json:"name" doc:"The name of the column."`
	Type string `json:"type" doc:"Its type, as Microsoft names it."`
}

// HuntRuns is a page of runs, the newest first.
type HuntRuns struct {
	Items    []HuntRun `json:"items" doc:"What was found; an empty list when there is nothing."`
	Next     string    `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
	Warnings []string  `json:"warnings,omitempty" doc:"What looks wrong with the query. It was sent all the same: Microsoft knows more of Kusto than Gatehouse does."`
}

// HuntRows is a page of a result.
type HuntRows struct {
	Items []json.RawMessage `json:"items" doc:"One object for each row, as Microsoft sent it."`
	Next  string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
}
