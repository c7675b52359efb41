package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// StepKind is what happens in a step of a tenant's life.
type StepKind string

// The kinds of step.
const (
	// StepAddAlert raises an alert. Into is the number of the incident it joins; by default the newest that has room.
	StepAddAlert StepKind = "add-alert"
	// StepUpdateAlert assigns an alert, or comments on it.
	StepUpdateAlert StepKind = "update-alert"
	// StepResolveAlert resolves an alert with a verdict.
	StepResolveAlert StepKind = "resolve-alert"
	// StepRemoveAlert takes an alert away, as the end of its retention does. Its incident keeps it.
	StepRemoveAlert StepKind = "remove-alert"
	// StepUpdateIncident assigns an incident, tags it or comments on it.
	StepUpdateIncident StepKind = "update-incident"
	// StepMergeIncident moves the alerts of an incident into the one that Into names and redirects it there.
	StepMergeIncident StepKind = "merge-incident"
	// StepAddDevice adds a device. Its software shows with the next snapshot of the vulnerability data.
	StepAddDevice StepKind = "add-device"
	// StepReportDevice lets a device report: its lastSeen moves on.
	StepReportDevice StepKind = "report-device"
	// StepRemoveDevice takes a device away, and its software with the next snapshot.
	StepRemoveDevice StepKind = "remove-device"
	// StepMergeDevice merges a device into the one that Into names. It stays in the list, with mergedIntoMachineId.
	StepMergeDevice StepKind = "merge-device"
	// StepInstall installs a product on a device: from the next snapshot on.
	StepInstall StepKind = "install"
	// StepUpgrade installs the next version of a product: what it mends is Fixed, what it still has is New.
	StepUpgrade StepKind = "upgrade"
	// StepUninstall removes a product.
	StepUninstall StepKind = "uninstall"
	// StepReassess finds a product in another place: its rows are Updated.
	StepReassess StepKind = "reassess"
	// StepStartAction begins a machine action, Pending.
	StepStartAction StepKind = "start-action"
	// StepFinishAction ends the oldest action that is not at its end, as Status says.
	StepFinishAction StepKind = "finish-action"
	// StepAdvanceAction moves the oldest action that is not at its end on by one stage: Pending, InProgress, the end. An
	// action that came through the API does so by itself, at the pace of ActionRules.
	StepAdvanceAction StepKind = "advance-action"
	// StepExpireAction ends the oldest Pending action as TimeOut.
	StepExpireAction StepKind = "expire-action"
	// StepShowAction lets the oldest action show that ActionRules.Hidden or FaultLateAction kept from the lists.
	StepShowAction StepKind = "show-action"
	// StepSilenceDevice lets a device fall silent: it is Inactive, and actions do not reach it.
	StepSilenceDevice StepKind = "silence-device"
	// StepFinishInvestigation ends the oldest investigation that came through the API.
	StepFinishInvestigation StepKind = "finish-investigation"
)

// Step is one thing that happens to a tenant.
type Step struct {
	// Kind is what happens. Required.
	Kind StepKind
	// At is when it shows. Default: at once. The tenant's life follows the emulator's clock.
	At time.Time
	// Stamp is the time that the record bears: its creation or last update. Default: At. An earlier one is published
	// late, as Microsoft does by five minutes to six hours.
	Stamp time.Time
	// ID is the record it happens to. Default: one is drawn.
	ID string
	// Into is the record that another one is merged into, or the incident that an alert joins. Default: one is drawn.
	Into string
	// Status is how StepFinishAction ends an action: Succeeded, Failed, TimeOut or Cancelled. Default: one is drawn.
	Status string
	// Draw decides what is drawn. Equal steps on equal tenants do the same.
	Draw uint64
	// Route and Call make it happen right after the answer to a call, before the client can send another: the nth call
	// of the route, named as in Stats, since the step was scheduled. At has no meaning then.
	Route string
	Call  int

	auto bool // it comes of itself, not of a test
}

// lifeline is what the life of a tenant needs. The tenant's lock guards it.
type lifeline struct {
	base    *tenant             // the first view
	past    []*tenant           // older views, whose exports can still be read
	edits   map[int32][]install // software that the next snapshot will show, by device
	edited  time.Time           // when the first of them came
	deltas  []delta
	pending []Step // by time
	waiting []Step // for calls
	answers map[string]int
	history []Change
}

// errNothing tells that a step finds nothing to act on.
var errNothing = errors.New("there is nothing it can happen to")

// Do lets a step happen now and returns the id of the record it happened to.
func (s *Server) Do(tenantID string, step Step) (id string, err error) {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return "", err
	}
	step.At = s.now().UTC()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.setDue()
	if id, err = t.take(&step); err != nil {
		return "", fmt.Errorf("emulator: %s in tenant %s: %w", step.Kind, t.id, err)
	}
	return id, nil
}

// Schedule plans steps of a tenant's life. Those with a route wait for its calls, the others for their time; what is due
// happens before the next call is answered. A step that finds nothing to act on when its time comes is none.
func (s *Server) Schedule(tenantID string, steps ...Step) error {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return err
	}
	now := s.now().UTC()
	for i := range steps {
		if _, ok := stepKinds()[steps[i].Kind]; !ok {
			return fmt.Errorf("emulator: step %d: unknown kind %q", i+1, steps[i].Kind)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.life
	for _, step := range steps {
		if step.Route != "" {
			step.Call += l.answers[step.Route]
			l.waiting = append(l.waiting, step)
			continue
		}
		if step.At.IsZero() {
			step.At = now
		}
		l.pending = append(l.pending, step)
	}
	slices.SortStableFunc(l.pending, func(a, b Step) int { return a.At.Compare(b.At) })
	t.setDue()
	return nil
}

// Settle lets everything happen that is due in a tenant, as the next call would.
func (s *Server) Settle(tenantID string) error {
	_, err := s.dataOf(tenantID)
	return err
}

// answered counts an answer and takes the steps that waited for it.
func (t *tenant) answered(route string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.life
	l.answers[route]++
	l.waiting = slices.DeleteFunc(l.waiting, func(step Step) bool {
		if step.Route != route || step.Call > l.answers[route] {
			return false
		}
		step.At = now.UTC()
		_, _ = t.take(&step)
		return true
	})
	t.setDue()
}

// taking is a step as it is taken.
type taking struct {
	*Step
	t      *tenant // the newest view
	random *rand.Rand
	stamp  stamp
}

// stepKinds says what takes each kind of step.
func stepKinds() map[StepKind]func(*taking) (string, error) {
	return map[StepKind]func(*taking) (string, error){
		StepAddAlert: takeAddAlert, StepUpdateAlert: takeUpdateAlert, StepResolveAlert: takeResolveAlert, StepRemoveAlert: takeRemoveAlert,
		StepUpdateIncident: takeUpdateIncident, StepMergeIncident: takeMergeIncident,
		StepAddDevice: takeAddDevice, StepReportDevice: takeReportDevice, StepRemoveDevice: takeRemoveDevice, StepMergeDevice: takeMergeDevice,
		StepInstall: takeInstall, StepUpgrade: takeUpgrade, StepUninstall: takeUninstall, StepReassess: takeReassess,
		StepStartAction: takeStartAction, StepFinishAction: takeFinishAction,
		StepAdvanceAction: takeAdvanceAction, StepExpireAction: takeExpireAction, StepShowAction: takeShowAction,
		StepSilenceDevice: takeSilenceDevice, StepFinishInvestigation: takeFinishInvestigation,
	}
}

// take lets a step happen. The caller holds the lock.
func (t *tenant) take(step *Step) (string, error) {
	do, ok := stepKinds()[step.Kind]
	if !ok {
		return "", fmt.Errorf("unknown kind %q", step.Kind)
	}
	if step.Stamp.IsZero() {
		step.Stamp = step.At
	}
	k := &taking{Step: step, t: t.current.Load(), random: rand.New(rand.NewPCG(t.seed^step.Draw, mix(string(step.Kind), len(t.life.history)))), stamp: stampOf(step.Stamp)}
	return do(k)
}

// watch notes what records are before the step.
func (k *taking) watch(refs ...ref) *watching { return k.t.watch(k.At, k.Stamp, refs...) }

// compareStamps orders times.
func compareStamps(a, b stamp) int { return cmp.Compare(a, b) }
