package api

import (
	"encoding/json"
	"time"
)

// AuditEntry is one thing that somebody did or tried to do.
type AuditEntry struct {
	Number      int64           `json:"number" doc:"One more than that of the entry before."`
	Time        time.Time       `json:"time" doc:"When it was done."`
	Actor       string          `json:"actor" doc:"Id of a key, issuer and subject of a token, or the system."`
	ActorKind   string          `json:"actorKind" doc:"key, person, local, system or nobody."`
	Operation   string          `json:"operation" doc:"What was done." example:"actions.submit"`
	Integration string          `json:"integration,omitempty" doc:"Id of the integration that it concerns."`
	Target      string          `json:"target,omitempty" doc:"Id of what it was done to."`
	Outcome     string          `json:"outcome" doc:"done, refused or failed."`
	RequestID   string          `json:"requestId,omitempty" doc:"The name of the request, as in its X-Request-Id."`
	Detail      json.RawMessage `json:"detail,omitempty" doc:"What else is worth knowing, as JSON."`
	Hash        string          `json:"hash" doc:"SHA-256 over this entry and the hash before it."`
}

// Audit is a page of the audit log.
type Audit struct {
	Items []AuditEntry `json:"items" doc:"What was found; an empty list when there is nothing."`
	Next  int64        `json:"next" doc:"Ask for what is after this number."`
}

// AuditVerdict says whether the audit log is whole.
type AuditVerdict struct {
	OK      bool         `json:"ok" doc:"Whether every entry is as it was written."`
	Entries int64        `json:"entries" doc:"How many entries were read."`
	Head    string       `json:"head" doc:"The hash of the last entry. Note it elsewhere to find a log that was replaced whole."`
	Breaks  []AuditBreak `json:"breaks,omitempty" doc:"Where the chain does not hold."`
}

// AuditBreak is one place where the chain does not hold.
type AuditBreak struct {
	Number int64  `json:"number" doc:"Number of the entry."`
	What   string `json:"what" doc:"What is wrong there."`
}
