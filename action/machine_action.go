package action

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// command is an action that Microsoft carries out as a machine action.
type command struct {
	kind string // Microsoft's type of machine action
	// send submits it.
	send func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error)
	// same tells whether a machine action of the kind is what a request asks for.
	// Nil: always.
	same func(a defender.MachineAction, r Request) bool
	// undo is the type of machine action that takes it back. Empty: it may well be
	// repeated.
	undo string
}

// door makes the door of a command. MDE alone has it.
func (m command) door(permissions ...string) Door {
	d := Door{
		API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions(permissions...), Follow: gatehouse.ResourceMDE.Permissions("Machine.Read.All", "Machine.ReadWrite.All"),
		Submit: m.submit, Poll: pollMachineAction, Find: m.find, Pending: m.pending, Cancel: cancelMachineAction,
	}
	if m.undo != "" {
		d.Already = m.already
	}
	return d
}

// submit sends the command. Where one is under way Microsoft may name that in
// place of a new one, which its comment shows.
func (m command) submit(ctx context.Context, c Clients, r Request) (Submission, error) {
	a, err := m.send(ctx, c.Defender.MachineActions, r)
	if err = unlessOdd(err); err != nil {
		return Submission{}, err
	}
	if a.ID == "" {
		return Submission{}, fmt.Errorf("%w: the answer names no machine action", defender.ErrMalformed)
	}
	return Submission{UpstreamID: a.ID, Adopted: !marked(a.RequestorComment, r.Marker), Status: statusOf(a)}, nil
}

// find looks for the marker among the machine actions of the device.
func (m command) find(ctx context.Context, c Clients, r Request, since time.Time) (*Submission, error) {
	return m.search(ctx, c, r.Target, since, func(a defender.MachineAction) bool {
		return marked(a.RequestorComment, r.Marker)
	}, false)
}

// patience is how long an action of Microsoft's may wait for a device that is off.
const patience = 14 * 24 * time.Hour

// pending looks for one of the kind that has not ended.
func (m command) pending(ctx context.Context, c Clients, r Request) (*Submission, error) {
	return m.search(ctx, c, r.Target, time.Now().Add(-patience), func(a defender.MachineAction) bool {
		return !statusOf(a).State.Ended() && (m.same == nil || m.same(a, r))
	}, true)
}

// already looks whether the last of the kind and its opposite that succeeded is of
// the kind. While an opposite is under way nothing is so already: what is now may
// not be in a moment.
func (m command) already(ctx context.Context, c Clients, r Request) (*Submission, error) {
	var last defender.MachineAction
	q := &defender.Query{Filter: defender.Eq("machineId", r.Target)}
	for a, err := range c.Defender.MachineActions.List(ctx, q) {
		if err = unlessOdd(err); err != nil {
			return nil, err
		}
		s := statusOf(a).State
		switch {
		case a.Type != m.kind && a.Type != m.undo:
		case a.Type == m.undo && !s.Ended():
			return nil, nil //nolint:nilnil // it may not stay so
		case s == Succeeded && a.LastUpdateDateTimeUTC.After(last.LastUpdateDateTimeUTC.Time):
			last = a
		}
	}
	if last.Type != m.kind || m.same != nil && !m.same(last, r) {
		return nil, nil //nolint:nilnil // it is not so
	}
	return &Submission{UpstreamID: last.ID, Adopted: true, Status: statusOf(last)}, nil
}

// skew is how far the clocks of two machines may be apart. It costs nothing to be
// generous: what is looked for has a marker of its own, or has not ended.
const skew = 24 * time.Hour

// search returns the first machine action of the kind on a device that a function
// wants.
func (m command) search(ctx context.Context, c Clients, device string, since time.Time, want func(defender.MachineAction) bool, adopted bool) (*Submission, error) {
	q := &defender.Query{Filter: defender.And(
		defender.Eq("machineId", device), defender.Eq("type", m.kind), defender.Ge("creationDateTimeUtc", since.Add(-skew)),
	)}
	for a, err := range c.Defender.MachineActions.List(ctx, q) {
		if err = unlessOdd(err); err != nil {
			return nil, err
		}
		if want(a) {
			return &Submission{UpstreamID: a.ID, Adopted: adopted, Status: statusOf(a)}, nil
		}
	}
	return nil, nil //nolint:nilnil // there is none
}

// pollMachineAction reads a machine action.
func pollMachineAction(ctx context.Context, c Clients, _ Request, id string) (Status, error) {
	a, err := c.Defender.MachineActions.Get(ctx, id)
	if errors.Is(err, defender.ErrNotFound) {
		return Status{State: Pending, Reason: "Microsoft does not show the action yet"}, nil
	}
	if err = unlessOdd(err); err != nil {
		return Status{}, err
	}
	return statusOf(a), nil
}

// cancelMachineAction ends a machine action that has not ended.
func cancelMachineAction(ctx context.Context, c Clients, id, comment string) error {
	_, err := c.Defender.MachineActions.Cancel(ctx, id, comment)
	return unlessOdd(err)
}

// statusOf reads the state of a machine action. An unknown one is taken for one
// that goes on.
func statusOf(a defender.MachineAction) Status {
	s := Status{Raw: json.RawMessage(a.Raw)}
	switch strings.ToLower(a.Status) {
	case "pending":
		s.State = Pending
	case "inprogress":
		s.State = InProgress
	case "succeeded":
		s.State = Succeeded
	case "failed":
		s.State, s.Reason = Failed, cmp.Or(a.TroubleshootInfo, "the device could not do it")
		if a.ErrorHResult != 0 {
			s.Reason += fmt.Sprintf(" (error 0x%08X)", uint32(a.ErrorHResult)) //nolint:gosec // Windows prints it so
		}
	case "timeout":
		s.State, s.Reason = TimedOut, "the device did not answer in time"
	case "cancelled":
		s.State, s.Reason = Cancelled, cmp.Or(a.CancellationComment, "it was cancelled")
	default:
		s.State, s.Reason = InProgress, fmt.Sprintf("Microsoft says %q", a.Status)
	}
	return s
}

// unlessOdd passes over the error of an answer of which a member does not fit its
// type: what was asked for was done.
func unlessOdd(err error) error {
	if _, odd := errors.AsType[*defender.DecodeError](err); odd {
		return nil
	}
	return err
}

// sameType tells whether an action is of the type that a request wants.
func sameType(a defender.MachineAction, r Request) bool {
	return strings.EqualFold(a.Scope, r.Parameters["type"])
}
