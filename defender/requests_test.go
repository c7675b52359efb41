package defender_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// recorder writes down what is sent, with the scope of a token that is not the
// usual one, and answers with an object that is both an item and a list.
func recorder() *sdktest.Recorder {
	return &sdktest.Recorder{Note: oddScope, Answer: func(req *http.Request) string {
		switch path := req.URL.Path; {
		case strings.HasSuffix(path, "/$count"):
			return "7"
		case strings.HasSuffix(path, "/getPackageUri"):
			return `{"value":"\"https://a.blob.core.windows.net/p.zip?sig=s\""}`
		case strings.Contains(path, "DownloadLink"):
			return `{"value":"https://a.blob.core.windows.net/r?sig=s"}`
		}
		return `{"id":"x","value":[],"Schema":[],"Results":[],"exportFiles":[]}`
	}}
}

func oddScope(req *http.Request) string {
	scope := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(scope, "https://api.securitycenter.microsoft.com/") {
		return ""
	}
	return "token for " + scope + "\n"
}

// with makes a client of a transport.
func with(t testing.TB, transport policy.Transporter) *defender.Client {
	t.Helper()
	c, err := defender.New(sdktest.Credential{}, &defender.Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What goes over the wire, operation by operation, is a golden file to be read by
// people: names of bodies are case-sensitive.
func TestRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // for a clock that stands at one moment
		r := recorder()
		c := with(t, r)
		ctx := t.Context()
		at := time.Now().Add(-time.Hour).Add(123_456_700)
		update := defender.AlertUpdate{Status: "resolved", AssignedTo: "a@contoso.example", Classification: "TruePositive", Determination: "malware", Comment: "done"}
		actions := c.MachineActions
		calls := sdktest.Calls{
			{"alerts list", sdktest.Each(c.Alerts.List(ctx, nil))},
			{"alerts query", sdktest.Each(c.Alerts.List(ctx, &defender.Query{Filter: "severity eq 'High'", Top: 25, Skip: 5, Expand: []string{"evidence"}}))},
			{"alerts get", sdktest.One(c.Alerts.Get(ctx, "da1_-2"))},
			{"alerts machine", sdktest.One(c.Alerts.Machine(ctx, "da1_-2"))},
			{"alerts user", sdktest.One(c.Alerts.User(ctx, "da1_-2"))},
			{"alerts files", sdktest.Each(c.Alerts.Files(ctx, "da1_-2"))},
			{"alerts ips", sdktest.Each(c.Alerts.IPs(ctx, "da1_-2"))},
			{"alerts domains", sdktest.Each(c.Alerts.Domains(ctx, "da1_-2"))},
			{"alerts update", sdktest.One(c.Alerts.Update(ctx, "da1_-2", update))},
			{"alerts comment alone", sdktest.One(c.Alerts.Update(ctx, "da1_-2", defender.AlertUpdate{Comment: "seen"}))},
			{"alerts batch update", c.Alerts.BatchUpdate(ctx, []string{"a", "b"}, update)},
			{"alerts create", sdktest.One(c.Alerts.CreateByReference(ctx, reference(at)))},
			{"machines list", sdktest.Each(c.Machines.List(ctx, nil))},
			{"machines get", sdktest.One(c.Machines.Get(ctx, "desk 1.contoso.example"))},
			{"machines logon users", sdktest.Each(c.Machines.LogonUsers(ctx, "m1"))},
			{"machines alerts", sdktest.Each(c.Machines.Alerts(ctx, "m1"))},
			{"machines count alerts", sdktest.One(c.Machines.CountAlerts(ctx, "m1", ""))},
			{"machines count some alerts", sdktest.One(c.Machines.CountAlerts(ctx, "m1", "status eq 'New'"))},
			{"machines find by ip", sdktest.Each(c.Machines.FindByIP(ctx, netip.MustParseAddr("10.1.2.3"), at))},
			{"machines find by ipv6", sdktest.Each(c.Machines.FindByIP(ctx, netip.MustParseAddr("fe80::1"), at))},
			{"machines find by tag", sdktest.Each(c.Machines.FindByTag(ctx, "floor 3 & 4", true))},
			{"machines update", sdktest.One(c.Machines.Update(ctx, "m1", defender.MachineUpdate{MachineTags: []string{"a", "b"}, DeviceValue: "high"}))},
			{"machines remove all tags", sdktest.One(c.Machines.Update(ctx, "m1", defender.MachineUpdate{MachineTags: []string{}}))},
			{"machines tag", sdktest.One(c.Machines.Tag(ctx, "m1", "a", defender.TagAdd))},
			{"machines tag many", sdktest.One(c.Machines.TagMany(ctx, []string{"m1", "m2"}, "a", "remove"))},
			{"machines device value", sdktest.One(c.Machines.SetDeviceValue(ctx, "m1", defender.DeviceValueLow))},
			{"vulnerabilities list", sdktest.Each(c.Vulnerabilities.List(ctx, &defender.Query{Top: 9000}))},
			{"vulnerabilities get", sdktest.One(c.Vulnerabilities.Get(ctx, "CVE-2026-0001"))},
			{"vulnerabilities machines", sdktest.Each(c.Vulnerabilities.Machines(ctx, "CVE-2026-0001"))},
			{"vulnerabilities by machine", sdktest.Each(c.Vulnerabilities.ByMachine(ctx, "m1"))},
			{"vulnerabilities by machines", sdktest.Each(c.Vulnerabilities.ByMachines(ctx, nil))},
			{"software vulnerabilities list", sdktest.Each(c.SoftwareVulnerabilities.List(ctx, nil))},
			{"software vulnerabilities top", sdktest.Each(c.SoftwareVulnerabilities.List(ctx, &defender.ExportQuery{Top: 10, PageSize: 50}))},
			{"software vulnerabilities changes", sdktest.Each(c.SoftwareVulnerabilities.Changes(ctx, at, nil))},
			{"software vulnerabilities export", sdktest.Each(c.SoftwareVulnerabilities.Export(ctx, nil))},
			{"software vulnerabilities files", sdktest.One(c.SoftwareVulnerabilities.ExportFiles(ctx, &defender.ExportOptions{SASValidHours: 6}))},
			{"software list", sdktest.Each(c.Software.List(ctx, &defender.Query{Filter: "vendor eq 'microsoft'", PageSize: 100}))},
			{"software get", sdktest.One(c.Software.Get(ctx, "microsoft-_-edge"))},
			{"software distributions", sdktest.Each(c.Software.Distributions(ctx, "microsoft-_-edge"))},
			{"software machines", sdktest.Each(c.Software.Machines(ctx, "microsoft-_-.net framework"))},
			{"software vulnerabilities", sdktest.Each(c.Software.Vulnerabilities(ctx, "microsoft-_-edge"))},
			{"software missing kbs", sdktest.Each(c.Software.MissingKBs(ctx, "microsoft-_-edge"))},
			{"software by machine", sdktest.Each(c.Software.ByMachine(ctx, "m1"))},
			{"software missing kbs by machine", sdktest.Each(c.Software.MissingKBsByMachine(ctx, "m1"))},
			{"software inventory list", sdktest.Each(c.SoftwareInventory.List(ctx, nil))},
			{"software inventory export", sdktest.Each(c.SoftwareInventory.Export(ctx, nil))},
			{"software inventory files", sdktest.One(c.SoftwareInventory.ExportFiles(ctx, &defender.ExportOptions{SASValidHours: 2}))},
			{"recommendations list", sdktest.Each(c.Recommendations.List(ctx, nil))},
			{"recommendations get", sdktest.One(c.Recommendations.Get(ctx, "sca-_-scid-2012"))},
			{"recommendations machines", sdktest.Each(c.Recommendations.Machines(ctx, "va-_-google-_-chrome"))},
			{"recommendations software", sdktest.One(c.Recommendations.Software(ctx, "va-_-google-_-chrome"))},
			{"recommendations vulnerabilities", sdktest.Each(c.Recommendations.Vulnerabilities(ctx, "va-_-google-_-chrome"))},
			{"recommendations by machine", sdktest.Each(c.Recommendations.ByMachine(ctx, "m1"))},
			{"machine actions list", sdktest.Each(c.MachineActions.List(ctx, &defender.Query{Filter: defender.Ge("creationDateTimeUtc", at)}))},
			{"machine actions get", sdktest.One(c.MachineActions.Get(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e"))},
			{"isolate", sdktest.One(actions.Isolate(ctx, "m1", "full", "why"))},
			{"contain", sdktest.One(actions.Isolate(ctx, "m1", defender.IsolationUnmanagedDevice, "why"))},
			{"unisolate", sdktest.One(actions.Unisolate(ctx, "m1", "why"))},
			{"scan", sdktest.One(actions.RunAntiVirusScan(ctx, "m1", "quick", "why"))},
			{"restrict", sdktest.One(actions.RestrictCodeExecution(ctx, "m1", "why"))},
			{"unrestrict", sdktest.One(actions.UnrestrictCodeExecution(ctx, "m1", "why"))},
			{"collect a package", sdktest.One(actions.CollectInvestigationPackage(ctx, "m1", "why"))},
			{"package uri", sdktest.One(actions.PackageURI(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e"))},
			{"offboard", sdktest.One(actions.Offboard(ctx, "m1", "why"))},
			{"stop and quarantine", sdktest.One(actions.StopAndQuarantineFile(ctx, "m1", "87662BC3D60E4200CEAF7AAE249D1C343F4B83C9", "why"))},
			{"cancel", sdktest.One(actions.Cancel(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e", "why"))},
			{"live response", sdktest.One(actions.RunLiveResponse(ctx, "m1", []defender.LiveResponseCommand{defender.PutFile("a.exe"), defender.RunScript("b.ps1", "-x 1"), defender.RunScript("c.ps1", ""), defender.GetFile(`C:\a.txt`)}, "why"))},
			{"live response result", sdktest.One(actions.LiveResponseResultURI(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e", 1))},
			{"investigations list", sdktest.Each(c.Investigations.List(ctx, &defender.Query{Filter: "state eq 'Running'"}))},
			{"investigations get", sdktest.One(c.Investigations.Get(ctx, "63004"))},
			{"investigations start", sdktest.One(c.Investigations.Start(ctx, "m1", "why"))},
			{"incidents update", sdktest.One(c.Incidents.Update(ctx, 924565, defender.IncidentUpdate{Status: "resolved", AssignedTo: "a@contoso.example", Classification: "truepositive", Determination: "malware", Tags: []string{"a", "b"}, Comment: "done"}))},
			{"incidents lose their tags", sdktest.One(c.Incidents.Update(ctx, 924565, defender.IncidentUpdate{Tags: []string{}}))},
			{"incidents list", sdktest.Each(c.Incidents.List(ctx, nil))},
			{"incidents query", sdktest.Each(c.Incidents.List(ctx, &defender.Query{Filter: defender.Ge("lastUpdateTime", at), PageSize: 20, Skip: 40}))},
			{"incidents get", sdktest.One(c.Incidents.Get(ctx, 924565))},
			{"scores exposure", sdktest.One(c.Scores.Exposure(ctx))},
			{"scores exposure by group", sdktest.Each(c.Scores.ExposureByMachineGroup(ctx))},
			{"scores configuration", sdktest.One(c.Scores.Configuration(ctx))},
			{"hunting run", sdktest.One(c.Hunting.Run(ctx, "DeviceInfo | where DeviceName == \"ü\" | take 1"))},
		}
		sdktest.Requests(t, r, calls)
	})
}

func reference(at time.Time) defender.AlertReference {
	return defender.AlertReference{
		MachineID: "m1", Severity: "low", Title: "t", Description: "d", RecommendedAction: "r",
		EventTime: at, ReportID: "20776", Category: "exploit",
	}
}

// Bad input is refused with a text that says how to mend it, and nothing is sent.
func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	r := recorder()
	c := with(t, r)
	ctx := t.Context()
	noTime := reference(time.Time{})
	noTitle, wrongCategory, unspecified := reference(time.Now()), reference(time.Now()), reference(time.Now())
	noTitle.Title, wrongCategory.Category, unspecified.Severity = " ", "Bad", "UnSpecified"
	sdktest.Refused(t, r, sdktest.Refusals{
		{"empty update", "nothing to update", sdktest.One(c.Alerts.Update(ctx, "a", defender.AlertUpdate{}))},
		{"status", "use New, InProgress, Resolved", sdktest.One(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Status: "Closed"}))},
		{"unknown status", "use New, InProgress, Resolved", sdktest.One(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Status: "Unknown"}))},
		{"classification", "use TruePositive", sdktest.One(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Classification: "True"}))},
		{"determination", "Clean", sdktest.One(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Determination: "Apt"}))},
		{"no id", "id is empty", sdktest.One(c.Alerts.Get(ctx, ""))},
		{"id of dots", "not an id", sdktest.One(c.Alerts.Get(ctx, ".."))},
		{"no ids", "at least one", c.Alerts.BatchUpdate(ctx, nil, defender.AlertUpdate{Status: "New"})},
		{"one empty id", "is empty", c.Alerts.BatchUpdate(ctx, []string{"a", ""}, defender.AlertUpdate{Status: "New"})},
		{"no event time", "event time is missing", sdktest.One(c.Alerts.CreateByReference(ctx, noTime))},
		{"no title", "title is missing", sdktest.One(c.Alerts.CreateByReference(ctx, noTitle))},
		{"category", "use General", sdktest.One(c.Alerts.CreateByReference(ctx, wrongCategory))},
		{"severity", "use Low, Medium, High", sdktest.One(c.Alerts.CreateByReference(ctx, unspecified))},
		{"filter", "unknown word", sdktest.Each(c.Alerts.List(ctx, &defender.Query{Filter: "colour eq 'red'"}))},
		{"expand", "use evidence", sdktest.Each(c.Alerts.List(ctx, &defender.Query{Expand: []string{"files"}}))},
		{"nothing to expand", "nothing to expand", sdktest.Each(c.Machines.List(ctx, &defender.Query{Expand: []string{"alerts"}}))},
		{"negative", "negative", sdktest.Each(c.Machines.List(ctx, &defender.Query{Top: -1}))},
		{"count filter", "unknown word", sdktest.One(c.Machines.CountAlerts(ctx, "m", "x eq 1"))},
		{"machine update", "nothing to update", sdktest.One(c.Machines.Update(ctx, "m", defender.MachineUpdate{}))},
		{"machine tag", "tags is empty", sdktest.One(c.Machines.Update(ctx, "m", defender.MachineUpdate{MachineTags: []string{""}}))},
		{"device value", "use Low, Normal, High", sdktest.One(c.Machines.SetDeviceValue(ctx, "m", "Medium"))},
		{"no device value", "device value is missing", sdktest.One(c.Machines.SetDeviceValue(ctx, "m", ""))},
		{"tag", "tag is missing", sdktest.One(c.Machines.Tag(ctx, "m", "", defender.TagAdd))},
		{"tag action", "use Add, Remove", sdktest.One(c.Machines.Tag(ctx, "m", "a", "Set"))},
		{"too many machines", "the service takes 500", sdktest.One(c.Machines.TagMany(ctx, make501(), "a", defender.TagAdd))},
		{"find by tag", "tag is missing", sdktest.Each(c.Machines.FindByTag(ctx, "", false))},
		{"find by no ip", "ip address is missing", sdktest.Each(c.Machines.FindByIP(ctx, netip.Addr{}, time.Now()))},
		{"find too long ago", "30 days", sdktest.Each(c.Machines.FindByIP(ctx, netip.MustParseAddr("10.0.0.1"), time.Now().Add(-31*24*time.Hour)))},
		{"find in the future", "future", sdktest.Each(c.Machines.FindByIP(ctx, netip.MustParseAddr("10.0.0.1"), time.Now().Add(24*time.Hour)))},
		{"since too long ago", "14 days", sdktest.Each(c.SoftwareVulnerabilities.Changes(ctx, time.Now().Add(-15*24*time.Hour), nil))},
		{"since never", "missing", sdktest.Each(c.SoftwareVulnerabilities.Changes(ctx, time.Time{}, nil))},
		{"page size", "between 1 and 200000", sdktest.Each(c.SoftwareVulnerabilities.List(ctx, &defender.ExportQuery{PageSize: 200_001}))},
		{"link hours", "1 to 6 hours", sdktest.Each(c.SoftwareVulnerabilities.Export(ctx, &defender.ExportOptions{SASValidHours: 7}))},
		{"page size of a list", "between 1 and 10000", sdktest.Each(c.Alerts.List(ctx, &defender.Query{PageSize: 10_001}))},
		{"page size of incidents", "between 1 and 100", sdktest.Each(c.Incidents.List(ctx, &defender.Query{PageSize: 101}))},
		{"severity of incidents", "unknown word", sdktest.Each(c.Incidents.List(ctx, &defender.Query{Filter: "severity eq 'High'"}))},
		{"foreign start", "another host", sdktest.Each(c.Machines.List(ctx, &defender.Query{From: "https://evil.example/api/machines?$skip=1"}))},
		{"no incident", "not an id", sdktest.One(c.Incidents.Get(ctx, 0))},
		{"link hours of inventory", "1 to 6 hours", sdktest.Each(c.SoftwareInventory.Export(ctx, &defender.ExportOptions{SASValidHours: -1}))},
		{"page size of inventory", "between 1 and 200000", sdktest.Each(c.SoftwareInventory.List(ctx, &defender.ExportQuery{PageSize: -1}))},
		{"no software", "id is empty", sdktest.One(c.Software.Get(ctx, " "))},
		{"isolation type", "use Full, Selective, UnManagedDevice", sdktest.One(c.MachineActions.Isolate(ctx, "m", "Half", "why"))},
		{"no isolation type", "isolation type is missing", sdktest.One(c.MachineActions.Isolate(ctx, "m", "", "why"))},
		{"no comment", "comment is missing", sdktest.One(c.MachineActions.Isolate(ctx, "m", "Full", " "))},
		{"isolate nothing", "id is empty", sdktest.One(c.MachineActions.Isolate(ctx, "", "Full", "why"))},
		{"scan type", "use Quick, Full", sdktest.One(c.MachineActions.RunAntiVirusScan(ctx, "m", "Deep", "why"))},
		{"sha1", "40 hexadecimal digits", sdktest.One(c.MachineActions.StopAndQuarantineFile(ctx, "m", "abc", "why"))},
		{"a sha1 that is none", "40 hexadecimal digits", sdktest.One(c.MachineActions.StopAndQuarantineFile(ctx, "m", strings.Repeat("g", 40), "why"))},
		{"no commands", "no commands", sdktest.One(c.MachineActions.RunLiveResponse(ctx, "m", nil, "why"))},
		{"unknown command", "use PutFile, RunScript, GetFile", sdktest.One(c.MachineActions.RunLiveResponse(ctx, "m", []defender.LiveResponseCommand{{Type: "Reboot"}}, "why"))},
		{"order of commands", "comes too late", sdktest.One(c.MachineActions.RunLiveResponse(ctx, "m", []defender.LiveResponseCommand{defender.GetFile("a"), defender.PutFile("b")}, "why"))},
		{"number of a command", "count from 0", sdktest.One(c.MachineActions.LiveResponseResultURI(ctx, "a", -1))},
		{"investigation without comment", "comment is missing", sdktest.One(c.Investigations.Start(ctx, "m", ""))},
		{"empty incident update", "nothing to update", sdktest.One(c.Incidents.Update(ctx, 7, defender.IncidentUpdate{}))},
		{"incident status", "use Active, InProgress, Resolved", sdktest.One(c.Incidents.Update(ctx, 7, defender.IncidentUpdate{Status: "Redirected"}))},
		{"incident tags", "tags is empty", sdktest.One(c.Incidents.Update(ctx, 7, defender.IncidentUpdate{Tags: []string{" "}}))},
		{"incident id", "not an id", sdktest.One(c.Incidents.Update(ctx, -7, defender.IncidentUpdate{Status: "Active"}))},
		{"query", "query is empty", sdktest.One(c.Hunting.Run(ctx, "\n"))},
	})
	if c.Calls() != 0 {
		t.Errorf("%d calls", c.Calls())
	}
}

func make501() []string {
	ids := make([]string, 501)
	for i := range ids {
		ids[i] = fmt.Sprint("m", i)
	}
	return ids
}

func TestOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		o    defender.Options
		want string // base URL, or part of the error
		fine bool
	}{
		{defender.Options{}, "https://api.security.microsoft.com", true},
		{defender.Options{Cloud: "gcc"}, "https://api-gcc.securitycenter.microsoft.us", true},
		{defender.Options{BaseURL: "https://eu.api.security.microsoft.com/api"}, "https://eu.api.security.microsoft.com", true},
		{defender.Options{BaseURL: "https://127.0.0.1:8443", AllowHosts: []string{"127.0.0.1:8443"}}, "https://127.0.0.1:8443", true},
		{defender.Options{BaseURL: "https://evil.example"}, "evil.example", false},
		{defender.Options{BaseURL: "http://api.security.microsoft.com"}, "https", false},
		{defender.Options{Cloud: "mars"}, "mars", false},
		{defender.Options{Resource: "windowsatp"}, "resource is not an https URL", false},
	}
	for _, tt := range tests {
		c, err := defender.New(sdktest.Credential{}, &tt.o)
		if tt.fine && (err != nil || c.BaseURL().String() != tt.want) || !tt.fine && (!errors.Is(err, defender.ErrInput) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %v", tt.o, err)
		}
	}
	if _, err := defender.New(nil, nil); err == nil {
		t.Error("no credential accepted")
	}
}
