package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestAlertsInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 30, Alerts: 100, PageSize: 30})
	rows, pages := w.pages("/api/alerts")
	newestFirst := slices.Clone(w.truth.Alerts)
	slices.Reverse(newestFirst)
	if got := texts(rows, "id"); !slices.Equal(got, newestFirst) || pages != 4 {
		t.Errorf("%d alerts in %d pages", len(got), pages)
	}
	o := w.read("/api/alerts?$top=30")
	if _, ok := o["@odata.nextLink"]; ok || len(rowsOf(t, o)) != 30 {
		t.Errorf("$top came with a nextLink, or %d rows", len(rowsOf(t, o)))
	}
	if got := rowsOf(t, w.read("/api/alerts?$top=30&$skip=90")); len(got) != 10 {
		t.Errorf("the last window has %d rows", len(got))
	}
	link, _ := w.read(filterURL("/api/alerts", "severity ne 'x'"))["@odata.nextLink"].(string)
	if want := mdeBase + filterURL("/api/alerts", "severity ne 'x'") + "&$skip=30"; link != want {
		t.Errorf("nextLink %s, want %s", link, want)
	}
}

func TestAlertFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 30})
	all := rowsOf(t, w.read("/api/alerts"))
	for filter, want := range map[string]func(object) bool{
		"severity eq 'High'":  func(o object) bool { return o["severity"] == "High" },
		"status ne 'New'":     func(o object) bool { return o["status"] != "New" },
		"assignedTo eq null":  func(o object) bool { return o["assignedTo"] == nil },
		"asssignedTo ne null": func(o object) bool { return o["assignedTo"] != nil },
		"incidentId eq 1003":  func(o object) bool { return parse(t, `{"n":1003}`)["n"] == o["incidentId"] },
		"alertCreationTime ge 2026-04-20T00:00:00Z and category eq 'Malware'": func(o object) bool {
			return o["alertCreationTime"].(string) >= "2026-04-20T00:00:00Z" && o["category"] == "Malware"
		},
		"detectionSource eq 'WindowsDefenderAv' or investigationId gt 5100": func(o object) bool {
			n, ok := o["investigationId"].(interface{ Int64() (int64, error) })
			if !ok {
				return o["detectionSource"] == "WindowsDefenderAv"
			}
			i, _ := n.Int64()
			return o["detectionSource"] == "WindowsDefenderAv" || i > 5100
		},
	} {
		var expect []string
		for _, row := range all {
			if want(row) {
				expect = append(expect, row["id"].(string))
			}
		}
		if got := texts(rowsOf(t, w.read(filterURL("/api/alerts", filter))), "id"); !slices.Equal(got, expect) || len(expect) == 0 {
			t.Errorf("%s: %d rows, want %d", filter, len(got), len(expect))
		}
	}
}

func TestAlertEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 20})
	kinds := map[string]bool{}
	for i, row := range rowsOf(t, w.read("/api/alerts?$expand=evidence")) {
		evidence := row["evidence"].([]any)
		for _, e := range evidence {
			kinds[e.(object)["entityType"].(string)] = true
			if len(e.(object)) != 26 {
				t.Fatalf("evidence with %d members: %v", len(e.(object)), e)
			}
		}
		if i > 2 {
			continue
		}
		if plain := w.read("/api/alerts/" + row["id"].(string)); len(plain["evidence"].([]any)) != len(evidence) {
			t.Error("GET by id and $expand differ in evidence")
		}
	}
	if len(kinds) != 6 {
		t.Errorf("kinds of evidence: %v", kinds)
	}
	for _, row := range rowsOf(t, w.read("/api/alerts")) {
		if len(row["evidence"].([]any)) != 0 {
			t.Fatal("evidence in a list without $expand")
		}
	}
	machine := rowsOf(t, w.read("/api/alerts?$top=1"))[0]["machineId"].(string)
	rows := rowsOf(t, w.read("/api/machines/"+machine+"/alerts"))
	if len(rows) == 0 || len(rows[0]["evidence"].([]any)) == 0 {
		t.Error("alerts of a machine lack evidence")
	}
	isNew := func(row object) bool { return row["status"] == "New" }
	n := len(rows) - len(slices.DeleteFunc(slices.Clone(rows), isNew))
	if got := w.send(http.MethodGet, filterURL("/api/machines/"+machine+"/alerts/$count", "status eq 'New'"), ""); got.body != fmt.Sprint(n) {
		t.Errorf("$count %q, want %d", got.body, n)
	}
	for _, target := range []string{"/api/alerts/" + rows[0]["id"].(string) + "?$expand=evidence", filterURL("/api/machines/"+machine+"/alerts", "status eq 'New'")} {
		w.refused(http.MethodGet, target, "", 400, "ODataError") // no page has options for these
	}
}

func TestAlertUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 20})
	path := "/api/alerts/" + w.truth.Alerts[len(w.truth.Alerts)-1]
	before := w.read(path)
	got := w.send(http.MethodPatch, path, `{"status":"Resolved","classification":"TruePositive","determination":"Malware","comment":"first"}`)
	if got.status != http.StatusOK {
		t.Fatal(got.status, got.body)
	}
	w.send(http.MethodPatch, path, `{"comment":"second"}`)
	after := w.read(path)
	if after["status"] != "Resolved" || after["determination"] != "Malware" || after["assignedTo"] != before["assignedTo"] || after["resolvedTime"] == nil || after["lastUpdateTime"] == before["lastUpdateTime"] {
		t.Errorf("after the update: %v", after)
	}
	comments := after["comments"].([]any)
	if n := len(comments); n != len(before["comments"].([]any))+2 || comments[n-1].(object)["comment"] != "second" || comments[n-2].(object)["createdBy"] != "Gatehouse" {
		t.Errorf("comments: %v", comments)
	}
	ids := `["` + strings.Join(w.truth.Alerts[:3], `","`) + `"]`
	if got := w.send(http.MethodPost, "/api/alerts/batchUpdate", `{"alertIds":`+ids+`,"status":"InProgress","assignedTo":"a@b.example"}`); got.status != http.StatusOK || got.body != "" {
		t.Errorf("batchUpdate: %d %q", got.status, got.body)
	}
	for _, id := range w.truth.Alerts[:3] {
		if o := w.read("/api/alerts/" + id); o["status"] != "InProgress" || o["assignedTo"] != "a@b.example" || o["resolvedTime"] != nil {
			t.Errorf("after batchUpdate: %v", o)
		}
	}
}

func TestAlertRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 20})
	path := "/api/alerts/" + w.truth.Alerts[0]
	before := w.send(http.MethodGet, path, "").body
	for _, c := range []struct {
		method, target, body string
		status               int
		code                 string
	}{
		{"GET", "/api/alerts/da1_2", "", 404, "ResourceNotFound"},
		{"PATCH", "/api/alerts/da1_2", `{"status":"New"}`, 404, "ResourceNotFound"},
		{"PATCH", path, `{}`, 400, "InvalidRequestBody"},
		{"PATCH", path, ``, 400, "InvalidRequestBody"},
		{"PATCH", path, `[1]`, 400, "InvalidRequestBody"},
		{"PATCH", path, `{"STATUS":"New"}`, 400, "InvalidRequestBody"},
		{"PATCH", path, `{"status":7}`, 400, "InvalidRequestBody"},
		{"PATCH", path, `{"status":"resolved"}`, 400, "InvalidInput"},
		{"PATCH", path, `{"determination":"Evil"}`, 400, "InvalidInput"},
		{"PATCH", path, `{"status":"New","alertIds":["x"]}`, 400, "InvalidRequestBody"},
		{"POST", "/api/alerts/batchUpdate", `{"status":"New"}`, 400, "MissingRequiredParameter"},
		{"POST", "/api/alerts/batchUpdate", `{"alertIds":["` + w.truth.Alerts[0] + `","da1_2"],"status":"New"}`, 404, "ResourceNotFound"},
		{"GET", "/api/alerts?$filter=color%20eq%20'x'", "", 400, "ODataError"},
		{"GET", "/api/alerts?$top=10001", "", 400, "ODataError"},
		{"GET", "/api/alerts?$top=-1", "", 400, "ODataError"},
		{"GET", "/api/alerts?$skip=x", "", 400, "ODataError"},
		{"GET", "/api/alerts?$orderby=id", "", 400, "ODataError"},
		{"GET", "/api/alerts?$expand=comments", "", 400, "ODataError"},
		{"GET", filterURL("/api/alerts", "machineId eq 'x'"), "", 400, "ODataError"},
	} {
		w.refused(c.method, c.target, c.body, c.status, c.code)
	}
	if after := w.send(http.MethodGet, path, "").body; after != before {
		t.Errorf("a refused update changed something: %s", after)
	}
}

func TestAlertRelated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 40})
	seen := map[string]int{}
	for _, row := range rowsOf(t, w.read("/api/alerts?$expand=evidence")) {
		path := "/api/alerts/" + row["id"].(string)
		if w.read(path + "/machine")["id"] != row["machineId"] {
			t.Error("the machine of an alert is another one")
		}
		hashes, ips, urls, users := map[string]bool{}, 0, 0, 0
		for _, e := range row["evidence"].([]any) {
			e := e.(object)
			if sha1, ok := e["sha1"].(string); ok {
				hashes[sha1] = true
			}
			ips += map[any]int{"Ip": 1}[e["entityType"]]
			urls += map[any]int{"Url": 1}[e["entityType"]]
			users += map[any]int{"User": 1}[e["entityType"]]
		}
		files := rowsOf(t, w.read(path+"/files"))
		if len(files) != len(hashes) || len(rowsOf(t, w.read(path+"/ips"))) != ips || len(rowsOf(t, w.read(path+"/domains"))) != urls {
			t.Errorf("%s: %d files for %d hashes", path, len(files), len(hashes))
		}
		if users == 0 {
			if message := w.refused("GET", path+"/user", "", 404, "ResourceNotFound"); !strings.HasPrefix(message, "There is no User related to alert ") {
				t.Error(message)
			}
		} else if got := w.read(path + "/user"); got["accountName"] != row["relatedUser"].(object)["userName"] {
			t.Errorf("user %v", got)
		}
		seen["files"] += len(files)
		seen["ips"] += ips
		seen["urls"] += urls
	}
	if seen["files"] == 0 || seen["ips"] == 0 || seen["urls"] == 0 {
		t.Errorf("not all kinds were seen: %v", seen)
	}
	w.refused("GET", "/api/alerts/da1_2/files", "", 404, "ResourceNotFound")
}

func TestAlertByReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10})
	o := parse(t, w.send("POST", "/api/advancedqueries/run", `{"Query":"DeviceProcessEvents | take 1 | project Timestamp, DeviceId, ReportId"}`).body)
	event := o["Results"].([]any)[0].(object)
	body := func(report, title string) string {
		return `{"eventTime":"` + event["Timestamp"].(string) + `","reportId":"` + report + `","machineId":"` + event["DeviceId"].(string) +
			`","severity":"Low","title":"` + title + `","description":"d","recommendedAction":"r","category":"Exploit"}`
	}
	report := event["ReportId"].(interface{ String() string }).String()
	first := w.send("POST", "/api/alerts/CreateAlertByReference", body(report, "mine"))
	again := w.send("POST", "/api/alerts/createAlertByReference", body(report, "mine"))
	if first.status != 200 || parse(t, first.body)["id"] != parse(t, again.body)["id"] {
		t.Errorf("%d %s, then %s", first.status, first.body, again.body)
	}
	if got := w.read("/api/alerts/" + parse(t, first.body)["id"].(string)); got["title"] != "mine" || got["machineId"] != event["DeviceId"] {
		t.Errorf("created %v", got)
	}
	if n := len(rowsOf(t, w.read("/api/alerts"))); n != len(w.truth.Alerts)+1 {
		t.Errorf("%d alerts", n)
	}
	w.refused("POST", "/api/alerts/CreateAlertByReference", body("1", "x"), 404, "ResourceNotFound")
	w.refused("POST", "/api/alerts/CreateAlertByReference", strings.Replace(body(report, "x"), "Exploit", "Fun", 1), 400, "InvalidInput")
	w.refused("POST", "/api/alerts/CreateAlertByReference", strings.Replace(body(report, "x"), `"severity":"Low",`, "", 1), 400, "MissingRequiredParameter")
}

func TestAddAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10})
	hunt := `{"Query":"AlertInfo | where AlertId == '%s' | count"}`
	w.send("POST", "/api/advancedhunting/run", strings.Replace(hunt, "%s", "x", 1)) // the table is filled before
	id, err := w.s.AddAlert(defaultTenantID)
	if err != nil {
		t.Fatal(err)
	}
	if rowsOf(t, w.read("/api/alerts?$top=1"))[0]["id"] != id || rowsOf(t, w.read("/v1.0/security/alerts_v2?$top=1"))[0]["id"] != id {
		t.Error("the new alert is not the first")
	}
	if got := w.send("POST", "/api/advancedhunting/run", strings.Replace(hunt, "%s", id, 1)); !strings.Contains(got.body, `"Count":1`) {
		t.Errorf("hunting: %s", got.body)
	}
	if _, err := w.s.AddAlert("nobody"); err == nil {
		t.Error("an alert in no tenant")
	}
	if truth := w.s.Truth(defaultTenantID); truth.Alerts[len(truth.Alerts)-1] != id {
		t.Error("truth does not know the new alert")
	}
}
