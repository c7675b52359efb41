package defender

import (
	"context"
	"strings"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// IsolationType is how far a device is cut off.
type IsolationType string

// The types that Microsoft documents.
const (
	IsolationFull      IsolationType = "Full"      // from all but Defender itself
	IsolationSelective IsolationType = "Selective" // Outlook, Teams and Skype for Business go on
	// IsolationUnmanagedDevice contains a device that is not onboarded: the
	// onboarded ones no longer talk to it.
	IsolationUnmanagedDevice IsolationType = "UnManagedDevice"
)

// ValidIsolationTypes returns the types of isolation.
func ValidIsolationTypes() []IsolationType {
	return []IsolationType{IsolationFull, IsolationSelective, IsolationUnmanagedDevice}
}

// ScanType is how thorough an antivirus scan is.
type ScanType string

// The types that Microsoft documents.
const (
	ScanQuick ScanType = "Quick"
	ScanFull  ScanType = "Full"
)

// ValidScanTypes returns the types of scan.
func ValidScanTypes() []ScanType { return []ScanType{ScanQuick, ScanFull} }

// commandBody is what the actions send. The names are case-sensitive.
type commandBody struct {
	Comment       string                `json:"Comment"`
	IsolationType IsolationType         `json:"IsolationType,omitzero"`
	ScanType      ScanType              `json:"ScanType,omitzero"`
	SHA1          string                `json:"Sha1,omitzero"`
	Commands      []LiveResponseCommand `json:"Commands,omitzero"`
}

// command sends an action that is not sent again once it may have arrived.
func (s service) command(ctx context.Context, op Operation, id string, body commandBody) (MachineAction, error) {
	if strings.TrimSpace(body.Comment) == "" {
		return MachineAction{}, rest.Inputf("comment is missing: the service wants one with every action")
	}
	return rest.Get[MachineAction](ctx, s.rest, rest.Request{Operation: op, Vars: []string{id}, Body: body})
}

// Isolate cuts a device off from the network and returns the action, which is
// Pending. An isolation that has not ended is ErrActiveRequest, or comes back
// once more: the service does either.
//
// Permission: Machine.Isolate.
// Docs: https://learn.microsoft.com/defender-endpoint/api/isolate-machine.
//
//api:operation POST /api/machines/{id}/isolate
func (s *MachineActionsService) Isolate(ctx context.Context, machineID string, t IsolationType, comment string) (MachineAction, error) {
	if err := rest.Require("isolation type", &t, ValidIsolationTypes()); err != nil {
		return MachineAction{}, err
	}
	return s.command(ctx, opMachineActionsIsolate, machineID, commandBody{Comment: comment, IsolationType: t})
}

// Unisolate lets a device back into the network and returns the action. A repeat
// is answered as that of Isolate.
//
// Permission: Machine.Isolate.
// Docs: https://learn.microsoft.com/defender-endpoint/api/unisolate-machine.
//
//api:operation POST /api/machines/{id}/unisolate
func (s *MachineActionsService) Unisolate(ctx context.Context, machineID, comment string) (MachineAction, error) {
	return s.command(ctx, opMachineActionsUnisolate, machineID, commandBody{Comment: comment})
}

// RunAntiVirusScan begins a scan by Defender Antivirus and returns the action. A
// repeat is answered as that of Isolate.
//
// Permission: Machine.Scan.
// Docs: https://learn.microsoft.com/defender-endpoint/api/run-av-scan.
//
//api:operation POST /api/machines/{id}/runAntiVirusScan
func (s *MachineActionsService) RunAntiVirusScan(ctx context.Context, machineID string, t ScanType, comment string) (MachineAction, error) {
	if err := rest.Require("scan type", &t, ValidScanTypes()); err != nil {
		return MachineAction{}, err
	}
	return s.command(ctx, opMachineActionsScan, machineID, commandBody{Comment: comment, ScanType: t})
}

// RestrictCodeExecution lets only programs run that Microsoft has signed, and
// returns the action. A repeat is answered as that of Isolate.
//
// Permission: Machine.RestrictExecution.
// Docs: https://learn.microsoft.com/defender-endpoint/api/restrict-code-execution.
//
//api:operation POST /api/machines/{id}/restrictCodeExecution
func (s *MachineActionsService) RestrictCodeExecution(ctx context.Context, machineID, comment string) (MachineAction, error) {
	return s.command(ctx, opMachineActionsRestrict, machineID, commandBody{Comment: comment})
}

// UnrestrictCodeExecution lets every program run again, and returns the action. A
// repeat is answered as that of Isolate.
//
// Permission: Machine.RestrictExecution.
// Docs: https://learn.microsoft.com/defender-endpoint/api/unrestrict-code-execution.
//
//api:operation POST /api/machines/{id}/unrestrictCodeExecution
func (s *MachineActionsService) UnrestrictCodeExecution(ctx context.Context, machineID, comment string) (MachineAction, error) {
	return s.command(ctx, opMachineActionsUnrestrict, machineID, commandBody{Comment: comment})
}

// StopAndQuarantineFile stops a file that runs on a device and puts it into
// quarantine, by its SHA-1. Files that Microsoft or a trusted publisher has signed
// are refused.
//
// Permission: Machine.StopAndQuarantine or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/stop-and-quarantine-file.
//
//api:operation POST /api/machines/{id}/StopAndQuarantineFile
func (s *MachineActionsService) StopAndQuarantineFile(ctx context.Context, machineID, sha1, comment string) (MachineAction, error) {
	hash := strings.ToLower(strings.TrimSpace(sha1))
	if len(hash) != 40 || strings.Trim(hash, "0123456789abcdef") != "" {
		return MachineAction{}, rest.Inputf("sha1 %q is not one: give 40 hexadecimal digits", sha1)
	}
	return s.command(ctx, opMachineActionsQuarantine, machineID, commandBody{Comment: comment, SHA1: hash})
}

// Offboard takes a device out of Defender for Endpoint and returns the action. It
// cannot be undone from here: the device has to be onboarded again.
//
// Permission: Machine.Offboard.
// Docs: https://learn.microsoft.com/defender-endpoint/api/offboard-machine-api.
//
//api:operation POST /api/machines/{id}/offboard
func (s *MachineActionsService) Offboard(ctx context.Context, machineID, comment string) (MachineAction, error) {
	return s.command(ctx, opMachineActionsOffboard, machineID, commandBody{Comment: comment})
}

// Cancel ends an action that has not ended, and returns it.
//
// Permission, any one: Machine.CollectForensics, Machine.Isolate,
// Machine.RestrictExecution, Machine.Scan, Machine.Offboard,
// Machine.StopAndQuarantine, Machine.LiveResponse.
// Docs: https://learn.microsoft.com/defender-endpoint/api/cancel-machine-action.
//
//api:operation POST /api/machineactions/{id}/cancel
func (s *MachineActionsService) Cancel(ctx context.Context, id, comment string) (MachineAction, error) {
	return s.command(ctx, opMachineActionsCancel, id, commandBody{Comment: comment})
}

var (
	opMachineActionsIsolate    = write("POST", "/api/machines/{id}/isolate", "isolate-machine", "Machine.Isolate")
	opMachineActionsUnisolate  = write("POST", "/api/machines/{id}/unisolate", "unisolate-machine", "Machine.Isolate")
	opMachineActionsScan       = write("POST", "/api/machines/{id}/runAntiVirusScan", "run-av-scan", "Machine.Scan")
	opMachineActionsRestrict   = write("POST", "/api/machines/{id}/restrictCodeExecution", "restrict-code-execution", "Machine.RestrictExecution")
	opMachineActionsUnrestrict = write("POST", "/api/machines/{id}/unrestrictCodeExecution", "unrestrict-code-execution", "Machine.RestrictExecution")
	// Microsoft's older page also names Machine.Read.All, which is not believed.
	opMachineActionsQuarantine = write("POST", "/api/machines/{id}/StopAndQuarantineFile", "stop-and-quarantine-file", "Machine.StopAndQuarantine", "Machine.ReadWrite.All")
	opMachineActionsOffboard   = write("POST", "/api/machines/{id}/offboard", "offboard-machine-api", "Machine.Offboard")
	opMachineActionsCancel     = write("POST", "/api/machineactions/{id}/cancel", "cancel-machine-action",
		"Machine.CollectForensics", "Machine.Isolate", "Machine.RestrictExecution", "Machine.Scan", "Machine.Offboard",
		"Machine.StopAndQuarantine", "Machine.LiveResponse")
)
