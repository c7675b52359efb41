package emulator

import (
	"fmt"
	"slices"
	"time"
)

// The statuses of a machine action.
const (
	statusPending    = "Pending"
	statusInProgress = "InProgress"
	statusSucceeded  = "Succeeded"
	statusFailed     = "Failed"
	statusTimeOut    = "TimeOut"
	statusCancelled  = "Cancelled"
)

// The codes of an action that did not go well: access denied, and the wait has timed out.
const (
	hresultDenied  = -2147024891
	hresultTimeout = -2147023436
)

// silenceAfter is how long after the end of its sensor a device counts as Inactive.
const silenceAfter = 7 * 24 * time.Hour

// over tells whether an action is at its end.
func (a *machineAction) over() bool { return a.status != statusPending && a.status != statusInProgress }

// cancel ends an action that is under way.
func (a *machineAction) cancel(by, why string, at stamp) {
	a.status, a.updated = statusCancelled, at
	a.cancelledBy, a.cancelReason, a.cancelled = by, why, at
}

// appendAction adds an action. The caller holds the lock.
func (t *tenant) appendAction(a *machineAction) {
	t.actionIDs[a.id] = len(t.actions)
	t.actions = append(t.actions, a)
}

// enqueue plans a step of the tenant's own. The caller holds the lock.
func (t *tenant) enqueue(step Step) {
	l := &t.life
	step.auto = true
	at, _ := slices.BinarySearchFunc(l.pending, step, func(planned, step Step) int {
		if planned.At.After(step.At) {
			return 1
		}
		return -1 // what was planned first happens first
	})
	l.pending = slices.Insert(l.pending, at, step)
	t.setDue()
}

// goOn plans the next stage of an action. The caller holds the lock.
func (t *tenant) goOn(a *machineAction, now time.Time) {
	if pace, ok := t.rules.pace(); ok {
		t.enqueue(Step{Kind: StepAdvanceAction, At: now.Add(pace), ID: a.id})
	}
}

// reachable tells whether an action can get at its device. To contain one without a sensor is the affair of the others.
// The caller holds the lock.
func (t *tenant) reachable(a *machineAction) bool {
	m := t.machines[a.machine]
	return m.onboarding != 0 || m.online()
}

// isolated tells whether a device is isolated. The caller holds the lock.
func (t *tenant) isolated(i int32) bool {
	return slices.Contains(t.folded(kindIsolate), t.machines[i].machineID())
}

// action finds the action of a step, or the oldest that fits.
func (k *taking) action(fits func(a *machineAction) bool) (int, error) {
	at := slices.IndexFunc(k.t.actions, fits)
	if k.ID != "" {
		at = k.t.lockedAction(k.ID)
		if at < 0 {
			return -1, fmt.Errorf("there is no action %s", k.ID)
		}
	}
	if at < 0 || !fits(k.t.actions[at]) {
		return -1, errNothing
	}
	return at, nil
}

// takeAdvanceAction moves an action on by one stage. By itself it does so only while its device can be reached.
func takeAdvanceAction(k *taking) (string, error) {
	at, err := k.action(func(a *machineAction) bool { return !a.over() })
	if err != nil {
		return "", err
	}
	a := k.t.actions[at]
	switch {
	case k.auto && a.stuck:
	case k.auto && a.status == statusPending && !k.t.reachable(a):
		a.waits = true
	case a.status == statusPending:
		watch := k.watch(ref{StreamMachineActions, at})
		a.status, a.updated, a.waits = statusInProgress, max(a.updated, k.stamp), false
		watch.done()
		if k.auto {
			k.t.goOn(a, k.At)
		}
	default:
		k.conclude(at, orText(a.fate, statusSucceeded))
	}
	return a.id, nil
}

// takeFinishAction ends an action: as the step says, or as is drawn.
func takeFinishAction(k *taking) (string, error) {
	at, err := k.action(func(a *machineAction) bool { return !a.over() })
	if err != nil {
		return "", err
	}
	status := k.Status
	switch {
	case status == "":
		status = drawStatus(k.random)
	case !slices.Contains([]string{statusSucceeded, statusFailed, statusTimeOut, statusCancelled}, status):
		return "", fmt.Errorf("an action does not end as %q", status)
	}
	k.conclude(at, status)
	return k.t.actions[at].id, nil
}

// takeExpireAction ends an action whose device stayed away.
func takeExpireAction(k *taking) (string, error) {
	at, err := k.action(func(a *machineAction) bool { return a.status == statusPending && (!k.auto || !a.stuck) })
	if err != nil {
		return "", err
	}
	k.conclude(at, statusTimeOut)
	a := k.t.actions[at]
	return a.id, nil
}

// takeShowAction lets an action show that lists did not have yet.
func takeShowAction(k *taking) (string, error) {
	at, err := k.action(func(a *machineAction) bool { return a.hidden })
	if err != nil {
		return "", err
	}
	watch := k.watch(ref{StreamMachineActions, at})
	k.t.actions[at].hidden = false
	watch.done()
	return k.t.actions[at].id, nil
}

// conclude ends an action, with what it does.
func (k *taking) conclude(at int, status string) {
	t := k.t
	a := t.actions[at]
	refs := []ref{{StreamMachineActions, at}}
	stuck := t.stuckOf(a, status)
	for _, n := range stuck {
		refs = append(refs, ref{StreamMachineActions, n})
	}
	watch := k.watch(refs...)
	defer watch.done()
	a.end(status, max(a.updated, k.stamp))
	if status != statusSucceeded {
		return
	}
	t.finishCommands(a)
	for _, n := range stuck {
		t.loosen(t.actions[n], a.updated)
	}
	if a.kind == kindOffboard {
		t.machines[a.machine].link = linkDown
		t.enqueue(Step{Kind: StepSilenceDevice, At: k.At.Add(silenceAfter), ID: t.machines[a.machine].machineID()})
	}
}

// end brings an action to its end.
func (a *machineAction) end(status string, at stamp) {
	if status == statusCancelled {
		a.cancel(a.requestor, "No longer needed.", at)
		return
	}
	a.status, a.updated = status, at
	switch {
	case status == statusFailed:
		a.hresult = hresultDenied
	case status == statusTimeOut && a.fate != "":
		a.hresult = hresultTimeout
	}
}

// stuckOf lists the isolations that a release of their device concerns. The caller holds the lock.
func (t *tenant) stuckOf(a *machineAction, status string) []int {
	var list []int
	if a.kind != kindUnisolate || status != statusSucceeded {
		return nil
	}
	for n, other := range t.actions {
		if other.stuck && !other.over() && other.machine == a.machine {
			list = append(list, n)
		}
	}
	return list
}

// loosen counts a release for a stuck isolation; the second ends it, just before the release or just after it.
// The caller holds the lock.
func (t *tenant) loosen(a *machineAction, released stamp) {
	const tick = stamp(100)
	if a.releases++; a.releases < 2 {
		return
	}
	at := released + tick
	if t.rand("release", int(a.machine)).IntN(2) == 0 {
		at = released - tick
	}
	a.end(statusSucceeded, max(a.updated, at))
}
