package action

import (
	"context"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// restrict keeps programs of others from running.
func restrict() Action {
	c := command{
		kind: "RestrictCodeExecution", undo: "UnrestrictCodeExecution",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.RestrictCodeExecution(ctx, r.Target, r.text())
		},
	}
	return Action{
		Name: "restrict", Title: "Restrict code execution", Target: Device, Docs: mdeDocs + "restrict-code-execution",
		Summary: "Let only programs run that Microsoft has signed.",
		Risk:    Dangerous, Why: "Every program that Microsoft has not signed stops working on the device.",
		Doors: []Door{c.door("Machine.RestrictExecution")},
	}
}
