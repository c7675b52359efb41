package emulator

import (
	"fmt"
	"time"
)

// RepeatRule says what is answered to an action that is under way on the device already. Microsoft's pages allow both:
// the pending action, or 400 with "Action is already in progress".
type RepeatRule int

const (
	// RepeatDrawn draws one of both, from the seed. The default.
	RepeatDrawn RepeatRule = iota
	// RepeatSame answers 201 with the action that is under way: its comment and requestor are the first caller's.
	RepeatSame
	// RepeatRefused answers 400 with the code ActiveRequestAlreadyExists.
	RepeatRefused
)

// AgainRule says what becomes of an isolation of a device that is isolated already, as reported in
// https://github.com/MicrosoftDocs/microsoft-365-docs/issues/5903.
type AgainRule int

const (
	// AgainDrawn draws one of both, from the seed. The default.
	AgainDrawn AgainRule = iota
	// AgainStuck leaves it Pending until the device was released twice. It succeeds then, just before the second release
	// or just after it, so that the device can end isolated.
	AgainStuck
	// AgainDone lets it succeed like the first.
	AgainDone
)

// DefaultActionPace is how long an action stays in each stage unless ActionRules say otherwise.
const DefaultActionPace = 2 * time.Second

// ActionRules say how machine actions go. The zero value is a service at its usual: seconds for each stage.
type ActionRules struct {
	// Pace is how long an action that came through the API is Pending, and then InProgress, by the emulator's clock.
	// Default: DefaultActionPace. A negative one lets actions move by StepAdvanceAction and StepFinishAction alone.
	Pace time.Duration
	// Hidden is how long a new action is missing from the list, and 404 by its id. Default: not at all.
	Hidden time.Duration
	// Failures is the share of actions that end Failed, drawn from the seed. Default: 0.
	Failures float64
	// Repeat is the answer to an action that is under way already. Packages and live response are refused always.
	Repeat RepeatRule
	// Again is what becomes of an isolation of an isolated device.
	Again AgainRule
}

// check refuses rules that cannot be.
func (r ActionRules) check() error {
	switch {
	case r.Failures < 0 || r.Failures > 1:
		return fmt.Errorf("the share of failures %v is not between 0 and 1", r.Failures)
	case r.Repeat < RepeatDrawn || r.Repeat > RepeatRefused:
		return fmt.Errorf("there is no repeat rule %d", r.Repeat)
	case r.Again < AgainDrawn || r.Again > AgainDone:
		return fmt.Errorf("there is no again rule %d", r.Again)
	}
	return nil
}

// pace is how long a stage lasts; false is until a step comes.
func (r ActionRules) pace() (time.Duration, bool) {
	switch {
	case r.Pace < 0:
		return 0, false
	case r.Pace == 0:
		return DefaultActionPace, true
	}
	return r.Pace, true
}

// SetActionRules replaces the rules of a tenant's actions. Those under way keep the time of the stage they are in.
func (s *Server) SetActionRules(tenantID string, rules ActionRules) error {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return err
	}
	if err := rules.check(); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules = rules
	return nil
}

// ResponseRoles are the application permissions that every response action takes, beside those of reading: machine
// actions, and the updates of incidents of both doors. Alerts and devices are updated with GuideRoles and
// GraphSecurityRoles.
func ResponseRoles() []Role {
	roles := MDERoles("Machine.Isolate", "Machine.Scan", "Machine.RestrictExecution", "Machine.StopAndQuarantine",
		"Machine.CollectForensics", "Machine.Offboard", "Machine.LiveResponse")
	roles = append(roles, XDRRoles("Incident.Read.All", "Incident.ReadWrite.All")...)
	return append(roles, GraphRoles("SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All")...)
}
