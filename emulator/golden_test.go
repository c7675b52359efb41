package emulator

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenCall is one call whose answer is kept in a file.
type goldenCall struct {
	file, method, target, body string
}

// goldenCalls is at least one call of each route. {device}, {alert} and {file} stand for what the tenant holds.
func goldenCalls() []goldenCall {
	return []goldenCall{
		{"alerts", "GET", "/api/alerts?$top=2&$expand=evidence", ""},
		{"alert", "GET", "/api/alerts/{alert}", ""},
		{"alert-patch", "PATCH", "/api/alerts/{alert}", `{"status":"Resolved","classification":"TruePositive","determination":"Malware","comment":"seen"}`},
		{"alerts-batch", "POST", "/api/alerts/batchUpdate", `{"alertIds":["{alert}"],"status":"InProgress"}`},
		{"alert-by-reference-missing", "POST", "/api/alerts/CreateAlertByReference", `{"title":"x"}`},
		{"alert-domains", "GET", "/api/alerts/{alert}/domains", ""},
		{"alert-files", "GET", "/api/alerts/{alert}/files", ""},
		{"alert-ips", "GET", "/api/alerts/{alert}/ips", ""},
		{"alert-machine", "GET", "/api/alerts/{alert}/machine", ""},
		{"alert-user", "GET", "/api/alerts/{alert}/user", ""},
		{"machines", "GET", "/api/machines", ""},
		{"machine", "GET", "/api/machines/{device}", ""},
		{"machine-patch", "PATCH", "/api/machines/{device}", `{"machineTags":["a","b"],"deviceValue":"High"}`},
		{"machine-tag", "POST", "/api/machines/{device}/tags", `{"Value":"c","Action":"Add"}`},
		{"machines-tag", "POST", "/api/machines/AddOrRemoveTagForMultipleMachines", `{"Value":"c","Action":"Remove","MachineIds":["{device}"]}`},
		{"machine-value", "POST", "/api/machines/{device}/setDeviceValue", `{"DeviceValue":"Low"}`},
		{"machines-by-ip", "GET", "/api/machines/findbyip(ip='10.0.0.10',timestamp=2026-05-03T10:00:00Z)", ""},
		{"machines-by-tag", "GET", "/api/machines/findbytag?tag=b&useStartsWithFilter=false", ""},
		{"machine-users", "GET", "/api/machines/{device}/logonusers", ""},
		{"machine-alerts", "GET", "/api/machines/{device}/alerts", ""},
		{"machine-alerts-count", "GET", "/api/machines/{device}/alerts/$count", ""},
		{"machine-vulnerabilities", "GET", "/api/machines/{device}/vulnerabilities", ""},
		{"vulnerabilities", "GET", "/api/vulnerabilities", ""},
		{"vulnerability", "GET", "/api/vulnerabilities/CVE-2021-44228", ""},
		{"vulnerability-machines", "GET", "/api/vulnerabilities/CVE-2021-44228/machineReferences", ""},
		{"machines-vulnerabilities", "GET", "/api/vulnerabilities/machinesVulnerabilities", ""},
		{"export-pages", "GET", "/api/machines/SoftwareVulnerabilitiesByMachine?pageSize=2", ""},
		{"export-changes", "GET", "/api/machines/SoftwareVulnerabilityChangesByMachine?sinceTime=2026-04-21T00:00:00Z&pageSize=2", ""},
		{"export-files", "GET", "/api/machines/SoftwareVulnerabilitiesExport", ""},
		{"software", "GET", "/api/Software?$top=2", ""},
		{"software-one", "GET", "/api/software/google-_-chrome", ""},
		{"software-distributions", "GET", "/api/Software/google-_-chrome/distributions", ""},
		{"software-machines", "GET", "/api/Software/google-_-chrome/machineReferences", ""},
		{"software-vulnerabilities", "GET", "/api/Software/google-_-chrome/vulnerabilities", ""},
		{"software-fixes", "GET", "/api/Software/microsoft-_-windows_11/getmissingkbs", ""},
		{"machine-software", "GET", "/api/machines/{device}/software", ""},
		{"machine-fixes", "GET", "/api/machines/{device}/getmissingkbs", ""},
		{"inventory-pages", "GET", "/api/machines/SoftwareInventoryByMachine?pageSize=2", ""},
		{"inventory-files", "GET", "/api/machines/SoftwareInventoryExport?sasValidHours=2", ""},
		{"recommendations", "GET", "/api/recommendations?$top=2", ""},
		{"recommendation", "GET", "/api/recommendations/va-_-google-_-chrome", ""},
		{"recommendation-software", "GET", "/api/recommendations/va-_-google-_-chrome/software", ""},
		{"recommendation-machines", "GET", "/api/recommendations/va-_-google-_-chrome/machineReferences", ""},
		{"recommendation-vulnerabilities", "GET", "/api/recommendations/va-_-google-_-chrome/vulnerabilities", ""},
		{"machine-recommendations", "GET", "/api/machines/{device}/recommendations", ""},
		{"machine-actions", "GET", "/api/machineactions?$top=3", ""},
		{"machine-action", "GET", "/api/machineactions/{action}", ""},
		{"incidents", "GET", "/api/incidents?$top=1", ""},
		{"incident", "GET", "/api/incidents/{incident}", ""},
		{"graph-incidents", "GET", "/v1.0/security/incidents?$top=1&$count=true", ""},
		{"graph-incidents-expanded", "GET", "/v1.0/security/incidents?$top=1&$expand=alerts", ""},
		{"graph-incident", "GET", "/v1.0/security/incidents/{incident}", ""},
		{"exposure-score", "GET", "/api/exposureScore", ""},
		{"exposure-score-groups", "GET", "/api/exposureScore/ByMachineGroups", ""},
		{"configuration-score", "GET", "/api/configurationScore", ""},
		{"hunting-mde", "POST", "/api/advancedqueries/run", `{"Query":"DeviceInfo | project Timestamp, DeviceName, OSBuild, IsInternetFacing | take 2"}`},
		{"hunting-xdr", "POST", "/api/advancedhunting/run", `{"Query":"AlertInfo | take 1"}`},
		{"hunting-graph", "POST", "/v1.0/security/runHuntingQuery", `{"Query":"DeviceInfo | project Timestamp, DeviceName, OSBuild, IsInternetFacing | take 2"}`},
		{"hunting-syntax", "POST", "/api/advancedqueries/run", `{"Query":"DeviceInfo |"}`},
		{"graph-alerts", "GET", "/v1.0/security/alerts_v2?$top=1&$count=true", ""},
		{"graph-alert", "GET", "/v1.0/security/alerts_v2/{alert}", ""},
		{"graph-alert-patch", "PATCH", "/v1.0/security/alerts_v2/{alert}", `{"status":"new"}`},
		{"graph-alert-comment", "POST", "/v1.0/security/alerts_v2/{alert}/comments", `{"comment":"hello"}`},
		{"graph-secure-scores", "GET", "/v1.0/security/secureScores?$top=1", ""},
		{"graph-secure-score", "GET", "/v1.0/security/secureScores/" + defaultTenantID + "_2026-05-01", ""},
		{"graph-control-profiles", "GET", "/v1.0/security/secureScoreControlProfiles?$top=1", ""},
		{"graph-control-profile", "GET", "/v1.0/security/secureScoreControlProfiles/DLPEnabled", ""},
	}
}

// goldenActions is at least one call of each route of response. {device} stands for a device that can do everything, {done},
// {package} and {live} for actions that are at their ends.
func goldenActions() []goldenCall {
	return []goldenCall{
		{"action-isolate", "POST", "/api/machines/{device}/isolate", `{"Comment":"contain it","IsolationType":"Selective"}`},
		{"action-unisolate", "POST", "/api/machines/{device}/unisolate", `{"Comment":"clean"}`},
		{"action-scan", "POST", "/api/machines/{device}/runAntiVirusScan", `{"Comment":"look","ScanType":"Full"}`},
		{"action-scan-missing", "POST", "/api/machines/{device}/runAntiVirusScan", `{"Comment":"look"}`},
		{"action-restrict", "POST", "/api/machines/{device}/restrictCodeExecution", `{"Comment":"hold"}`},
		{"action-unrestrict", "POST", "/api/machines/{device}/unrestrictCodeExecution", `{"Comment":"go"}`},
		{"action-package", "POST", "/api/machines/{device}/collectInvestigationPackage", `{"Comment":"evidence"}`},
		{"action-package-again", "POST", "/api/machines/{device}/collectInvestigationPackage", `{"Comment":"evidence"}`},
		{"action-quarantine", "POST", "/api/machines/{device}/StopAndQuarantineFile", `{"Comment":"bad","Sha1":"87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`},
		{"action-quarantine-hash", "POST", "/api/machines/{device}/StopAndQuarantineFile", `{"Comment":"bad","Sha1":"87662"}`},
		{"action-live", "POST", "/api/machines/{device}/runliveresponse", `{"Comment":"look","Commands":[{"type":"GetFile","params":[{"key":"Path","value":"C:\\x.txt"}]}]}`},
		{"action-offboard", "POST", "/api/machines/{device}/offboard", `{"Comment":"retired"}`},
		{"action-investigation", "POST", "/api/machines/{device}/startInvestigation", `{"Comment":"find out"}`},
		{"action-cancel-ended", "POST", "/api/machineactions/{done}/cancel", `{"Comment":"no"}`},
		{"action-cancel-guid", "POST", "/api/machineactions/7327b54fd718525cbca07dacde913b5ac3c85673/cancel", `{"Comment":"no"}`},
		{"action-package-uri", "GET", "/api/machineactions/{package}/getPackageUri", ""},
		{"action-package-uri-other", "GET", "/api/machineactions/{done}/GetPackageUri", ""},
		{"action-live-link", "GET", "/api/machineactions/{live}/GetLiveResponseResultDownloadLink(index=0)", ""},
		{"action-live-ended", "GET", "/api/machineactions/{live}", ""},
		{"investigations", "GET", "/api/investigations?$top=2", ""},
		{"investigation", "GET", "/api/investigations/70000001", ""},
		{"incident-patch", "PATCH", "/api/incidents/1002", `{"status":"Resolved","classification":"TruePositive","determination":"CompromisedAccount","tags":["a"],"comment":"done","assignedTo":"anna@contoso.example"}`},
		{"graph-incident-patch", "PATCH", "/v1.0/security/incidents/1003", `{"status":"inProgress","classification":"falsePositive","determination":"notMalicious","customTags":["b"],"assignedTo":"anna@contoso.example"}`},
		{"graph-incident-comment", "POST", "/v1.0/security/incidents/1003/comments", `{"@odata.type":"microsoft.graph.security.alertComment","comment":"hello"}`},
	}
}

// TestGolden holds every answer to a file. Look at the difference before writing the files anew with -update.
func TestGolden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 12, Alerts: 40, PageSize: 3, VulnerabilityRows: 120})
	var alert object
	for i := len(w.truth.Alerts) - 1; len(alert) == 0 || len(alert["evidence"].([]any)) < 5; i-- {
		alert = w.read("/api/alerts/" + w.truth.Alerts[i])
	}
	put := strings.NewReplacer("{device}", alert["machineId"].(string), "{alert}", alert["id"].(string),
		"{incident}", fmt.Sprint(alert["incidentId"]), "{action}", rowsOf(t, w.read("/api/machineactions?$top=1"))[0]["id"].(string))
	for _, c := range goldenCalls() {
		got := w.send(c.method, put.Replace(c.target), put.Replace(c.body))
		compareGolden(t, c.file, got.body)
	}
	link := w.read("/api/machines/SoftwareVulnerabilitiesExport")["exportFiles"].([]any)[0].(string)
	row, err := json.Marshal(fileLines(w, link)[0])
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "export-file-line", string(row))
	link = w.read("/api/machines/SoftwareInventoryExport")["exportFiles"].([]any)[0].(string)
	if row, err = json.Marshal(fileLines(w, link)[0]); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "inventory-file-line", string(row))
	compareActions(t, w)
	asked := w.s.Stats().Requests
	for _, r := range allRoutes() {
		if asked[r.name()] == 0 {
			t.Errorf("no golden call of %s", r.name())
		}
	}
}

// compareActions holds the answers of the routes of response to their files, those of the download host included.
func compareActions(t *testing.T, w *world) {
	t.Helper()
	device, other := w.capable(0), w.capable(1)
	ended := func(path, body string) string {
		id := w.act(other, path, body)["id"].(string)
		if _, err := w.s.Do(defaultTenantID, Step{Kind: StepFinishAction, ID: id, Status: statusSucceeded}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	put := strings.NewReplacer("{device}", device, "{done}", ended("runAntiVirusScan", `{"Comment":"x","ScanType":"Quick"}`),
		"{package}", ended("collectInvestigationPackage", `{"Comment":"x"}`),
		"{live}", ended("runliveresponse", `{"Comment":"x","Commands":[{"type":"RunScript","params":[{"key":"ScriptName","value":"a.ps1"}]}]}`))
	for _, c := range goldenActions() {
		got := w.send(c.method, put.Replace(c.target), put.Replace(c.body))
		compareGolden(t, c.file, got.body)
	}
	waiting := rowsOf(t, w.read(filterURL("/api/machineactions", "status eq 'Pending'")))
	compareGolden(t, "action-cancel", w.send("POST", "/api/machineactions/"+waiting[0]["id"].(string)+"/cancel", `{"Comment":"enough"}`).body)
	link := w.read(put.Replace("/api/machineactions/{live}/GetLiveResponseResultDownloadLink(index=0)"))["value"].(string)
	compareGolden(t, "action-live-file", fetch(t, w.s, "GET", link, "").body)
	link = strings.Trim(w.read(put.Replace("/api/machineactions/{package}/getPackageUri"))["value"].(string), `"`)
	if got := fetch(t, w.s, "GET", link, ""); got.status != 200 || !strings.HasPrefix(got.body, "PK") {
		t.Errorf("package: %d %.40q", got.status, got.body)
	}
}

// fickle finds what differs from run to run: the cost of a query and the ids of errors.
var fickle = regexp.MustCompile(`"(ExecutionTime|user|total cpu|target|request-id|client-request-id)": ("[^"]*"|[\d.e-]+)`)

// compareGolden compares an answer with its file, or writes it.
func compareGolden(t *testing.T, name, body string) {
	t.Helper()
	var text bytes.Buffer
	if body != "" && json.Indent(&text, []byte(body), "", "  ") != nil {
		t.Fatalf("%s is no JSON: %s", name, body)
	}
	got := strings.TrimRight(fickle.ReplaceAllString(text.String(), `"$1": "*"`), "\n") + "\n"
	file := filepath.Join("testdata", "golden", name+".json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it and run with -update.\n%s", file, firstDifference(got, string(want)))
	}
}

// firstDifference shows the first line that differs.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return "got  " + strings.Join(slices.Clip(a[i:min(i+3, len(a))]), "\n") + "\nwant " + strings.Join(b[min(i, len(b)):min(i+3, len(b))], "\n")
		}
	}
	return "the answer ends early"
}
