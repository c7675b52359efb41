package defender_test

import (
	"errors"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

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
	software := func(v defender.Software) jsontext.Value { return v.Raw }
	kb := func(v defender.MissingKB) jsontext.Value { return v.Raw }
	advice := func(v defender.Recommendation) jsontext.Value { return v.Raw }
	machine := func(v defender.MachineReference) jsontext.Value { return v.Raw }
	action := func(v defender.MachineAction) jsontext.Value { return v.Raw }
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-list-response.json").Software.List(ctx, nil), software)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/machine-software-response.json").Software.ByMachine(ctx, "m"), software)
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/software-get-response.json").Software.Get(ctx, "s")), software)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-distributions-response.json").Software.Distributions(ctx, "s"), func(v defender.Distribution) jsontext.Value { return v.Raw })
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-machinereferences-response.json").Software.Machines(ctx, "s"), machine)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-vulnerabilities-response.json").Software.Vulnerabilities(ctx, "s"), func(v defender.Vulnerability) jsontext.Value { return v.Raw })
	sdktest.EveryMember(t, sample("tvm-xdr-graph/software-getmissingkbs-response.json").Software.MissingKBs(ctx, "s"), kb)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/machine-getmissingkbs-response.json").Software.MissingKBsByMachine(ctx, "m"), kb)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/export-softwareinventory-bymachine-response.json").SoftwareInventory.List(ctx, &defender.ExportQuery{Top: 3}), func(v defender.SoftwareInventory) jsontext.Value { return v.Raw })
	sdktest.EveryMember(t, sample("tvm-xdr-graph/recommendations-list-response.json").Recommendations.List(ctx, nil), advice)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/machine-recommendations-response.json").Recommendations.ByMachine(ctx, "m"), advice)
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/recommendation-get-response.json").Recommendations.Get(ctx, "r")), advice)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/recommendation-machinereferences-response.json").Recommendations.Machines(ctx, "r"), machine)
	sdktest.EveryMember(t, sdktest.Single(sample("tvm-xdr-graph/recommendation-software-response.json").Recommendations.Software(ctx, "r")), software)
	sdktest.EveryMember(t, sample("tvm-xdr-graph/recommendation-vulnerabilities-response.json").Recommendations.Vulnerabilities(ctx, "r"), func(v defender.Vulnerability) jsontext.Value { return v.Raw })
	// The page prints a name that the service does not send.
	sdktest.EveryMember(t, sample("core/machineactions-list-response.json").MachineActions.List(ctx, nil), action, "lastUpdateTimeUtc")
	sdktest.EveryMember(t, sdktest.Single(sample("core/machineaction-get-response.json").MachineActions.Get(ctx, "a")), action, "lastUpdateTimeUtc")
	sdktest.EveryMember(t, sdktest.Single(sample("core/machineaction-representation.json").MachineActions.Get(ctx, "a")), action)
	sdktest.EveryMember(t, sdktest.Single(sample("core/live-response-run-response.json").MachineActions.Get(ctx, "a")), action)
	sdktest.EveryMember(t, sdktest.Single(sample("core/investigation-representation.json").Investigations.Get(ctx, "i")), func(v defender.Investigation) jsontext.Value { return v.Raw })
	sdktest.EveryMember(t, sample("core/investigations-list-response.json").Investigations.List(ctx, nil), func(v defender.Investigation) jsontext.Value { return v.Raw })
	if link, err := sample("core/machineaction-get-package-uri-response.json").MachineActions.PackageURI(ctx, "a"); err != nil || link.Name() != "WDATP_Investigation_Package.zip" {
		t.Errorf("%v, %v", link, err)
	}
	if link, err := sample("core/live-response-result-link-response.json").MachineActions.LiveResponseResultURI(ctx, "a", 0); err != nil || link.Name() != "4ed5e7807ad1fe59b00b664fe06a0f07" {
		t.Errorf("%v, %v", link, err)
	}
	incidents := sample("tvm-xdr-graph/xdr-incidents-list-response.json").Incidents
	sdktest.EveryMember(t, incidents.List(ctx, nil), func(v defender.Incident) jsontext.Value { return v.Raw }, "alerts")
	for i, err := range incidents.List(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		sdktest.EveryMember(t, i.Alerts(), func(v defender.IncidentAlert) jsontext.Value { return v.Raw })
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
