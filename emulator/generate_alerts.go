package emulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// alert is one alert. Its evidence is computed from its template when it is asked for.
type alert struct {
	id            string
	index         int32 // its number in the tenant; seeds its evidence
	template      int32 // index into tenant.templates, or -1 for one created by reference
	machine, user int32
	incident      int64
	investigation int64  // 0 is none
	investigated  string // investigationState, "" is none

	created, first, last, updated, resolved stamp

	title, text, advice, category string
	severity                      uint8
	status                        string // New, InProgress or Resolved, as the MDE API spells it
	classification, determination string // as the MDE API spells them; "" is none
	assignedTo                    string
	reportID                      string // of the event an alert by reference points at
	comments                      []comment
	gone                          bool // taken away: no list has it, its incident keeps it
}

// comment is one remark on an alert.
type comment struct {
	text, by string
	at       stamp
}

// verdicts lists classification and determination pairs of resolved alerts.
func verdicts() [][2]string {
	return [][2]string{
		{"TruePositive", "Malware"}, {"TruePositive", "CompromisedUser"}, {"TruePositive", "UnwantedSoftware"}, {"TruePositive", "MultiStagedAttack"},
		{"FalsePositive", "NotMalicious"}, {"FalsePositive", "InsufficientData"}, {"InformationalExpectedActivity", "SecurityTesting"},
		{"InformationalExpectedActivity", "LineOfBusinessApplication"},
	}
}

// generateAlerts makes the alerts of the last 60 days, oldest first.
func (t *tenant) generateAlerts() {
	t.alertIDs = make(map[string]int32, t.size.Alerts)
	t.alertsOf = map[int32][]int32{}
	for i := range t.size.Alerts {
		ago := time.Duration(float64(60*24*time.Hour) * float64(t.size.Alerts-i) / float64(t.size.Alerts+1))
		a := t.generateAlert(int32(i), t.born.Add(-ago))
		if first := i - i%t.size.Ties; first < i {
			a.tie(t.alerts[first])
		}
		t.appendAlert(a)
	}
}

// appendAlert adds an alert to the tenant; the caller holds the lock once the tenant is in use.
func (t *tenant) appendAlert(a *alert) {
	a.id = fmt.Sprintf("da%d_%d", a.created.ticks(), int32(mix(t.id, int(a.index))))
	t.alertIDs[a.id] = int32(len(t.alerts))
	t.alertsOf[a.machine] = append(t.alertsOf[a.machine], int32(len(t.alerts)))
	at, _ := slices.BinarySearchFunc(t.order, a, func(i int32, a *alert) int {
		if t.alerts[i].created > a.created {
			return 1
		}
		return -1 // behind those of the same time
	})
	t.order = slices.Insert(t.order, at, int32(len(t.alerts)))
	t.alerts = append(t.alerts, a)
	t.version.Add(1)
}

// tie gives an alert the times of another one.
func (a *alert) tie(b *alert) {
	a.created, a.first, a.last, a.updated, a.resolved = b.created, b.first, b.last, b.created+stamp(2*time.Second), 0
	a.status, a.classification, a.determination, a.comments = "New", "", "", nil
}

// generateAlert makes one alert at about the given moment, on a device that can have it.
func (t *tenant) generateAlert(index int32, at time.Time) *alert {
	random := t.rand("alert", int(index))
	machine := t.machineFor(random, stampOf(at))
	kind := t.templateFor(machine, random)
	from := &t.templates[kind]
	created := stampOf(at.Add(time.Duration(random.IntN(20e7)) * 100))
	a := &alert{
		index: index, template: kind, machine: machine, user: t.machines[machine].primary,
		incident: int64(1001 + int(index)/t.size.AlertsPerIncident), created: created, updated: created + stamp(2*time.Second),
		first: created - stamp(time.Duration(60+random.IntN(900))*time.Second),
		title: from.title, text: from.text, advice: from.advice, category: from.category, severity: from.severity, status: "New",
	}
	a.last = a.first + stamp(time.Duration(random.IntN(50))*time.Second)
	t.generateProgress(a, random)
	return a
}

// machineFor draws a device that could raise an alert at a time: onboarded, and reporting then, if there is one.
func (t *tenant) machineFor(random *rand.Rand, at stamp) int32 {
	const tries, slack = 64, stamp(48 * time.Hour)
	machine := int32(0)
	for range tries {
		i := int32(random.IntN(len(t.machines)))
		if random.IntN(100) < 60 { // trouble gathers on few devices
			i %= int32(max(1, len(t.machines)/8))
		}
		m := t.machines[i]
		if m.onboarding != 0 {
			continue
		}
		machine = i
		if m.firstSeen <= at && m.lastSeen >= at-slack {
			return i
		}
	}
	return machine
}

// templateFor draws a kind of alert that fits the system of a device.
func (t *tenant) templateFor(machine int32, random *rand.Rand) int32 {
	mask := t.platforms[t.machines[machine].platform].mask
	for {
		if k := random.IntN(len(t.templates)); t.templates[k].os&mask != 0 {
			return int32(k)
		}
	}
}

// generateProgress decides how far the handling of an alert has come: the older, the further.
func (t *tenant) generateProgress(a *alert, random *rand.Rand) {
	age := t.born.Sub(a.created.time())
	if random.IntN(100) < 40 {
		a.investigation = 5000 + int64(a.index)
		a.investigated = pick(random, []string{"SuccessfullyRemediated", "Benign", "PartiallyRemediated", "PendingApproval", "Running", "Queued"})
	}
	if len(t.users) > 0 && random.IntN(100) < 55 {
		a.assignedTo = t.upn(&t.users[random.IntN(min(8, len(t.users)))])
	}
	switch roll := random.IntN(100); {
	case age < 24*time.Hour || roll < 25:
		return
	case roll < 45:
		a.status = "InProgress"
	default:
		a.status = "Resolved"
		verdict := pick(random, verdicts())
		a.classification, a.determination = verdict[0], verdict[1]
		a.resolved = a.created + stamp(time.Duration(1+random.IntN(20))*time.Hour)
		a.updated = a.resolved
	}
	if a.assignedTo != "" && random.IntN(2) == 0 {
		at := a.created + stamp(time.Duration(5+random.IntN(50))*time.Minute)
		a.comments = append(a.comments, comment{"Looked at the timeline of the device.", a.assignedTo, at})
		a.updated = max(a.updated, at)
	}
}

// finding is one artifact of one alert: the template's, with everything filled in.
type finding struct {
	artifact
	seen                stamp // when it became evidence
	sha1, sha256, md5   string
	size                int64
	pid, parentPID      int64
	started, parentAt   stamp
	parentPath          string
	account, upn        string
	domain, sid, object string
	detected            bool
}

// findings fills in the artifacts of an alert.
func (t *tenant) findings(a *alert) []finding {
	if a.template < 0 {
		return nil
	}
	random := t.rand("findings", int(a.index))
	person := &t.users[a.user]
	put := strings.NewReplacer("{user}", person.account, "{host}", t.shortName(a.machine))
	var list []finding
	for _, art := range t.templates[a.template].artifacts {
		art.name, art.path, art.command, art.value = put.Replace(art.name), put.Replace(art.path), put.Replace(art.command), put.Replace(art.value)
		f := finding{artifact: art, seen: a.created + stamp(random.IntN(9e6))*100}
		switch art.kind {
		case "File", "Process":
			fileFacts(&f, art.name)
			f.detected = !art.familiar
			if art.kind == "Process" {
				f.pid, f.parentPID = int64(1000+random.IntN(20000)*4), int64(600+random.IntN(900)*4)
				f.started = a.first
				f.parentAt = a.first - stamp(random.IntN(3600))*stamp(time.Second)
				f.parentPath = system32
				if art.path != "" && art.path[0] == '/' {
					f.parentPath = "/usr/bin"
				}
			}
		case "User":
			t.fillUser(&f, a.user)
		}
		list = append(list, f)
	}
	return list
}

// fileFacts gives a file its digests and size; one name has the same ones everywhere.
func fileFacts(f *finding, name string) {
	f.sha1, f.sha256, f.md5 = hashOf("sha1 "+name, 20), hashOf("sha256 "+name, 32), hashOf("md5 "+name, 16)
	f.size = int64(20000 + mix(name, 0)%6000000)
}

// fillUser names a user in a finding.
func (t *tenant) fillUser(f *finding, index int32) {
	u := &t.users[index]
	f.account, f.upn, f.domain = u.account, t.upn(u), t.netbios()
	f.sid, f.object = t.sid(index), t.guid("user", int(index))
}
