package action

import (
	"context"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// release lets a device back into the network.
func release() Action {
	c := command{
		kind: "Unisolate",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.Unisolate(ctx, r.Target, r.text())
		},
	}
	return Action{
		Name: "release", Title: "Release a device", Target: Device, Docs: mdeDocs + "unisolate-machine",
		Summary: "Let an isolated device back into the network. Microsoft's page does not say whether that ends a containment, too.",
		Risk:    Medium, Why: "A device that is still infected can reach others again.",
		Doors: []Door{c.door("Machine.Isolate")},
	}
}
