package emulator

import "time"

// incident is a group of alerts. What it says beside its own fields follows from its alerts.
type incident struct {
	number     int64
	alerts     []int32 // indexes, in the order they joined
	redirect   int64   // the incident it was merged into, or 0
	assignedTo string
	tags       []string
	comments   []comment
	created    stamp
	touched    stamp // its last change that is not one of its alerts

	// What somebody decided, in place of what follows from the alerts.

	status                        string
	classification, determination string
	decided                       stamp // when the status was
	modifiedBy                    string
}

// generateIncidents makes the incidents that the alerts name.
func (t *tenant) generateIncidents() {
	for i, a := range t.alerts {
		t.joinIncident(int32(i), a.incident)
	}
	for i, inc := range t.incidents {
		if random := t.rand("incident", i); random.IntN(100) < 40 && len(t.users) > 0 {
			inc.assignedTo = t.upn(&t.users[random.IntN(min(8, len(t.users)))])
			if random.IntN(3) == 0 {
				inc.tags = []string{pick(random, []string{"Demo", "Tier1", "Night shift"})}
			}
		}
	}
}

// joinIncident puts an alert into an incident, which is made when it is new. The caller holds the lock once the tenant
// is in use.
func (t *tenant) joinIncident(at int32, number int64) {
	n, ok := t.incidentN[number]
	if !ok {
		n = int32(len(t.incidents))
		t.incidentN[number] = n
		t.incidents = append(t.incidents, &incident{number: number, created: t.alerts[at].created + stamp(time.Second)})
	}
	t.incidents[n].alerts = append(t.incidents[n].alerts, at)
	t.alerts[at].incident = number
}

// incidentFacts is what an incident says of all its alerts.
type incidentFacts struct {
	created, updated, resolved    stamp
	severity                      uint8
	status                        string // Active, InProgress, Resolved or Redirected
	classification, determination string
}

// incidentFacts sums up the alerts of an incident. The caller holds the lock.
func (t *tenant) incidentFacts(inc *incident) incidentFacts {
	f := incidentFacts{created: inc.created, updated: max(inc.created, inc.touched), status: "Redirected"}
	resolved, open := 0, 0
	for _, at := range inc.alerts {
		a := t.alerts[at]
		f.updated = max(f.updated, a.updated)
		f.severity = max(f.severity, a.severity)
		switch a.status {
		case "Resolved":
			resolved++
			f.resolved = max(f.resolved, a.resolved)
			f.classification, f.determination = a.classification, a.determination
		case "New":
			open++
		}
	}
	if inc.redirect != 0 {
		return f
	}
	switch {
	case resolved == len(inc.alerts):
		f.status = "Resolved"
	case open == len(inc.alerts):
		f.status = "Active"
	default:
		f.status = "InProgress"
	}
	if f.status != "Resolved" {
		f.classification, f.determination = "", ""
	}
	f.decide(inc)
	return f
}

// decide puts what somebody decided in place of what follows from the alerts: a status until later events overtake it.
func (f *incidentFacts) decide(inc *incident) {
	switch {
	case inc.status == "Resolved": // an alert that is open again, or new, opens the incident
	case inc.status != "" && (f.status != "Resolved" || inc.decided >= f.resolved):
		f.status = inc.status
	}
	if inc.classification != "" {
		f.classification, f.determination = inc.classification, inc.determination
	}
}

// incidentName titles an incident. The caller holds the lock.
func (t *tenant) incidentName(inc *incident) string {
	switch len(inc.alerts) {
	case 0:
		return "Merged incident"
	case 1:
		return t.alerts[inc.alerts[0]].title + " on one endpoint"
	}
	first := t.alerts[inc.alerts[0]]
	return "Multi-stage incident involving " + first.category + " on " + t.shortName(first.machine) + " and other endpoints"
}
