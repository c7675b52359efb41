package emulator

import (
	"math/rand/v2"
	"slices"
	"time"
)

// machineAction is something done to a device. Its machine and kind are for good.
type machineAction struct {
	id               string
	machine          int32
	kind, scope      string
	requestor        string
	comment, source  string
	status           string // Pending, InProgress, Succeeded, Failed, TimeOut or Cancelled
	created, updated stamp
	hresult          int
	sha1             string // of the file it is about
	commands         []commandRow

	cancelledBy, cancelReason string
	cancelled                 stamp

	// What follows is of actions that came through the API.

	fate     string // how it ends when nothing comes between
	waits    bool   // for its device to come back
	stuck    bool   // an isolation of an isolated device: only the second release ends it
	releases int    // that it has seen
	hidden   bool   // no list has it yet
}

// actionKind is a kind of action with the scopes it can have.
type actionKind struct {
	kind   string
	scopes []string
}

// actionKinds lists what is done to devices besides isolation and restriction.
func actionKinds() []actionKind {
	return []actionKind{
		{"RunAntiVirusScan", []string{"Quick", "Full"}}, {"CollectInvestigationPackage", nil}, {"StopAndQuarantineFile", nil},
		{"LiveResponse", nil},
	}
}

// opposite pairs the actions that undo each other.
func opposite(kind string) string {
	for _, pair := range [][2]string{{"Isolate", "Unisolate"}, {"RestrictCodeExecution", "UnrestrictCodeExecution"}} {
		switch kind {
		case pair[0]:
			return pair[1]
		case pair[1]:
			return pair[0]
		}
	}
	return ""
}

// generateActions makes the machine actions of the last 60 days, oldest first. A third of them isolate or restrict a
// device, and some of those are undone later and done again: whoever wants to know the state of a device has to fold
// its history.
func (t *tenant) generateActions() {
	if len(t.machines) == 0 {
		return
	}
	last := map[int32]string{}
	for n := range t.size.Actions {
		ago := time.Duration(float64(60*24*time.Hour) * float64(t.size.Actions-n) / float64(t.size.Actions+1))
		random := t.rand("action", n)
		a := t.drawAction(random, last, stampOf(t.born.Add(-ago)))
		ended := a.created + stamp(time.Duration(1+random.IntN(600))*time.Second)
		a.end(drawStatus(random), ended)
		t.appendAction(a)
	}
}

// drawAction begins an action, and notes in last what was done to the device.
func (t *tenant) drawAction(random *rand.Rand, last map[int32]string, at stamp) *machineAction {
	a := &machineAction{
		id: guidOf(t.digest("action", len(t.actions))), status: "Pending", source: "Portal", requestor: "svradmin@" + t.domain,
		comment: "Follow up of an alert.", created: at, updated: at,
	}
	if random.IntN(3) == 0 {
		a.source, a.requestor = "PublicApi", "Gatehouse ("+t.domain+")"
	}
	a.machine = int32(random.IntN(len(t.machines)))
	if random.IntN(3) > 0 {
		a.machine %= int32(max(1, len(t.machines)/20)) // trouble gathers on few devices
	}
	switch roll := random.IntN(10); {
	case roll < 3:
		a.kind, a.scope = "Isolate", pick(random, []string{"Full", "Selective"})
	case roll < 4:
		a.kind = "RestrictCodeExecution"
	default:
		k := pick(random, actionKinds())
		if a.kind = k.kind; len(k.scopes) > 0 {
			a.scope = pick(random, k.scopes)
		}
	}
	if undo := opposite(last[a.machine]); undo != "" && random.IntN(2) == 0 {
		a.kind, a.scope = undo, ""
	}
	if opposite(a.kind) != "" {
		last[a.machine] = a.kind
	}
	return a
}

// drawStatus draws how an action ends: mostly well.
func drawStatus(random *rand.Rand) string {
	if roll := random.IntN(20); roll < 3 {
		return []string{statusFailed, statusTimeOut, statusCancelled}[roll]
	}
	return statusSucceeded
}

// folded lists the devices on which the last of two opposite actions that succeeded is the given one, by the time it
// succeeded. The caller holds the lock.
func (t *tenant) folded(kind string) []string {
	latest := map[int32]*machineAction{}
	for _, a := range t.actions {
		if a.status != "Succeeded" || a.kind != kind && a.kind != opposite(kind) {
			continue
		}
		if before, ok := latest[a.machine]; !ok || a.updated >= before.updated {
			latest[a.machine] = a
		}
	}
	var ids []string
	for i, a := range latest {
		if a.kind == kind {
			ids = append(ids, t.machines[i].machineID())
		}
	}
	slices.Sort(ids)
	return ids
}
