package api

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// ActionKind is one response action that can be submitted.
type ActionKind struct {
	Name        string            `json:"name" doc:"What it is submitted as." example:"isolate"`
	Title       string            `json:"title" doc:"A name for people."`
	Summary     string            `json:"summary" doc:"What it does, one line."`
	Docs        string            `json:"docs" doc:"Microsoft's page."`
	Risk        string            `json:"risk" doc:"How much harm it can do; dangerous ones may need approval." enum:"low,medium,dangerous"`
	Target      string            `json:"target" doc:"What it is done to." enum:"device,alert,incident,machine-action"`
	Parameters  []ActionParameter `json:"parameters" doc:"What it wants to know beside its targets."`
	Permissions []string          `json:"permissions" doc:"Any one of them allows it."`
}

// ActionParameter is one thing that an action wants to know.
type ActionParameter struct {
	Name     string   `json:"name" doc:"The name among the parameters of the action."`
	Kind     string   `json:"kind" doc:"text, enum, sha1, bool or number."`
	Required bool     `json:"required" doc:"Whether it must be given."`
	Values   []string `json:"values,omitempty" doc:"What it may be, for an enum."`
	Default  string   `json:"default,omitempty" doc:"What it is when it is not given."`
	Doc      string   `json:"doc" doc:"What it means."`
}

// NewAction submits a response action. The Idempotency-Key header is required.
type NewAction struct {
	Integration string            `json:"integration,omitempty" doc:"Id or name. May be left out when the targets are names that exist in one integration only."`
	Action      string            `json:"action" doc:"The name of a kind of action." example:"isolate"`
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
	ID             string            `json:"id" doc:"Id of the action, act_…."`
	Integration    string            `json:"integration" doc:"Id of the integration."`
	Action         string            `json:"action" doc:"The name of its kind."`
	API            gatehouse.API     `json:"api,omitempty" doc:"The API of Microsoft that it goes through, which decides the shape of results."`
	Parameters     map[string]string `json:"parameters,omitempty" doc:"As they were submitted."`
	Comment        string            `json:"comment" doc:"Why it was asked for."`
	State          ActionStatus      `json:"state" doc:"Where it stands."`
	Reason         string            `json:"reason,omitempty" doc:"Why it is in this state, one line."`
	DryRun         bool              `json:"dryRun,omitempty" doc:"Whether it was only planned."`
	IdempotencyKey string            `json:"idempotencyKey" doc:"The key it was submitted with."`
	By             string            `json:"by" doc:"Who submitted it."`
	Approval       *Approval         `json:"approval,omitempty" doc:"Whether a second key has agreed; absent where none is asked."`
	Targets        []ActionTarget    `json:"targets" doc:"What became of it on each of its targets."`
	Created        time.Time         `json:"created" doc:"When it was submitted."`
	Changed        time.Time         `json:"changed" doc:"When its state last changed."`
	Ended          time.Time         `json:"ended,omitzero" doc:"When it ended; absent until then."`
}

// Approval is whether a second key has agreed.
type Approval struct {
	State string    `json:"state" doc:"Where it stands." enum:"waiting,approved,denied,expired"`
	By    string    `json:"by,omitempty" doc:"Who approved or denied it; absent until then."`
	At    time.Time `json:"at,omitzero" doc:"When it was approved or denied; absent until then."`
	Until time.Time `json:"until" doc:"When it lapses."`
	Note  string    `json:"note,omitempty" doc:"What they said."`
}

// ActionTarget is what became of an action on one of its targets.
type ActionTarget struct {
	Number     int             `json:"number" doc:"Its number in the action, from 1."`
	ID         string          `json:"id" doc:"Microsoft's id of it."`
	Name       string          `json:"name,omitempty" doc:"Its name, where it has one."`
	State      ActionStatus    `json:"state" doc:"Where it stands."`
	Reason     string          `json:"reason,omitempty" doc:"Why it is in this state, one line."`
	UpstreamID string          `json:"upstreamId,omitempty" doc:"Microsoft's id of the machine action."`
	Adopted    bool            `json:"adopted,omitempty" doc:"It was under way already, and this action follows it."`
	Submitted  time.Time       `json:"submitted,omitzero" doc:"When Microsoft was asked; absent until then."`
	Ended      time.Time       `json:"ended,omitzero" doc:"When it ended; absent until then."`
	Upstream   *Upstream       `json:"upstream,omitempty" doc:"What Microsoft refused it with."`
	Result     json.RawMessage `json:"result,omitempty" doc:"Microsoft's last word on it."`
}

// Actions is a page of actions, the newest first.
type Actions struct {
	Items []Action `json:"items" doc:"What was found; an empty list when there is nothing."`
	Next  string   `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
}

// ActionEvent is one change of an action's state.
type ActionEvent struct {
	Number int64        `json:"number" doc:"Greater than that of every event before."`
	Action string       `json:"action" doc:"Id of the action."`
	Target int          `json:"target,omitempty" doc:"Number of the target; absent for the action as a whole."`
	State  ActionStatus `json:"state" doc:"The state that was entered."`
	Reason string       `json:"reason,omitempty" doc:"Why it is in this state, one line."`
	At     time.Time    `json:"at" doc:"When it was entered."`
}

// ActionEvents is a page of such changes.
type ActionEvents struct {
	Items []ActionEvent `json:"items" doc:"What was found; an empty list when there is nothing."`
	Next  int64         `json:"next" doc:"Ask for what is after this number."`
}

// Decision approves or denies an action.
type Decision struct {
	Note string `json:"note,omitempty" doc:"Why, for the audit." maxLength:"1000"`
}

// CancelAction asks to cancel an action.
type CancelAction struct {
	Comment string `json:"comment" minLength:"1" maxLength:"1000" doc:"Why. It goes to Microsoft and to the audit."`
}

// ActionKinds is the catalogue of response actions.
type ActionKinds struct {
	Items []ActionKind `json:"items" doc:"What was found; an empty list when there is nothing."`
}
