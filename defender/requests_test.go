package defender_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/defender"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fixedToken is a credential that needs no authority.
type fixedToken struct{}

func (fixedToken) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: strings.Join(o.Scopes, " "), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// recorder writes down what is sent, with the scope of a token that is not the
// usual one, and answers with an object that is both an item and a list.
type recorder struct{ sent bytes.Buffer }

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	fmt.Fprintf(&r.sent, "%s %s\n", req.Method, req.URL)
	if scope := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "); !strings.HasPrefix(scope, "https://api.securitycenter.microsoft.com/") {
		fmt.Fprintf(&r.sent, "token for %s\n", scope)
	}
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		fmt.Fprintf(&r.sent, "%s\n%s\n", req.Header.Get("Content-Type"), body)
	}
	answer := `{"id":"x","value":[],"Schema":[],"Results":[],"exportFiles":[]}`
	switch path := req.URL.Path; {
	case strings.HasSuffix(path, "/$count"):
		answer = "7"
	case strings.HasSuffix(path, "/getPackageUri"):
		answer = `{"value":"\"https://a.blob.core.windows.net/p.zip?sig=s\""}`
	case strings.Contains(path, "DownloadLink"):
		answer = `{"value":"https://a.blob.core.windows.net/r?sig=s"}`
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

// each reads a list to its end.
func each[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// one drops the item of a call.
func one[T any](_ T, err error) error { return err }

// What goes over the wire, operation by operation, is a golden file to be read by
// people: names of bodies are case-sensitive.
func TestRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // for a clock that stands at one moment
		r := &recorder{}
		c, err := defender.New(fixedToken{}, &defender.Options{Transport: r})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		at := time.Now().Add(-time.Hour).Add(123_456_700)
		update := defender.AlertUpdate{Status: "resolved", AssignedTo: "a@contoso.example", Classification: "TruePositive", Determination: "malware", Comment: "done"}
		actions := c.MachineActions
		calls := []struct {
			name string
			err  error
		}{
			{"alerts list", each(c.Alerts.List(ctx, nil))},
			{"alerts query", each(c.Alerts.List(ctx, &defender.Query{Filter: "severity eq 'High'", Top: 25, Skip: 5, Expand: []string{"evidence"}}))},
			{"alerts get", one(c.Alerts.Get(ctx, "da1_-2"))},
			{"alerts machine", one(c.Alerts.Machine(ctx, "da1_-2"))},
			{"alerts user", one(c.Alerts.User(ctx, "da1_-2"))},
			{"alerts files", each(c.Alerts.Files(ctx, "da1_-2"))},
			{"alerts ips", each(c.Alerts.IPs(ctx, "da1_-2"))},
			{"alerts domains", each(c.Alerts.Domains(ctx, "da1_-2"))},
			{"alerts update", one(c.Alerts.Update(ctx, "da1_-2", update))},
			{"alerts comment alone", one(c.Alerts.Update(ctx, "da1_-2", defender.AlertUpdate{Comment: "seen"}))},
			{"alerts batch update", c.Alerts.BatchUpdate(ctx, []string{"a", "b"}, update)},
			{"alerts create", one(c.Alerts.CreateByReference(ctx, reference(at)))},
			{"machines list", each(c.Machines.List(ctx, nil))},
			{"machines get", one(c.Machines.Get(ctx, "desk 1.contoso.example"))},
			{"machines logon users", each(c.Machines.LogonUsers(ctx, "m1"))},
			{"machines alerts", each(c.Machines.Alerts(ctx, "m1"))},
			{"machines count alerts", one(c.Machines.CountAlerts(ctx, "m1", ""))},
			{"machines count some alerts", one(c.Machines.CountAlerts(ctx, "m1", "status eq 'New'"))},
			{"machines find by ip", each(c.Machines.FindByIP(ctx, netip.MustParseAddr("10.1.2.3"), at))},
			{"machines find by ipv6", each(c.Machines.FindByIP(ctx, netip.MustParseAddr("fe80::1"), at))},
			{"machines find by tag", each(c.Machines.FindByTag(ctx, "floor 3 & 4", true))},
			{"machines update", one(c.Machines.Update(ctx, "m1", defender.MachineUpdate{MachineTags: []string{"a", "b"}, DeviceValue: "high"}))},
			{"machines remove all tags", one(c.Machines.Update(ctx, "m1", defender.MachineUpdate{MachineTags: []string{}}))},
			{"machines tag", one(c.Machines.Tag(ctx, "m1", "a", defender.TagAdd))},
			{"machines tag many", one(c.Machines.TagMany(ctx, []string{"m1", "m2"}, "a", "remove"))},
			{"machines device value", one(c.Machines.SetDeviceValue(ctx, "m1", defender.DeviceValueLow))},
			{"vulnerabilities list", each(c.Vulnerabilities.List(ctx, &defender.Query{Top: 9000}))},
			{"vulnerabilities get", one(c.Vulnerabilities.Get(ctx, "CVE-2026-0001"))},
			{"vulnerabilities machines", each(c.Vulnerabilities.Machines(ctx, "CVE-2026-0001"))},
			{"vulnerabilities by machine", each(c.Vulnerabilities.ByMachine(ctx, "m1"))},
			{"vulnerabilities by machines", each(c.Vulnerabilities.ByMachines(ctx, nil))},
			{"software vulnerabilities list", each(c.SoftwareVulnerabilities.List(ctx, nil))},
			{"software vulnerabilities top", each(c.SoftwareVulnerabilities.List(ctx, &defender.ExportQuery{Top: 10, PageSize: 50}))},
			{"software vulnerabilities changes", each(c.SoftwareVulnerabilities.Changes(ctx, at, nil))},
			{"software vulnerabilities export", each(c.SoftwareVulnerabilities.Export(ctx, nil))},
			{"software vulnerabilities files", one(c.SoftwareVulnerabilities.ExportFiles(ctx, &defender.ExportOptions{SASValidHours: 6}))},
			{"software list", each(c.Software.List(ctx, &defender.Query{Filter: "vendor eq 'microsoft'", PageSize: 100}))},
			{"software get", one(c.Software.Get(ctx, "microsoft-_-edge"))},
			{"software distributions", each(c.Software.Distributions(ctx, "microsoft-_-edge"))},
			{"software machines", each(c.Software.Machines(ctx, "microsoft-_-.net framework"))},
			{"software vulnerabilities", each(c.Software.Vulnerabilities(ctx, "microsoft-_-edge"))},
			{"software missing kbs", each(c.Software.MissingKBs(ctx, "microsoft-_-edge"))},
			{"software by machine", each(c.Software.ByMachine(ctx, "m1"))},
			{"software missing kbs by machine", each(c.Software.MissingKBsByMachine(ctx, "m1"))},
			{"software inventory list", each(c.SoftwareInventory.List(ctx, nil))},
			{"software inventory export", each(c.SoftwareInventory.Export(ctx, nil))},
			{"software inventory files", one(c.SoftwareInventory.ExportFiles(ctx, &defender.ExportOptions{SASValidHours: 2}))},
			{"recommendations list", each(c.Recommendations.List(ctx, nil))},
			{"recommendations get", one(c.Recommendations.Get(ctx, "sca-_-scid-2012"))},
			{"recommendations machines", each(c.Recommendations.Machines(ctx, "va-_-google-_-chrome"))},
			{"recommendations software", one(c.Recommendations.Software(ctx, "va-_-google-_-chrome"))},
			{"recommendations vulnerabilities", each(c.Recommendations.Vulnerabilities(ctx, "va-_-google-_-chrome"))},
			{"recommendations by machine", each(c.Recommendations.ByMachine(ctx, "m1"))},
			{"machine actions list", each(c.MachineActions.List(ctx, &defender.Query{Filter: defender.Ge("creationDateTimeUtc", at)}))},
			{"machine actions get", one(c.MachineActions.Get(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e"))},
			{"isolate", one(actions.Isolate(ctx, "m1", "full", "why"))},
			{"contain", one(actions.Isolate(ctx, "m1", defender.IsolationUnmanagedDevice, "why"))},
			{"unisolate", one(actions.Unisolate(ctx, "m1", "why"))},
			{"scan", one(actions.RunAntiVirusScan(ctx, "m1", "quick", "why"))},
			{"restrict", one(actions.RestrictCodeExecution(ctx, "m1", "why"))},
			{"unrestrict", one(actions.UnrestrictCodeExecution(ctx, "m1", "why"))},
			{"collect a package", one(actions.CollectInvestigationPackage(ctx, "m1", "why"))},
			{"package uri", one(actions.PackageURI(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e"))},
			{"offboard", one(actions.Offboard(ctx, "m1", "why"))},
			{"stop and quarantine", one(actions.StopAndQuarantineFile(ctx, "m1", "87662BC3D60E4200CEAF7AAE249D1C343F4B83C9", "why"))},
			{"cancel", one(actions.Cancel(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e", "why"))},
			{"live response", one(actions.RunLiveResponse(ctx, "m1", []defender.LiveResponseCommand{defender.PutFile("a.exe"), defender.RunScript("b.ps1", "-x 1"), defender.RunScript("c.ps1", ""), defender.GetFile(`C:\a.txt`)}, "why"))},
			{"live response result", one(actions.LiveResponseResultURI(ctx, "5382f7ea-7557-4ab7-9782-d50480024a4e", 1))},
			{"investigations list", each(c.Investigations.List(ctx, &defender.Query{Filter: "state eq 'Running'"}))},
			{"investigations get", one(c.Investigations.Get(ctx, "63004"))},
			{"investigations start", one(c.Investigations.Start(ctx, "m1", "why"))},
			{"incidents update", one(c.Incidents.Update(ctx, 924565, defender.IncidentUpdate{Status: "resolved", AssignedTo: "a@contoso.example", Classification: "truepositive", Determination: "malware", Tags: []string{"a", "b"}, Comment: "done"}))},
			{"incidents lose their tags", one(c.Incidents.Update(ctx, 924565, defender.IncidentUpdate{Tags: []string{}}))},
			{"incidents list", each(c.Incidents.List(ctx, nil))},
			{"incidents query", each(c.Incidents.List(ctx, &defender.Query{Filter: defender.Ge("lastUpdateTime", at), PageSize: 20, Skip: 40}))},
			{"incidents get", one(c.Incidents.Get(ctx, 924565))},
			{"scores exposure", one(c.Scores.Exposure(ctx))},
			{"scores exposure by group", each(c.Scores.ExposureByMachineGroup(ctx))},
			{"scores configuration", one(c.Scores.Configuration(ctx))},
			{"hunting run", one(c.Hunting.Run(ctx, "DeviceInfo | where DeviceName == \"ü\" | take 1"))},
		}
		// The calls were made in order, so that what was sent stands in their order.
		for _, call := range calls {
			if call.err != nil {
				t.Errorf("%s: %v", call.name, call.err)
			}
		}
		golden(t, "testdata/requests.golden", r.sent.String())
	})
}

func reference(at time.Time) defender.AlertReference {
	return defender.AlertReference{
		MachineID: "m1", Severity: "low", Title: "t", Description: "d", RecommendedAction: "r",
		EventTime: at, ReportID: "20776", Category: "exploit",
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// Bad input is refused with a text that says how to mend it, and nothing is sent.
func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c, err := defender.New(fixedToken{}, &defender.Options{Transport: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	noTime := reference(time.Time{})
	noTitle, wrongCategory, unspecified := reference(time.Now()), reference(time.Now()), reference(time.Now())
	noTitle.Title, wrongCategory.Category, unspecified.Severity = " ", "Bad", "UnSpecified"
	tests := []struct {
		name, want string
		err        error
	}{
		{"empty update", "nothing to update", one(c.Alerts.Update(ctx, "a", defender.AlertUpdate{}))},
		{"status", "use New, InProgress, Resolved", one(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Status: "Closed"}))},
		{"unknown status", "use New, InProgress, Resolved", one(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Status: "Unknown"}))},
		{"classification", "use TruePositive", one(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Classification: "True"}))},
		{"determination", "Clean", one(c.Alerts.Update(ctx, "a", defender.AlertUpdate{Determination: "Apt"}))},
		{"no id", "id is empty", one(c.Alerts.Get(ctx, ""))},
		{"id of dots", "not an id", one(c.Alerts.Get(ctx, ".."))},
		{"no ids", "at least one", c.Alerts.BatchUpdate(ctx, nil, defender.AlertUpdate{Status: "New"})},
		{"one empty id", "is empty", c.Alerts.BatchUpdate(ctx, []string{"a", ""}, defender.AlertUpdate{Status: "New"})},
		{"no event time", "event time is missing", one(c.Alerts.CreateByReference(ctx, noTime))},
		{"no title", "title is missing", one(c.Alerts.CreateByReference(ctx, noTitle))},
		{"category", "use General", one(c.Alerts.CreateByReference(ctx, wrongCategory))},
		{"severity", "use Low, Medium, High", one(c.Alerts.CreateByReference(ctx, unspecified))},
		{"filter", "unknown word", each(c.Alerts.List(ctx, &defender.Query{Filter: "colour eq 'red'"}))},
		{"expand", "use evidence", each(c.Alerts.List(ctx, &defender.Query{Expand: []string{"files"}}))},
		{"nothing to expand", "nothing to expand", each(c.Machines.List(ctx, &defender.Query{Expand: []string{"alerts"}}))},
		{"negative", "negative", each(c.Machines.List(ctx, &defender.Query{Top: -1}))},
		{"count filter", "unknown word", one(c.Machines.CountAlerts(ctx, "m", "x eq 1"))},
		{"machine update", "nothing to update", one(c.Machines.Update(ctx, "m", defender.MachineUpdate{}))},
		{"machine tag", "tags is empty", one(c.Machines.Update(ctx, "m", defender.MachineUpdate{MachineTags: []string{""}}))},
		{"device value", "use Low, Normal, High", one(c.Machines.SetDeviceValue(ctx, "m", "Medium"))},
		{"no device value", "device value is missing", one(c.Machines.SetDeviceValue(ctx, "m", ""))},
		{"tag", "tag is missing", one(c.Machines.Tag(ctx, "m", "", defender.TagAdd))},
		{"tag action", "use Add, Remove", one(c.Machines.Tag(ctx, "m", "a", "Set"))},
		{"too many machines", "the service takes 500", one(c.Machines.TagMany(ctx, make501(), "a", defender.TagAdd))},
		{"find by tag", "tag is missing", each(c.Machines.FindByTag(ctx, "", false))},
		{"find by no ip", "ip address is missing", each(c.Machines.FindByIP(ctx, netip.Addr{}, time.Now()))},
		{"find too long ago", "30 days", each(c.Machines.FindByIP(ctx, netip.MustParseAddr("10.0.0.1"), time.Now().Add(-31*24*time.Hour)))},
		{"find in the future", "future", each(c.Machines.FindByIP(ctx, netip.MustParseAddr("10.0.0.1"), time.Now().Add(24*time.Hour)))},
		{"since too long ago", "14 days", each(c.SoftwareVulnerabilities.Changes(ctx, time.Now().Add(-15*24*time.Hour), nil))},
		{"since never", "missing", each(c.SoftwareVulnerabilities.Changes(ctx, time.Time{}, nil))},
		{"page size", "between 1 and 200000", each(c.SoftwareVulnerabilities.List(ctx, &defender.ExportQuery{PageSize: 200_001}))},
		{"link hours", "1 to 6 hours", each(c.SoftwareVulnerabilities.Export(ctx, &defender.ExportOptions{SASValidHours: 7}))},
		{"page size of a list", "between 1 and 10000", each(c.Alerts.List(ctx, &defender.Query{PageSize: 10_001}))},
		{"page size of incidents", "between 1 and 100", each(c.Incidents.List(ctx, &defender.Query{PageSize: 101}))},
		{"severity of incidents", "unknown word", each(c.Incidents.List(ctx, &defender.Query{Filter: "severity eq 'High'"}))},
		{"foreign start", "another host", each(c.Machines.List(ctx, &defender.Query{From: "https://evil.example/api/machines?$skip=1"}))},
		{"no incident", "not an id", one(c.Incidents.Get(ctx, 0))},
		{"link hours of inventory", "1 to 6 hours", each(c.SoftwareInventory.Export(ctx, &defender.ExportOptions{SASValidHours: -1}))},
		{"page size of inventory", "between 1 and 200000", each(c.SoftwareInventory.List(ctx, &defender.ExportQuery{PageSize: -1}))},
		{"no software", "id is empty", one(c.Software.Get(ctx, " "))},
		{"isolation type", "use Full, Selective, UnManagedDevice", one(c.MachineActions.Isolate(ctx, "m", "Half", "why"))},
		{"no isolation type", "isolation type is missing", one(c.MachineActions.Isolate(ctx, "m", "", "why"))},
		{"no comment", "comment is missing", one(c.MachineActions.Isolate(ctx, "m", "Full", " "))},
		{"isolate nothing", "id is empty", one(c.MachineActions.Isolate(ctx, "", "Full", "why"))},
		{"scan type", "use Quick, Full", one(c.MachineActions.RunAntiVirusScan(ctx, "m", "Deep", "why"))},
		{"sha1", "40 hexadecimal digits", one(c.MachineActions.StopAndQuarantineFile(ctx, "m", "abc", "why"))},
		{"a sha1 that is none", "40 hexadecimal digits", one(c.MachineActions.StopAndQuarantineFile(ctx, "m", strings.Repeat("g", 40), "why"))},
		{"no commands", "no commands", one(c.MachineActions.RunLiveResponse(ctx, "m", nil, "why"))},
		{"unknown command", "use PutFile, RunScript, GetFile", one(c.MachineActions.RunLiveResponse(ctx, "m", []defender.LiveResponseCommand{{Type: "Reboot"}}, "why"))},
		{"order of commands", "comes too late", one(c.MachineActions.RunLiveResponse(ctx, "m", []defender.LiveResponseCommand{defender.GetFile("a"), defender.PutFile("b")}, "why"))},
		{"number of a command", "count from 0", one(c.MachineActions.LiveResponseResultURI(ctx, "a", -1))},
		{"investigation without comment", "comment is missing", one(c.Investigations.Start(ctx, "m", ""))},
		{"empty incident update", "nothing to update", one(c.Incidents.Update(ctx, 7, defender.IncidentUpdate{}))},
		{"incident status", "use Active, InProgress, Resolved", one(c.Incidents.Update(ctx, 7, defender.IncidentUpdate{Status: "Redirected"}))},
		{"incident tags", "tags is empty", one(c.Incidents.Update(ctx, 7, defender.IncidentUpdate{Tags: []string{" "}}))},
		{"incident id", "not an id", one(c.Incidents.Update(ctx, -7, defender.IncidentUpdate{Status: "Active"}))},
		{"query", "query is empty", one(c.Hunting.Run(ctx, "\n"))},
	}
	for _, tt := range tests {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) || strings.Contains(tt.err.Error(), "\n") || !errors.Is(tt.err, defender.ErrInput) {
			t.Errorf("%s: got %v, want %q", tt.name, tt.err, tt.want)
		}
	}
	if r.sent.Len() > 0 || c.Calls() != 0 {
		t.Errorf("sent %s", r.sent.String())
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
		c, err := defender.New(fixedToken{}, &tt.o)
		if tt.fine && (err != nil || c.BaseURL().String() != tt.want) || !tt.fine && (!errors.Is(err, defender.ErrInput) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %v", tt.o, err)
		}
	}
	if _, err := defender.New(nil, nil); err == nil {
		t.Error("no credential accepted")
	}
}
