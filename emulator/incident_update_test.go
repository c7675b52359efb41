package emulator

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestIncidentUpdates holds what an update of an incident does, as every door tells it.
func TestIncidentUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10, Alerts: 12})
	mark, err := w.s.Mark(defaultTenantID)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	got := w.send("PATCH", "/api/incidents/1002", `{"status":"InProgress","assignedTo":"anna@contoso.example","tags":["a","b","a"],"comment":"mine [gatehouse act_1/1]"}`)
	xdr, msg := w.read("/api/incidents/1002"), w.read("/v1.0/security/incidents/1002")
	if got.status != 200 || fmt.Sprint(parse(t, got.body)["comments"]) != fmt.Sprint(xdr["comments"]) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if xdr["status"] != "InProgress" || xdr["assignedTo"] != "anna@contoso.example" || fmt.Sprint(xdr["tags"]) != "[a b]" || xdr["lastUpdateTime"] != "2026-05-04T10:01:00Z" {
		t.Errorf("%v", xdr)
	}
	if msg["status"] != "inProgress" || msg["assignedTo"] != "anna@contoso.example" || fmt.Sprint(msg["customTags"]) != "[a b]" || msg["lastModifiedBy"] != "Gatehouse" {
		t.Errorf("%v", msg)
	}
	if c := listed2(msg["comments"]); len(c) != 1 || c[0]["comment"] != "mine [gatehouse act_1/1]" || c[0]["createdByDisplayName"] != "Gatehouse" {
		t.Errorf("%v", c)
	}
	w.clock.Advance(time.Minute)
	w.send("PATCH", "/api/incidents/1002", `{"status":"Resolved","classification":"Informational, expected activity","determination":"SecurityTesting"}`)
	xdr = w.read("/api/incidents/1002")
	if xdr["status"] != "Resolved" || xdr["classification"] != "InformationalExpectedActivity" || xdr["determination"] != "SecurityTesting" || fmt.Sprint(xdr["tags"]) != "[a b]" {
		t.Errorf("%v", xdr)
	}
	for _, alert := range listed2(xdr["alerts"]) {
		if o := w.read("/api/alerts/" + alert["alertId"].(string)); o["status"] != "Resolved" || o["resolvedTime"] == nil {
			t.Errorf("an alert of a resolved incident: %v", o)
		}
	}
	history, err := w.s.Changes(defaultTenantID, mark)
	told := map[string]int{}
	for _, c := range history {
		told[c.Stream+" "+string(c.Kind)]++
	}
	if err != nil || told["incidents updated"] != 2 || told["alerts updated"] == 0 {
		t.Errorf("%v, %v", told, err)
	}
	first := listed2(xdr["alerts"])[0]["alertId"].(string)
	w.clock.Advance(time.Minute)
	w.send("PATCH", "/api/alerts/"+first, `{"status":"InProgress"}`)
	if o := w.read("/api/incidents/1002"); o["status"] != "InProgress" {
		t.Errorf("an alert is open again, its incident is %v", o["status"])
	}
	w.send("PATCH", "/v1.0/security/incidents/1002", `{"status":"active","classification":"unknown","determination":"unknown","customTags":[]}`)
	if o := w.read("/v1.0/security/incidents/1002"); o["status"] != "active" || o["classification"] != "unknown" || fmt.Sprint(o["customTags"]) != "[]" {
		t.Errorf("%v", o)
	}
}

// TestIncidentRefusals holds the refusals of updates by both doors.
func TestIncidentRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10, Alerts: 12})
	if err := w.s.MergeIncident(defaultTenantID, "1002", "1003"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, target, body string
		status               int
		code, says           string
	}{
		{"PATCH", "/api/incidents/1001", `{}`, 400, "InvalidRequestBody", ""},
		{"PATCH", "/api/incidents/1001", `{"Status":"Active"}`, 400, "InvalidRequestBody", ""},
		{"PATCH", "/api/incidents/1001", `{"comments":["x"]}`, 400, "InvalidRequestBody", ""},
		{"PATCH", "/api/incidents/1001", `{"status":"active"}`, 400, "InvalidInput", "active"},
		{"PATCH", "/api/incidents/1001", `{"status":"Redirected"}`, 400, "InvalidInput", "Redirected"},
		{"PATCH", "/api/incidents/1001", `{"classification":"truePositive"}`, 400, "InvalidInput", "truePositive"},
		{"PATCH", "/api/incidents/1001", `{"classification":"TruePositive","determination":"Apt"}`, 400, "InvalidInput", "Apt"},
		{"PATCH", "/api/incidents/1002", `{"comment":"x"}`, 400, "BadRequest", "merged"},
		{"PATCH", "/api/incidents/7", `{"comment":"x"}`, 404, "ResourceNotFound", "Incident 7"},
		{"PATCH", "/v1.0/security/incidents/1001", `{}`, 400, "BadRequest", "nothing to update"},
		{"PATCH", "/v1.0/security/incidents/1001", `{"status":"Active"}`, 400, "BadRequest", "Active"},
		{"PATCH", "/v1.0/security/incidents/1001", `{"status":"redirected"}`, 400, "BadRequest", "redirected"},
		{"PATCH", "/v1.0/security/incidents/1001", `{"tags":["x"]}`, 400, "BadRequest", ""},
		{"PATCH", "/v1.0/security/incidents/x", `{"status":"active"}`, 404, "NotFound", ""},
		{"PATCH", "/v1.0/security/incidents/1002", `{"status":"active"}`, 400, "BadRequest", "merged"},
		{"POST", "/v1.0/security/incidents/1001/comments", `{"comment":""}`, 400, "BadRequest", "empty"},
		{"POST", "/v1.0/security/incidents/1001/comments", `{"Comment":"x"}`, 400, "BadRequest", ""},
		{"POST", "/v1.0/security/incidents/7/comments", `{"comment":"x"}`, 404, "NotFound", ""},
		{"POST", "/v1.0/security/incidents/1002/comments", `{"comment":"x"}`, 400, "BadRequest", "merged"},
	} {
		if says := w.refused(c.method, c.target, c.body, c.status, c.code); !strings.Contains(says, c.says) {
			t.Errorf("%s %s: %q", c.target, c.body, says)
		}
	}
	open := ""
	rows, _ := w.pages("/api/incidents")
	for _, row := range rows {
		if row["status"] == "Active" {
			open = fmt.Sprint(row["incidentId"])
		}
	}
	if open != "" {
		w.refused("PATCH", "/api/incidents/"+open, `{"determination":"Malware"}`, 400, "InvalidInput")
	}
	if done, err := w.s.Accepted(defaultTenantID); err != nil || len(done) > 0 {
		t.Errorf("accepted %v, %v", done, err)
	}
}

// TestInvestigations holds that an investigation can be started, found by its id and by its alert, and comes to its end.
func TestInvestigations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 30, Alerts: 60, PageSize: 10})
	id := w.act(w.capable(0), "startInvestigation", `{"Comment":"look"}`)["id"].(string)
	rows, pages := w.pages("/api/investigations")
	if rows[0]["id"] != id || pages < 2 {
		t.Fatalf("%d pages, first %v", pages, rows[0])
	}
	for _, row := range rows[1:] {
		alert := w.read("/api/alerts/" + row["triggeringAlertId"].(string))
		if fmt.Sprint(alert["investigationId"]) != row["id"] || alert["investigationState"] != row["state"] {
			t.Errorf("%v: %v %v", row, alert["investigationId"], alert["investigationState"])
		}
		if o := w.read("/api/investigations/" + row["triggeringAlertId"].(string)); o["id"] != row["id"] {
			t.Errorf("by its alert: %v", o)
		}
	}
	if found, _ := w.pages(filterURL("/api/investigations", "state eq 'Running' and id eq '"+id+"'")); len(found) != 1 {
		t.Errorf("%d by the filter", len(found))
	}
	w.clock.Advance(time.Minute)
	if o := w.read("/api/investigations/" + id); o["state"] == "Running" || o["endTime"] != "2026-05-04T10:00:04Z" {
		t.Errorf("%v", o)
	}
	w.refused("GET", "/api/investigations/7", "", 404, "ResourceNotFound")
	begun, err := w.s.AcceptedActions(defaultTenantID)
	if err != nil || len(begun) != 1 || begun[0].Type != "Investigation" || begun[0].Comment != "look" || begun[0].ID != id {
		t.Errorf("%+v, %v", begun, err)
	}
}
