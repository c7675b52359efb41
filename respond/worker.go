package respond

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/store"
)

// longestNap is how long a worker sleeps at most: what another process has taken
// in is seen after that at the latest.
const longestNap = 2 * time.Second

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
		if err != nil && ctx.Err() == nil {
			r.o.Log.WarnContext(ctx, "response action", "error", err)
		}
		if !worked || err != nil {
			r.nap(ctx)
		}
	}
}

// turn claims one action and takes it as far as it goes now.
func (r *Responder) turn(ctx context.Context, holder string) (worked bool, err error) {
	a, fence, err := r.store.ClaimAction(ctx, holder, r.o.Lease, time.Time{})
	if err != nil || a == nil {
		return false, err
	}
	held, lose := context.WithCancel(ctx)
	defer lose()
	var keeping sync.WaitGroup
	keeping.Go(func() { r.keep(held, lose, a.ID, fence) })
	err = r.work(held, &job{Responder: r, a: a, fence: fence})
	lose()
	keeping.Wait()
	if errors.Is(err, store.ErrLeaseLost) {
		return true, nil // another is at it
	}
	return true, errors.Join(err, r.store.ReleaseAction(context.WithoutCancel(ctx), a.ID, fence))
}

// keep holds on to the lease until ctx ends, and calls lose when it is gone.
func (r *Responder) keep(ctx context.Context, lose func(), id string, fence int64) {
	for pause(ctx, r.o.Lease/3) == nil {
		if err := r.store.ExtendAction(ctx, id, fence, r.o.Lease); errors.Is(err, store.ErrLeaseLost) {
			lose()
			return
		}
	}
}

// nap sleeps until something is due.
func (r *Responder) nap(ctx context.Context) {
	wait := longestNap
	if due, some, err := r.store.NextActionDue(ctx); err == nil && some {
		wait = min(wait, max(time.Until(due), time.Millisecond))
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
}

// work takes an action as far as it goes now.
func (r *Responder) work(ctx context.Context, j *job) error {
	if j.a.State == gatehouse.ActionWaiting {
		r.endAll(j.a, gatehouse.ActionExpired, "nobody approved it in time")
		return j.save(ctx, audit(system(), "actions.end", *j.a, "nobody approved it in time", outcomeFailed))
	}
	if r.now().Sub(j.a.Created) > r.o.Patience {
		reason := fmt.Sprintf("it did not end within %s", r.o.Patience)
		r.endAll(j.a, gatehouse.ActionExpired, reason)
		return j.save(ctx, audit(system(), "actions.end", *j.a, reason, outcomeFailed))
	}
	if err := j.open(ctx); err != nil {
		j.a.Reason = "waits for the account: " + err.Error()
		for i := range j.a.Targets {
			j.a.Targets[i].Next = r.later(*j.a)
		}
		return errors.Join(ctx.Err(), j.save(ctx, nil))
	}
	j.a.Reason = ""
	if err := j.many(ctx); err != nil {
		return err
	}
	for i := range j.a.Targets {
		if t := &j.a.Targets[i]; !t.State.Ended() && !t.Next.After(r.now()) {
			if err := j.step(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
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
	j.kind = kind
	for _, d := range kind.Doors {
		if d.API == j.a.API {
			j.door = d
		}
	}
	if j.door.Submit == nil {
		return fmt.Errorf("this version cannot %s through %q", j.a.Name, j.a.API)
	}
	j.acc, err = j.accounts.Account(ctx, i)
	return err
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
