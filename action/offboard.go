package action

import (
	"context"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// offboard takes a device out of Defender.
func offboard() Action {
	c := command{
		kind: "Offboard",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.Offboard(ctx, r.Target, r.text())
		},
	}
	return Action{
		Name: "offboard", Title: "Offboard a device", Target: Device, Docs: mdeDocs + "offboard-machine-api",
		Summary: "Take a Windows device out of Defender for Endpoint: its sensor stops.",
		Risk:    Dangerous, Why: "The device is no longer watched, and has to be onboarded by hand to be so again.",
		Doors: []Door{c.door("Machine.Offboard")},
	}
}
