package emulator

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// truthRows gives the ids of all rows of the export.
func truthRows(truth Truth) []string {
	var ids []string
	truth.EachVulnerabilityRow(func(id string) bool { ids = append(ids, id); return true })
	return ids
}

func TestExportPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 40, VulnerabilityRows: 1000})
	want := truthRows(w.truth)
	if len(want) != 1000 || w.truth.VulnerabilityRows != 1000 {
		t.Fatalf("%d rows", len(want))
	}
	rows, pages := w.pages("/api/machines/SoftwareVulnerabilitiesByMachine?pageSize=150")
	if got := texts(rows, "id"); !slices.Equal(got, want) || pages != 7 {
		t.Errorf("%d rows in %d pages", len(got), pages)
	}
	if rows, pages := w.pages("/api/machines/SoftwareVulnerabilitiesByMachine?pageSize=250"); len(rows) != 1000 || pages != 4 {
		t.Errorf("%d rows in %d pages", len(rows), pages)
	}
	o := w.read("/api/machines/SoftwareVulnerabilitiesByMachine?$top=10")
	if _, ok := o["@odata.nextLink"]; ok || len(rowsOf(t, o)) != 10 {
		t.Error("$top came with a nextLink")
	}
	link := w.read("/api/machines/SoftwareVulnerabilitiesByMachine?pageSize=10")["@odata.nextLink"].(string)
	if !strings.Contains(link, "?pagesize=10&$skiptoken=") {
		t.Errorf("nextLink %s", link)
	}
	for _, row := range rows[:50] {
		if _, ok := row["cveId"]; !ok || row["deviceId"] == nil || row["exploitabilityLevel"] == nil {
			t.Errorf("row %v", row)
		}
	}
	w.clock.Advance(40 * time.Hour)
	w.mde = tokenFor(t, w.s, mdeResource)
	w.refused("GET", link, "", 400, "InvalidInput") // its snapshot is gone
	for _, query := range []string{"pageSize=0", "pageSize=x", "pageSize=200001", "$top=0", "$skiptoken=garbage", "$skiptoken=" + url.QueryEscape("eyJFeHBvcnRGaWxlSW5kZXgiOjk5fQ==")} {
		w.refused("GET", "/api/machines/SoftwareVulnerabilitiesByMachine?"+query, "", 400, "InvalidInput")
	}
}

// fileLines downloads an export file.
func fileLines(w *world, link string) []object {
	w.t.Helper()
	got := fetch(w.t, w.s, "GET", link, "")
	if got.status != 200 || got.header.Get("Content-Type") != "application/gzip" {
		w.t.Fatalf("%s: %d %s", link, got.status, got.body)
	}
	zip, err := gzip.NewReader(strings.NewReader(got.body))
	if err != nil {
		w.t.Fatal(err)
	}
	var rows []object
	lines := bufio.NewScanner(zip)
	for lines.Scan() {
		rows = append(rows, parse(w.t, lines.Text()))
	}
	if err := lines.Err(); err != nil {
		w.t.Fatal(err)
	}
	return rows
}

func TestExportFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 60, VulnerabilityRows: 1500, PageSize: 20})
	o := w.read("/api/machines/SoftwareVulnerabilitiesExport")
	var got []string
	links := o["exportFiles"].([]any)
	for _, link := range links {
		group := ""
		for _, row := range fileLines(w, link.(string)) {
			got = append(got, row["Id"].(string))
			group = string(row["RbacGroupId"].(json.Number))
			for name, value := range row {
				if value == nil || name[:1] != strings.ToUpper(name[:1]) {
					t.Fatalf("member %s is %v", name, value)
				}
			}
		}
		if !strings.Contains(link.(string), "/_RbacGroupId="+group+"/") || !strings.HasPrefix(link.(string), "https://onboardedexports.blob.core.windows.net/tvm-export/2026-05-04/0601/VaExport/json/OrgId=") {
			t.Errorf("link %s of group %s", link, group)
		}
	}
	if !slices.Equal(got, truthRows(w.truth)) || len(links) != w.truth.ExportFiles || len(links) < 5 {
		t.Errorf("%d rows in %d files", len(got), len(links))
	}
	if o["generatedTime"] != "2026-05-04T06:01:00Z" {
		t.Errorf("generated %v", o["generatedTime"])
	}
}

func TestExportLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 20})
	link := w.read("/api/machines/SoftwareVulnerabilitiesExport?sasValidHours=2")["exportFiles"].([]any)[0].(string)
	refused := func(link, code, detail string) {
		t.Helper()
		got := fetch(t, w.s, "GET", link, "")
		if got.status < 400 || !strings.Contains(got.body, "<Code>"+code+"</Code>") || !strings.Contains(got.body, detail) {
			t.Errorf("%s: %d %s", link, got.status, got.body)
		}
	}
	refused(strings.Replace(link, "&sp=r", "", 1)+"x", "AuthenticationFailed", "Signature did not match")
	refused(strings.Replace(link, "sig=", "sig=A", 1), "AuthenticationFailed", "")
	refused(strings.Replace(link, "part-00000", "part-00009", 1), "AuthenticationFailed", "")
	refused(strings.Replace(link, "OrgId=", "OrgId=9", 1), "ResourceNotFound", "")
	w.clock.Advance(119 * time.Minute)
	if got := fetch(t, w.s, "GET", link, ""); got.status != 200 {
		t.Errorf("before it expires: %d", got.status)
	}
	w.clock.Advance(2 * time.Minute)
	refused(link, "AuthenticationFailed", "Signature not valid in the specified key time frame: Key start [Mon, 04 May 2026 10:00:00 GMT] - Key expiry [Mon, 04 May 2026 12:00:00 GMT] - Current [Mon, 04 May 2026 12:01:00 GMT]")
	w.mde = tokenFor(t, w.s, mdeResource)
	for _, hours := range []string{"0", "7", "x"} {
		w.refused("GET", "/api/machines/SoftwareVulnerabilitiesExport?sasValidHours="+hours, "", 400, "InvalidInput")
	}
	self := w.read(w.s.URL() + "/api/machines/SoftwareVulnerabilitiesExport")["exportFiles"].([]any)[0].(string)
	if !strings.HasPrefix(self, w.s.URL()+"/blob/tvm-export/") || len(fileLines(w, self)) == 0 {
		t.Errorf("link for a client that knows the address alone: %s", self)
	}
}

func TestExportChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 60, PageSize: 50})
	path := "/api/machines/SoftwareVulnerabilityChangesByMachine?sinceTime="
	all, pages := w.pages(path + "2026-04-20T10:00:00Z")
	recent, _ := w.pages(path + "2026-05-01T10:00:00.5Z")
	if len(all) <= len(recent) || len(recent) == 0 || pages != (len(all)+49)/50 {
		t.Errorf("%d changes in %d pages, %d of them recent", len(all), pages, len(recent))
	}
	current := truthRows(w.truth)
	count := map[any]int{}
	for _, row := range all {
		count[row["status"]]++
		gone := row["status"] == "Fixed"
		if slices.Contains(current, row["id"].(string)) == gone || row["eventTimestamp"].(string) < "2026-04-20" {
			t.Errorf("%v change of %v at %v", row["status"], row["id"], row["eventTimestamp"])
		}
		if _, ok := row["securityUpdateAvailable"]; ok {
			t.Fatal("securityUpdateAvailable in a delta")
		}
	}
	if count["New"] == 0 || count["Fixed"] == 0 || count["Updated"] == 0 {
		t.Errorf("changes: %v", count)
	}
	w.refused("GET", "/api/machines/SoftwareVulnerabilityChangesByMachine", "", 400, "MissingRequiredParameter")
	w.refused("GET", path+"soon", "", 400, "InvalidInput")
	w.refused("GET", path+"2026-04-01T00:00:00Z", "", 400, "InvalidInput")
}
