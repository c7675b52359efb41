package stream

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// IsolationState is what was done to a device and still holds. Microsoft has no
// field for it: it follows from the machine actions.
type IsolationState struct {
	Isolated   bool   `json:"isolated"`
	Scope      string `json:"scope,omitempty"` // Full or Selective, of the isolation that holds
	Restricted bool   `json:"restricted"`      // only code that Microsoft has signed may run
	// Since is when each of them came to be as it is; zero when it never was
	// otherwise.
	IsolatedSince   time.Time `json:"isolatedSince,omitzero"`
	RestrictedSince time.Time `json:"restrictedSince,omitzero"`
	// Pending are the types of the actions that would change it and have not ended:
	// Isolate, Unisolate, RestrictCodeExecution, UnrestrictCodeExecution.
	Pending []string `json:"pending,omitempty"`
}

// FoldActions returns the state of a device after its machine actions, in any
// order. Only those that succeeded count, in the order in which they were asked
// for: one whose outcome is not known has changed nothing yet. Actions of other
// types are passed over.
func FoldActions(actions []defender.MachineAction) IsolationState {
	var state IsolationState
	ordered := slices.SortedFunc(slices.Values(actions), func(a, b defender.MachineAction) int {
		return cmp.Or(
			a.CreationDateTimeUTC.Compare(b.CreationDateTimeUTC.Time),
			a.LastUpdateDateTimeUTC.Compare(b.LastUpdateDateTimeUTC.Time),
			cmp.Compare(a.ID, b.ID),
		)
	})
	for _, a := range ordered {
		state.fold(a)
	}
	return state
}

// fold takes one action.
func (s *IsolationState) fold(a defender.MachineAction) {
	kind := enum(a.Type)
	switch kind {
	case "isolate", "unisolate", "restrictcodeexecution", "unrestrictcodeexecution":
	default:
		return
	}
	if enum(a.Status) != "succeeded" {
		if !ended(a.Status) {
			s.Pending = append(s.Pending, a.Type)
		}
		return
	}
	at := a.CreationDateTimeUTC.Time
	switch kind {
	case "isolate":
		s.Isolated, s.Scope, s.IsolatedSince = true, a.Scope, at
	case "unisolate":
		s.Isolated, s.Scope, s.IsolatedSince = false, "", at
	case "restrictcodeexecution":
		s.Restricted, s.RestrictedSince = true, at
	case "unrestrictcodeexecution":
		s.Restricted, s.RestrictedSince = false, at
	}
}

// MergedInto returns the key of the device that a device was merged into, empty
// when it was not. The document may be of either API.
func MergedInto(document []byte) string {
	var device struct {
		MDE   string `json:"mergedIntoMachineId"`
		Graph string `json:"MergedToDeviceId"`
	}
	_ = lenient(document, &device)
	return cmp.Or(device.MDE, device.Graph)
}

// RedirectedTo returns the key of the incident that an incident was merged into,
// empty when it was not. The document may be of either API: one has a number, the
// other a text.
func RedirectedTo(document []byte) string {
	var incident struct {
		Redirect jsontext.Value `json:"redirectIncidentId"`
	}
	_ = lenient(document, &incident)
	var text string
	if json.Unmarshal(incident.Redirect, &text) == nil {
		return text
	}
	var number int64
	if json.Unmarshal(incident.Redirect, &number) == nil && number != 0 {
		return strconv.FormatInt(number, 10)
	}
	return ""
}

// ErrCircle tells that objects were merged into each other in a circle.
var ErrCircle = errors.New("they are merged in a circle")

// Follow goes from an object that was merged into another to the one that stands
// at the end, and returns its key. Next returns the key that a record points to,
// empty at the end and for a record that does not exist: see [MergedInto] and
// [RedirectedTo].
func Follow(key string, next func(key string) (string, error)) (string, error) {
	seen := map[string]bool{key: true}
	for {
		to, err := next(key)
		if err != nil || to == "" {
			return key, err
		}
		if seen[to] {
			return key, ErrCircle
		}
		seen[to], key = true, to
	}
}

// MachineAction is an action on a device as [FoldActions] takes it.
type MachineAction = defender.MachineAction

// ActionOf reads a machine action from its document. A member that is not as
// documented leaves the rest.
func ActionOf(document []byte) MachineAction {
	var a MachineAction
	_ = lenient(document, &a)
	return a
}
