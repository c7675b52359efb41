package emulator

import (
	"net/http"
	"strconv"
	"strings"
)

// graphIncidentsPage is the page size of incidents and the largest $top.
const graphIncidentsPage = 50

// graphIncidentSet is the name of the collection in @odata.context.
const graphIncidentSet = "security/incidents"

// graphIncidentRoutes lists the operations on incidents of Microsoft Graph (tvm-xdr-graph.md 2.13).
func graphIncidentRoutes() []route {
	get := func(path string, options []string, handle func(*call) reply) route {
		return route{
			method: http.MethodGet, path: path, api: apiGraph, roles: []string{"SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"},
			perMinute: graphRate, quota: quotaIncidents, options: options, handle: handle,
		}
	}
	write := []string{"SecurityIncident.ReadWrite.All"}
	return []route{
		{method: http.MethodPatch, path: "/v1.0/security/incidents/{id}", api: apiGraph, roles: write, perMinute: graphRate, quota: quotaIncidents, handle: patchGraphIncident},
		{method: http.MethodPost, path: "/v1.0/security/incidents/{id}/comments", api: apiGraph, roles: write, perMinute: graphRate, quota: quotaIncidents, handle: commentGraphIncident},
		get("/v1.0/security/incidents", []string{"$count", "$filter", "$skip", "$top", "$expand"}, listGraphIncidents),
		get("/v1.0/security/incidents/{id}", []string{"$expand"}, getGraphIncident),
	}
}

// graphIncident is an incident as Microsoft Graph prints it (tvm-xdr-graph.md 4.12).
type graphIncident struct {
	ID                 string         `json:"id"`
	TenantID           string         `json:"tenantId"`
	Status             string         `json:"status"`
	IncidentWebURL     string         `json:"incidentWebUrl"`
	RedirectIncidentID *string        `json:"redirectIncidentId"`
	DisplayName        string         `json:"displayName"`
	CreatedDateTime    stamp          `json:"createdDateTime"`
	LastUpdateDateTime stamp          `json:"lastUpdateDateTime"`
	AssignedTo         *string        `json:"assignedTo"`
	Classification     string         `json:"classification"`
	Determination      string         `json:"determination"`
	Severity           string         `json:"severity"`
	PriorityScore      *int           `json:"priorityScore"`
	CustomTags         []string       `json:"customTags"`
	SystemTags         []string       `json:"systemTags"`
	Description        *string        `json:"description"`
	LastModifiedBy     *string        `json:"lastModifiedBy"`
	ResolvingComment   *string        `json:"resolvingComment"`
	Summary            *string        `json:"summary"`
	Comments           []graphComment `json:"comments"`
	Alerts             *[]graphAlert  `json:"alerts,omitempty"` // with $expand=alerts only
}

// graphIncident computes the wire row of an incident.
func (t *tenant) graphIncident(i int32, alerts, all bool) graphIncident {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.newest().lockedGraphIncident(i, alerts, all)
}

// lockedGraphIncident is graphIncident for a caller that holds the lock.
func (t *tenant) lockedGraphIncident(i int32, alerts, all bool) graphIncident {
	inc := t.incidents[i]
	facts := t.incidentFacts(inc)
	id := strconv.FormatInt(inc.number, 10)
	row := graphIncident{
		ID: id, TenantID: t.id, Status: lowerFirst(facts.status), IncidentWebURL: "https://security.microsoft.com/incident2/" + id + "/overview?tid=" + t.id,
		DisplayName: t.incidentName(inc), CreatedDateTime: facts.created, LastUpdateDateTime: facts.updated, AssignedTo: orNull(inc.assignedTo),
		Classification: lowerFirst(facts.classification), Determination: graphDetermination(facts.determination),
		Severity: lowerFirst(severityName(facts.severity)), CustomTags: append([]string{}, inc.tags...), SystemTags: []string{},
		LastModifiedBy: orNull(inc.modifiedBy), Comments: make([]graphComment, 0, len(inc.comments)),
	}
	if facts.severity == sevNone {
		row.Severity = "unknown"
	}
	if inc.redirect != 0 {
		row.RedirectIncidentID = orNull(strconv.FormatInt(inc.redirect, 10))
	}
	for _, c := range inc.comments {
		row.Comments = append(row.Comments, graphComment{c.text, c.by, c.at})
	}
	if alerts {
		list := make([]graphAlert, 0, len(inc.alerts))
		for _, at := range inc.alerts {
			list = append(list, t.lockedGraphAlert(at, all))
		}
		row.Alerts = &list
	}
	return row
}

// graphIncidentColumns lists what $filter may name on incidents.
func graphIncidentColumns() []column[graphIncident] {
	text := func(name string, get func(r *graphIncident) string) column[graphIncident] {
		return column[graphIncident]{name, kindString, func(r *graphIncident) odataValue { return textValue(get(r)) }}
	}
	return []column[graphIncident]{
		text("assignedTo", func(r *graphIncident) string { return orEmpty(r.AssignedTo) }),
		text("classification", func(r *graphIncident) string { return r.Classification }),
		text("determination", func(r *graphIncident) string { return r.Determination }),
		text("severity", func(r *graphIncident) string { return r.Severity }),
		text("status", func(r *graphIncident) string { return r.Status }),
		{"createdDateTime", kindTime, func(r *graphIncident) odataValue { return momentValue(r.CreatedDateTime) }},
		{"lastUpdateDateTime", kindTime, func(r *graphIncident) odataValue { return momentValue(r.LastUpdateDateTime) }},
	}
}

// wantsAlerts reads $expand, which knows alerts alone.
func wantsAlerts(c *call) (bool, error) {
	expand := c.query.Get("$expand")
	if expand != "" && !strings.EqualFold(expand, "alerts") {
		return false, odataErrorf("Could not find a property named '%s' on type 'microsoft.graph.security.incident'.", expand)
	}
	return expand != "", nil
}

// listGraphIncidents is GET /security/incidents. The alerts come with $expand=alerts.
func listGraphIncidents(c *call) reply {
	alerts, err := wantsAlerts(c)
	if err != nil {
		return refuseOData(true, err)
	}
	indexes, all := c.tenant.allIncidents(), wantsAllMembers(c.r)
	return listing[graphIncident]{
		set: graphIncidentSet, typeName: "microsoft.graph.security.incident", count: len(indexes), page: graphIncidentsPage,
		columns: graphIncidentColumns(), graph: true, total: true,
		at:    func(n int) graphIncident { return c.tenant.graphIncident(indexes[n], false, all) },
		whole: func(n int) any { return c.tenant.graphIncident(indexes[n], alerts, all) },
	}.serve(c)
}

// getGraphIncident is GET /security/incidents/{id}.
func getGraphIncident(c *call) reply {
	alerts, err := wantsAlerts(c)
	if err != nil {
		return refuseOData(true, err)
	}
	i, ok := c.tenant.findIncident(c.vars["id"])
	if !ok {
		return fail(http.StatusNotFound, "NotFound", "Incident "+c.vars["id"]+" was not found")
	}
	return single(c, true, graphIncidentSet, c.tenant.graphIncident(i, alerts, wantsAllMembers(c.r)))
}
