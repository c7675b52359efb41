package action

import (
	"context"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// unrestrict lets every program run again.
func unrestrict() Action {
	c := command{
		kind: "UnrestrictCodeExecution",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.UnrestrictCodeExecution(ctx, r.Target, r.text())
		},
	}
	return Action{
		Name: "unrestrict", Title: "Allow code execution", Target: Device, Docs: mdeDocs + "unrestrict-code-execution",
		Summary: "Let every program run again on a device whose code execution was restricted.",
		Risk:    Medium, Why: "Malware that is still there can run again.",
		Doors: []Door{c.door("Machine.RestrictExecution")},
	}
}
