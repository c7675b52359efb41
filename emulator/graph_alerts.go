package emulator

import (
	"io"
	"net/http"
	"slices"
	"strings"
)

// Sizes of a page of alerts_v2. Microsoft documents neither.
const (
	graphAlertsPage   = 100
	graphAlertsMaxTop = 2000
)

// graphRate is the documented limit of the security API of Graph: calls a minute for each application and tenant.
const graphRate = 150

// The limits that it has: one for each resource, whatever is done with it. The page is older than alerts_v2 and names
// alerts and secure scores; incidents are not on it.
const (
	quotaAlerts    = "alert"
	quotaIncidents = "incident"
	quotaScores    = "secureScore"
)

// graphAlertRoutes lists the operations on alerts_v2.
func graphAlertRoutes() []route {
	read, write := []string{"SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"}, []string{"SecurityAlert.ReadWrite.All"}
	return []route{
		{method: http.MethodGet, path: "/v1.0/security/alerts_v2", api: apiGraph, roles: read, perMinute: graphRate, quota: quotaAlerts, options: []string{"$count", "$filter", "$skip", "$top", "$orderby"}, handle: listGraphAlerts},
		{method: http.MethodGet, path: "/v1.0/security/alerts_v2/{id}", api: apiGraph, roles: read, perMinute: graphRate, quota: quotaAlerts, handle: getGraphAlert},
		{method: http.MethodPatch, path: "/v1.0/security/alerts_v2/{id}", api: apiGraph, roles: write, perMinute: graphRate, quota: quotaAlerts, handle: patchGraphAlert},
		{method: http.MethodPost, path: "/v1.0/security/alerts_v2/{id}/comments", api: apiGraph, roles: write, perMinute: graphRate, quota: quotaAlerts, handle: commentGraphAlert},
	}
}

// graphAlertSet is the name of the collection in @odata.context.
const graphAlertSet = "security/alerts_v2"

// listGraphAlerts is GET /security/alerts_v2, newest first unless $orderby says otherwise.
func listGraphAlerts(c *call) reply {
	indexes := c.tenant.allAlerts()
	if order := strings.Fields(c.query.Get("$orderby")); len(order) > 0 {
		if !strings.EqualFold(order[0], "createdDateTime") || len(order) > 2 || len(order) == 2 && order[1] != "asc" && order[1] != "desc" {
			return fail(http.StatusBadRequest, "BadRequest", "The $orderby expression is not supported: "+c.query.Get("$orderby"))
		}
		if len(order) == 1 || order[1] == "asc" {
			slices.Reverse(indexes)
		}
	}
	all := wantsAllMembers(c.r)
	return listing[graphAlert]{
		set: graphAlertSet, typeName: "microsoft.graph.security.alert", count: len(indexes), page: graphAlertsPage, maxTop: graphAlertsMaxTop,
		columns: graphAlertColumns(), graph: true, total: true,
		at: func(n int) graphAlert { return c.tenant.graphAlert(indexes[n], all) },
	}.serve(c)
}

// withGraphAlert finds the alert of a route and hands it on.
func withGraphAlert(c *call, then func(i int32) reply) reply {
	i, ok := c.tenant.findAlert(c.vars["id"])
	if !ok {
		return fail(http.StatusNotFound, "NotFound", "Alert "+c.vars["id"]+" was not found")
	}
	return then(i)
}

// oneGraphAlert answers with an alert.
func oneGraphAlert(c *call, i int32) reply {
	return single(c, true, graphAlertSet, c.tenant.graphAlert(i, wantsAllMembers(c.r)))
}

// getGraphAlert is GET /security/alerts_v2/{id}.
func getGraphAlert(c *call) reply {
	return withGraphAlert(c, func(i int32) reply { return oneGraphAlert(c, i) })
}

// fromGraph turns a value of an enumeration of Graph into that of the MDE API; unknown clears it.
func fromGraph(value string, allowed []string) (string, bool) {
	if value == "unknown" {
		return "", true
	}
	for _, pair := range determinationNames() {
		if pair[1] == value && slices.Contains(allowed, pair[0]) {
			return pair[0], true
		}
	}
	if value == "" || strings.ToUpper(value[:1]) == value[:1] {
		return "", false
	}
	value = strings.ToUpper(value[:1]) + value[1:]
	return value, slices.Contains(allowed, value)
}

// patchGraphAlert is PATCH /security/alerts_v2/{id}.
func patchGraphAlert(c *call) reply {
	var body struct {
		ODataType      *string `json:"@odata.type"`
		Status         *string `json:"status"`
		Classification *string `json:"classification"`
		Determination  *string `json:"determination"`
		AssignedTo     *string `json:"assignedTo"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	update := alertUpdate{AssignedTo: body.AssignedTo}
	for _, m := range []struct {
		name        string
		value, into **string
		allowed     []string
	}{
		{"status", &body.Status, &update.Status, statuses()},
		{"classification", &body.Classification, &update.Classification, classifications()},
		{"determination", &body.Determination, &update.Determination, append(determinations(), "Apt", "SecurityPersonnel")},
	} {
		if *m.value == nil {
			continue
		}
		value, ok := fromGraph(**m.value, m.allowed)
		if !ok || m.name == "status" && value == "" {
			return fail(http.StatusBadRequest, "BadRequest", "Cannot convert the literal '"+**m.value+"' to the expected type of "+m.name+".")
		}
		*m.into = &value
	}
	if update == (alertUpdate{}) {
		return fail(http.StatusBadRequest, "BadRequest", "The request body has nothing to update.")
	}
	return withGraphAlert(c, func(i int32) reply {
		c.tenant.updateAlert(i, &update, actor(c), stampOf(c.now))
		return oneGraphAlert(c, i)
	})
}

// commentGraphAlert is POST /security/alerts_v2/{id}/comments; it answers with all comments.
func commentGraphAlert(c *call) reply {
	text, refusal, ok := readGraphComment(c)
	if !ok {
		return refusal
	}
	return withGraphAlert(c, func(i int32) reply {
		c.tenant.updateAlert(i, &alertUpdate{Comment: text}, actor(c), stampOf(c.now))
		c.wroteTo(text, c.vars["id"])
		c.tenant.mu.RLock()
		defer c.tenant.mu.RUnlock()
		return commentList(c, c.tenant.graphComments(c.tenant.alerts[i]))
	})
}

// commentList answers with all comments of a record.
func commentList(c *call, list []graphComment) reply {
	return reply{stream: func(out io.Writer) error {
		rows := newRowWriter(out)
		rows.begin(contextOf(c, true, "Collection(microsoft.graph.security.alertComment)"))
		rows.openValue()
		for _, row := range list {
			rows.row(row)
		}
		return rows.end("")
	}}
}
