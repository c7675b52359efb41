package api

import "time"

// Scope is what a key may do.
type Scope string

// The scopes. Each includes those before it.
const (
	ScopeRead    Scope = "read"    // read everything but keys and the audit
	ScopeRespond Scope = "respond" // also run hunts, submit actions and approve those of others
	ScopeAdmin   Scope = "admin"   // also manage integrations and keys, and read the audit
)

// Key is an API key as it can be shown: the key itself is not kept.
type Key struct {
	ID           string    `json:"id" doc:"Id of the key, key_…."`
	Name         string    `json:"name" doc:"A name for people."`
	Prefix       string    `json:"prefix" doc:"The first letters of the key, to recognise it by."`
	Scopes       []Scope   `json:"scopes" doc:"What it may do."`
	Integrations []string  `json:"integrations,omitempty" doc:"Ids of the integrations that it may see; absent means all."`
	Created      time.Time `json:"created" doc:"When it was made."`
	Expires      time.Time `json:"expires,omitzero" doc:"When it ends."`
	LastUsed     time.Time `json:"lastUsed,omitzero" doc:"To the minute."`
	Revoked      time.Time `json:"revoked,omitzero" doc:"When it was revoked; absent while it lives."`
	Reason       string    `json:"reason,omitempty" doc:"Why it cannot be read, one line: it opens nothing. Revoke it, and make another one."`
}

// NewKey asks for an API key.
type NewKey struct {
	Name         string    `json:"name" doc:"A name for people." minLength:"1" maxLength:"100"`
	Scopes       []Scope   `json:"scopes" doc:"What it may do. Each scope includes those before it." minItems:"1" enum:"read,respond,admin"`
	Integrations []string  `json:"integrations,omitempty" doc:"Ids or names of the integrations that it may see; absent means all. A key can only give what it has."`
	Expires      time.Time `json:"expires,omitzero" doc:"Default: in 90 days, or with the key that asks, if that ends sooner."`
}

// RotateKey asks for a new secret of a key.
type RotateKey struct {
	KeepOld string `json:"keepOld,omitempty" doc:"How long the old one goes on working, as 24h. Default: it ends at once." example:"24h"`
}

// IssuedKey is a key that was just made, with its text.
type IssuedKey struct {
	Key
	Text string `json:"key" doc:"The key itself. It is shown this once and cannot be read again."`
}

// Keys is the list of keys.
type Keys struct {
	Items []Key `json:"items" doc:"What was found; an empty list when there is nothing."`
}

// Identity is who is asking.
type Identity struct {
	Kind         string    `json:"kind" doc:"key or oidc."`
	ID           string    `json:"id" doc:"Id of the key, or issuer and subject of the token."`
	Name         string    `json:"name" doc:"The name of the key, or of the person."`
	Scopes       []Scope   `json:"scopes" doc:"What they may do."`
	Integrations []string  `json:"integrations,omitzero" doc:"Absent means all; an empty list means none."`
	Expires      time.Time `json:"expires,omitzero" doc:"When the key or token ends."`
}
