package action

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// Risk says how much harm an action can do when it is taken on the wrong target.
type Risk string

// The risks.
const (
	// Low: nothing on a device changes, and what changes can be set back.
	Low Risk = "low"
	// Medium: a device is busy or is less protected, data of its user are read, or
	// work of analysts is changed.
	Medium Risk = "medium"
	// Dangerous: people can no longer work, a file is gone, or it cannot be undone
	// from here. A second person may have to approve it.
	Dangerous Risk = "dangerous"
)

// TargetKind is what an action is taken on.
type TargetKind string

// The kinds of target, with what the id of each is.
const (
	Device        TargetKind = "device"         // id of the machine: 40 hexadecimal digits
	Alert         TargetKind = "alert"          // id of the alert
	Incident      TargetKind = "incident"       // number of the incident
	MachineAction TargetKind = "machine-action" // id of Microsoft's action: a GUID
)

// Action is one response action.
type Action struct {
	Name    string // "isolate"
	Title   string // for people: "Isolate a device"
	Summary string // one or two sentences
	Docs    string // Microsoft's page
	Risk    Risk
	Why     string // the risk in one sentence
	Target  TargetKind
	// Parameters are what it wants to know beside its target and the comment.
	Parameters []Parameter
	// AtLeastOne tells that one of the parameters has to be given, although none
	// is required.
	AtLeastOne bool
	// Doors are the APIs that can carry it out, in order of preference.
	Doors []Door
	// ResultType is the media type of what Result of a door writes. Empty: none.
	ResultType string
}

// Door is one API that can carry out an action. To use it, one permission of
// AnyOf and one of Follow must be held.
type Door struct {
	API gatehouse.API
	// AnyOf are the permissions to submit the action, Follow those to see what
	// becomes of it and to find it again.
	AnyOf, Follow []gatehouse.Permission

	// Submit sends the action, once. An error goes to [Classify], which tells
	// whether Microsoft may have it all the same.
	Submit func(context.Context, Clients, Request) (Submission, error)
	// Poll asks what became of a submission. What Microsoft does not show yet is
	// Pending. For an update it reads back: it has Succeeded when the target is as
	// was asked.
	Poll func(ctx context.Context, c Clients, r Request, upstreamID string) (Status, error)
	// Find looks for a submission whose answer was lost, among what happened since a
	// time: by the marker of the comment, or, where Microsoft shows no comment, by
	// the effect. Nil when there is none, which is only certain [FindLag] after the
	// submission.
	Find func(ctx context.Context, c Clients, r Request, since time.Time) (*Submission, error)
	// Pending looks for an action of the same kind, with the same parameters, that
	// is under way on the target, whoever asked for it: the one to follow when the
	// submission was refused because of it. Nil when there is none: then another one
	// is in the way, and the submission may be tried again later. A nil function
	// tells that this refusal does not exist.
	Pending func(context.Context, Clients, Request) (*Submission, error)
	// Already tells whether the last action of Microsoft's that succeeded has left the
	// target as is asked for: nil when it has not. To do it once more would help
	// nothing, and a second isolation may stay pending until the device is released
	// twice (reported as
	// https://github.com/MicrosoftDocs/microsoft-365-docs/issues/5903). A nil
	// function tells that the action may well be repeated.
	Already func(context.Context, Clients, Request) (*Submission, error)
	// Cancel ends a submission that has not ended. Poll tells when it has. Nil when
	// it cannot be cancelled.
	Cancel func(ctx context.Context, c Clients, upstreamID, comment string) error
	// ReadBack tells that Microsoft does the action at once, and Poll compares: what is
	// not as was asked after a while was changed by someone else.
	ReadBack bool
	// Result writes what the action brought, of [Action.ResultType], and returns its
	// size in bytes. Nil when it brings nothing.
	Result func(ctx context.Context, c Clients, upstreamID string, w io.Writer) (int64, error)
	// Many submits the action for up to MaxMany targets by one call, where one API
	// has such a call; every target has the marker of the request. What became of
	// each is for Poll and Find. Nil when there is no such call.
	Many    func(ctx context.Context, c Clients, targets []string, r Request) error
	MaxMany int
}

// FindLag is how long after a submission Microsoft may still not show it: another
// host answered than the one that took it.
const FindLag = 2 * time.Minute

// Clients are the SDKs of one integration. They share one budget.
type Clients struct {
	Defender *defender.Client
	Graph    *graph.Client
}

// Request is one action on one target.
type Request struct {
	Target string // its id; see [TargetKind]
	// Parameters are those that [Action.Normalize] returned.
	Parameters map[string]string
	// Comment is why. Marker, made by [Marker], goes to Microsoft behind it.
	Comment, Marker string
}

// text is the comment as it goes to Microsoft.
func (r Request) text() string { return Mark(r.Comment, r.Marker) }

// State is what became of a submission.
type State string

// The states. From the last four there is no way on.
const (
	Pending    State = "pending"     // Microsoft has it, the device not yet
	InProgress State = "in-progress" // the device is at it
	Succeeded  State = "succeeded"
	Failed     State = "failed"
	TimedOut   State = "timed-out" // Microsoft gave it up
	Cancelled  State = "cancelled"
)

// Ended reports whether there is no way on from the state.
func (s State) Ended() bool {
	switch s {
	case Succeeded, Failed, TimedOut, Cancelled:
		return true
	case Pending, InProgress:
		return false
	}
	return false
}

// Submission is an action that Microsoft has.
type Submission struct {
	// UpstreamID is what Poll, Cancel and Result ask for: Microsoft's id of the
	// machine action or the investigation, and of an update the id of its target.
	UpstreamID string
	// Adopted tells that it is not ours: it was under way already, and Microsoft, or
	// Pending, named it in place of a new one.
	Adopted bool
	Status
}

// Status is how far a submission is.
type Status struct {
	State  State
	Reason string          // why, one line; empty when there is nothing to say
	Raw    json.RawMessage // the last document of Microsoft's about it
}
