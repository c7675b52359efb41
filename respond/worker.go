package respond

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
	"github.com/gatehouse-sec/gatehouse/store"
)

// How long a worker waits.
const (
	// longestNap is the most: what another process has taken in is seen after that at
	// the latest.
	longestNap = 2 * time.Second
	// shortestNap is the least: what is due by one clock may not be by another.
	shortestNap = 20 * time.Millisecond
	// rest is how long an action is left alone after a turn that did not come to the
	// end of what is due: whoever wants to decide about it gets in.
	rest = 100 * time.Millisecond
	// afterFailure is the pause after an error, so that a database that is full is
	// not asked without end.
	afterFailure = time.Second
	// releaseTime is how long giving an action back may take: at the end of the
	// process nobody waits longer, and the lease runs out by itself.
	releaseTime = 5 * time.Second
	// clocksApart is the pause when the clock of the database is ahead.
	clocksApart = 100 * time.Millisecond
)

// Run works on what is due until ctx ends. What is under way then stays for the
// next process.
func (r *Responder) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for n := range r.o.Workers {
		all.Go(func() { r.loop(ctx, fmt.Sprintf("%s/%d", r.o.Worker, n+1)) })
	}
	all.Wait()
	return ctx.Err()
}

// loop is one worker.
func (r *Responder) loop(ctx context.Context, holder string) {
	for ctx.Err() == nil {
		worked, err := r.turn(ctx, holder)
		switch {
		case errors.Is(err, store.ErrUnreadable):
			r.o.Log.WarnContext(ctx, "a response action is set aside, the others go on: mend its row, or let a newer version of Gatehouse do it", "error", err)
		case err != nil && ctx.Err() == nil:
			r.o.Log.WarnContext(ctx, "response action", "error", err)
			_ = pause.For(ctx, afterFailure) // or the end
		case !worked:
			r.nap(ctx)
		}
	}
}

// turn claims one action and takes it as far as it goes now.
func (r *Responder) turn(ctx context.Context, holder string) (worked bool, err error) {
	a, fence, err := r.store.ClaimAction(ctx, holder, r.o.Lease)
	if err != nil || a == nil {
		return false, err
	}
	held, release := store.Hold(ctx, r.o.Lease, func(ctx context.Context) error {
		return r.store.ExtendAction(ctx, a.ID, fence, r.o.Lease)
	})
	worked, err = r.work(held, &job{Responder: r, a: a, fence: fence})
	lost := context.Cause(held)
	release()
	if errors.Is(err, store.ErrLeaseLost) || err != nil && errors.Is(lost, store.ErrLeaseLost) {
		return true, nil // another is at it
	}
	if !worked && err == nil {
		// It is due by the database's clock and not by ours.
		_ = pause.For(ctx, clocksApart) // or the end
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer stop()
	return true, errors.Join(err, r.store.ReleaseAction(end, a.ID, fence))
}

// nap sleeps until something is due.
func (r *Responder) nap(ctx context.Context) {
	wait := longestNap
	if due, some, err := r.store.NextActionDue(ctx); err == nil && some {
		wait = min(wait, max(time.Until(due), shortestNap))
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.wake:
	case <-ctx.Done():
	}
}

// job is one action in the hands of a worker.
type job struct {
	*Responder
	a     *gatehouse.ResponseAction
	fence int64
	kind  action.Action
	door  action.Door
	acc   Account
	// active tells whether the integration takes something in: one that is paused is
	// followed, and nothing is sent.
	active bool
	until  time.Time // when the turn is over
}

// work takes an action as far as it goes in one turn, and reports whether there
// was anything to do.
func (r *Responder) work(ctx context.Context, j *job) (bool, error) {
	if ended, err := r.expire(ctx, j); ended {
		return true, err
	}
	if err := j.open(ctx); err != nil {
		j.a.Reason = "waits for the account: " + err.Error()
		for i := range j.a.Targets {
			j.a.Targets[i].Next = r.later(*j.a)
		}
		return true, errors.Join(ctx.Err(), j.save(ctx, nil))
	}
	j.a.Reason, j.until = "", time.Now().Add(r.o.Turn)
	worked, err := j.many(ctx)
	for _, t := range j.due() {
		if err != nil {
			break
		}
		if j.over() {
			return true, r.store.SaveAction(ctx, *j.a, j.fence, later(j.fold(j.a), r.now().Add(rest)), nil)
		}
		worked, err = true, j.step(ctx, t)
	}
	return worked, err
}

// over reports whether it is the turn of others.
func (j *job) over() bool { return time.Now().After(j.until) }

// due lists the targets that are due, the one that waits longest first.
func (j *job) due() []*gatehouse.ActionTarget {
	var list []*gatehouse.ActionTarget
	for i := range j.a.Targets {
		if t := &j.a.Targets[i]; !t.State.Ended() && !t.Next.After(j.now()) {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b *gatehouse.ActionTarget) int { return a.Next.Compare(b.Next) })
	return list
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// expire ends what was not approved in time, and what takes too long.
func (r *Responder) expire(ctx context.Context, j *job) (ended bool, err error) {
	if j.a.State == gatehouse.ActionWaiting {
		r.endAll(j.a, gatehouse.ActionExpired, "nobody approved it in time")
		return true, j.save(ctx, audit(system(), "actions.end", *j.a, "nobody approved it in time", outcomeFailed))
	}
	if r.now().Sub(j.a.Created) > r.o.Patience {
		reason := fmt.Sprintf("it did not end within %s", r.o.Patience)
		r.endAll(j.a, gatehouse.ActionExpired, reason)
		return true, j.save(ctx, audit(system(), "actions.end", *j.a, reason, outcomeFailed))
	}
	return false, nil
}

// open signs in and finds the door that the action goes through.
func (j *job) open(ctx context.Context) error {
	i, err := j.store.Integration(ctx, j.a.Integration)
	if err != nil {
		return err
	}
	kind, ok, _ := action.ByName(j.a.Name)
	if !ok {
		return fmt.Errorf("this version has no action %q", j.a.Name)
	}
	j.kind, j.active = kind, i.State == gatehouse.IntegrationActive
	for _, d := range kind.Doors {
		if d.API == j.a.API {
			j.door = bounded(d, j.o.Call)
		}
	}
	if j.door.Submit == nil {
		return fmt.Errorf("this version cannot %s through %q", j.a.Name, j.a.API)
	}
	j.acc, err = j.sign(ctx, i)
	return err
}

// sign signs in, within the time of a call.
func (r *Responder) sign(ctx context.Context, i gatehouse.Integration) (Account, error) {
	ctx, stop := context.WithTimeout(ctx, r.o.Call)
	defer stop()
	return r.accounts.Account(ctx, i)
}

// save keeps the action as it is now.
func (j *job) save(ctx context.Context, e *gatehouse.AuditEntry) error {
	due := j.fold(j.a)
	return j.store.SaveAction(ctx, *j.a, j.fence, due, e)
}

// later is when something is looked at again: soon after the beginning, ever more
// rarely afterwards.
func (r *Responder) later(a gatehouse.ResponseAction) time.Time {
	now := r.now()
	return now.Add(min(max(r.o.Pace, now.Sub(a.Created)/10), max(time.Minute, r.o.Pace)))
}
