package respond

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Approve lets an action that waits for approval go on. It fails with
// [ErrSameCaller] for who asked for it, with [ErrState] when it does not wait, and
// with [store.ErrNotFound].
func (r *Responder) Approve(ctx context.Context, by Caller, id, note string) (gatehouse.ResponseAction, error) {
	a, err := r.change(ctx, by, id, "actions.approve", func(a *gatehouse.ResponseAction) (time.Time, error) {
		if err := r.mayDecide(by, *a); err != nil {
			return time.Time{}, err
		}
		now := r.now()
		a.Approval.By, a.Approval.At, a.Approval.Note = by.ID, now, note
		a.State, a.Reason = gatehouse.ActionQueued, ""
		for i := range a.Targets {
			a.Targets[i].State = gatehouse.ActionQueued
		}
		return now, nil
	})
	if err == nil {
		r.ring()
	}
	return a, err
}

// Deny ends an action that waits for approval. It fails as [Responder.Approve]
// does; who asked for it cancels it instead.
func (r *Responder) Deny(ctx context.Context, by Caller, id, note string) (gatehouse.ResponseAction, error) {
	return r.change(ctx, by, id, "actions.deny", func(a *gatehouse.ResponseAction) (time.Time, error) {
		if err := r.mayDecide(by, *a); err != nil {
			return time.Time{}, err
		}
		a.Approval.By, a.Approval.At, a.Approval.Note = by.ID, r.now(), note
		r.endAll(a, gatehouse.ActionRefused, "it was not approved")
		return time.Time{}, nil
	})
}

// mayDecide tells whether a caller can say yes or no now.
func (r *Responder) mayDecide(by Caller, a gatehouse.ResponseAction) error {
	switch {
	case a.State != gatehouse.ActionWaiting:
		return fmt.Errorf("%w: %s is %s and does not wait for approval", ErrState, a.ID, a.State)
	case by.ID == a.Key:
		return ErrSameCaller
	case r.now().After(a.Approval.Until):
		return fmt.Errorf("%w: the time to approve %s ran out at %s", ErrState, a.ID, a.Approval.Until.Format(time.RFC3339))
	}
	return nil
}

// Cancel ends what was not sent yet, and asks Microsoft to cancel the rest, as
// far as Microsoft can. The action goes on until Microsoft has said what became
// of it. It fails with [ErrState] when the action has ended, and with
// [store.ErrNotFound].
func (r *Responder) Cancel(ctx context.Context, by Caller, id, comment string) (gatehouse.ResponseAction, error) {
	a, err := r.change(ctx, by, id, "actions.cancel", func(a *gatehouse.ResponseAction) (time.Time, error) {
		if a.State.Ended() {
			return time.Time{}, fmt.Errorf("%w: %s has ended: it %s", ErrState, a.ID, a.State)
		}
		now := r.now()
		a.CancelAsked, a.CancelBy, a.CancelComment, a.Reason = now, by.ID, comment, ""
		for i := range a.Targets {
			if t := &a.Targets[i]; t.State == gatehouse.ActionWaiting || t.State == gatehouse.ActionQueued {
				end(t, gatehouse.ActionCancelled, "it was cancelled before it was sent", now)
			}
		}
		return r.fold(a), nil
	})
	if err == nil {
		r.ring()
	}
	return a, err
}

// patience is how long a decision waits for the worker that is at the action.
const decisionPatience = 20 * time.Second

// change makes one decision about an action and keeps it, with its entry in the
// audit log. What was refused is kept there, too.
func (r *Responder) change(ctx context.Context, by Caller, id, operation string, decide func(*gatehouse.ResponseAction) (due time.Time, err error)) (gatehouse.ResponseAction, error) {
	ctx, stop := context.WithTimeout(ctx, decisionPatience)
	defer stop()
	for {
		var refused gatehouse.ResponseAction
		a, err := r.store.ChangeAction(ctx, id, func(a *gatehouse.ResponseAction) (time.Time, *gatehouse.AuditEntry, error) {
			refused = *a
			due, err := decide(a)
			return due, audit(by, operation, *a, "", outcomeDone), err
		})
		if errors.Is(err, store.ErrBusy) && pause.For(ctx, 20*time.Millisecond) == nil {
			continue
		}
		if errors.Is(err, store.ErrUnreadable) {
			refused, err = a, fmt.Errorf("%w: %w", ErrState, err)
		}
		if err != nil && refused.ID != "" {
			_, lost := r.store.AppendAudit(context.WithoutCancel(ctx), *audit(by, operation, refused, err.Error(), outcomeRefused))
			err = errors.Join(err, lost)
		}
		return a, err
	}
}

// endAll ends an action and every target that has not ended.
func (r *Responder) endAll(a *gatehouse.ResponseAction, s gatehouse.ActionState, reason string) {
	for i := range a.Targets {
		if t := &a.Targets[i]; !t.State.Ended() {
			end(t, s, reason, r.now())
		}
	}
	a.Reason = "" // what it waited for
	r.fold(a)
}

// end ends one target.
func end(t *gatehouse.ActionTarget, s gatehouse.ActionState, reason string, at time.Time) {
	t.State, t.EndedAt, t.Next = s, at, time.Time{}
	t.Reason = reason
	if s == gatehouse.ActionFailed || s == gatehouse.ActionRefused {
		t.Reason, t.Error = "", reason
	}
}

// fold makes the state of an action from those of its targets, and says when it
// is due: at the earliest of its targets, or never.
//
// While one target goes on, the action is as far as the one that is furthest.
// When all have ended in one way, that is how it ended. When they have ended in
// several, it has failed; but what succeeded in part and was cancelled in part was
// cancelled.
func (r *Responder) fold(a *gatehouse.ResponseAction) (due time.Time) {
	states := map[gatehouse.ActionState]bool{}
	for _, t := range a.Targets {
		states[t.State] = true
		if next := t.Next; !t.State.Ended() && (due.IsZero() || next.Before(due)) {
			due = next
			if due.IsZero() {
				due = r.now()
			}
		}
	}
	for _, s := range []gatehouse.ActionState{gatehouse.ActionRunning, gatehouse.ActionSubmitting, gatehouse.ActionQueued, gatehouse.ActionWaiting} {
		if states[s] {
			a.State = s
			return due
		}
	}
	a.Ended = r.now()
	ways := []gatehouse.ActionState{gatehouse.ActionSucceeded, gatehouse.ActionCancelled, gatehouse.ActionRefused, gatehouse.ActionExpired, gatehouse.ActionFailed}
	only := func(allowed ...gatehouse.ActionState) bool {
		return !slices.ContainsFunc(ways, func(s gatehouse.ActionState) bool { return states[s] && !slices.Contains(allowed, s) })
	}
	for _, s := range ways {
		if only(s) {
			a.State = s
			return time.Time{}
		}
	}
	a.State = gatehouse.ActionFailed
	if only(gatehouse.ActionSucceeded, gatehouse.ActionCancelled) {
		a.State = gatehouse.ActionCancelled
	}
	return time.Time{}
}
