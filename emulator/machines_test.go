package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestMachinesInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 100, PageSize: 25})
	rows, pages := w.pages("/api/machines")
	if got := texts(rows, "id"); !slices.Equal(got, w.truth.Devices) || pages != 4 {
		t.Errorf("%d devices in %d pages: a full last page must not be followed by an empty one", len(got), pages)
	}
	filtered, pages := w.pages(filterURL("/api/machines", "osPlatform ne 'Linux'"))
	var want []string
	for _, row := range rows {
		if row["osPlatform"] != "Linux" {
			want = append(want, row["id"].(string))
		}
	}
	if got := texts(filtered, "id"); !slices.Equal(got, want) || pages != (len(want)+24)/25 {
		t.Errorf("%d of %d devices in %d pages", len(got), len(want), pages)
	}
}

func TestMachineFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 120})
	all := rowsOf(t, w.read("/api/machines"))
	for filter, want := range map[string]func(object) bool{
		"riskScore eq 'High'":                        func(o object) bool { return o["riskScore"] == "High" },
		"HealthStatus eq 'Active'":                   func(o object) bool { return o["healthStatus"] == "Active" },
		"exposureLevel eq 'Low'":                     func(o object) bool { return o["exposureLevel"] == "Low" },
		"startswith(computerDnsName,'srv')":          func(o object) bool { return strings.HasPrefix(o["computerDnsName"].(string), "srv") },
		"lastSeen gt 2026-05-01Z":                    func(o object) bool { return o["lastSeen"].(string) > "2026-05-01" },
		"rbacGroupId eq 14":                          func(o object) bool { return fmt.Sprint(o["rbacGroupId"]) == "14" },
		"machineTags/any(tag: tag eq 'Berlin')":      func(o object) bool { return slices.Contains(o["machineTags"].([]any), any("Berlin")) },
		"onboardingStatus ne 'Onboarded'":            func(o object) bool { return o["onboardingStatus"] != "Onboarded" },
		"aadDeviceId eq null and version eq 'Other'": func(o object) bool { return o["aadDeviceId"] == nil && o["version"] == "Other" },
	} {
		var expect []string
		for _, row := range all {
			if want(row) {
				expect = append(expect, row["id"].(string))
			}
		}
		if got := texts(rowsOf(t, w.read(filterURL("/api/machines", filter))), "id"); !slices.Equal(got, expect) || len(expect) == 0 {
			t.Errorf("%s: %d rows, want %d", filter, len(got), len(expect))
		}
	}
	w.refused("GET", filterURL("/api/machines", "rbacGroupName eq 'Servers'"), "", 400, "ODataError")
}

func TestMachineByIDAndName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 12})
	row := w.read("/api/machines/" + w.truth.Devices[3])
	byName := w.read("/API/Machines/" + row["computerDnsName"].(string))
	if byName["id"] != row["id"] || row["@odata.context"] != mdeBase+"/api/$metadata#Machines/$entity" {
		t.Errorf("by name: %v", byName)
	}
	for _, key := range []string{"nobody", "lap-9999", strings.Repeat("a", 40), "lnx-0004x"} {
		w.refused("GET", "/api/machines/"+key, "", 404, "ResourceNotFound")
	}
	empty := newWorld(t, Size{Devices: -1})
	empty.refused("GET", "/api/machines", "", 404, "ResourceNotFound")
}

func TestMachineTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 20})
	path := "/api/machines/" + w.truth.Devices[0]
	tags := func() []any { return w.read(path)["machineTags"].([]any) }
	value := w.read(path)["deviceValue"]
	w.send(http.MethodPatch, path, `{"machineTags":["one","two","one"]}`)
	if got := fmt.Sprint(tags()); got != "[one two]" || w.read(path)["deviceValue"] != value {
		t.Errorf("PATCH replaces: %s", got)
	}
	w.send(http.MethodPost, path+"/tags", `{"Value":"three","Action":"Add"}`)
	w.send(http.MethodPost, path+"/tags", `{"Value":"three","Action":"Add"}`)
	w.send(http.MethodPost, path+"/tags", `{"Value":"one","Action":"Remove"}`)
	if got := fmt.Sprint(tags()); got != "[two three]" {
		t.Errorf("tags: %s", got)
	}
	many := `{"Value":"fleet","Action":"Add","MachineIds":["` + strings.Join(w.truth.Devices[:5], `","`) + `"]}`
	if got := w.send(http.MethodPost, "/api/machines/AddOrRemoveTagForMultipleMachines", many); len(rowsOf(t, parse(t, got.body))) != 5 {
		t.Errorf("tag many: %s", got.body)
	}
	if got := texts(rowsOf(t, w.read("/api/machines/findbytag?tag=fleet")), "id"); !slices.Equal(got, w.truth.Devices[:5]) {
		t.Errorf("findbytag: %v", got)
	}
	if got := rowsOf(t, w.read("/api/machines/findbytag?tag=fle&useStartsWithFilter=true")); len(got) != 5 {
		t.Errorf("findbytag by prefix: %d", len(got))
	}
	if got := rowsOf(t, w.read("/api/machines/findbytag?tag=fle")); len(got) != 0 {
		t.Errorf("findbytag without prefix: %d", len(got))
	}
	w.send(http.MethodPost, path+"/setDeviceValue", `{"DeviceValue":"High"}`)
	o := parse(t, w.send("POST", "/api/advancedqueries/run", `{"Query":"DeviceInfo | where DeviceId == '`+w.truth.Devices[0]+`' | summarize arg_max(Timestamp, *) by DeviceId | project AssetValue, DeviceManualTags"}`).body)
	if got := fmt.Sprint(o["Results"]); got != `[map[AssetValue:High DeviceManualTags:["two","three","fleet"]]]` {
		t.Errorf("hunting shows %s", got)
	}
}

func TestMachineRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 5})
	path := "/api/machines/" + w.truth.Devices[0]
	tooMany := `{"Value":"x","Action":"Add","MachineIds":["` + strings.Repeat(w.truth.Devices[0]+`","`, 500) + w.truth.Devices[0] + `"]}`
	for _, c := range []struct {
		method, target, body string
		status               int
		code                 string
	}{
		{"POST", path + "/tags", `{"value":"x","Action":"Add"}`, 400, "InvalidRequestBody"},
		{"POST", path + "/tags", `{"Action":"Add"}`, 400, "MissingRequiredParameter"},
		{"POST", path + "/tags", `{"Value":"x"}`, 400, "MissingRequiredParameter"},
		{"POST", path + "/tags", `{"Value":"x","Action":"Toggle"}`, 400, "InvalidInput"},
		{"POST", "/api/machines/AddOrRemoveTagForMultipleMachines", `{"Value":"x","Action":"Add"}`, 400, "MissingRequiredParameter"},
		{"POST", "/api/machines/AddOrRemoveTagForMultipleMachines", tooMany, 400, "MaximumBatchSizeExceeded"},
		{"POST", "/api/machines/AddOrRemoveTagForMultipleMachines", `{"Value":"x","Action":"Add","MachineIds":["` + w.truth.Devices[0] + `","nobody"]}`, 404, "ResourceNotFound"},
		{"POST", path + "/setDeviceValue", `{"DeviceValue":"Huge"}`, 400, "InvalidInput"},
		{"POST", path + "/setDeviceValue", `{}`, 400, "MissingRequiredParameter"},
		{"PATCH", path, `{"deviceValue":"Huge"}`, 400, "InvalidInput"},
		{"PATCH", path, `{"DeviceValue":"Low"}`, 400, "InvalidRequestBody"},
		{"GET", "/api/machines/findbytag", "", 400, "MissingRequiredParameter"},
		{"GET", "/api/machines/findbytag?tag=x&useStartsWithFilter=maybe", "", 400, "InvalidInput"},
		{"GET", "/api/machines/findbyip(ip='10.0.0.300',timestamp=2026-05-04T09:00:00Z)", "", 400, "InvalidIpAddress"},
		{"GET", "/api/machines/findbyip(ip='10.0.0.10',timestamp=yesterday)", "", 400, "InvalidInput"},
		{"GET", "/api/machines/findbyip(ip='10.0.0.10',timestamp=2026-03-01T00:00:00Z)", "", 400, "InvalidInput"},
		{"GET", "/api/machines/findbyip(ip='10.0.0.10')", "", 400, "BadRequest"},
	} {
		w.refused(c.method, c.target, c.body, c.status, c.code)
	}
	for _, row := range rowsOf(t, w.read("/api/machines")) {
		if slices.Contains(row["machineTags"].([]any), any("x")) {
			t.Error("a refused call tagged a device")
		}
	}
}

func TestMachinesByIP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 8})
	row := w.read("/api/machines/" + w.truth.Devices[2])
	find := func(at string) []object {
		return rowsOf(t, w.read("/api/machines/findbyip(ip='"+row["lastIpAddress"].(string)+"',timestamp="+at+")"))
	}
	if got := find(row["lastSeen"].(string)); len(got) != 1 || got[0]["id"] != row["id"] {
		t.Errorf("at its last report: %v", got)
	}
	if got := find("2026-05-05T10:00:00Z"); len(got) != 0 {
		t.Errorf("long after its last report: %v", got)
	}
}

func TestLogonUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10})
	for _, id := range w.truth.Devices {
		rows := rowsOf(t, w.read("/api/machines/"+id+"/logonusers"))
		if len(rows) == 0 {
			t.Errorf("nobody signs in to %s", id)
		}
		for _, row := range rows {
			if !slices.Contains(w.truth.Users, row["accountName"].(string)) || !strings.HasPrefix(row["id"].(string), `CONTOSO\`) {
				t.Errorf("user %v", row)
			}
		}
	}
	w.refused("GET", "/api/machines/nobody/logonusers", "", 404, "ResourceNotFound")
}
