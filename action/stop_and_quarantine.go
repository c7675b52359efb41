package action

import (
	"context"
	"strings"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// stopAndQuarantine takes a file away from a device.
func stopAndQuarantine() Action {
	c := command{
		kind: "StopAndQuarantineFile",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.StopAndQuarantineFile(ctx, r.Target, r.Parameters["sha1"], r.text())
		},
		same: func(a defender.MachineAction, r Request) bool {
			return a.RelatedFileInfo != nil && strings.EqualFold(a.RelatedFileInfo.FileIdentifier, r.Parameters["sha1"])
		},
	}
	return Action{
		Name: "stop-and-quarantine", Title: "Stop and quarantine a file", Target: Device, Docs: mdeDocs + "stop-and-quarantine-file",
		Summary: "Stop a file that runs on a device and put it into quarantine. Files signed by Microsoft or another trusted publisher are refused.",
		Risk:    Dangerous, Why: "A program that is taken for malware is stopped and gone; only on the device itself can it be brought back.",
		Parameters: []Parameter{{
			Name: "sha1", Title: "SHA-1", Kind: SHA1, Required: true, Doc: "The SHA-1 of the file: 40 hexadecimal digits.",
		}},
		Doors: []Door{c.door("Machine.StopAndQuarantine", "Machine.ReadWrite.All")},
	}
}
