package emulator

import (
	"net/http"
	"slices"
	"strconv"
)

// incidentsPage is the most incidents that GET /api/incidents returns at once.
const incidentsPage = 100

// incidentRoutes lists the operations on incidents of Defender XDR (tvm-xdr-graph.md 2.11).
func incidentRoutes() []route {
	roles := []string{"Incident.Read.All", "Incident.ReadWrite.All"}
	return []route{
		{method: http.MethodGet, path: "/api/incidents", api: apiXDR, roles: roles, perMinute: 50, perHour: 1500, options: []string{"$filter", "$top", "$skip"}, handle: listIncidents},
		{method: http.MethodGet, path: "/api/incidents/{id}", api: apiXDR, roles: roles, perMinute: 100, perHour: 1500, handle: getIncident},
		{method: http.MethodPatch, path: "/api/incidents/{id}", api: apiXDR, roles: []string{"Incident.ReadWrite.All"}, perMinute: 50, perHour: 1500, handle: patchIncident},
	}
}

// allIncidents lists the incidents in the order of lists: newest first, or last changed first.
func (t *tenant) allIncidents() []int32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	indexes := make([]int32, len(t.incidents))
	keys := make([]stamp, len(t.incidents))
	for i := range indexes {
		indexes[i] = int32(len(indexes) - 1 - i)
		facts := t.incidentFacts(t.incidents[i])
		if keys[i] = facts.created; t.byUpdate {
			keys[i] = facts.updated
		}
	}
	slices.SortStableFunc(indexes, func(a, b int32) int { return compareStamps(keys[b], keys[a]) })
	return indexes
}

// incidentColumns lists what $filter may name on incidents: not the severity.
func incidentColumns() []column[xdrIncident] {
	return []column[xdrIncident]{
		{"lastUpdateTime", kindTime, func(r *xdrIncident) odataValue { return momentValue(r.LastUpdateTime) }},
		{"createdTime", kindTime, func(r *xdrIncident) odataValue { return momentValue(r.CreatedTime) }},
		{"status", kindString, func(r *xdrIncident) odataValue { return textValue(r.Status) }},
		{"assignedTo", kindString, func(r *xdrIncident) odataValue { return textValue(orEmpty(r.AssignedTo)) }},
	}
}

// listIncidents is GET /api/incidents: alerts, devices and entities are inline.
func listIncidents(c *call) reply {
	indexes := c.tenant.allIncidents()
	return listing[xdrIncident]{
		set: "Incidents", typeName: "microsoft.mtp.api.Incident", count: len(indexes), page: incidentsPage, columns: incidentColumns(),
		at:    func(n int) xdrIncident { return c.tenant.xdrIncident(indexes[n], false) },
		whole: func(n int) any { return c.tenant.xdrIncident(indexes[n], true) },
	}.serve(c)
}

// findIncident finds an incident by its number.
func (t *tenant) findIncident(id string) (int32, bool) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0, false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.incidentN[number]
	return i, ok
}

// getIncident is GET /api/incidents/{id}.
func getIncident(c *call) reply {
	i, ok := c.tenant.findIncident(c.vars["id"])
	if !ok {
		return notFound("Incident", c.vars["id"])
	}
	return single(c, false, "Incidents", c.tenant.xdrIncident(i, true))
}
