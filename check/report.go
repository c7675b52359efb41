package check

import (
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// State says whether a capability can be used.
type State string

// The states of a capability.
const (
	Works   State = "works"   // a real call went through
	Refused State = "refused" // the permission is held, and the call failed all the same
	Missing State = "missing" // no permission for it is held
	Unknown State = "unknown" // the check could not get as far
)

// CapabilityStatus says whether one capability can be used, and over which
// APIs.
type CapabilityStatus struct {
	Capability gatehouse.Capability `json:"capability"`
	Title      string               `json:"title"`
	State      State                `json:"state"`
	API        gatehouse.API        `json:"api,omitempty"`    // the API that served the call, or would
	Doors      []DoorStatus         `json:"doors"`            // every API that can serve it, in order of preference
	Detail     string               `json:"detail,omitempty"` // what the call said, in a few words
}

// DoorStatus says whether one API may be used for a capability.
type DoorStatus struct {
	API   gatehouse.API          `json:"api"`
	Open  bool                   `json:"open"`            // a permission for it is held
	AnyOf []gatehouse.Permission `json:"any_of"`          // any one of these opens it
	Held  []gatehouse.Permission `json:"held,omitempty"`  // those of them that the token carries
	Error string                 `json:"error,omitempty"` // what the call over it said, if it failed
}

// Token says what a token carries; the token itself is not kept.
type Token struct {
	Resource gatehouse.Resource `json:"resource"`
	Audience string             `json:"audience"`
	TenantID string             `json:"tenant_id"`
	AppID    string             `json:"app_id"`
	Roles    []string           `json:"roles"`
	Expires  time.Time          `json:"expires"`
}

// Report is what a check found.
type Report struct {
	TenantID     string             `json:"tenant_id"`
	ClientID     string             `json:"client_id"`
	Cloud        string             `json:"cloud,omitempty"`
	BaseURL      string             `json:"base_url,omitempty"`
	Credential   string             `json:"credential"` // its kind
	Tokens       []Token            `json:"tokens"`
	Capabilities []CapabilityStatus `json:"capabilities"`
	Findings     []Finding          `json:"findings"`
}

// Worst returns the worst severity among the findings, OK when there is none.
func (r *Report) Worst() Severity {
	for _, s := range []Severity{Error, Warning, Info} {
		if len(r.Of(s)) > 0 {
			return s
		}
	}
	return OK
}

// Of returns the findings of one severity, in the order in which they were
// found.
func (r *Report) Of(s Severity) []Finding {
	var found []Finding
	for _, f := range r.Findings {
		if f.Severity == s {
			found = append(found, f)
		}
	}
	return found
}

// Has tells whether a finding with this code is in the report.
func (r *Report) Has(code Code) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == code })
}

// add appends findings to the report.
func (r *Report) add(f ...Finding) { r.Findings = append(r.Findings, f...) }
