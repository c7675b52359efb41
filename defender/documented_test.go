package defender_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// of makes a client to which every answer is body.
func of(t testing.TB, body string) *defender.Client {
	t.Helper()
	return with(t, sdktest.Answers(body))
}

// The samples of Microsoft's pages decode without a member that is odd or unknown.
func TestDocumentedSamples(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	sample := func(name string) *defender.Client { return of(t, sdktest.Sample(t, name)) }
	for _, name := range []string{
		"alerts-list-response-default", "alerts-list-response-expand-evidence", "odata-1-alerts-top-expand-response",
		"odata-2-alerts-filter-lastupdatetime-response",
	} {
		sdktest.EveryMember(t, sample("core/"+name+".json").Alerts.List(ctx, nil))
	}
	sdktest.EveryMember(t, sdktest.Single(sample("core/alert-get-response.json").Alerts.Get(ctx, "a")))
	sdktest.EveryMember(t, sdktest.Single(sample("core/alert-machine-response.json").Alerts.Machine(ctx, "a")))
	sdktest.EveryMember(t, sdktest.Single(sample("core/alert-user-response.json").Alerts.User(ctx, "a")))
	sdktest.EveryMember(t, sample("core/alert-files-response.json").Alerts.Files(ctx, "a"))
	sdktest.EveryMember(t, sample("core/alert-ips-response.json").Alerts.IPs(ctx, "a"))
	sdktest.EveryMember(t, sample("core/alert-domains-response.json").Alerts.Domains(ctx, "a"))
	for _, name := range []string{
		"machines-list-response", "odata-3-machines-filter-riskscore-response", "odata-4-machines-filter-healthstatus-response",
		"odata-5-machines-filter-lastseen-response", "odata-8-machines-filter-startswith-response", "machine-find-by-ip-legacy-response",
	} {
		sdktest.EveryMember(t, sample("core/"+name+".json").Machines.List(ctx, nil))
	}
	sdktest.EveryMember(t, sdktest.Single(sample("core/machine-get-response.json").Machines.Get(ctx, "m")))
	sdktest.EveryMember(t, sample("core/machine-logonusers-response.json").Machines.LogonUsers(ctx, "m"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/vulnerabilities-list-response.json").Vulnerabilities.List(ctx, nil))
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/vulnerability-get-response.json").Vulnerabilities.Get(ctx, "CVE-2019-0608")))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/machine-vulnerabilities-response.json").Vulnerabilities.ByMachine(ctx, "m"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/vulnerability-machinereferences-response.json").Vulnerabilities.Machines(ctx, "CVE-2019-0608"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/vulnerabilities-machinesvulnerabilities-response.json").Vulnerabilities.ByMachines(ctx, nil))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/export-softwarevulnerabilities-bymachine-response.json").SoftwareVulnerabilities.List(ctx, &defender.ExportQuery{Top: 2}))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/export-softwarevulnerabilitychanges-response.json").SoftwareVulnerabilities.Changes(ctx, time.Now(), &defender.ExportQuery{Top: 2}))
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/exposurescore-get-response.json").Scores.Exposure(ctx)))
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/configurationscore-get-response.json").Scores.Configuration(ctx)))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/exposurescore-bymachinegroups-response.json").Scores.ExposureByMachineGroup(ctx))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-list-response.json").Software.List(ctx, nil))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/machine-software-response.json").Software.ByMachine(ctx, "m"))
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/software-get-response.json").Software.Get(ctx, "s")))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-distributions-response.json").Software.Distributions(ctx, "s"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-machinereferences-response.json").Software.Machines(ctx, "s"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-vulnerabilities-response.json").Software.Vulnerabilities(ctx, "s"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-getmissingkbs-response.json").Software.MissingKBs(ctx, "s"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/machine-getmissingkbs-response.json").Software.MissingKBsByMachine(ctx, "m"))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/export-softwareinventory-bymachine-response.json").SoftwareInventory.List(ctx, &defender.ExportQuery{Top: 3}))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/recommendations-list-response.json").Recommendations.List(ctx, nil))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/machine-recommendations-response.json").Recommendations.ByMachine(ctx, "m"))
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/recommendation-get-response.json").Recommendations.Get(ctx, "r")))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/recommendation-machinereferences-response.json").Recommendations.Machines(ctx, "r"))
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/recommendation-software-response.json").Recommendations.Software(ctx, "r")))
	sdktest.EveryMember(t, sample("tvm-xdr-graph/recommendation-vulnerabilities-response.json").Recommendations.Vulnerabilities(ctx, "r"))
	for _, name := range []string{"machineactions-list-response", "machineactions-list-filtered-response", "odata-6-machineactions-filter-requestor-type-response"} {
		// The page prints a name that the service does not send.
		sdktest.EveryMember(t, sample("core/"+name+".json").MachineActions.List(ctx, nil), "lastUpdateTimeUtc")
	}
	sdktest.EveryMember(t, sdktest.Single(sample("core/machineaction-get-response.json").MachineActions.Get(ctx, "a")), "lastUpdateTimeUtc")
	sdktest.EveryMember(t, sdktest.Single(sample("core/machineaction-representation.json").MachineActions.Get(ctx, "a")))
	sdktest.EveryMember(t, sdktest.Single(sample("core/live-response-run-response.json").MachineActions.Get(ctx, "a")))
	sdktest.EveryMember(t, sdktest.Single(sample("core/investigation-representation.json").Investigations.Get(ctx, "i")))
	sdktest.EveryMember(t, sample("core/investigations-list-response.json").Investigations.List(ctx, nil))
	if link, err := sample("core/machineaction-get-package-uri-response.json").MachineActions.PackageURI(ctx, "a"); err != nil || link.Name() != "WDATP_Investigation_Package.zip" {
		t.Errorf("%v, %v", link, err)
	}
	if link, err := sample("core/live-response-result-link-response.json").MachineActions.LiveResponseResultURI(ctx, "a", 0); err != nil || link.Name() != "4ed5e7807ad1fe59b00b664fe06a0f07" {
		t.Errorf("%v, %v", link, err)
	}
	incidents := sample("tvm-xdr-graph/xdr-incidents-list-response.json").Incidents
	sdktest.EveryMember(t, incidents.List(ctx, nil), "alerts")
	for i, err := range incidents.List(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		sdktest.EveryMember(t, i.Alerts())
	}
}

// Typed members that no page shows in one place.
func TestMachineActionMembers(t *testing.T) {
	t.Parallel()
	c := of(t, `{"id":"6d0c1d7a-0000-4000-8000-000000000001","type":"LiveResponse","title":null,"requestor":"Response app","status":"Failed",
		"creationDateTimeUtc":"2026-05-04T10:00:00.1234567Z","lastUpdateDateTimeUtc":"2026-05-04T10:01:00Z","cancellationDateTimeUtc":null,
		"errorHResult":-2147024809,"externalID":"e1","relatedFileInfo":{"fileIdentifier":"ab","fileIdentifierType":"Sha256"},
		"commands":[{"index":0,"startTime":null,"endTime":"2026-05-04T10:00:30Z","commandStatus":"Failed","errors":["gone"],
			"command":{"type":"GetFile","params":[{"key":"Path","value":"c:\\a.txt"}]}}]}`)
	a, err := c.MachineActions.Get(t.Context(), "6d0c1d7a-0000-4000-8000-000000000001")
	if err != nil {
		t.Fatal(err)
	}
	command := a.Commands[0]
	if a.Type != "LiveResponse" || a.ErrorHResult != -2147024809 || a.ExternalID != "e1" || a.RelatedFileInfo.FileIdentifierType != "Sha256" ||
		a.CreationDateTimeUTC.Nanosecond() != 123_456_700 || !a.CancellationDateTimeUTC.IsZero() ||
		!command.StartTime.IsZero() || command.EndTime.IsZero() || command.Errors[0] != "gone" || command.Command.Params[0].Value != `c:\a.txt` {
		t.Errorf("%+v", a)
	}
}

func TestIncidentMembers(t *testing.T) {
	t.Parallel()
	c := of(t, `{"incidentId":7,"redirectIncidentId":9,"incidentName":"n","severity":"High","status":"Redirected","tags":["t"],
		"comments":[{"comment":"c","createdBy":"b","createdTime":"2026-05-04T10:00:00Z"}],
		"alerts":[{"alertId":"da1_-2","incidentId":7,"investigationId":null,"mitreTechniques":["T1059"],
			"devices":[{"mdatpDeviceId":"m1","osBuild":19045,"rbacGroupId":75,"firstSeen":"2026-05-04T10:00:00Z"}],
			"entities":[{"entityType":"Process","processId":12,"parentProcessId":null}]},
			{"alertId":[],"title":"odd"},{"alertId":"da3_4"}]}`)
	i, err := c.Incidents.Get(t.Context(), 7)
	if err != nil || i.RedirectIncidentID != 9 || i.Status != "Redirected" || len(i.Comments) != 1 {
		t.Fatalf("%+v, %v", i, err)
	}
	var alerts []defender.IncidentAlert
	var odd []error
	for a, err := range i.Alerts() {
		if alerts = append(alerts, a); err != nil {
			odd = append(odd, err)
		}
	}
	var decode *defender.DecodeError
	if len(alerts) != 3 || len(odd) != 1 || !errors.As(odd[0], &decode) || alerts[1].Title != "odd" || alerts[2].AlertID != "da3_4" {
		t.Fatalf("%+v, %v", alerts, odd)
	}
	if a := alerts[0]; a.Devices[0].MDATPDeviceID != "m1" || a.Devices[0].RbacGroupID != "75" || a.Entities[0].ProcessID != 12 || len(a.Raw) == 0 {
		t.Errorf("%+v", a)
	}
}
