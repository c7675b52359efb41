package respond

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
)

// mostAttempts is how often one target is sent, when Microsoft never shows it.
const mostAttempts = 5

// step takes one target one step further.
func (j *job) step(ctx context.Context, t *gatehouse.ActionTarget) error {
	switch t.State {
	case gatehouse.ActionSubmitting:
		return j.look(ctx, t)
	case gatehouse.ActionRunning:
		return j.poll(ctx, t)
	default:
		if !j.active {
			t.Reason, t.Next = "the integration is paused: it is sent when it is resumed", j.later(*j.a)
			return j.save(ctx, nil)
		}
		return j.send(ctx, t)
	}
}

// request is what goes to Microsoft for one target. Targets that may go by one call
// have one marker, as they have one comment.
func (j *job) request(t *gatehouse.ActionTarget) action.Request {
	var parameters map[string]string
	_ = json.Unmarshal(j.a.Parameters, &parameters) // draft has written them
	n := t.N
	if j.door.Many != nil {
		n = 1
	}
	return action.Request{Target: t.ID, Parameters: parameters, Comment: j.a.Comment, Marker: action.Marker(j.a.ID, n)}
}

// send submits a target. That it is being sent is kept first, so that whoever
// comes after a crash knows to look.
func (j *job) send(ctx context.Context, t *gatehouse.ActionTarget) error {
	if s := j.already(ctx, t); s != nil {
		s.Adopted = true
		return j.sent(ctx, t, *s)
	}
	if err := j.mark(ctx, t); err != nil {
		return err
	}
	s, err := j.door.Submit(ctx, j.acc.Clients, j.request(t))
	if err != nil {
		return j.unsent(ctx, t, err)
	}
	return j.sent(ctx, t, s)
}

// already finds out whether a target is as is asked for: a second isolation of an
// isolated device would stay pending. What cannot be found out stops nothing.
func (j *job) already(ctx context.Context, t *gatehouse.ActionTarget) *action.Submission {
	if j.door.Already == nil {
		return nil
	}
	s, err := j.door.Already(ctx, j.acc.Clients, j.request(t))
	if err != nil || s == nil {
		return nil
	}
	s.Reason = "it was so already"
	return s
}

// mark keeps that targets are being sent.
func (j *job) mark(ctx context.Context, targets ...*gatehouse.ActionTarget) error {
	now := j.now()
	for _, t := range targets {
		t.State, t.SubmittedAt, t.Attempts = gatehouse.ActionSubmitting, now, t.Attempts+1
		t.Reason, t.Next = "it is being sent", now
	}
	return j.save(ctx, nil)
}

// sent keeps that Microsoft has a target.
func (j *job) sent(ctx context.Context, t *gatehouse.ActionTarget, s action.Submission) error {
	t.UpstreamID, t.Adopted = s.UpstreamID, s.Adopted
	t.State = gatehouse.ActionRunning
	if e := j.status(t, s.Status); e != nil {
		e.Operation = "actions.send"
		return j.save(ctx, e)
	}
	return j.save(ctx, auditTarget("actions.send", *j.a, *t, outcomeDone))
}

// unsent keeps what an error of Submit means.
func (j *job) unsent(ctx context.Context, t *gatehouse.ActionTarget, err error) error {
	f := action.Classify(err)
	switch f.Kind {
	case action.Unknown:
		if ctx.Err() != nil {
			return ctx.Err() // it stays as it is: being sent
		}
		t.Reason, t.Next = "its answer was lost: "+f.Reason, j.later(*j.a)
		return j.save(ctx, nil)
	case action.Later:
		t.Attempts--
		j.again(t, f.Reason, f.Wait)
		j.hold(*t)
		return j.save(ctx, nil)
	case action.Active:
		return j.adopt(ctx, t, f)
	default:
		t.Refusal = &gatehouse.ActionRefusal{Status: f.Status, Code: f.Code, RequestID: f.RequestID, Needs: f.Needs}
		end(t, gatehouse.ActionFailed, f.Reason, j.now())
		return j.save(ctx, auditTarget("actions.send", *j.a, *t, outcomeRefused))
	}
}

// again puts a target back in the queue.
func (j *job) again(t *gatehouse.ActionTarget, reason string, wait time.Duration) {
	t.State, t.Reason = gatehouse.ActionQueued, reason
	t.Next = j.later(*j.a)
	if at := j.now().Add(wait); at.After(t.Next) {
		t.Next = at
	}
	if !j.a.CancelAsked.IsZero() {
		end(t, gatehouse.ActionCancelled, "it was cancelled before it was sent", j.now())
	}
}

// hold lets the targets that wait do so as long as one that could not be sent:
// what was in its way, a limit or the network, is in theirs.
func (j *job) hold(as gatehouse.ActionTarget) {
	for i := range j.a.Targets {
		if t := &j.a.Targets[i]; t.State == gatehouse.ActionQueued && t.Next.Before(as.Next) {
			t.Next = as.Next
		}
	}
}

// adopt follows the action that was in the way, when it is the same.
func (j *job) adopt(ctx context.Context, t *gatehouse.ActionTarget, f action.Failure) error {
	var s *action.Submission
	var err error
	if j.door.Pending != nil {
		s, err = j.door.Pending(ctx, j.acc.Clients, j.request(t))
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && s != nil:
		return j.sent(ctx, t, *s)
	}
	t.Attempts--
	j.again(t, "another action is under way on it: "+f.Reason, f.Wait)
	return j.save(ctx, nil)
}

// look searches for a target of which nobody knows whether Microsoft has it.
func (j *job) look(ctx context.Context, t *gatehouse.ActionTarget) error {
	s, err := j.door.Find(ctx, j.acc.Clients, j.request(t), t.SubmittedAt)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		t.Reason, t.Next = "it is looked for: "+err.Error(), j.later(*j.a)
		return j.save(ctx, nil)
	case s != nil:
		return j.sent(ctx, t, *s)
	case j.now().Before(j.settled(t)):
		t.Reason, t.Next = "its answer was lost, and Microsoft does not show it yet", j.lookAgain(t)
		return j.save(ctx, nil)
	case t.Attempts >= mostAttempts:
		end(t, gatehouse.ActionFailed, fmt.Sprintf("it was sent %d times and Microsoft never showed it", t.Attempts), j.now())
		return j.save(ctx, auditTarget("actions.send", *j.a, *t, outcomeFailed))
	}
	j.again(t, "its answer was lost, and Microsoft does not have it", 0)
	if !t.State.Ended() {
		t.Next = j.now()
	}
	return j.save(ctx, nil)
}

// lookAgain is when it is looked for again: at the pace, and surely at the end of
// the time that Microsoft may take.
func (j *job) lookAgain(t *gatehouse.ActionTarget) time.Time {
	settled := j.settled(t)
	if next := j.later(*j.a); next.Before(settled) {
		return next
	}
	return settled
}

// settled is when Microsoft shows a target if it has it: its submission may have
// waited for as long as a call may take before it left.
func (j *job) settled(t *gatehouse.ActionTarget) time.Time {
	return t.SubmittedAt.Add(j.o.Call + j.o.Settle)
}

// poll asks what became of a target, after it has asked to cancel it where that
// is wanted.
func (j *job) poll(ctx context.Context, t *gatehouse.ActionTarget) error {
	if done, err := j.cancel(ctx, t); done || err != nil {
		return err
	}
	s, err := j.door.Poll(ctx, j.acc.Clients, j.request(t), t.UpstreamID)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		t.Reason, t.Next = "it cannot be asked for: "+err.Error(), j.later(*j.a)
		return j.save(ctx, nil)
	case j.door.ReadBack && !s.State.Ended() && j.now().Sub(t.SubmittedAt) > j.o.ReadBack:
		s.State, s.Reason = action.Failed, "Microsoft took it, and it is not so: "+s.Reason
	}
	return j.save(ctx, j.status(t, s))
}

// status takes over what Microsoft says, and returns the entry of its end, or
// nil.
func (j *job) status(t *gatehouse.ActionTarget, s action.Status) *gatehouse.AuditEntry {
	if len(s.Raw) > 0 {
		t.Result = s.Raw
	}
	t.Reason = s.Reason
	ends := map[action.State]gatehouse.ActionState{
		action.Succeeded: gatehouse.ActionSucceeded, action.Failed: gatehouse.ActionFailed,
		action.TimedOut: gatehouse.ActionExpired, action.Cancelled: gatehouse.ActionCancelled,
	}
	ended, ok := ends[s.State]
	if !ok {
		t.Next = j.later(*j.a)
		return nil
	}
	end(t, ended, s.Reason, j.now())
	outcome := outcomeDone
	if ended != gatehouse.ActionSucceeded {
		outcome = outcomeFailed
	}
	return auditTarget("actions.end", *j.a, *t, outcome)
}

// cancel asks Microsoft once to cancel a target, where that is wanted and can be
// done. What someone else asked for is left alone: this action only stops
// following it.
func (j *job) cancel(ctx context.Context, t *gatehouse.ActionTarget) (done bool, err error) {
	if j.a.CancelAsked.IsZero() || !t.CancelSent.IsZero() {
		return false, nil
	}
	if t.Adopted {
		end(t, gatehouse.ActionCancelled, "what someone else asked for goes on", j.now())
		return true, j.save(ctx, auditTarget("actions.end", *j.a, *t, outcomeDone))
	}
	if j.door.Cancel == nil {
		return false, nil
	}
	comment := action.Mark(j.a.CancelComment, j.request(t).Marker)
	err = j.door.Cancel(ctx, j.acc.Clients, t.UpstreamID, comment)
	if f := action.Classify(err); err != nil && (f.Kind == action.Later || f.Kind == action.Unknown) {
		t.Reason, t.Next = "it could not be cancelled yet: "+f.Reason, j.later(*j.a)
		return true, j.save(ctx, nil)
	}
	t.CancelSent = j.now()
	if err != nil {
		return false, nil //nolint:nilerr // it has ended meanwhile, or cannot be cancelled: Poll tells
	}
	return false, j.save(ctx, auditTarget("actions.cancel", *j.a, *t, outcomeDone))
}
