package action

import (
	"context"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// isolate cuts a device off.
func isolate() Action {
	c := command{
		kind: "Isolate", undo: "Unisolate",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.Isolate(ctx, r.Target, defender.IsolationType(r.Parameters["type"]), r.text())
		},
		same: sameType,
	}
	return Action{
		Name: "isolate", Title: "Isolate a device", Target: Device, Docs: mdeDocs + "isolate-machine",
		Summary: "Cut a device off from the network, but for Defender itself. A device that is off is isolated when it comes back.",
		Risk:    Dangerous, Why: "Who uses the device can no longer work, and what it serves is gone; a server takes others with it.",
		Parameters: []Parameter{{
			Name: "type", Title: "Type", Kind: Enum, Default: string(defender.IsolationFull),
			Values: texts([]defender.IsolationType{defender.IsolationFull, defender.IsolationSelective}),
			Doc:    "Full cuts all off; Selective leaves Outlook, Teams and Skype for Business (Windows only).",
		}},
		Doors: []Door{c.door("Machine.Isolate")},
	}
}
