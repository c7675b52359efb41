package gatehouse

import (
	"encoding/json"
	"time"
)

// ActionState says where a response action, or one of its targets, stands.
type ActionState string

// The states of an action and of a target. From planned, succeeded, failed,
// cancelled, expired and refused there is no way on.
const (
	ActionPlanned    ActionState = "planned"    // a dry run: nothing is sent
	ActionWaiting    ActionState = "waiting"    // for the approval of a second person
	ActionQueued     ActionState = "queued"     // will be sent
	ActionSubmitting ActionState = "submitting" // is being sent; whether Microsoft has it is not known yet
	ActionRunning    ActionState = "running"    // Microsoft has it
	ActionSucceeded  ActionState = "succeeded"
	ActionFailed     ActionState = "failed" // also when only some of the targets have failed
	ActionCancelled  ActionState = "cancelled"
	ActionExpired    ActionState = "expired" // nobody approved in time, or Microsoft gave no end in time
	ActionRefused    ActionState = "refused" // by the second person, or by a rule of ours
)

// Ended reports whether there is no way on from the state.
func (s ActionState) Ended() bool {
	switch s {
	case ActionPlanned, ActionSucceeded, ActionFailed, ActionCancelled, ActionExpired, ActionRefused:
		return true
	default:
		return false
	}
}

// Known reports whether the state is one of those above: a newer version may have
// others.
func (s ActionState) Known() bool {
	switch s {
	case ActionWaiting, ActionQueued, ActionSubmitting, ActionRunning:
		return true
	default:
		return s.Ended()
	}
}

// Approval is what a second person says about an action.
type Approval struct {
	Needed bool      `json:"needed"`
	By     string    `json:"by,omitempty"`   // who approved or refused it
	At     time.Time `json:"at,omitzero"`    // when
	Until  time.Time `json:"until,omitzero"` // by when someone has to
	Note   string    `json:"note,omitempty"` // what they said about it
}

// ActionTarget is one object that an action is taken on.
type ActionTarget struct {
	N           int             `json:"n"`              // from 1; part of the marker in Microsoft's comment
	ID          string          `json:"id"`             // key of the record, for example of the device
	Name        string          `json:"name,omitempty"` // for people
	State       ActionState     `json:"state"`
	UpstreamID  string          `json:"upstreamId,omitempty"` // Microsoft's id of the action
	Attempts    int             `json:"attempts,omitempty"`   // how often it was sent
	SubmittedAt time.Time       `json:"submittedAt,omitzero"`
	EndedAt     time.Time       `json:"endedAt,omitzero"`
	Adopted     bool            `json:"adopted,omitempty"`   // it was under way already, asked for by someone else
	Next        time.Time       `json:"next,omitzero"`       // when it is worked on again
	CancelSent  time.Time       `json:"cancelSent,omitzero"` // when Microsoft was asked to cancel it
	Reason      string          `json:"reason,omitempty"`    // what it waits for, or how it went; one line
	Error       string          `json:"error,omitempty"`     // what went wrong; one line
	Refusal     *ActionRefusal  `json:"refusal,omitempty"`   // what Microsoft refused it with
	Result      json.RawMessage `json:"result,omitempty"`    // what Microsoft said at the end
}

// ActionRefusal is what Microsoft refused an action with.
type ActionRefusal struct {
	Status    int      `json:"status,omitempty"`
	Code      string   `json:"code,omitempty"`
	RequestID string   `json:"requestId,omitempty"` // what Microsoft's support asks for
	Needs     []string `json:"needs,omitempty"`     // permissions of which one would do
}

// ResponseAction is a response command and its life until it ends.
type ResponseAction struct {
	ID             string          `json:"id"` // act_…
	Integration    string          `json:"integration"`
	Name           string          `json:"name"`          // of the kind of action, as the catalogue of package action has it
	API            API             `json:"api,omitempty"` // the door it goes through
	Parameters     json.RawMessage `json:"parameters,omitempty"`
	Comment        string          `json:"comment"`
	IdempotencyKey string          `json:"idempotencyKey"`
	// Fingerprint is the hash of all that was asked for: the same idempotency key
	// with another fingerprint is a conflict.
	Fingerprint Hash        `json:"-"`
	Key         string      `json:"key"` // who asked: id of the API key, or the subject of a token
	State       ActionState `json:"state"`
	DryRun      bool        `json:"dryRun,omitempty"`
	// CancelAsked is when someone asked to cancel it, and CancelBy who.
	CancelAsked   time.Time      `json:"cancelAsked,omitzero"`
	CancelBy      string         `json:"cancelBy,omitempty"`
	CancelComment string         `json:"cancelComment,omitempty"`
	Approval      Approval       `json:"approval"`
	Created       time.Time      `json:"created"`
	Changed       time.Time      `json:"changed"`
	Ended         time.Time      `json:"ended,omitzero"`
	Reason        string         `json:"reason,omitempty"` // what it waits for, or what would be done; one line
	Error         string         `json:"error,omitempty"`  // one line, when it belongs to no single target
	Targets       []ActionTarget `json:"targets"`
}

// ActionEvent is one change of the state of an action or of a target. They are
// numbered in the order in which they were committed.
type ActionEvent struct {
	Number      int64       `json:"number"`
	Action      string      `json:"action"`
	Integration string      `json:"integration"`
	Name        string      `json:"name"`
	Target      int         `json:"target,omitempty"` // number of the target; 0 for the action as a whole
	State       ActionState `json:"state"`
	Time        time.Time   `json:"time"`
}
