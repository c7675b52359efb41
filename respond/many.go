package respond

import (
	"context"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
)

// many sends the targets that wait and were never sent by calls for several, where
// the API has such a call, and reports whether there were any. What it leaves is
// sent one by one.
func (j *job) many(ctx context.Context) (worked bool, err error) {
	if j.door.Many == nil || !j.active {
		return false, nil
	}
	var wait []*gatehouse.ActionTarget
	for i := range j.a.Targets {
		if t := &j.a.Targets[i]; t.State == gatehouse.ActionQueued && t.Attempts == 0 && !t.Next.After(j.now()) {
			wait = append(wait, t)
		}
	}
	for len(wait) > 1 && !j.over() {
		some := wait[:min(len(wait), j.door.MaxMany)]
		wait = wait[len(some):]
		if err := j.together(ctx, some); err != nil {
			return true, err
		}
		worked = true
	}
	return worked, nil
}

// together sends several targets by one call. When that is refused they go back
// in the queue, due at once: sent one by one they show which of them is the
// reason.
func (j *job) together(ctx context.Context, targets []*gatehouse.ActionTarget) error {
	if err := j.mark(ctx, targets...); err != nil {
		return err
	}
	ids := make([]string, len(targets))
	for i, t := range targets {
		ids[i] = t.ID
	}
	err := j.door.Many(ctx, j.acc.Clients, ids, j.request(targets[0]))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e *gatehouse.AuditEntry
	if err == nil {
		e = audit(system(), "actions.send", *j.a, "", outcomeDone)
	}
	for _, t := range targets {
		j.answered(t, err)
	}
	return j.save(ctx, e)
}

// answered keeps the answer of a call for several for one of them.
func (j *job) answered(t *gatehouse.ActionTarget, err error) {
	switch f := action.Classify(err); {
	case err == nil:
		t.State, t.UpstreamID, t.Reason = gatehouse.ActionRunning, t.ID, "it is being read back"
	case f.Kind == action.Unknown:
		t.Reason, t.Next = "its answer was lost: "+f.Reason, j.later(*j.a)
	case f.Kind == action.Later:
		t.Attempts--
		j.again(t, f.Reason, f.Wait)
	default:
		t.State, t.Reason, t.Next = gatehouse.ActionQueued, f.Reason, j.now()
	}
}
