package action

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// cancel ends a machine action, whoever asked for it.
func cancel() Action {
	return Action{
		Name: "cancel", Title: "Cancel a machine action", Target: MachineAction, Docs: mdeDocs + "cancel-machine-action",
		Summary: "End an action of Microsoft's on a device that has not ended, whoever asked for it.",
		Risk:    Medium, Why: "A response that someone counts on does not happen.",
		Doors: []Door{{
			API: gatehouse.APIMDE,
			AnyOf: gatehouse.ResourceMDE.Permissions("Machine.Scan", "Machine.CollectForensics", "Machine.Isolate", "Machine.RestrictExecution",
				"Machine.StopAndQuarantine", "Machine.Offboard", "Machine.LiveResponse"),
			Follow: gatehouse.ResourceMDE.Permissions("Machine.Read.All", "Machine.ReadWrite.All"),
			Submit: submitCancel, Poll: pollCancel, Find: findCancel,
		}},
	}
}

func submitCancel(ctx context.Context, c Clients, r Request) (Submission, error) {
	a, err := c.Defender.MachineActions.Cancel(ctx, r.Target, r.text())
	if err = unlessOdd(err); err != nil {
		return Submission{}, err
	}
	return Submission{UpstreamID: r.Target, Status: cancelStatus(a)}, nil
}

func pollCancel(ctx context.Context, c Clients, _ Request, id string) (Status, error) {
	a, err := c.Defender.MachineActions.Get(ctx, id)
	if err = unlessOdd(err); err != nil {
		return Status{}, err
	}
	return cancelStatus(a), nil
}

// findCancel looks whether the machine action carries our wish to cancel it.
func findCancel(ctx context.Context, c Clients, r Request, _ time.Time) (*Submission, error) {
	a, err := c.Defender.MachineActions.Get(ctx, r.Target)
	if err = unlessOdd(err); err != nil {
		return nil, err
	}
	if !marked(a.CancellationComment, r.Marker) {
		return nil, nil //nolint:nilnil // it was not sent
	}
	return &Submission{UpstreamID: a.ID, Status: cancelStatus(a)}, nil
}

// cancelStatus reads from the action what became of the wish to cancel it.
func cancelStatus(a defender.MachineAction) Status {
	s := statusOf(a)
	switch {
	case s.State == Cancelled:
		s.State, s.Reason = Succeeded, ""
	case s.State.Ended():
		s.State, s.Reason = Failed, fmt.Sprintf("the action had ended before it could be cancelled: %s", a.Status)
	default:
		s.State, s.Reason = InProgress, "the action has not ended yet"
	}
	return s
}
