package api

import (
	"encoding/json"
	"time"
)

// ActionKind is one response action that can be submitted.
type ActionKind struct {
	Name        string            `json:"name" example:"isolate"`
	Title       string            `json:"title"`
	Summary     string            `json:"summary"`
	Docs        string            `json:"docs" doc:"Microsoft's page."`
	Risk        string            `json:"risk" enum:"low,medium,dangerous"`
	Target      string            `json:"target" enum:"device,alert,incident,machine-action"`
	Parameters  []ActionParameter `json:"parameters"`
	Permissions []string          `json:"permissions" doc:"Any one of them allows it."`
}

// ActionParameter is one thing that an action wants to know.
type ActionParameter struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind" doc:"text, enum, sha1, bool or number."`
	Required bool     `json:"required"`
	Values   []string `json:"values,omitempty"`
	Default  string   `json:"default,omitempty"`
	Doc      string   `json:"doc"`
}

// NewAction submits a response action. The Idempotency-Key header is required.
type NewAction struct {
	Integration string            `json:"integration,omitempty" doc:"Id or name. May be left out when the targets are names that exist in one integration only."`
	Action      string            `json:"action" example:"isolate"`
	Targets     []string          `json:"targets" minItems:"1" maxItems:"500" doc:"Ids, or names that mean exactly one."`
	Parameters  map[string]string `json:"parameters,omitempty" doc:"See the kinds of actions."`
	Comment     string            `json:"comment" minLength:"1" maxLength:"1000" doc:"Why. It goes to Microsoft and to the audit."`
	DryRun      bool              `json:"dryRun,omitempty" doc:"Say what would be done, and do nothing."`
	Approval    bool              `json:"approval,omitempty" doc:"Wait until another key has approved it. The server may demand it for dangerous actions."`
}

// ActionStatus says where an action stands.
type ActionStatus string

// The states of an action. The last five are ends.
const (
	ActionPlanned    ActionStatus = "planned"    // a dry run: nothing was done
	ActionWaiting    ActionStatus = "waiting"    // for approval
	ActionQueued     ActionStatus = "queued"     // will be sent as soon as the limits allow
	ActionSubmitting ActionStatus = "submitting" // is being sent, or its answer was lost and it is looked for
	ActionRunning    ActionStatus = "running"    // Microsoft has it
	ActionSucceeded  ActionStatus = "succeeded"  // every target has
	ActionFailed     ActionStatus = "failed"     // at least one target has not; see each
	ActionCancelled  ActionStatus = "cancelled"
	ActionExpired    ActionStatus = "expired" // nobody approved it in time, or Microsoft gave up
	ActionRefused    ActionStatus = "refused" // by the second key, or by Microsoft before it began
)

// Ended reports whether nothing more will happen.
func (s ActionStatus) Ended() bool {
	switch s {
	case ActionPlanned, ActionSucceeded, ActionFailed, ActionCancelled, ActionExpired, ActionRefused:
		return true
	case ActionWaiting, ActionQueued, ActionSubmitting, ActionRunning:
		return false
	}
	return false
}

// Action is a response action and its life so far.
type Action struct {
	ID             string            `json:"id"`
	Integration    string            `json:"integration"`
	Action         string            `json:"action"`
	Parameters     map[string]string `json:"parameters,omitempty"`
	Comment        string            `json:"comment"`
	State          ActionStatus      `json:"state"`
	Reason         string            `json:"reason,omitempty" doc:"Why it is in this state, one line."`
	DryRun         bool              `json:"dryRun,omitempty"`
	IdempotencyKey string            `json:"idempotencyKey"`
	By             string            `json:"by" doc:"Who submitted it."`
	Approval       *Approval         `json:"approval,omitempty"`
	Targets        []ActionTarget    `json:"targets"`
	Created        time.Time         `json:"created"`
	Changed        time.Time         `json:"changed"`
	Ended          time.Time         `json:"ended,omitzero"`
}

// Approval is whether a second key has agreed.
type Approval struct {
	State string    `json:"state" enum:"waiting,approved,denied,expired"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at,omitzero"`
	Until time.Time `json:"until" doc:"When it lapses."`
	Note  string    `json:"note,omitempty"`
}

// ActionTarget is what became of an action on one of its targets.
type ActionTarget struct {
	Number     int             `json:"number"`
	ID         string          `json:"id"`
	Name       string          `json:"name,omitempty"`
	State      ActionStatus    `json:"state"`
	Reason     string          `json:"reason,omitempty"`
	UpstreamID string          `json:"upstreamId,omitempty" doc:"Microsoft's id of the machine action."`
	Adopted    bool            `json:"adopted,omitempty" doc:"It was under way already, and this action follows it."`
	Submitted  time.Time       `json:"submitted,omitzero"`
	Ended      time.Time       `json:"ended,omitzero"`
	Upstream   *Upstream       `json:"upstream,omitempty" doc:"What Microsoft refused it with."`
	Result     json.RawMessage `json:"result,omitempty" doc:"Microsoft's last word on it."`
}

// Actions is a page of actions, the newest first.
type Actions struct {
	Items []Action `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// ActionEvent is one change of an action's state.
type ActionEvent struct {
	Number int64        `json:"number"`
	Action string       `json:"action" doc:"Id of the action."`
	Target int          `json:"target,omitempty" doc:"Number of the target; absent for the action as a whole."`
	State  ActionStatus `json:"state"`
	Reason string       `json:"reason,omitempty"`
	At     time.Time    `json:"at"`
}

// ActionEvents is a page of such changes.
type ActionEvents struct {
	Items []ActionEvent `json:"items"`
	Next  int64         `json:"next" doc:"Ask for what is after this number."`
}

// Decision approves or denies an action.
type Decision struct {
	Note string `json:"note,omitempty" maxLength:"1000"`
}

// CancelAction asks to cancel an action.
type CancelAction struct {
	Comment string `json:"comment" minLength:"1" maxLength:"1000" doc:"Why. It goes to Microsoft and to the audit."`
}

// ActionKinds is the catalogue of response actions.
type ActionKinds struct {
	Items []ActionKind `json:"items"`
}
