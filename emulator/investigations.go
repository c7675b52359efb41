package emulator

import (
	"net/http"
	"slices"
	"strconv"
)

// investigation is an automated investigation that came through the API.
type investigation struct {
	id             int64
	machine        int32
	comment, state string
	started, ended stamp
}

// investigationRow is an investigation as the API prints it (core.md 6.4).
type investigationRow struct {
	ID                string  `json:"id"`
	StartTime         stamp   `json:"startTime"`
	EndTime           stamp   `json:"endTime"`
	State             string  `json:"state"`
	CancelledBy       *string `json:"cancelledBy"`
	StatusDetails     *string `json:"statusDetails"`
	MachineID         string  `json:"machineId"`
	ComputerDNSName   string  `json:"computerDnsName"`
	TriggeringAlertID *string `json:"triggeringAlertId"`
}

// firstInvestigation is the number before those of investigations that came through the API; alerts have the ones below.
const firstInvestigation = 70000000

// investigationsPage is the most investigations that a list returns at once.
const investigationsPage = 10000

// investigationRoutes lists the operations on investigations (core.md 5.3 and 5.5).
func investigationRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/api/machines/{id}/startinvestigation", api: apiMDE, roles: writeAlerts(), perHour: 50, handle: startInvestigation},
		{method: http.MethodGet, path: "/api/investigations", api: apiMDE, roles: readAlerts(), perMinute: 100, perHour: 1500, options: []string{"$filter", "$top", "$skip"}, handle: listInvestigations},
		{method: http.MethodGet, path: "/api/investigations/{id}", api: apiMDE, roles: readAlerts(), perMinute: 100, perHour: 1500, handle: getInvestigation},
	}
}

// startInvestigation is POST /api/machines/{id}/startInvestigation. Its answer is an investigation, not an action, and shows
// nothing of the comment.
func startInvestigation(c *call) reply {
	op := actionOp{kind: "Investigation", systems: osWindows, client: "1709"}
	body, _, refusal, ok := op.read(c)
	if !ok {
		return refusal
	}
	i, ok := c.tenant.machineByID(c.vars["id"])
	if !ok {
		return notFound("Machine", c.vars["id"])
	}
	c.tenant.mu.Lock()
	defer c.tenant.mu.Unlock()
	t := c.tenant.newest()
	if refusal, ok := op.fits(t, i, ""); !ok {
		return refusal
	}
	one := &investigation{
		id: int64(firstInvestigation + len(t.started) + 1), machine: i, comment: *body.Comment, state: "Running", started: stampOf(c.now),
	}
	t.started = append(t.started, one)
	if pace, ok := t.rules.pace(); ok {
		t.enqueue(Step{Kind: StepFinishInvestigation, At: c.now.UTC().Add(2 * pace), ID: strconv.FormatInt(one.id, 10)})
	}
	row := t.investigationRow(one)
	c.wrote = []Accepted{{Type: "Investigation", ID: row.ID, DeviceID: row.MachineID, Comment: one.comment}}
	r := single(c, false, "Investigations", row)
	r.status = http.StatusCreated
	return r
}

// investigationRow computes the row of an investigation. The caller holds the lock.
func (t *tenant) investigationRow(one *investigation) investigationRow {
	return investigationRow{
		ID: strconv.FormatInt(one.id, 10), StartTime: one.started, EndTime: one.ended, State: one.state,
		MachineID: t.machines[one.machine].machineID(), ComputerDNSName: t.dnsName(one.machine),
	}
}

// takeFinishInvestigation ends an investigation.
func takeFinishInvestigation(k *taking) (string, error) {
	at := slices.IndexFunc(k.t.started, func(one *investigation) bool {
		return one.ended == 0 && (k.ID == "" || k.ID == strconv.FormatInt(one.id, 10))
	})
	if at < 0 {
		return "", errNothing
	}
	one := k.t.started[at]
	one.state, one.ended = pick(k.random, []string{"Benign", "SuccessfullyRemediated", "PartiallyRemediated"}), max(one.started, k.stamp)
	return strconv.FormatInt(one.id, 10), nil
}

// investigations lists those of the API and those of alerts, newest first.
func (t *tenant) investigations() []investigationRow {
	t.mu.RLock()
	defer t.mu.RUnlock()
	t = t.newest()
	var rows []investigationRow
	for _, one := range t.started {
		rows = append(rows, t.investigationRow(one))
	}
	for _, i := range t.order {
		a := t.alerts[i]
		if a.investigation == 0 {
			continue
		}
		row := t.investigationRow(&investigation{id: a.investigation, machine: a.machine, state: a.investigated, started: a.created})
		if row.TriggeringAlertID = &a.id; !slices.Contains([]string{"Running", "Queued", "PendingApproval"}, a.investigated) {
			row.EndTime = max(a.created, a.last)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b investigationRow) int { return compareStamps(b.StartTime, a.StartTime) })
	return rows
}

// investigationColumns lists what $filter may name on investigations.
func investigationColumns() []column[investigationRow] {
	text := func(name string, get func(r *investigationRow) string) column[investigationRow] {
		return column[investigationRow]{name, kindString, func(r *investigationRow) odataValue { return textValue(get(r)) }}
	}
	return []column[investigationRow]{
		{"startTime", kindTime, func(r *investigationRow) odataValue { return momentValue(r.StartTime) }},
		text("id", func(r *investigationRow) string { return r.ID }),
		text("state", func(r *investigationRow) string { return r.State }),
		text("machineId", func(r *investigationRow) string { return r.MachineID }),
		text("triggeringAlertId", func(r *investigationRow) string { return orEmpty(r.TriggeringAlertID) }),
	}
}

// listInvestigations is GET /api/investigations.
func listInvestigations(c *call) reply {
	l := listOf("Investigations", c.tenant.investigations())
	l.typeName, l.page, l.columns = "microsoft.windowsDefenderATP.api.Investigation", investigationsPage, investigationColumns()
	return l.serve(c)
}

// getInvestigation is GET /api/investigations/{id}: by its own id or by that of the alert that triggered it.
func getInvestigation(c *call) reply {
	for _, row := range c.tenant.investigations() {
		if id := c.vars["id"]; row.ID == id || orEmpty(row.TriggeringAlertID) == id {
			return single(c, false, "Investigations", row)
		}
	}
	return notFound("Investigation", c.vars["id"])
}
