package emulator

import (
	"slices"
	"time"
)

// alertReference is the body of CreateAlertByReference; every member is required.
type alertReference struct {
	EventTime         *string `json:"eventTime"`
	ReportID          *string `json:"reportId"`
	MachineID         *string `json:"machineId"`
	Severity          *string `json:"severity"`
	Title             *string `json:"title"`
	Description       *string `json:"description"`
	RecommendedAction *string `json:"recommendedAction"`
	Category          *string `json:"category"`
}

// referenceCategories lists the categories that an alert by reference may have.
func referenceCategories() []string {
	return []string{
		"General", "CommandAndControl", "Collection", "CredentialAccess", "DefenseEvasion", "Discovery", "Exfiltration", "Exploit",
		"Execution", "InitialAccess", "LateralMovement", "Malware", "Persistence", "PrivilegeEscalation", "Ransomware", "SuspiciousActivity",
	}
}

// check refuses a body with a missing or bad member and returns the time of the event and the severity.
func (b *alertReference) check() (stamp, uint8, reply, bool) {
	for _, m := range []struct {
		name  string
		value *string
	}{
		{"eventTime", b.EventTime}, {"reportId", b.ReportID}, {"machineId", b.MachineID}, {"severity", b.Severity},
		{"title", b.Title}, {"description", b.Description}, {"recommendedAction", b.RecommendedAction}, {"category", b.Category},
	} {
		if m.value == nil || *m.value == "" {
			return 0, 0, missing(m.name), false
		}
	}
	at, err := time.Parse(time.RFC3339Nano, *b.EventTime)
	if err != nil {
		return 0, 0, invalidInput(*b.EventTime), false
	}
	severity, ok := map[string]uint8{"Low": sevLow, "Medium": sevMedium, "High": sevHigh}[*b.Severity]
	if !ok {
		return 0, 0, invalidInput(*b.Severity), false
	}
	if !slices.Contains(referenceCategories(), *b.Category) {
		return 0, 0, invalidInput(*b.Category), false
	}
	return stampOf(at), severity, reply{}, true
}

// createAlertByReference is POST /api/alerts/CreateAlertByReference: it raises an alert about an event that advanced
// hunting shows. An open alert with the same title on the device absorbs it.
func createAlertByReference(c *call) reply {
	var body alertReference
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	at, severity, refusal, ok := body.check()
	if !ok {
		return refusal
	}
	machine, ok := c.tenant.findMachine(*body.MachineID)
	if !ok {
		return notFound("Machine", *body.MachineID)
	}
	if !c.tenant.hasEvent(machine, at, *body.ReportID) {
		return notFound("Event", *body.ReportID)
	}
	i := c.tenant.raise(machine, &body, at, severity, stampOf(c.now))
	c.wroteTo(nil, c.tenant.alertID(i))
	return oneAlert(c, i)
}

// alertID gives the id of an alert.
func (t *tenant) alertID(i int32) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.alerts[i].id
}

// raise adds the alert, or finds the one that absorbs it.
func (t *tenant) raise(machine int32, b *alertReference, event stamp, severity uint8, now stamp) int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, i := range t.alertsOf[machine] {
		if a := t.alerts[i]; a.title == *b.Title && a.status != "Resolved" {
			watch := t.watch(now.time(), now.time(), t.alertRefs(i)...)
			a.last, a.updated = max(a.last, event), now
			watch.done()
			return i
		}
	}
	index := int32(len(t.alerts))
	watch := t.watch(now.time(), now.time(), ref{StreamDevices, int(machine)})
	t.appendAlert(&alert{
		index: index, template: -1, machine: machine, user: t.machines[machine].primary, incident: int64(900000 + index),
		investigation: 5000 + int64(index), investigated: "Queued",
		created: now, first: event, last: event, updated: now,
		title: *b.Title, text: *b.Description, advice: *b.RecommendedAction, category: *b.Category, severity: severity, status: "New",
		reportID: *b.ReportID,
	})
	t.joinIncident(index, int64(900000+index))
	watch.done(ref{StreamAlerts, int(index)}, ref{StreamIncidents, len(t.incidents) - 1})
	return index
}
