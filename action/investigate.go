package action

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// investigate begins an automated investigation. Its answer is no machine action,
// and Microsoft does not show the comment.
func investigate() Action {
	return Action{
		Name: "investigate", Title: "Start an automated investigation", Target: Device, Docs: mdeDocs + "initiate-autoir-investigation",
		Summary: "Let Defender investigate a device by itself. What it remedies depends on the automation level of the device's group.",
		Risk:    Medium, Why: "Where the device's group is fully automated, the investigation removes what it takes for malware.",
		Doors: []Door{{
			API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Alert.ReadWrite.All"), Follow: gatehouse.ResourceMDE.Permissions("Alert.Read.All", "Alert.ReadWrite.All"),
			Submit: submitInvestigation, Poll: pollInvestigation, Find: findInvestigation, Pending: pendingInvestigation,
		}},
	}
}

func submitInvestigation(ctx context.Context, c Clients, r Request) (Submission, error) {
	i, err := c.Defender.Investigations.Start(ctx, r.Target, r.text())
	if err = unlessOdd(err); err != nil {
		return Submission{}, err
	}
	if i.ID == "" {
		return Submission{}, fmt.Errorf("%w: the answer names no investigation", defender.ErrMalformed)
	}
	return Submission{UpstreamID: i.ID, Status: investigationStatus(i)}, nil
}

func pollInvestigation(ctx context.Context, c Clients, _ Request, id string) (Status, error) {
	i, err := c.Defender.Investigations.Get(ctx, id)
	if errors.Is(err, defender.ErrNotFound) {
		return Status{State: Pending, Reason: "Microsoft does not show the investigation yet"}, nil
	}
	if err = unlessOdd(err); err != nil {
		return Status{}, err
	}
	return investigationStatus(i), nil
}

// slack is how far the clocks may be apart where nothing but the time tells an
// investigation from an older one.
const slack = 30 * time.Second

// findInvestigation returns an investigation of the device that has begun since:
// without a comment there is nothing else to know it by, and one is as good as
// another.
func findInvestigation(ctx context.Context, c Clients, r Request, since time.Time) (*Submission, error) {
	return searchInvestigations(ctx, c, r.Target, func(i defender.Investigation) bool {
		return i.TriggeringAlertID == "" && !i.StartTime.Before(since.Add(-slack))
	})
}

func pendingInvestigation(ctx context.Context, c Clients, r Request) (*Submission, error) {
	return searchInvestigations(ctx, c, r.Target, func(i defender.Investigation) bool {
		return !investigationStatus(i).State.Ended()
	})
}

// searchInvestigations returns the first investigation of a device that a function
// wants.
func searchInvestigations(ctx context.Context, c Clients, device string, want func(defender.Investigation) bool) (*Submission, error) {
	q := &defender.Query{Filter: defender.And(defender.Eq("machineId", device), defender.Ge("startTime", time.Now().Add(-patience)))}
	for i, err := range c.Defender.Investigations.List(ctx, q) {
		if err = unlessOdd(err); err != nil {
			return nil, err
		}
		if want(i) {
			return &Submission{UpstreamID: i.ID, Adopted: true, Status: investigationStatus(i)}, nil
		}
	}
	return nil, nil //nolint:nilnil // there is none
}

// investigationStatus reads the state of an investigation. An unknown one is
// taken for one that goes on while it has no end.
func investigationStatus(i defender.Investigation) Status {
	s := Status{Raw: json.RawMessage(i.Raw), Reason: cmp.Or(i.StatusDetails, i.State)}
	is := func(states ...string) bool { return slices.Contains(states, i.State) }
	switch {
	case is("Queued"):
		s.State = Pending
	case is("Running", "PendingApproval", "PendingResource"):
		s.State = InProgress
	case is("Benign", "SuccessfullyRemediated", "PartiallyRemediated", "PartiallyInvestigated"):
		s.State = Succeeded
	case is("TerminatedByUser"):
		s.State = Cancelled
	case is("Failed", "InnerFailure", "Terminated", "TerminatedBySystem", "UnsupportedOs", "UnsupportedAlertType", "PreexistingAlert", "SuppressedAlert"):
		s.State = Failed
	case i.EndTime.IsZero():
		s.State = InProgress
	default:
		s.State = Failed
	}
	return s
}
