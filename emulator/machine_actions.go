package emulator

import (
	"net/http"
	"strings"
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
	Commands              []commandRow `json:"commands"`
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
		CreationDateTimeUTC: a.created, LastUpdateDateTimeUTC: a.updated, Scope: orNull(a.scope), RequestSource: a.source,
		CancellationRequestor: orNull(a.cancelledBy), CancellationComment: orNull(a.cancelReason), CancellationDateTime: a.cancelled,
		ErrorHResult: a.hresult, Commands: append([]commandRow{}, a.commands...),
	}
	if a.kind == kindQuarantine {
		row.RelatedFileInfo = &relatedFile{orText(a.sha1, hashOf("sha1 "+a.id, 20)), "Sha1"}
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

// shownActions lists the actions that lists have, oldest first.
func (t *tenant) shownActions() []int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	shown := make([]int, 0, len(t.actions))
	for n, a := range t.actions {
		if !a.hidden {
			shown = append(shown, n)
		}
	}
	return shown
}

// listMachineActions is GET /api/machineactions, newest first.
func listMachineActions(c *call) reply {
	shown := c.tenant.shownActions()
	return listing[machineActionRow]{
		set: "MachineActions", typeName: "microsoft.windowsDefenderATP.api.MachineAction", count: len(shown), page: machineActionsPage,
		columns: machineActionColumns(), at: func(n int) machineActionRow { return c.tenant.machineActionRow(shown[len(shown)-1-n]) },
	}.serve(c)
}

// lockedAction finds an action by id; -1 is none. The caller holds the lock.
func (t *tenant) lockedAction(id string) int {
	if at, ok := t.actionIDs[strings.ToLower(id)]; ok {
		return at
	}
	return -1
}

// withAction finds the action of a route and hands it on, with the lock held.
func withAction(c *call, then func(t *tenant, at int) reply) reply {
	if !validGUID(c.vars["id"]) {
		return badGUID(c.vars["id"])
	}
	c.tenant.mu.RLock()
	defer c.tenant.mu.RUnlock()
	t := c.tenant.newest()
	at := t.lockedAction(c.vars["id"])
	if at < 0 || t.actions[at].hidden {
		return notFound("MachineAction", c.vars["id"])
	}
	return then(t, at)
}

// getMachineAction is GET /api/machineactions/{id}.
func getMachineAction(c *call) reply {
	return withAction(c, func(t *tenant, at int) reply { return actionReply(c, t, at, http.StatusOK) })
}
