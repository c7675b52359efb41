package emulator

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// eventKind is the table an event belongs to.
type eventKind uint8

// The kinds of events.
const (
	eventProcess eventKind = iota
	eventNetwork
	eventFile
	eventRegistry
	eventLogon
	eventImage
	eventOther
	eventKinds // how many there are
)

// event is one event of a device. The finding holds what it is about; what started it is a process.
type event struct {
	finding
	kind       eventKind
	at         stamp
	action     string
	report     int64 // unique together with device and time
	user       int32 // -1 is the system
	initiator  string
	initiators string // folder of the initiator
	command    string // command line of the initiator
	initPID    int64
	port       int
	logonType  string
	remote     string // remote address
}

// huntingDays is how far back the hunting tables go.
const huntingDays = 30

// maxBackground bounds the background events of a table, so that tenants of any size can be hunted in.
const maxBackground = 50000

// events gives the events of a device: those behind its alerts, and background noise.
func (t *tenant) events(i int32) []event {
	var list []event
	oldest := stampOf(t.born.AddDate(0, 0, -huntingDays))
	t.mu.RLock()
	var about []alert
	for _, at := range t.alertsOf[i] {
		if a := t.alerts[at]; a.first > oldest {
			about = append(about, *a)
		}
	}
	t.mu.RUnlock()
	for n := range about {
		list = append(list, t.alertEvents(&about[n])...)
	}
	if t.machines[i].lastSeen > oldest && t.machines[i].onboarding == 0 && int(i)*t.size.Events < maxBackground {
		random := t.rand("events", int(i))
		for kind := range eventKinds {
			for range t.size.Events {
				list = append(list, t.backgroundEvent(kind, i, random))
			}
		}
	}
	for n := range list {
		list[n].report = int64(i)*10 + 1000 + int64(mix(list[n].name+list[n].value, int(list[n].at))%100000)
	}
	return list
}

// alertEvents turns the findings of an alert into the events that show them in hunting.
func (t *tenant) alertEvents(a *alert) []event {
	var list []event
	initiator := event{initiator: "explorer.exe", initiators: `C:\Windows`, command: "explorer.exe", initPID: 4120}
	for _, f := range t.findings(a) {
		e := initiator
		e.finding, e.user, e.at = f, a.user, a.first+stamp(len(list))*stamp(time.Second)
		switch f.kind {
		case "Process":
			e.kind, e.action = eventProcess, "ProcessCreated"
			e.initiator, e.initiators, e.initPID, e.command = f.parent, f.parentPath, f.parentPID, f.parent
			initiator = event{initiator: f.name, initiators: f.path, command: f.command, initPID: f.pid}
		case "File":
			e.kind, e.action = eventFile, "FileCreated"
		case "Url", "Ip":
			e.kind, e.action, e.port, e.remote = eventNetwork, "ConnectionSuccess", 443, "198.51.100.7"
			if f.kind == "Ip" {
				e.remote, e.value = f.value, ""
			}
		case "Registry":
			e.kind, e.action = eventRegistry, "RegistryValueSet"
		default:
			continue
		}
		if e.at > a.last {
			e.at = a.last
		}
		list = append(list, e)
	}
	return list
}

// noise is one line of background activity.
type noise struct {
	action, name, path, command, initiator string
	value                                  string // URL or registry key
	port                                   int
}

// noises lists background activity by kind, first that of Windows, then that of other systems.
func noises() [eventKinds][2][]noise {
	return [eventKinds][2][]noise{
		eventProcess: {
			{{action: "ProcessCreated", name: "svchost.exe", path: system32, command: "svchost.exe -k netsvcs -p", initiator: "services.exe"},
				{action: "ProcessCreated", name: "chrome.exe", path: `C:\Program Files\Google\Chrome\Application`, command: "chrome.exe --type=renderer", initiator: "chrome.exe"},
				{action: "ProcessCreated", name: "powershell.exe", path: posh, command: "powershell.exe -File inventory.ps1", initiator: "svchost.exe"},
				{action: "ProcessCreated", name: "conhost.exe", path: system32, command: "conhost.exe 0xffffffff -ForceV1", initiator: "cmd.exe"}},
			{{action: "ProcessCreated", name: "bash", path: "/usr/bin", command: "bash -c run-parts", initiator: "cron"},
				{action: "ProcessCreated", name: "curl", path: "/usr/bin", command: "curl -s https://packages.example/health", initiator: "bash"}},
		},
		eventNetwork: {
			{{action: "ConnectionSuccess", value: "https://outlook.office365.example/owa", port: 443, initiator: "OUTLOOK.EXE"},
				{action: "ConnectionSuccess", value: "https://www.contoso.example", port: 443, initiator: "msedge.exe"},
				{action: "ConnectionFailed", value: "http://printer.corp.example", port: 80, initiator: "spoolsv.exe"}},
			{{action: "ConnectionSuccess", value: "https://archive.ubuntu.example", port: 443, initiator: "apt"}},
		},
		eventFile: {
			{{action: "FileCreated", name: "report.docx", path: `C:\Users\Public\Documents`, initiator: "WINWORD.EXE"},
				{action: "FileModified", name: "settings.json", path: `C:\ProgramData\Agent`, initiator: "svchost.exe"},
				{action: "FileDeleted", name: "~tmp41.tmp", path: `C:\Windows\Temp`, initiator: "msiexec.exe"}},
			{{action: "FileCreated", name: "syslog.1", path: "/var/log", initiator: "logrotate"}},
		},
		eventRegistry: {
			{{action: "RegistryValueSet", value: `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate`, initiator: "svchost.exe"}},
			nil,
		},
		eventLogon: {
			{{action: "LogonSuccess", initiator: "lsass.exe"}, {action: "LogonFailed", initiator: "lsass.exe"}},
			{{action: "LogonSuccess", initiator: "sshd"}},
		},
		eventImage: {
			{{action: "ImageLoaded", name: "wininet.dll", path: system32, initiator: "msedge.exe"}, {action: "ImageLoaded", name: "amsi.dll", path: system32, initiator: "powershell.exe"}},
			nil,
		},
		eventOther: {
			{{action: "AntivirusScanCompleted", initiator: "MsMpEng.exe"}, {action: "UsbDriveMounted", initiator: "System"}, {action: "PowerShellCommand", initiator: "powershell.exe"}},
			{{action: "AntivirusScanCompleted", initiator: "wdavdaemon"}},
		},
	}
}

// backgroundEvent makes one event of background activity.
func (t *tenant) backgroundEvent(kind eventKind, i int32, random *rand.Rand) event {
	m := t.machines[i]
	family, folder := 0, system32
	if t.platforms[m.platform].mask&osWindows == 0 {
		family, folder = 1, "/usr/bin"
	}
	choices := t.noises[kind][family]
	if len(choices) == 0 { // such as the registry of a Linux device
		choices, kind = t.noises[eventOther][family], eventOther
	}
	n := choices[random.IntN(len(choices))]
	since := int(time.Duration(m.lastSeen-stampOf(t.born.AddDate(0, 0, -huntingDays))) / time.Second)
	e := event{
		kind: kind, action: n.action, user: m.primary, initiator: n.initiator, initiators: folder, command: n.initiator, initPID: int64(400 + random.IntN(3000)*4),
		at: m.lastSeen - stamp(random.IntN(max(1, since)))*stamp(time.Second), port: n.port, remote: fmt.Sprintf("198.51.100.%d", 1+random.IntN(250)),
	}
	e.name, e.path, e.artifact.command, e.value = n.name, n.path, n.command, n.value
	e.pid, e.started = int64(4000+random.IntN(9000)*4), e.at
	e.parentPID, e.parentAt = e.initPID, e.at-stamp(time.Hour)
	if n.name != "" {
		fileFacts(&e.finding, n.name)
	}
	if kind == eventRegistry {
		e.key, e.valueName, e.value = n.value, "LastCheck", strconv.Itoa(random.IntN(1e6))
	}
	if kind == eventLogon {
		e.logonType = pick(random, []string{"Interactive", "Network", "RemoteInteractive", "Service"})
	}
	return e
}

// hasEvent tells whether a device has an event with a time and a report id.
func (t *tenant) hasEvent(machine int32, at stamp, report string) bool {
	for _, e := range t.events(machine) {
		if e.at == at && strconv.FormatInt(e.report, 10) == report {
			return true
		}
	}
	return false
}
