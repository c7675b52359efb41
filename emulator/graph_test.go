package emulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestGraphAlerts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 30, Alerts: 90, PageSize: 40})
	rows, pages := w.pages("/v1.0/security/alerts_v2")
	newestFirst := slices.Clone(w.truth.Alerts)
	slices.Reverse(newestFirst)
	if !slices.Equal(texts(rows, "id"), newestFirst) || pages != 3 {
		t.Errorf("%d alerts in %d pages", len(rows), pages)
	}
	if rows, pages := w.pages("/v1.0/security/alerts_v2?$top=50"); len(rows) != 90 || pages != 2 {
		t.Errorf("$top is the page size of Graph: %d alerts in %d pages", len(rows), pages)
	}
	oldest, _ := w.pages("/v1.0/security/alerts_v2?$orderby=createdDateTime")
	if !slices.Equal(texts(oldest, "id"), w.truth.Alerts) {
		t.Error("$orderby")
	}
	mde := map[string]object{}
	for _, row := range rowsOf(t, w.read("/api/alerts?$top=100&$expand=evidence")) {
		mde[row["id"].(string)] = row
	}
	for _, row := range rows {
		other := mde[row["id"].(string)]
		if row["title"] != other["title"] || row["createdDateTime"] != other["alertCreationTime"] || row["incidentId"] != fmt.Sprint(other["incidentId"]) {
			t.Errorf("%v and %v", row, other)
		}
		evidence := row["evidence"].([]any)
		if first := evidence[0].(object); first["mdeDeviceId"] != other["machineId"] || first["@odata.type"] != "#microsoft.graph.security.deviceEvidence" {
			t.Errorf("first evidence %v", first)
		}
		if len(evidence) != 1+len(other["evidence"].([]any)) {
			t.Errorf("%d pieces of evidence, MDE has %d", len(evidence), len(other["evidence"].([]any)))
		}
	}
	high := w.read(filterURL("/v1.0/security/alerts_v2", "severity eq 'high'") + "&$count=true&$top=1")
	n := 0
	for _, row := range rows {
		if row["severity"] == "high" {
			n++
		}
	}
	if fmt.Sprint(high["@odata.count"]) != fmt.Sprint(n) || n == 0 {
		t.Errorf("$count %v, want %d", high["@odata.count"], n)
	}
}

func TestGraphMasksLateMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 60})
	plain := w.send("GET", "/v1.0/security/alerts_v2?$top=200", "").body
	full := w.send("GET", "/v1.0/security/alerts_v2?$top=200", "", "Prefer", "include-unknown-enum-members").body
	if !strings.Contains(plain, `"detectionSource":"unknownFutureValue"`) || strings.Contains(plain, `"scheduledAlerts"`) {
		t.Error("a late member without the header")
	}
	if strings.Contains(full, "unknownFutureValue") || !strings.Contains(full, `"scheduledAlerts"`) || !strings.Contains(full, `"pendingApproval"`) {
		t.Error("no late member with the header")
	}
}

func TestGraphAlertUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 20})
	id := w.truth.Alerts[len(w.truth.Alerts)-1]
	path := "/v1.0/security/alerts_v2/" + id
	got := w.send("PATCH", path, `{"@odata.type":"#microsoft.graph.security.alert","status":"resolved","classification":"falsePositive","determination":"notEnoughDataToValidate","assignedTo":"x@y.example"}`)
	if o := parse(t, got.body); got.status != 200 || o["status"] != "resolved" || o["determination"] != "notEnoughDataToValidate" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if o := w.read("/api/alerts/" + id); o["status"] != "Resolved" || o["determination"] != "InsufficientData" || o["assignedTo"] != "x@y.example" {
		t.Errorf("MDE shows %v", o)
	}
	w.send("PATCH", path, `{"classification":"unknown","determination":"unknown"}`)
	if o := w.read("/api/alerts/" + id); o["classification"] != nil || o["determination"] != nil || o["status"] != "Resolved" {
		t.Errorf("MDE shows %v", o)
	}
	w.send("POST", path+"/comments", `{"@odata.type":"microsoft.graph.security.alertComment","comment":"one"}`)
	comments := rowsOf(t, parse(t, w.send("POST", path+"/comments", `{"comment":"two"}`).body))
	if n := len(comments); n < 2 || comments[n-1]["comment"] != "two" || comments[n-2]["comment"] != "one" {
		t.Errorf("comments %v", comments)
	}
	for _, c := range [][4]string{
		{"PATCH", path, `{"status":"Resolved"}`}, {"PATCH", path, `{"status":"unknown"}`}, {"PATCH", path, `{}`}, {"PATCH", path, `{"title":"x"}`},
		{"PATCH", path, `{"determination":"evil"}`}, {"POST", path + "/comments", `{"comment":""}`}, {"POST", path + "/comments", `x`},
		{"GET", "/v1.0/security/alerts_v2?$filter=title%20eq%20'x'", ""}, {"GET", "/v1.0/security/alerts_v2?$orderby=title", ""}, {"GET", "/v1.0/security/alerts_v2?$top=2001", ""},
	} {
		w.refused(c[0], c[1], c[2], 400, "BadRequest")
	}
	w.refused("GET", "/v1.0/security/alerts_v2/nobody", "", 404, "NotFound")
}

func TestSecureScores(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 5})
	rows, pages := w.pages("/v1.0/security/secureScores?$top=25")
	if len(rows) != w.truth.SecureScores || pages != 4 || rows[0]["id"] != defaultTenantID+"_2026-05-04" {
		t.Errorf("%d scores in %d pages", len(rows), pages)
	}
	for _, row := range rows {
		sum := 0.0
		for _, control := range row["controlScores"].([]any) {
			score, err := control.(object)["score"].(json.Number).Float64()
			if err != nil {
				t.Fatal(err)
			}
			sum += score
		}
		if current, _ := row["currentScore"].(json.Number).Float64(); current != sum || sum <= 0 {
			t.Errorf("%v: %v, controls add up to %v", row["id"], current, sum)
		}
	}
	profiles, pages := w.pages("/v1.0/security/secureScoreControlProfiles?$top=15")
	if len(profiles) != w.truth.ControlProfiles || pages != 3 {
		t.Errorf("%d profiles in %d pages", len(profiles), pages)
	}
	if got := w.read("/v1.0/security/secureScoreControlProfiles/adminmfav2"); got["id"] != "AdminMFAV2" {
		t.Errorf("profile %v", got)
	}
	if got := w.read("/v1.0/security/secureScores/" + rows[3]["id"].(string)); got["currentScore"] != rows[3]["currentScore"] {
		t.Errorf("score %v", got)
	}
	if got := rowsOf(t, w.read(filterURL("/v1.0/security/secureScoreControlProfiles", "controlCategory eq 'Device'"))); len(got) == 0 || len(got) == len(profiles) {
		t.Errorf("%d profiles of devices", len(got))
	}
	w.refused("GET", "/v1.0/security/secureScores/x", "", 404, "NotFound")
	w.refused("GET", "/v1.0/security/secureScores?$skiptoken=!", "", 400, "BadRequest")
}
