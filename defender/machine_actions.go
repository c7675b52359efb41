package defender

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// MachineActionsService reads what was done to devices, isolations, scans and
// others, whoever asked for them, and does such things. What it is asked to do is
// sent once: a call whose outcome is not known comes back as an error, and the
// list tells by the comment whether it arrived.
type MachineActionsService struct{ service }

// MachineAction is one thing done to a device. Some members are absent for some
// types; null and absent members are zero. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/machineaction.
type MachineAction struct {
	Record `json:"-"`
	ID     string `json:"id"` // a GUID
	// Type is RunAntiVirusScan, Offboard, LiveResponse, CollectInvestigationPackage,
	// Isolate, Unisolate, StopAndQuarantineFile, RestrictCodeExecution,
	// UnrestrictCodeExecution or another.
	Type                    string                 `json:"type"`
	Title                   string                 `json:"title"`
	Scope                   string                 `json:"scope"`     // Full or Selective of an isolation, Quick or Full of a scan
	Requestor               string                 `json:"requestor"` // a user, or the name of an application
	RequestorComment        string                 `json:"requestorComment"`
	Status                  string                 `json:"status"` // Pending, InProgress, Succeeded, Failed, TimeOut, Cancelled
	MachineID               string                 `json:"machineId"`
	ComputerDNSName         string                 `json:"computerDnsName"`
	CreationDateTimeUTC     Time                   `json:"creationDateTimeUtc"`
	LastUpdateDateTimeUTC   Time                   `json:"lastUpdateDateTimeUtc"`
	CancellationRequestor   string                 `json:"cancellationRequestor"`
	CancellationComment     string                 `json:"cancellationComment"`
	CancellationDateTimeUTC Time                   `json:"cancellationDateTimeUtc"`
	ErrorHResult            int64                  `json:"errorHResult"` // 0 when all is well
	ExternalID              string                 `json:"externalId"`
	RequestSource           string                 `json:"requestSource"`   // PublicApi for calls of this API
	RelatedFileInfo         *RelatedFileInfo       `json:"relatedFileInfo"` // nil when it is about no file
	Commands                []MachineActionCommand `json:"commands"`        // of a live response
	TroubleshootInfo        string                 `json:"troubleshootInfo"`
}

// RelatedFileInfo is the file that an action is about.
type RelatedFileInfo struct {
	FileIdentifier     string `json:"fileIdentifier"`
	FileIdentifierType string `json:"fileIdentifierType"` // Sha1, Sha256, Md5
}

// MachineActionCommand is one command of a live response and how it went.
type MachineActionCommand struct {
	Index         int64               `json:"index"`
	StartTime     Time                `json:"startTime"`
	EndTime       Time                `json:"endTime"`
	CommandStatus string              `json:"commandStatus"` // Created, Completed, Failed
	Errors        []string            `json:"errors"`
	Command       LiveResponseCommand `json:"command"`
}

// LiveResponseCommand is a command as it was given.
type LiveResponseCommand struct {
	Type   string              `json:"type"` // GetFile, PutFile, RunScript
	Params []LiveResponseParam `json:"params"`
}

// LiveResponseParam is one parameter of a command.
type LiveResponseParam struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// machineActionSet is what Microsoft documents for lists of actions. The time of
// the last update is not filterable.
func machineActionSet() entitySet {
	return entitySet{
		name: "machine actions", pageSize: 10_000,
		filterable: []string{"id", "status", "machineId", "type", "requestor", "creationDateTimeUtc"},
	}
}

// List reads actions, newest first as far as is known. Live response sessions
// that were begun in the portal are not among them.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection.
//
//api:operation GET /api/machineactions
func (s *MachineActionsService) List(ctx context.Context, q *Query) iter.Seq2[MachineAction, error] {
	return list[MachineAction](ctx, s.rest, machineActionSet(), opMachineActionsList, q)
}

// Get reads one action by its id, which is a GUID.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machineaction-object.
//
//api:operation GET /api/machineactions/{id}
func (s *MachineActionsService) Get(ctx context.Context, id string) (MachineAction, error) {
	return rest.Get[MachineAction](ctx, s.rest, rest.Request{Operation: opMachineActionsGet, Vars: []string{id}})
}

var (
	opMachineActionsList = read("/api/machineactions", "get-machineactions-collection", "Machine.Read.All", "Machine.ReadWrite.All")
	opMachineActionsGet  = read("/api/machineactions/{id}", "get-machineaction-object", "Machine.Read.All", "Machine.ReadWrite.All")
)

func machineActionOperations() []Operation {
	return []Operation{
		opMachineActionsList, opMachineActionsGet,
		opMachineActionsIsolate, opMachineActionsUnisolate, opMachineActionsScan, opMachineActionsRestrict, opMachineActionsUnrestrict,
		opMachineActionsQuarantine, opMachineActionsOffboard, opMachineActionsCollect, opMachineActionsPackageURI, opMachineActionsCancel,
		opMachineActionsLiveResponse, opMachineActionsLiveResult,
	}
}
