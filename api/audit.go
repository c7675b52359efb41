package api

import (
	"encoding/json"
	"time"
)

// AuditEntry is one thing that somebody did or tried to do.
type AuditEntry struct {
	Number      int64           `json:"number"`
	Time        time.Time       `json:"time"`
	Actor       string          `json:"actor" doc:"Id of a key, issuer and subject of a token, or the system."`
	ActorKind   string          `json:"actorKind" doc:"key, person, local, system or nobody."`
	Operation   string          `json:"operation" example:"actions.submit"`
	Integration string          `json:"integration,omitempty"`
	Target      string          `json:"target,omitempty"`
	Outcome     string          `json:"outcome" doc:"done, refused or failed."`
	RequestID   string          `json:"requestId,omitempty"`
	Detail      json.RawMessage `json:"detail,omitempty"`
	Hash        string          `json:"hash" doc:"SHA-256 over this entry and the hash before it."`
}

// Audit is a page of the audit log.
type Audit struct {
	Items []AuditEntry `json:"items"`
	Next  int64        `json:"next" doc:"Ask for what is after this number."`
}

// AuditVerdict says whether the audit log is whole.
type AuditVerdict struct {
	OK      bool         `json:"ok"`
	Entries int64        `json:"entries"`
	Head    string       `json:"head" doc:"The hash of the last entry. Note it elsewhere to find a log that was replaced whole."`
	Breaks  []AuditBreak `json:"breaks,omitempty"`
}

// AuditBreak is one place where the chain does not hold.
type AuditBreak struct {
	Number int64  `json:"number"`
	What   string `json:"what"`
}
