package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// liveCommand is one command of a live response session.
type liveCommand struct {
	Type   string      `json:"type"`
	Params []liveParam `json:"params"`
}

// liveParam is a parameter of a command.
type liveParam struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

var (
	_ json.Unmarshaler = (*liveCommand)(nil)
	_ json.Unmarshaler = (*liveParam)(nil)
)

// UnmarshalJSON reads a command, whose member names are case-sensitive.
func (c *liveCommand) UnmarshalJSON(text []byte) error { return readMembers(text, c) }

// UnmarshalJSON reads a parameter, whose member names are case-sensitive.
func (p *liveParam) UnmarshalJSON(text []byte) error { return readMembers(text, p) }

// readMembers reads an object as readBody does.
func readMembers(text []byte, into any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	return setMembers(members, reflect.ValueOf(into).Elem())
}

// commandRow is a command with what became of it.
type commandRow struct {
	Index         int         `json:"index"`
	StartTime     stamp       `json:"startTime"`
	EndTime       stamp       `json:"endTime"`
	CommandStatus string      `json:"commandStatus"`
	Errors        []string    `json:"errors"`
	Command       liveCommand `json:"command"`
}

// commandKinds lists the commands in the order they must come in, with their parameters; the first is required.
func commandKinds() []struct {
	kind   string
	params []string
} {
	return []struct {
		kind   string
		params []string
	}{{"PutFile", []string{"FileName"}}, {"RunScript", []string{"ScriptName", "Args"}}, {"GetFile", []string{"Path"}}}
}

// checkCommands refuses commands that are unknown, out of order or without their parameters.
func checkCommands(c *call, commands *[]liveCommand) (reply, bool) {
	if commands == nil || len(*commands) == 0 {
		return missing("Commands"), false
	}
	stage := 0
	for _, command := range *commands {
		kinds := commandKinds()
		at := slices.IndexFunc(kinds, func(k struct {
			kind   string
			params []string
		}) bool {
			return k.kind == command.Type
		})
		if at < 0 {
			return invalidInput(command.Type), false
		}
		if at < stage {
			return fail(http.StatusBadRequest, "InvalidInput", "Invalid input Commands: the order must be PutFile, RunScript, GetFile"), false
		}
		stage = at
		given := map[string]string{}
		for _, p := range command.Params {
			if !slices.Contains(kinds[at].params, p.Key) {
				return badBody(c), false
			}
			given[p.Key] = p.Value
		}
		if need := kinds[at].params[0]; given[need] == "" {
			return missing(need), false
		}
	}
	return reply{}, true
}

// commandResults lists commands that were not run yet.
func commandResults(commands []liveCommand) []commandRow {
	rows := make([]commandRow, len(commands))
	for n, command := range commands {
		rows[n] = commandRow{Index: n, CommandStatus: "Created", Errors: []string{}, Command: command}
	}
	return rows
}

// finishCommands ends the commands of a session that succeeded. The rows are made anew: answers may hold the old ones.
func (t *tenant) finishCommands(a *machineAction) {
	a.commands = slices.Clone(a.commands)
	for n := range a.commands {
		row := &a.commands[n]
		row.StartTime, row.EndTime, row.CommandStatus = max(a.created, a.updated-stamp(time.Second)), a.updated, "Completed"
	}
}

// getLiveResponseLink is GET /api/machineactions/{id}/GetLiveResponseResultDownloadLink(index={n}).
func getLiveResponseLink(c *call) reply {
	index, err := strconv.Atoi(c.vars["index"])
	if err != nil || index < 0 {
		return invalidInput(c.vars["index"])
	}
	return withAction(c, func(t *tenant, at int) reply {
		a := t.actions[at]
		switch {
		case a.kind != kindLiveResponse:
			return fail(http.StatusBadRequest, "InvalidInput", "Provided Guid is not a valid id for a LiveResponse action")
		case index >= len(a.commands) || a.status != statusSucceeded:
			return notFound("Result of command", c.vars["index"])
		case a.commands[index].Command.Type == "PutFile":
			return fail(http.StatusBadRequest, "InvalidInput", "Invalid input index: command PutFile has no result")
		}
		return textReply(c, t.resultLink(c, c.blobBase(), t.resultPath(responseContainer, a.id, strconv.Itoa(index)), responseLife))
	})
}

// scriptResult is the file that a script leaves.
type scriptResult struct {
	ScriptName   string `json:"script_name"`
	ExitCode     int    `json:"exit_code"`
	ScriptOutput string `json:"script_output"`
	ScriptErrors string `json:"script_errors"`
}

// responseFile answers with the result of a command: JSON of a script, gzip of a file. The caller holds the lock.
func (t *tenant) responseFile(a *machineAction, file string) reply {
	index, err := strconv.Atoi(file)
	if err != nil || index < 0 || index >= len(a.commands) {
		return noBlob()
	}
	command := a.commands[index].Command
	if command.Type == "RunScript" {
		return reply{header: blobHeader("application/json"), body: scriptResult{
			ScriptName: command.Params[0].Value, ScriptOutput: "Transcript started on " + t.dnsName(a.machine) + "\n",
		}}
	}
	var buf bytes.Buffer
	zipped := gzip.NewWriter(&buf)
	_, err = fmt.Fprintf(zipped, "content of %s on %s\n", command.Params[0].Value, t.dnsName(a.machine))
	if err != nil || zipped.Close() != nil {
		return noBlob()
	}
	return reply{header: blobHeader("application/gzip"), stream: func(out io.Writer) error {
		_, err := out.Write(buf.Bytes())
		return err
	}}
}
