package action

import (
	"context"
	"strings"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// contain makes the onboarded devices keep away from one that is not.
func contain() Action {
	c := command{
		kind: "Isolate", undo: "Unisolate",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.Isolate(ctx, r.Target, defender.IsolationUnmanagedDevice, r.text())
		},
		same: func(a defender.MachineAction, _ Request) bool {
			return strings.EqualFold(a.Scope, string(defender.IsolationUnmanagedDevice))
		},
	}
	return Action{
		Name: "contain", Title: "Contain an unmanaged device", Target: Device, Docs: mdeDocs + "isolate-machine",
		Summary: "Make the onboarded devices refuse to talk to a device that is not onboarded.",
		Risk:    Dangerous, Why: "What the device serves can no longer be reached by any onboarded device.",
		Doors: []Door{c.door("Machine.Isolate")},
	}
}
