package emulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// hunt runs a query at the XDR door, which knows every table.
func (w *world) hunt(query string) []object {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"Query": query})
	if err != nil {
		w.t.Fatal(err)
	}
	got := w.send("POST", "/api/advancedhunting/run", string(body))
	if got.status != 200 {
		w.t.Fatalf("%s: %d %s", query, got.status, got.body)
	}
	return objects(parse(w.t, got.body)["Results"])
}

// objects turns a list into objects.
func objects(list any) []object {
	var rows []object
	for _, row := range list.([]any) {
		rows = append(rows, row.(object))
	}
	return rows
}

// TestTablesOfDoors holds that MDE knows the tables of devices alone.
func TestTablesOfDoors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 1})
	for _, table := range huntingTables() {
		query := `{"Query":"` + table.name + ` | count"}`
		for _, target := range []string{"/api/advancedhunting/run", "/v1.0/security/runHuntingQuery"} {
			if got := w.send("POST", target, query); got.status != 200 {
				t.Errorf("%s of %s: %d %s", table.name, target, got.status, got.body)
			}
		}
		want := 400
		if strings.HasPrefix(table.name, "Device") {
			want = 200
		}
		if got := w.send("POST", "/api/advancedqueries/run", query); got.status != want {
			t.Errorf("%s of MDE: %d, want %d", table.name, got.status, want)
		}
	}
}

// TestBodiesAreJSON holds that a body without a word of JSON in its Content-Type is refused, whatever is in it.
func TestBodiesAreJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 1})
	const query = `{"Query":"DeviceInfo | count"}`
	for kind, want := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "Application/JSON;odata.metadata=minimal": 200,
		"": 400, "text/plain": 400, "application/x-www-form-urlencoded": 400, "application": 400,
	} {
		for target, code := range map[string]string{"/api/advancedqueries/run": "InvalidRequestBody", "/v1.0/security/runHuntingQuery": "BadRequest"} {
			got := w.send("POST", target, query, "Content-Type", kind)
			if got.status != want || want == 400 && !strings.Contains(got.body, `"code":"`+code+`"`) {
				t.Errorf("%s as %q: %d %s", target, kind, got.status, got.body)
			}
		}
	}
}

// TestHuntingAgrees holds that hunting shows what the REST routes show.
func TestHuntingAgrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 30, Alerts: 60})
	devices := texts(w.hunt("DeviceInfo | summarize arg_max(Timestamp, *) by DeviceId | project DeviceId"), "DeviceId")
	if want := slices.Sorted(slices.Values(w.truth.Devices)); !slices.Equal(slices.Sorted(slices.Values(devices)), want) {
		t.Errorf("%d devices", len(devices))
	}
	var young []string
	for _, row := range rowsOf(t, w.read("/api/alerts")) {
		if row["alertCreationTime"].(string) > "2026-04-04T10" {
			young = append(young, row["id"].(string))
		}
	}
	alerts := texts(w.hunt("AlertInfo | project AlertId | sort by AlertId asc"), "AlertId")
	if !slices.Equal(alerts, slices.Sorted(slices.Values(young))) || len(alerts) == 0 {
		t.Errorf("%d alerts, want %d", len(alerts), len(young))
	}
	rows := w.hunt("DeviceTvmSoftwareVulnerabilities | summarize Devices = dcount(DeviceId) by CveId | sort by Devices desc | take 20")
	for _, row := range rows {
		got := w.read("/api/vulnerabilities/" + row["CveId"].(string))
		if fmt.Sprint(got["exposedMachines"]) != fmt.Sprint(row["Devices"]) {
			t.Errorf("%v: hunting %v, catalogue %v", row["CveId"], row["Devices"], got["exposedMachines"])
		}
	}
	for query, want := range map[string]int{
		"DeviceTvmSoftwareVulnerabilities | count":   w.truth.MachinesVulnerabilities,
		"DeviceTvmSoftwareVulnerabilitiesKB | count": len(w.truth.Vulnerabilities),
		"DeviceNetworkInfo | count":                  len(w.truth.Devices),
		"AlertInfo | join kind=inner (AlertEvidence | where EntityType == 'Machine') on AlertId | count": len(young),
	} {
		if got := fmt.Sprint(w.hunt(query)[0]["Count"]); got != fmt.Sprint(want) {
			t.Errorf("%s: %s, want %d", query, got, want)
		}
	}
	id := young[0]
	evidence := w.hunt("AlertEvidence | where AlertId == '" + id + "' and EntityType != 'Machine'")
	alert := w.read("/api/alerts/" + id)
	if len(evidence) != len(alert["evidence"].([]any)) || evidence[0]["DeviceId"] != alert["machineId"] {
		t.Errorf("evidence of %s: %d rows", id, len(evidence))
	}
	for _, e := range alert["evidence"].([]any) {
		e := e.(object)
		if e["entityType"] != "Process" {
			continue
		}
		found := w.hunt(fmt.Sprintf("DeviceProcessEvents | where DeviceId == '%s' and SHA1 == '%s' and ProcessId == %v", alert["machineId"], e["sha1"], e["processId"]))
		if len(found) == 0 || found[0]["ProcessCommandLine"] != e["processCommandLine"] {
			t.Errorf("process %v: %v", e["fileName"], found)
		}
	}
}

func TestEveryHuntingTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 15})
	for _, table := range huntingTables() {
		body := `{"Query":"` + table.name + ` | take 3"}`
		o := parse(t, w.send("POST", "/v1.0/security/runHuntingQuery", body).body)
		schema, results := o["schema"].([]any), objects(o["results"])
		if len(schema) != len(huntingColumns(table)) || len(results) != 3 {
			t.Errorf("%s: %d columns, %d rows", table.name, len(schema), len(results))
		}
		known := map[string]bool{}
		for _, c := range huntingColumns(table) {
			known[c.Name] = true
		}
		table.fill(w.s.dir.tenants[0].data(), func(row huntingRow) {
			for name := range row {
				if !known[name] && !strings.Contains(name, "Account") {
					t.Fatalf("%s has no column %s", table.name, name)
				}
			}
		})
	}
}

func TestHuntingRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 5})
	for body, want := range map[string]string{
		`{"Query":"DeviceInfo | where"}`:               "A recognition error occurred.. Fix syntax errors in your query.",
		`{"Query":"DeviceInfo | where Colour == 'x'"}`: "Fix semantic errors in your query.",
		`{"Query":"EmailEvents | take 1"}`:             "Failed to resolve table",
		`{"Query":"IdentityInfo | take 1"}`:            "Failed to resolve table", // the MDE door has devices and alerts alone
	} {
		if got := w.refused("POST", "/api/advancedqueries/run", body, 400, "BadRequest"); !strings.Contains(got, want) {
			t.Errorf("%s: %s", body, got)
		}
	}
	w.refused("POST", "/api/advancedqueries/run", `{"query":"DeviceInfo"}`, 400, "InvalidRequestBody")
	w.refused("POST", "/api/advancedqueries/run", `{"Query":""}`, 400, "MissingRequiredParameter")
	w.refused("POST", "/api/advancedqueries/run", ``, 400, "InvalidRequestBody")
	w.refused("POST", "/v1.0/security/runHuntingQuery", `{"query":"DeviceInfo | where"}`, 400, "BadRequest")
	w.refused("POST", "/v1.0/security/runHuntingQuery", `{"Query":"DeviceInfo","Timespan":"soon"}`, 400, "BadRequest")
}

func TestXDRHunting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 5})
	got := w.send("POST", "/api/advancedhunting/run", `{"Query":"IdentityInfo | take 2 | project AccountUpn, IsAccountEnabled, CreatedDateTime"}`)
	o := parse(t, got.body)
	if o["Stats"] == nil || len(objects(o["Results"])) != 2 || fmt.Sprint(o["Schema"]) != "[map[Name:AccountUpn Type:String] map[Name:IsAccountEnabled Type:SByte] map[Name:CreatedDateTime Type:DateTime]]" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json; charset=utf-8" || got.header.Get("OData-Version") != "" {
		t.Errorf("headers %v", got.header)
	}
}

func TestGraphHunting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 20})
	run := func(body string) []object {
		t.Helper()
		got := w.send("POST", "/v1.0/security/runHuntingQuery", body)
		if got.status != 200 {
			t.Fatalf("%s: %d %s", body, got.status, got.body)
		}
		return objects(parse(t, got.body)["results"])
	}
	row := run(`{"Query":"print B = true, N = bool(null), T = datetime(null), L = dynamic(['a']), D = dynamic({'x':1}), I = 5, S = ''"}`)[0]
	want := `{"B":1,"B@odata.type":"#SByte","D":{"x":1},"I":5,"I@odata.type":"#Int64","L":["a"],"L@odata.type":"#Collection(String)","N":{},"S":"","T":{}}`
	if got, _ := json.Marshal(row); string(got) != want {
		t.Errorf("cells %s, want %s", got, want)
	}
	count := func(span string) string {
		return fmt.Sprint(run(`{"query":"DeviceProcessEvents | count","timespan":"` + span + `"}`)[0]["Count"])
	}
	if day, month := count("P1D"), count("P30D"); day == month || day == "0" {
		t.Errorf("%s events in a day, %s in a month", day, month)
	}
	if got := count("2020-01-01/2020-02-01"); got != "0" {
		t.Errorf("%s events before there was anything", got)
	}
}

func TestTimespans(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"P1D": "2026-05-03T10:00:00Z 2026-05-04T10:00:00Z", "PT1H30M": "2026-05-04T08:30:00Z 2026-05-04T10:00:00Z",
		"2026-01-01/2026-01-02T03:04:05Z": "2026-01-01T00:00:00Z 2026-01-02T03:04:05Z", "P1W/2026-02-08": "2026-02-01T00:00:00Z 2026-02-08T00:00:00Z",
		"2026-02-01/P1DT12H": "2026-02-01T00:00:00Z 2026-02-02T12:00:00Z", "2026-05-01": "2026-05-01T00:00:00Z 2026-05-04T10:00:00Z",
	} {
		from, to, err := parseTimespan(text, now)
		if got := from.Format(time.RFC3339) + " " + to.Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1M", "1D", "P1D/P1D", "x/y", "P1D2", "PD", "P-1D", "2026-01-01/x"} {
		if from, to, err := parseTimespan(text, now); err == nil {
			t.Errorf("%q: %s to %s", text, from, to)
		}
	}
}

func TestHuntingLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 60, Alerts: -1})
	wide := "DeviceProcessEvents | extend K = 1 | join kind=inner (DeviceProcessEvents | extend K = 1) on K | take 60000"
	if got := w.refused("POST", "/api/advancedqueries/run", `{"Query":"`+wide+`"}`, 400, "BadRequest"); !strings.HasPrefix(got, "Query execution has exceeded the allowed result size") {
		t.Error(got)
	}
	narrow := "DeviceProcessEvents | extend K = 1 | join kind=inner (DeviceProcessEvents | extend K = 1) on K | take 130000 | project ProcessId"
	if got := w.hunt(narrow); len(got) != huntingMaxRows {
		t.Errorf("%d rows", len(got))
	}
}
