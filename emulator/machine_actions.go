package emulator

import (
	"net/http"
)

// machineActionsPage is the most actions that GET /api/machineactions returns at once.
const machineActionsPage = 10000

// machineActionRoutes lists the operations on machine actions (core.md 5.3).
func machineActionRoutes() []route {
	get := func(path string, options []string, handle func(*call) reply) route {
		return route{method: http.MethodGet, path: path, api: apiMDE, roles: readMachines(), perMinute: 100, perHour: 1500, options: options, handle: handle}
	}
	return []route{
		get("/api/machineactions", []string{"$filter", "$top", "$skip"}, listMachineActions),
		get("/api/machineactions/{id}", nil, getMachineAction),
	}
}

// machineActionRow is a machine action in the order of the wire (core.md 6.3).
type machineActionRow struct {
	ID                    string       `json:"id"`
	Type                  string       `json:"type"`
	Title                 *string      `json:"title"`
	Requestor             string       `json:"requestor"`
	RequestorComment      string       `json:"requestorComment"`
	Status                string       `json:"status"`
	MachineID             string       `json:"machineId"`
	ComputerDNSName       string       `json:"computerDnsName"`
	CreationDateTimeUTC   stamp        `json:"creationDateTimeUtc"`
	LastUpdateDateTimeUTC stamp        `json:"lastUpdateDateTimeUtc"`
	CancellationRequestor *string      `json:"cancellationRequestor"`
	CancellationComment   *string      `json:"cancellationComment"`
	CancellationDateTime  stamp        `json:"cancellationDateTimeUtc"`
	ErrorHResult          int          `json:"errorHResult"`
	Scope                 *string      `json:"scope"`
	ExternalID            *string      `json:"externalId"`
	RequestSource         string       `json:"requestSource"`
	RelatedFileInfo       *relatedFile `json:"relatedFileInfo"`
	Commands              []struct{}   `json:"commands"`
	TroubleshootInfo      *string      `json:"troubleshootInfo"`
}

// relatedFile is the file that an action is about.
type relatedFile struct {
	FileIdentifier     string `json:"fileIdentifier"`
	FileIdentifierType string `json:"fileIdentifierType"`
}

// machineActionRow computes the wire row of an action.
func (t *tenant) machineActionRow(index int) machineActionRow {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.newest().lockedActionRow(index)
}

// lockedActionRow is machineActionRow for a caller that holds the lock.
func (t *tenant) lockedActionRow(index int) machineActionRow {
	a := t.actions[index]
	row := machineActionRow{
		ID: a.id, Type: a.kind, Requestor: a.requestor, RequestorComment: a.comment, Status: a.status,
		MachineID: t.machines[a.machine].machineID(), ComputerDNSName: t.dnsName(a.machine),
		CreationDateTimeUTC: a.created, LastUpdateDateTimeUTC: a.updated, Scope: orNull(a.scope), RequestSource: a.source, Commands: []struct{}{},
	}
	if a.status == "Cancelled" {
		row.CancellationRequestor, row.CancellationComment, row.CancellationDateTime = orNull(a.requestor), orNull("No longer needed."), a.updated
	}
	if a.status == "Failed" {
		row.ErrorHResult = -2147024891
	}
	if a.kind == "StopAndQuarantineFile" {
		row.RelatedFileInfo = &relatedFile{hashOf("sha1 "+a.id, 20), "Sha1"}
	}
	return row
}

// machineActionColumns lists what $filter may name on machine actions.
func machineActionColumns() []column[machineActionRow] {
	text := func(name string, get func(r *machineActionRow) string) column[machineActionRow] {
		return column[machineActionRow]{name, kindString, func(r *machineActionRow) odataValue { return textValue(get(r)) }}
	}
	return []column[machineActionRow]{
		text("id", func(r *machineActionRow) string { return r.ID }),
		text("status", func(r *machineActionRow) string { return r.Status }),
		text("machineId", func(r *machineActionRow) string { return r.MachineID }),
		text("type", func(r *machineActionRow) string { return r.Type }),
		text("requestor", func(r *machineActionRow) string { return r.Requestor }),
		{"creationDateTimeUtc", kindTime, func(r *machineActionRow) odataValue { return momentValue(r.CreationDateTimeUTC) }},
	}
}

// actionCount tells how many actions there are.
func (t *tenant) actionCount() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.actions)
}

// listMachineActions is GET /api/machineactions, newest first.
func listMachineActions(c *call) reply {
	count := c.tenant.actionCount()
	return listing[machineActionRow]{
		set: "MachineActions", typeName: "microsoft.windowsDefenderATP.api.MachineAction", count: count, page: machineActionsPage,
		columns: machineActionColumns(), at: func(n int) machineActionRow { return c.tenant.machineActionRow(count - 1 - n) },
	}.serve(c)
}

// findAction finds an action by id.
func (t *tenant) findAction(id string) int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.lockedAction(id)
}

// lockedAction is findAction for a caller that holds the lock.
func (t *tenant) lockedAction(id string) int {
	for i, a := range t.actions {
		if a.id == id {
			return i
		}
	}
	return -1
}

// getMachineAction is GET /api/machineactions/{id}.
func getMachineAction(c *call) reply {
	if !validGUID(c.vars["id"]) {
		return invalidInput(c.vars["id"])
	}
	i := c.tenant.findAction(c.vars["id"])
	if i < 0 {
		return notFound("MachineAction", c.vars["id"])
	}
	return single(c, false, "MachineActions", c.tenant.machineActionRow(i))
}
