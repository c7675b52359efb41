package emulator

import (
	"net/http"
	"slices"
	"strings"
)

func readAlerts() []string  { return []string{"Alert.Read.All", "Alert.ReadWrite.All"} }
func writeAlerts() []string { return []string{"Alert.ReadWrite.All"} }

// alertsPage is the most alerts that GET /api/alerts returns at once.
const alertsPage = 10000

// alertRoutes lists the operations on alerts.
func alertRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/alerts", api: apiMDE, roles: readAlerts(), perMinute: 100, perHour: 1500, options: []string{"$filter", "$top", "$skip", "$expand"}, handle: listAlerts},
		{method: http.MethodGet, path: "/api/alerts/{id}", api: apiMDE, roles: readAlerts(), perMinute: 100, perHour: 1500, handle: getAlert},
		{method: http.MethodPatch, path: "/api/alerts/{id}", api: apiMDE, roles: writeAlerts(), perMinute: 100, perHour: 1500, handle: patchAlert},
		{method: http.MethodPost, path: "/api/alerts/batchupdate", api: apiMDE, roles: writeAlerts(), perMinute: 10, perHour: 500, handle: batchUpdateAlerts},
		{method: http.MethodPost, path: "/api/alerts/createalertbyreference", api: apiMDE, roles: writeAlerts(), perMinute: 15, handle: createAlertByReference},
	}
}

// alertListing is the collection of the given alerts, in the order given.
func alertListing(t *tenant, indexes []int32, evidence bool) listing[alertRow] {
	return listing[alertRow]{
		set: "Alerts", typeName: "microsoft.windowsDefenderATP.api.Alert", count: len(indexes), page: alertsPage, columns: alertColumns(),
		at:    func(n int) alertRow { return t.alertRow(indexes[n], false) },
		whole: func(n int) any { return t.alertRow(indexes[n], evidence) },
	}
}

// allAlerts lists every alert, newest first: Microsoft's sample of the latest ten sends $top without an order. A tenant
// whose lists go by update has the last changed first.
func (t *tenant) allAlerts() []int32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	indexes := slices.Clone(t.order)
	slices.Reverse(indexes)
	if t.byUpdate {
		slices.SortStableFunc(indexes, func(a, b int32) int { return compareStamps(t.alerts[b].updated, t.alerts[a].updated) })
	}
	return indexes
}

// alertsOfMachine lists the alerts of a device, newest first.
func (t *tenant) alertsOfMachine(i int32) []int32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	indexes := slices.Clone(t.alertsOf[i])
	slices.Reverse(indexes)
	return indexes
}

// findAlert finds an alert by id.
func (t *tenant) findAlert(id string) (int32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.alertIDs[id]
	return i, ok && int(t.alerts[i].machine) < len(t.machines) // it may be about a device that came after this view
}

// listAlerts is GET /api/alerts. Without $expand=evidence every alert has evidence [] (core.md 5.1).
func listAlerts(c *call) reply {
	expand := c.query.Get("$expand")
	if expand != "" && !strings.EqualFold(expand, "evidence") {
		return refuseOData(false, odataErrorf("Could not find a property named '%s' on type 'microsoft.windowsDefenderATP.api.Alert'.", expand))
	}
	return alertListing(c.tenant, c.tenant.allAlerts(), expand != "").serve(c)
}

// withAlert finds the alert of a route and hands it on.
func withAlert(c *call, then func(i int32) reply) reply {
	i, ok := c.tenant.findAlert(c.vars["id"])
	if !ok {
		return notFound("Alert", c.vars["id"])
	}
	return then(i)
}

// getAlert is GET /api/alerts/{id}, with evidence.
func getAlert(c *call) reply {
	return withAlert(c, func(i int32) reply { return oneAlert(c, i) })
}

// oneAlert answers with an alert.
func oneAlert(c *call, i int32) reply {
	return single(c, false, "Alerts", c.tenant.alertRow(i, true))
}

// alertUpdate is the body of PATCH and batchUpdate. The samples spell members in lower camel case, the tables in upper.
type alertUpdate struct {
	AlertIDs       *[]string `json:"alertIds" also:"AlertIds"`
	Status         *string   `json:"status" also:"Status"`
	AssignedTo     *string   `json:"assignedTo" also:"AssignedTo"`
	Classification *string   `json:"classification" also:"Classification"`
	Determination  *string   `json:"determination" also:"Determination"`
	Comment        *string   `json:"comment" also:"Comment"`
}

// statuses, classifications and determinations list the values of an update. Microsoft's pages disagree on the names of
// some determinations, so both are taken, and combinations are not enforced (core.md 5.1.a).
func statuses() []string { return []string{"New", "InProgress", "Resolved"} }

func classifications() []string {
	return []string{"TruePositive", "InformationalExpectedActivity", "FalsePositive"}
}

func determinations() []string {
	return []string{
		"MultiStagedAttack", "MaliciousUserActivity", "CompromisedUser", "Malware", "Phishing", "UnwantedSoftware", "SecurityTesting",
		"LineOfBusinessApplication", "ConfirmedActivity", "ConfirmedUserActivity", "NotMalicious", "Clean", "InsufficientData", "Other",
	}
}

// displayClassification is how two of Microsoft's pages print InformationalExpectedActivity.
const displayClassification = "Informational, expected activity"

// check refuses an update without anything to update or with a value that is none of those allowed. Which code the real
// service gives a bad value is not known; InvalidInput is the one that fits.
func (u *alertUpdate) check() (reply, bool) {
	if u.Status == nil && u.AssignedTo == nil && u.Classification == nil && u.Determination == nil && u.Comment == nil {
		return fail(http.StatusBadRequest, "InvalidRequestBody", "Request body is incorrect"), false
	}
	if u.Classification != nil && *u.Classification == displayClassification {
		*u.Classification = "InformationalExpectedActivity"
	}
	for _, v := range []struct {
		value   *string
		allowed []string
	}{{u.Status, statuses()}, {u.Classification, classifications()}, {u.Determination, determinations()}} {
		if v.value != nil && !slices.Contains(v.allowed, *v.value) {
			return invalidInput(*v.value), false
		}
	}
	return reply{}, true
}

// updateAlert applies an update: what is not sent stays, a comment is added to those there are.
func (t *tenant) updateAlert(i int32, u *alertUpdate, by string, at stamp) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.alerts[i]
	defer t.watch(at.time(), at.time(), t.alertRefs(i)...).done()
	for _, m := range []struct{ into, value *string }{
		{&a.status, u.Status}, {&a.assignedTo, u.AssignedTo}, {&a.classification, u.Classification}, {&a.determination, u.Determination},
	} {
		if m.value != nil {
			*m.into = *m.value
		}
	}
	if u.Status != nil {
		a.resolved = 0
		if *u.Status == "Resolved" {
			a.resolved = at
		}
	}
	if u.Comment != nil {
		a.comments = append(a.comments, comment{*u.Comment, by, at})
	}
	a.updated = max(a.updated, at)
	t.version.Add(1)
}

// actor is the name that an application's changes are noted under. Recordings show both the application's name and "API Action".
func actor(c *call) string {
	if c.app == nil {
		return "API Action"
	}
	return c.app.name
}

// patchAlert is PATCH /api/alerts/{id}.
func patchAlert(c *call) reply {
	var body alertUpdate
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	if body.AlertIDs != nil {
		return badBody(c)
	}
	if refusal, ok := body.check(); !ok {
		return refusal
	}
	return withAlert(c, func(i int32) reply {
		c.tenant.updateAlert(i, &body, actor(c), stampOf(c.now))
		c.wroteTo(body.Comment, c.vars["id"])
		return oneAlert(c, i)
	})
}

// batchUpdateAlerts is POST /api/alerts/batchUpdate: all of the alerts or, if one is unknown, none. Its answer is empty.
func batchUpdateAlerts(c *call) reply {
	var body alertUpdate
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	if body.AlertIDs == nil || len(*body.AlertIDs) == 0 {
		return missing("alertIds")
	}
	if refusal, ok := body.check(); !ok {
		return refusal
	}
	indexes := make([]int32, 0, len(*body.AlertIDs))
	for _, id := range *body.AlertIDs {
		i, ok := c.tenant.findAlert(id)
		if !ok {
			return notFound("Alert", id)
		}
		indexes = append(indexes, i)
	}
	for _, i := range indexes {
		c.tenant.updateAlert(i, &body, actor(c), stampOf(c.now))
	}
	c.wroteTo(body.Comment, *body.AlertIDs...)
	return reply{}
}
