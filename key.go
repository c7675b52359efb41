package gatehouse

import (
	"slices"
	"time"
)

// Scope says what an API key, or a person, may do.
type Scope string

// The scopes. Each includes the ones before it.
const (
	ScopeRead    Scope = "read"    // sees what is mirrored
	ScopeRespond Scope = "respond" // takes response actions, too
	ScopeAdmin   Scope = "admin"   // connects integrations and gives out keys, too
)

// Scopes returns every scope, the narrowest first.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeRespond, ScopeAdmin} }

// Includes reports whether who has s may do what other allows.
func (s Scope) Includes(other Scope) bool {
	have, want := slices.Index(Scopes(), s), slices.Index(Scopes(), other)
	return want >= 0 && have >= want
}

// Key is an API key. Its text is shown once and not kept; only its hash is.
type Key struct {
	ID     string `json:"id"`
	Name   string `json:"name"`   // for people
	Prefix string `json:"prefix"` // the part of the text that may be shown
	// Hash is the SHA-256 of the whole text.
	Hash   Hash    `json:"-"`
	Scopes []Scope `json:"scopes"`
	// Integrations are the ids that the key sees; empty means every one.
	Integrations []string  `json:"integrations,omitempty"`
	Created      time.Time `json:"created"`
	Expires      time.Time `json:"expires,omitzero"`  // zero for never
	Revoked      time.Time `json:"revoked,omitzero"`  // zero while it lives
	LastUsed     time.Time `json:"lastUsed,omitzero"` // to the minute
	// Rotated is when it last got a new text, and OldUntil how long the text before
	// is taken, too.
	Rotated  time.Time `json:"rotated,omitzero"`
	OldUntil time.Time `json:"oldUntil,omitzero"`
	// Bootstrap marks the key that was made when there was none.
	Bootstrap bool `json:"bootstrap,omitempty"`
	// Unreadable says why what is kept of it cannot be read, in one line; empty when
	// it can. Then nobody knows what it may do and see: it opens nothing.
	Unreadable string `json:"reason,omitempty"`
}

// Live reports whether the key may be used at that time.
func (k Key) Live(at time.Time) bool {
	return k.Unreadable == "" && k.Revoked.IsZero() && (k.Expires.IsZero() || at.Before(k.Expires))
}

// Allows reports whether one of the key's scopes includes s.
func (k Key) Allows(s Scope) bool {
	return slices.ContainsFunc(k.Scopes, func(have Scope) bool { return have.Includes(s) })
}

// Sees reports whether the key sees an integration.
func (k Key) Sees(integration string) bool {
	return len(k.Integrations) == 0 || slices.Contains(k.Integrations, integration)
}
