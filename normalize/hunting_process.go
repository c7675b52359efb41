package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// The members of processes, their files and their users in hunting rows.
var (
	huntedFileNames = fileNames{
		name: "FileName", folder: "FolderPath", md5: "MD5", sha1: "SHA1", sha256: "SHA256", size: "FileSize", publisher: "ProcessVersionInfoCompanyName",
	}
	initiatingFileNames = fileNames{
		name: "InitiatingProcessFileName", folder: "InitiatingProcessFolderPath", md5: "InitiatingProcessMD5", sha1: "InitiatingProcessSHA1",
		sha256: "InitiatingProcessSHA256", size: "InitiatingProcessFileSize", publisher: "InitiatingProcessVersionInfoCompanyName",
	}
	huntedAccountNames = accountNames{
		name: "AccountName", domain: "AccountDomain", sid: "AccountSid", guid: "AccountObjectId", upn: "AccountUpn",
	}
	initiatingAccountNames = accountNames{
		name: "InitiatingProcessAccountName", domain: "InitiatingProcessAccountDomain", sid: "InitiatingProcessAccountSid",
		guid: "InitiatingProcessAccountObjectId", upn: "InitiatingProcessAccountUpn",
	}
)

// integrities are the integrity levels of Windows.
var integrities = []word[ocsf.IntegrityID]{
	{"Untrusted", ocsf.IntegrityUntrusted},
	{"Low", ocsf.IntegrityLow},
	{"Medium", ocsf.IntegrityMedium},
	{"High", ocsf.IntegrityHigh},
	{"System", ocsf.IntegritySystem},
	{"Protected", ocsf.IntegrityProtected},
	{"Unknown", ocsf.IntegrityUnknown},
}

// process maps a row of DeviceProcessEvents.
func (r *huntedRow) process() ocsf.Event {
	event := &ocsf.ProcessActivity{Device: r.device, Actor: r.actor, Process: r.startedProcess()}
	event.ActivityID, event.ActivityName = activityOf(r, processActions)
	r.withParent(event.Process)
	r.seen.process("process", event.Process)
	event.Message = r.sentence(first(event.Process.CmdLine, event.Process.Name))
	return event
}

// processActions are the actions of DeviceProcessEvents, and those of DeviceEvents
// by which one process acts on another.
var processActions = []word[ocsf.ProcessActivityID]{
	{"ProcessCreated", ocsf.ProcessActivityLaunch},
	{"ProcessCreatedUsingWmiQuery", ocsf.ProcessActivityLaunch},
	{"ProcessTerminated", ocsf.ProcessActivityTerminate},
	{"OpenProcess", ocsf.ProcessActivityOpen}, // as DeviceProcessEvents calls it
	{"OpenProcessApiCall", ocsf.ProcessActivityOpen},
	{"CreateRemoteThreadApiCall", ocsf.ProcessActivityInject},
	{"QueueUserApcRemoteApiCall", ocsf.ProcessActivityInject},
	{"SetThreadContextRemoteApiCall", ocsf.ProcessActivityInject},
	{"NtMapViewOfSectionRemoteApiCall", ocsf.ProcessActivityInject},
	{"WriteProcessMemoryApiCall", ocsf.ProcessActivityInject},
}

// withParent says that the initiator started the process, unless the row tells of
// something that was done to a running one.
func (r *huntedRow) withParent(p *ocsf.Process) {
	initiator := r.actor.Process
	if initiator == nil || r.action != "ProcessCreated" {
		return
	}
	p.ParentProcess = &ocsf.Process{PID: initiator.PID, UID: initiator.UID, Name: initiator.Name, CmdLine: initiator.CmdLine, CreatedTime: initiator.CreatedTime}
}

// startedProcess reads the process that a row is about.
func (r *huntedRow) startedProcess() *ocsf.Process {
	p := &ocsf.Process{
		PID: r.integer("ProcessId"), UID: r.text("ProcessUniqueId"), CmdLine: r.text("ProcessCommandLine"), CreatedTime: r.moment("ProcessCreationTime"),
		File: r.fileOf(&huntedFileNames), User: r.accountOf(&huntedAccountNames),
		Session: r.session("LogonId", "CreatedProcessSessionId", "IsProcessRemoteSession"),
	}
	p.IntegrityID, p.Integrity = r.integrity("ProcessIntegrityLevel")
	r.version(p.File, "ProcessVersionInfo")
	if p.File != nil {
		p.Name = p.File.Name
	}
	return orUnidentified(p)
}

// initiator reads the process that did what the row tells, with its parent and its
// user.
func (r *huntedRow) initiator() *ocsf.Actor {
	p := &ocsf.Process{
		PID: r.integer("InitiatingProcessId"), UID: r.text("InitiatingProcessUniqueId"), CmdLine: r.text("InitiatingProcessCommandLine"),
		CreatedTime: r.moment("InitiatingProcessCreationTime"), File: r.fileOf(&initiatingFileNames),
		Session: r.session("InitiatingProcessLogonId", "InitiatingProcessSessionId", "IsInitiatingProcessRemoteSession"),
	}
	p.IntegrityID, p.Integrity = r.integrity("InitiatingProcessIntegrityLevel")
	r.version(p.File, "InitiatingProcessVersionInfo")
	if p.File != nil {
		p.Name = p.File.Name
	}
	if parent := (&ocsf.Process{
		PID: r.integer("InitiatingProcessParentId"), Name: r.text("InitiatingProcessParentFileName"), CreatedTime: r.moment("InitiatingProcessParentCreationTime"),
	}); !parent.PID.IsZero() || parent.Name != "" || parent.CreatedTime != 0 {
		p.ParentProcess = orUnidentified(parent)
	}
	a := &ocsf.Actor{User: r.accountOf(&initiatingAccountNames)}
	if known(p) {
		a.Process = orUnidentified(p)
	}
	if a.Process == nil && a.User == nil {
		a.AppName = "unknown" // OCSF wants somebody
	}
	return a
}

// known tells whether a row says anything of a process.
func known(p *ocsf.Process) bool {
	return !p.PID.IsZero() || p.UID != "" || p.CmdLine != "" || p.CreatedTime != 0 || p.File != nil || p.Session != nil || p.ParentProcess != nil || !p.IntegrityID.IsZero()
}

// orUnidentified gives a process without a number what OCSF takes for an identity:
// a row that was projected to a few columns names a process and no number.
func orUnidentified(p *ocsf.Process) *ocsf.Process {
	if p.PID.IsZero() && p.UID == "" {
		p.UID = "unknown"
	}
	return p
}

// session reads the session of a process, nil when the row does not tell.
func (r *huntedRow) session(logon, number, remote string) *ocsf.Session {
	s := &ocsf.Session{UID: r.text(logon), UIDAlt: r.text(number), IsRemote: r.flag(remote)}
	if s.UID == "" && s.UIDAlt == "" && s.IsRemote.IsZero() {
		return nil
	}
	return s
}

// integrity reads an integrity level.
func (r *huntedRow) integrity(name string) (ocsf.Opt[ocsf.IntegrityID], string) {
	text := r.text(name)
	if text == "" {
		return ocsf.Opt[ocsf.IntegrityID]{}, ""
	}
	id, caption := translate(integrities, text)
	return ocsf.Some(id), caption
}

// version reads what the version resource of a file says. Without a file it stays
// unmapped.
func (r *huntedRow) version(f *ocsf.File, prefix string) {
	if f == nil {
		return
	}
	f.InternalName, f.Desc = r.text(prefix+"InternalFileName"), r.text(prefix+"FileDescription")
	if name := r.text(prefix + "ProductName"); name != "" {
		f.Product = &ocsf.Product{Name: name, Version: r.text(prefix + "ProductVersion"), VendorName: f.CompanyName}
	} else {
		f.Version = r.text(prefix + "ProductVersion")
	}
}
