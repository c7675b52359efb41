package check

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// Severity says how much a finding matters.
type Severity string

// The severities, from the worst on.
const (
	Error   Severity = "error"   // something that was asked for does not work
	Warning Severity = "warning" // it works today, and will not for ever
	Info    Severity = "info"    // good to know
	OK      Severity = "ok"      // looked at, and in order
)

// Finding is one thing that the check has to say.
type Finding struct {
	Code         Code                   `json:"code"`                   // stable, see [Codes]
	Severity     Severity               `json:"severity"`               //
	Subject      string                 `json:"subject"`                // what it is about: a host, a resource, a permission, a capability
	What         string                 `json:"what"`                   // what was found, one sentence
	Why          string                 `json:"why,omitempty"`          // why it matters, one sentence
	Mend         string                 `json:"mend,omitempty"`         // how to mend it, one sentence; empty where nothing is wrong
	Permission   *gatehouse.Permission  `json:"permission,omitempty"`   // the permission to grant, where it is exactly one
	Capabilities []gatehouse.Capability `json:"capabilities,omitempty"` // the capabilities that are lost by it
	Upstream     string                 `json:"upstream,omitempty"`     // Microsoft's own words, without secrets
}

// vars fill the placeholders of a catalogue entry's texts.
type vars map[string]string

// newFinding makes the finding of a catalogue entry; {name} in its texts is
// replaced from v.
func newFinding(code Code, subject string, v vars) Finding {
	e := entryOf(code)
	pairs := make([]string, 0, 2*len(v)+2)
	pairs = append(pairs, "{subject}", subject)
	for name, value := range v {
		pairs = append(pairs, "{"+name+"}", value)
	}
	fill := strings.NewReplacer(pairs...)
	return Finding{
		Code: code, Severity: e.Severity, Subject: subject,
		What: fill.Replace(e.What), Why: fill.Replace(e.Why), Mend: fill.Replace(e.Mend),
	}
}
