package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestIncidentsAgree holds that the three APIs tell the same of incidents, and that their limits are kept.
func TestIncidentsAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10, Incidents: 120, AlertsPerIncident: 2})
	if len(w.truth.Alerts) != 240 {
		t.Fatalf("%d alerts", len(w.truth.Alerts))
	}
	xdr, pages := w.pages("/api/incidents")
	msg, graphPages := w.pages("/v1.0/security/incidents?$expand=alerts")
	if len(xdr) != 120 || pages != 2 || len(msg) != 120 || graphPages != 3 {
		t.Fatalf("%d in %d pages, %d in %d pages", len(xdr), pages, len(msg), graphPages)
	}
	byIncident := map[string][]string{}
	alerts, _ := w.pages("/api/alerts")
	for _, row := range alerts {
		byIncident[fmt.Sprint(row["incidentId"])] = append(byIncident[fmt.Sprint(row["incidentId"])], row["id"].(string))
	}
	for n, row := range xdr {
		id := fmt.Sprint(row["incidentId"])
		one, two := texts(listed2(row["alerts"]), "alertId"), texts(listed2(msg[n]["alerts"]), "id")
		want := slices.Sorted(slices.Values(byIncident[id]))
		if slices.Sort(one); msg[n]["id"] != id || !slices.Equal(one, want) || len(want) != 2 {
			t.Errorf("incident %s: XDR %v, MDE %v, Graph %v", id, one, want, msg[n]["id"])
		}
		if slices.Sort(two); !slices.Equal(two, want) || msg[n]["lastUpdateDateTime"] != row["lastUpdateTime"] {
			t.Errorf("incident %s: Graph %v, MDE %v", id, two, want)
		}
		for _, alert := range listed2(row["alerts"]) {
			for _, entity := range listed2(alert["entities"]) {
				if len(entity) != 31 {
					t.Fatalf("an entity of %d members", len(entity))
				}
			}
		}
	}
	w.refused("GET", filterURL("/api/incidents", "severity eq 'High'"), "", 400, "ODataError")
	w.refused("GET", "/api/incidents?$top=101", "", 400, "ODataError")
	w.refused("GET", "/api/incidents/7", "", 404, "ResourceNotFound")
	w.refused("GET", "/v1.0/security/incidents/x", "", 404, "NotFound")
	if text := w.refused("GET", "/v1.0/security/incidents?$top=51", "", 400, "BadRequest"); !strings.HasPrefix(text, "The limit of '50' for Top query has been exceeded") {
		t.Error(text)
	}
	w.refused("GET", "/v1.0/security/incidents?$expand=entities", "", 400, "BadRequest")
	if _, ok := w.read("/v1.0/security/incidents/1001")["alerts"]; ok {
		t.Error("alerts without $expand")
	}
	since := xdr[30]["lastUpdateTime"].(string)
	got, _ := w.pages(filterURL("/api/incidents", "lastUpdateTime ge "+since))
	want := slices.DeleteFunc(slices.Clone(xdr), func(o object) bool { return o["lastUpdateTime"].(string) < since })
	if !slices.Equal(texts(got, "incidentName"), texts(want, "incidentName")) || len(got) == 0 || len(got) == 120 {
		t.Errorf("%d by the filter, want %d", len(got), len(want))
	}
}

// listed2 reads a list of objects.
func listed2(v any) []object {
	var rows []object
	for _, one := range v.([]any) {
		rows = append(rows, one.(object))
	}
	return rows
}

// TestMerges holds that merged devices and incidents point at what they were merged into, in every API.
func TestMerges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10, Alerts: 12})
	if err := w.s.MergeIncident(defaultTenantID, "1002", "1003"); err != nil {
		t.Fatal(err)
	}
	a, b := w.truth.Devices[1], w.truth.Devices[2]
	if err := w.s.MergeDevice(defaultTenantID, a, b); err != nil {
		t.Fatal(err)
	}
	from, into := w.read("/api/incidents/1002"), w.read("/v1.0/security/incidents/1003?$expand=alerts")
	if fmt.Sprint(from["redirectIncidentId"]) != "1003" || from["status"] != "Redirected" || len(from["alerts"].([]any)) != 0 || len(into["alerts"].([]any)) != 6 {
		t.Errorf("from %v, into %v", from, into)
	}
	if o := w.read("/v1.0/security/incidents/1002"); o["redirectIncidentId"] != "1003" || o["status"] != "redirected" {
		t.Errorf("Graph: %v", o)
	}
	for _, alert := range listed2(into["alerts"]) {
		if o := w.read("/api/alerts/" + alert["id"].(string)); fmt.Sprint(o["incidentId"]) != "1003" {
			t.Errorf("alert %v is in %v", o["id"], o["incidentId"])
		}
	}
	if o := w.read("/api/machines/" + a); o["mergedIntoMachineId"] != b {
		t.Errorf("merged into %v", o["mergedIntoMachineId"])
	}
	truth := w.s.Truth(defaultTenantID)
	if truth.Merged[a] != b || truth.Redirected[1002] != 1003 || len(truth.Devices) != 10 {
		t.Errorf("truth %v %v", truth.Merged, truth.Redirected)
	}
	if err := w.s.MergeIncident(defaultTenantID, "1002", "1001"); err == nil {
		t.Error("an incident is merged twice")
	}
}

// TestIsolationFolds holds that folding the machine actions by the time they succeeded gives what the truth says.
func TestIsolationFolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 40, Actions: 300, PageSize: 90})
	rows, _ := w.pages("/api/machineactions")
	if len(rows) != 300 {
		t.Fatalf("%d actions", len(rows))
	}
	slices.SortStableFunc(rows, func(a, b object) int {
		return strings.Compare(a["lastUpdateDateTimeUtc"].(string), b["lastUpdateDateTimeUtc"].(string))
	})
	state, undone := map[string]bool{}, 0
	for _, row := range rows {
		if row["status"] != "Succeeded" {
			continue
		}
		switch row["type"] {
		case "Isolate":
			state[row["machineId"].(string)] = true
		case "Unisolate":
			undone++
			delete(state, row["machineId"].(string))
		}
	}
	var isolated []string
	for id := range state {
		isolated = append(isolated, id)
	}
	if slices.Sort(isolated); !slices.Equal(isolated, w.truth.Isolated) || len(isolated) == 0 || undone == 0 || len(w.truth.Restricted) == 0 {
		t.Errorf("folded %v, truth %v, %d undone, %d restricted", isolated, w.truth.Isolated, undone, len(w.truth.Restricted))
	}
	w.refused("GET", "/api/machineactions/x", "", 400, "BadRequest")
	w.refused("GET", "/api/machineactions/"+defaultTenantID, "", 404, "ResourceNotFound")
	id, err := w.s.Do(defaultTenantID, Step{Kind: StepStartAction})
	if err != nil {
		t.Fatal(err)
	}
	if o := w.read("/api/machineactions/" + id); o["status"] != "Pending" {
		t.Errorf("begun: %v", o)
	}
	w.clock.Advance(time.Minute)
	if _, err := w.s.Do(defaultTenantID, Step{Kind: StepFinishAction, ID: id}); err != nil {
		t.Fatal(err)
	}
	if o := w.read("/api/machineactions/" + id); o["status"] == "Pending" || o["lastUpdateDateTimeUtc"] == o["creationDateTimeUtc"] {
		t.Errorf("ended: %v", o)
	}
	found, _ := w.pages(filterURL("/api/machineactions", "type eq 'Isolate' and status eq 'Succeeded'"))
	if len(found) == 0 || found[0]["type"] != "Isolate" {
		t.Errorf("filter: %d", len(found))
	}
}

// TestSoftwareAgrees holds that the catalogue of software, the inventory of devices and the exports tell one story.
func TestSoftwareAgrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 25, Alerts: -1, PageSize: 40})
	inventory, pages := w.pages("/api/machines/SoftwareInventoryByMachine")
	devices := map[string]int{}
	for _, row := range inventory {
		devices[row["softwareVendor"].(string)+"-_-"+row["softwareName"].(string)]++
	}
	software, _ := w.pages("/api/Software")
	if len(software) != len(devices) || pages < 2 {
		t.Errorf("%d products, %d in the inventory, %d pages", len(software), len(devices), pages)
	}
	recommended := 0
	for _, row := range software {
		id := row["id"].(string)
		if refs := rowsOf(t, w.read("/api/Software/"+id+"/machineReferences")); len(refs) != devices[id] {
			t.Errorf("%s: %d devices, %d in the inventory", id, len(refs), devices[id])
		}
		sum := int64(0)
		for _, version := range rowsOf(t, w.read("/api/Software/"+id+"/distributions")) {
			n, _ := version["installations"].(json.Number).Int64()
			sum += n
		}
		if int(sum) != devices[id] {
			t.Errorf("%s: %d installations", id, sum)
		}
		exposed, _ := row["exposedMachines"].(json.Number).Int64()
		if exposed == 0 {
			w.refused("GET", "/api/recommendations/va-_-"+id, "", 404, "ResourceNotFound")
			continue
		}
		recommended++
		if refs := rowsOf(t, w.read("/api/recommendations/va-_-"+id+"/machineReferences")); len(refs) != int(exposed) {
			t.Errorf("%s: recommended to %d, exposes %d", id, len(refs), exposed)
		}
	}
	if rows, _ := w.pages("/api/recommendations"); len(rows) != recommended || recommended == 0 {
		t.Errorf("%d recommendations, want %d", len(rows), recommended)
	}
	lines := 0
	for _, link := range w.read("/api/machines/SoftwareInventoryExport")["exportFiles"].([]any) {
		lines += len(fileLines(w, link.(string)))
	}
	if lines != len(inventory) {
		t.Errorf("%d lines, %d rows", lines, len(inventory))
	}
	w.refused("GET", "/api/Software/acme-_-rocket", "", 404, "ResourceNotFound")
}

// TestFaultsOfMirrors holds the faults that only a mirror meets.
func TestFaultsOfMirrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10, Alerts: 20, PageSize: 6})
	set := func(list ...Fault) {
		t.Helper()
		if err := w.s.SetFaults(Faults{List: list}); err != nil {
			t.Fatal(err)
		}
	}
	set(Fault{Kind: FaultExpandError})
	for _, target := range []string{"/api/alerts?$expand=evidence", "/api/alerts?%24Expand=evidence", "/v1.0/security/incidents?$expand=alerts"} {
		if got := w.send("GET", target, ""); got.status != 500 {
			t.Errorf("%s: %d", target, got.status)
		}
	}
	w.read("/api/alerts")
	set(Fault{Kind: FaultEmptyPage, Calls: []int{1, 3}})
	for target, want := range map[string]int{"/api/alerts": 20, "/v1.0/security/alerts_v2": 20, "/api/machines/SoftwareInventoryByMachine?pageSize=50": -1} {
		set(Fault{Kind: FaultEmptyPage, Calls: []int{1, 3}})
		rows, pages := w.pages(target)
		set()
		straight, fewer := w.pages(target)
		if pages != fewer+2 || fmt.Sprint(rows) != fmt.Sprint(straight) || want > 0 && len(rows) != want {
			t.Errorf("%s: %d rows in %d pages, straight %d in %d", target, len(rows), pages, len(straight), fewer)
		}
	}
	set(Fault{Kind: FaultNamelessRow})
	for _, target := range []string{"/api/alerts", "/v1.0/security/incidents"} {
		rows := w.read(target)["value"].([]any)
		if _, named := rows[0].(map[string]any)["id"]; named {
			t.Errorf("%s: the first row has an id", target)
		}
		if _, named := rows[1].(map[string]any)["id"]; !named {
			t.Errorf("%s: the second row has no id", target)
		}
	}
	set()
	link := w.read("/api/machines/SoftwareInventoryByMachine?pageSize=5")["@odata.nextLink"].(string)
	file := w.read("/api/machines/SoftwareInventoryExport")["exportFiles"].([]any)[0].(string)
	set(Fault{Kind: FaultSnapshotGone}, Fault{Kind: FaultSnapshotGone, Route: apiBlob})
	w.refused("GET", link, "", 400, "InvalidInput")
	if got := fetch(t, w.s, "GET", file, ""); got.status != 404 || !strings.Contains(got.body, "BlobNotFound") {
		t.Errorf("file: %d", got.status)
	}
	w.read("/api/machines/SoftwareInventoryByMachine?pageSize=5")
	if st := w.s.Stats(); st.Faults[FaultExpandError] != 3 || st.Faults[FaultEmptyPage] != 6 || st.Faults[FaultSnapshotGone] != 2 {
		t.Errorf("%v", st.Faults)
	}
}

// TestCrew holds that workers who work on one integration at once are seen, and those who take turns too.
func TestCrew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 3, Alerts: 3})
	by := func(name, value string) { w.read("/api/alerts", name, value) }
	by(workerHeader, "a")
	by("User-Agent", "gatehouse/1 worker/a")
	by("User-Agent", "curl/8") // no worker
	key := defaultTenantID + "/" + defaultClientID
	if st := w.s.Stats(); st.Overlaps[key]+st.Handovers[key] != 0 {
		t.Errorf("one worker: %v %v", st.Overlaps, st.Handovers)
	}
	by(workerHeader, "b")
	if st := w.s.Stats(); st.Overlaps[key] != 0 || st.Handovers[key] != 1 {
		t.Errorf("a, then b: %v %v", st.Overlaps, st.Handovers)
	}
	if err := w.s.SetFaults(Faults{List: []Fault{{Kind: FaultLatency, Delay: time.Minute, Limit: 1}}}); err != nil {
		t.Fatal(err)
	}
	leave := w.s.crew.enter(key, "a")
	by2 := sync.WaitGroup{}
	by2.Go(func() { by(workerHeader, "b") })
	if err := w.clock.BlockUntil(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	by2.Wait()
	leave()
	if st := w.s.Stats(); st.Overlaps[key] != 1 {
		t.Errorf("at once: %v", st.Overlaps)
	}
}

// TestOverBudget holds that calls over a budget are counted, and those a fault throttles are not.
func TestOverBudget(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Clock: NewFakeClock(epoch), Faults: Faults{List: []Fault{{Kind: FaultThrottle, Limit: 1}}}})
	token := tokenFor(t, s, mdeResource)
	for range 6 { // one throttled, three within the budget of the test route, two over it
		get(t, s, mdeBase+"/api/vulnerabilities", token)
	}
	if st := s.Stats(); st.OverBudget["GET /api/vulnerabilities"] != 2 || st.Throttled["GET /api/vulnerabilities"] != 3 {
		t.Errorf("%v over, %v throttled", st.OverBudget, st.Throttled)
	}
}

// TestUnknownTenant holds that nothing happens to a tenant that is not there.
func TestUnknownTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 2, Alerts: 2})
	if _, err := w.s.Play("nobody", Life{}); err == nil {
		t.Error("nobody lives")
	}
	if _, err := w.s.Changes("nobody", 0); err == nil {
		t.Error("nobody changes")
	}
	if _, err := w.s.Changes(defaultTenantID, 99); err == nil {
		t.Error("a mark of the future is taken")
	}
	if _, err := w.truth.Documents(StreamDevices, DoorXDR); err == nil {
		t.Error("XDR has devices")
	}
	if got := w.send(http.MethodGet, "/api/alerts", ""); got.status != http.StatusOK {
		t.Errorf("%d", got.status)
	}
}
