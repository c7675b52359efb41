package emulator

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestVulnerabilities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 40, PageSize: 200})
	rows, pages := w.pages("/api/vulnerabilities")
	if got := texts(rows, "id"); !slices.Equal(got, w.truth.Vulnerabilities) || pages != (len(got)+199)/200 {
		t.Errorf("%d vulnerabilities in %d pages", len(got), pages)
	}
	for filter, want := range map[string]func(object) bool{
		"severity eq 'Critical'": func(o object) bool { return o["severity"] == "Critical" },
		"cvssV3 ge 9":            func(o object) bool { f, _ := o["cvssV3"].(json.Number).Float64(); return f >= 9 },
		"startswith(id,'TVM')":   func(o object) bool { return strings.HasPrefix(o["id"].(string), "TVM-") },
		"publishedOn gt 2025-06-01Z and contains(description,'Chrome')": func(o object) bool {
			return o["publishedOn"].(string) > "2025-06-01" && strings.Contains(o["description"].(string), "Chrome")
		},
	} {
		var expect []string
		for _, row := range rows {
			if want(row) {
				expect = append(expect, row["id"].(string))
			}
		}
		got, _ := w.pages(filterURL("/api/vulnerabilities", filter))
		if !slices.Equal(texts(got, "id"), expect) || len(expect) == 0 {
			t.Errorf("%s: %d rows, want %d", filter, len(got), len(expect))
		}
	}
	w.refused("GET", filterURL("/api/vulnerabilities", "epss gt 0.5"), "", 400, "ODataError")
	w.refused("GET", "/api/vulnerabilities?$top=8001", "", 400, "ODataError")
	w.refused("GET", "/api/vulnerabilities/CVE-1999-1", "", 404, "ResourceNotFound")
	if got := w.read("/api/vulnerabilities/cve-2021-44228"); got["id"] != "CVE-2021-44228" || got["exploitInKit"] != true {
		t.Errorf("Log4Shell: %v", got)
	}
}

// TestVulnerabilitiesAgree holds that the catalogue, the devices and the rows of both lists tell one story.
func TestVulnerabilitiesAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 25})
	pairs := map[[2]string]bool{}
	rows, _ := w.pages("/api/vulnerabilities/machinesVulnerabilities")
	for _, row := range rows {
		pairs[[2]string{row["machineId"].(string), row["cveId"].(string)}] = true
		if !strings.HasPrefix(row["id"].(string), row["machineId"].(string)+"-_-"+row["cveId"].(string)+"-_-") {
			t.Errorf("id %v", row["id"])
		}
	}
	if len(rows) != w.truth.MachinesVulnerabilities {
		t.Errorf("%d rows, want %d", len(rows), w.truth.MachinesVulnerabilities)
	}
	exported := 0
	asset, _ := w.pages("/api/machines/SoftwareVulnerabilitiesByMachine")
	for _, row := range asset {
		if cve, ok := row["cveId"].(string); ok {
			exported++
			if !pairs[[2]string{row["deviceId"].(string), cve}] {
				t.Errorf("only the export has %v %s", row["deviceId"], cve)
			}
		}
	}
	if exported != len(rows) || exported == len(asset) {
		t.Errorf("%d exported rows with a CVE of %d, %d in the list", exported, len(asset), len(rows))
	}
	for _, id := range w.truth.Devices[:5] {
		for _, row := range rowsOf(t, w.read("/api/machines/"+id+"/vulnerabilities")) {
			if !pairs[[2]string{id, row["id"].(string)}] {
				t.Errorf("only the device has %v", row["id"])
			}
		}
	}
	vulnerabilities, _ := w.pages("/api/vulnerabilities")
	for _, row := range vulnerabilities[:60] {
		exposed := rowsOf(t, w.read("/api/vulnerabilities/"+row["id"].(string)+"/machineReferences"))
		if n, _ := row["exposedMachines"].(json.Number).Int64(); int(n) != len(exposed) {
			t.Errorf("%v exposes %d devices, references %d", row["id"], n, len(exposed))
		}
	}
	one := rows[0]["cveId"].(string)
	got, _ := w.pages(filterURL("/api/vulnerabilities/machinesVulnerabilities", "cveId eq '"+one+"' and severity ne 'None'"))
	if len(got) == 0 || len(got) == len(rows) || texts(got, "cveId")[0] != one {
		t.Errorf("filter by CVE: %d rows", len(got))
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{})
	o := w.read("/api/exposureScore")
	score, err := o["score"].(json.Number).Float64()
	if err != nil || score <= 0 || score >= 100 || o["time"] != "2026-05-04T10:00:00Z" {
		t.Errorf("exposure score: %v", o)
	}
	if o := w.read("/api/configurationScore"); o["@odata.context"] != mdeBase+"/api/$metadata#ConfigurationScore/$entity" {
		t.Errorf("configuration score: %v", o)
	}
	if rows := rowsOf(t, w.read("/api/exposureScore/ByMachineGroups")); len(rows) != 5 {
		t.Errorf("groups: %v", rows)
	}
}
