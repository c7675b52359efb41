package defender

import (
	"context"
	"io"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// ValidLiveResponseTypes returns the types of command, in the only order in which
// they may follow each other.
func ValidLiveResponseTypes() []string { return []string{"PutFile", "RunScript", "GetFile"} }

// PutFile is a command that brings a file of the library to the device.
func PutFile(name string) LiveResponseCommand {
	return LiveResponseCommand{Type: "PutFile", Params: []LiveResponseParam{{"FileName", name}}}
}

// RunScript is a command that runs a script of the library on the device, with
// its arguments in one text, which may be empty.
func RunScript(name, args string) LiveResponseCommand {
	c := LiveResponseCommand{Type: "RunScript", Params: []LiveResponseParam{{"ScriptName", name}}}
	if args != "" {
		c.Params = append(c.Params, LiveResponseParam{"Args", args})
	}
	return c
}

// GetFile is a command that fetches a file from the device.
func GetFile(path string) LiveResponseCommand {
	return LiveResponseCommand{Type: "GetFile", Params: []LiveResponseParam{{"Path", path}}}
}

// checkCommands refuses an empty list, unknown types and another order than the
// service takes.
func checkCommands(commands []LiveResponseCommand) error {
	if len(commands) == 0 {
		return rest.Inputf("no commands: give at least one")
	}
	last := 0
	for i, c := range commands {
		at := -1
		for n, t := range ValidLiveResponseTypes() {
			if c.Type == t {
				at = n
			}
		}
		switch {
		case at < 0:
			return rest.Inputf("command %d has type %q: use PutFile, RunScript, GetFile", i+1, c.Type)
		case at < last:
			return rest.Inputf("command %d, %s, comes too late: the order is PutFile, RunScript, GetFile", i+1, c.Type)
		}
		last = at
	}
	return nil
}

// RunLiveResponse runs commands on a device, one after the other until one fails,
// and returns the action. A session that has not ended is ErrActiveRequest: a
// device has one at a time.
//
// Permission: Machine.LiveResponse.
// Docs: https://learn.microsoft.com/defender-endpoint/api/run-live-response.
//
//api:operation POST /api/machines/{id}/runliveresponse
func (s *MachineActionsService) RunLiveResponse(ctx context.Context, machineID string, commands []LiveResponseCommand, comment string) (MachineAction, error) {
	if err := checkCommands(commands); err != nil {
		return MachineAction{}, err
	}
	return s.command(ctx, opMachineActionsLiveResponse, machineID, commandBody{Comment: comment, Commands: commands})
}

// LiveResponseResultURI returns where the result of a command lies, for half an
// hour. Commands count from 0; a PutFile has no result.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-live-response-result.
//
//api:operation GET /api/machineactions/{id}/GetLiveResponseResultDownloadLink(index={index})
func (s *MachineActionsService) LiveResponseResultURI(ctx context.Context, id string, index int) (DownloadLink, error) {
	if index < 0 {
		return DownloadLink{}, rest.Inputf("command %d: they count from 0", index)
	}
	return s.link(ctx, rest.Request{Operation: opMachineActionsLiveResult, Vars: []string{id, strconv.Itoa(index)}})
}

// DownloadLiveResponseResult writes the result of a command to w and returns its
// size in bytes: JSON for a script; the file itself, usually compressed with gzip,
// for GetFile. It is fetched without a token.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-live-response-result.
//
//api:operation GET /api/machineactions/{id}/GetLiveResponseResultDownloadLink(index={index})
func (s *MachineActionsService) DownloadLiveResponseResult(ctx context.Context, id string, index int, w io.Writer) (int64, error) {
	link, err := s.LiveResponseResultURI(ctx, id, index)
	if err != nil {
		return 0, err
	}
	return s.rest.CopyFile(ctx, link, w)
}

var (
	opMachineActionsLiveResponse = limited(write("POST", "/api/machines/{id}/runliveresponse", "run-live-response", "Machine.LiveResponse"), 10, 0)
	opMachineActionsLiveResult   = read("/api/machineactions/{id}/GetLiveResponseResultDownloadLink(index={index})", "get-live-response-result", "Machine.Read.All", "Machine.ReadWrite.All")
)
