package respond

import (
	"context"
	"fmt"
	"io"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
)

// Result writes what an action brought for one of its targets, such as an
// investigation package, and returns its size in bytes. ResultType of the
// catalogue's entry says what it is. It fails with [ErrState] when the action
// brings nothing, or has not yet.
func (r *Responder) Result(ctx context.Context, by Caller, a gatehouse.ResponseAction, target int, w io.Writer) (int64, error) {
	if target < 1 || target > len(a.Targets) {
		return 0, fmt.Errorf("%w: %s has no target %d", ErrNoTarget, a.ID, target)
	}
	t := &a.Targets[target-1]
	j := &job{Responder: r, a: &a}
	if err := j.open(ctx); err != nil {
		return 0, err
	}
	switch {
	case j.door.Result == nil:
		return 0, fmt.Errorf("%w: %s brings nothing to fetch", ErrState, a.Name)
	case t.State != gatehouse.ActionSucceeded:
		return 0, fmt.Errorf("%w: target %d of %s is %s: what it brings can be fetched when it has succeeded", ErrState, target, a.ID, t.State)
	}
	if _, err := r.store.AppendAudit(ctx, *audit(by, "actions.result", a, "", outcomeDone)); err != nil {
		return 0, err // what a device held is not given out without a trace
	}
	return j.door.Result(ctx, j.acc.Clients, t.UpstreamID, w)
}

// ResultType returns the media type of what an action brings, empty when it
// brings nothing.
func ResultType(a gatehouse.ResponseAction) string {
	kind, _, _ := action.ByName(a.Name)
	return kind.ResultType
}
