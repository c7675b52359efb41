package action

import (
	"context"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// scan looks for malware.
func scan() Action {
	c := command{
		kind: "RunAntiVirusScan",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.RunAntiVirusScan(ctx, r.Target, defender.ScanType(r.Parameters["type"]), r.text())
		},
		same: sameType,
	}
	return Action{
		Name: "scan", Title: "Scan a device", Target: Device, Docs: mdeDocs + "run-av-scan",
		Summary: "Begin a scan by Defender Antivirus. What it finds is treated as the device's policy says.",
		Risk:    Low, Why: "The device is slower for a while.",
		Parameters: []Parameter{{
			Name: "type", Title: "Type", Kind: Enum, Default: string(defender.ScanQuick), Values: texts(defender.ValidScanTypes()),
			Doc: "Quick looks where malware usually starts; Full reads every file, which may take hours.",
		}},
		Doors: []Door{c.door("Machine.Scan")},
	}
}
