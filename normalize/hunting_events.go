package normalize

import (
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// other maps a row of DeviceEvents, the table of everything else. The action
// decides the class; one that says nothing to us is an activity of the process
// that did it, under its own name. OCSF's base event would be the honest class for
// those, but the pinned schema and most collectors leave it out.
func (r *huntedRow) other() ocsf.Event {
	switch {
	case listed(networkActions, r.action), strings.HasSuffix(r.action, "ConnectionInspected"):
		return r.network()
	case listed(fileActions, r.action):
		return r.file()
	case r.peek("RegistryKey") != "":
		return r.registry()
	case !listed(processActions, r.action) && r.peek("FileName") != "" && r.peek("ProcessId")+r.peek("ProcessCommandLine") == "":
		return r.file()
	default:
		return r.act()
	}
}

// listed tells whether a table has a word.
func listed[T ~int64](table []word[T], text string) bool {
	return text != "" && slices.ContainsFunc(table, func(w word[T]) bool { return alike(w.text, text) })
}

// act maps a row that tells what a process did, to another or by itself.
func (r *huntedRow) act() ocsf.Event {
	event := &ocsf.ProcessActivity{Device: r.device, Actor: r.actor}
	event.ActivityID, event.ActivityName = activityOf(r, processActions)
	if r.peek("ProcessId")+r.peek("ProcessCommandLine")+r.peek("FileName")+r.peek("SHA1") == "" && r.actor.Process != nil {
		event.Process, event.Message = r.itself(), r.sentence("")
	} else {
		event.Process = r.startedProcess()
		event.Message = r.sentence(first(event.Process.CmdLine, event.Process.Name))
	}
	switch r.action {
	case "CreateRemoteThreadApiCall":
		event.InjectionTypeID = ocsf.Some(ocsf.InjectionTypeRemoteThread)
	case "QueueUserApcRemoteApiCall":
		event.InjectionTypeID = ocsf.Some(ocsf.InjectionTypeQueueAPC)
	}
	r.seen.process("process", event.Process)
	return event
}

// itself is the initiator as the process that a row is about, since it names no
// other.
func (r *huntedRow) itself() *ocsf.Process {
	p := r.actor.Process
	return &ocsf.Process{
		PID: p.PID, UID: p.UID, Name: p.Name, CmdLine: p.CmdLine, CreatedTime: p.CreatedTime, File: p.File, ParentProcess: p.ParentProcess,
		User: r.accountOf(&huntedAccountNames), Session: r.session("LogonId", "CreatedProcessSessionId", "IsProcessRemoteSession"),
	}
}
