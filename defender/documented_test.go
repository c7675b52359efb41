package defender_test

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// constant answers every request with one body.
type constant string

func (c constant) Do(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(c))), Request: req}, nil
}

// of makes a client to which every answer is body.
func of(t testing.TB, body string) *defender.Client {
	t.Helper()
	c, err := defender.New(fixedToken{}, &defender.Options{Transport: constant(body)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// known returns the members that a type decodes, in lower case.
func known(v any) (names []string) {
	t := reflect.TypeOf(v)
	for f := range t.Fields() {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "-" {
			names = append(names, strings.ToLower(tag))
		}
	}
	return names
}

// everyMember fails when an item has a member that its type does not know: what
// Microsoft documents is typed, only what it does not is left to Raw.
func everyMember[T any](t *testing.T, list iter.Seq2[T, error], raw func(T) jsontext.Value, except ...string) {
	t.Helper()
	n := 0
	for item, err := range list {
		if err != nil {
			t.Error(err)
			return
		}
		n++
		var members map[string]jsontext.Value
		if err := json.Unmarshal(raw(item), &members); err != nil {
			t.Fatal(err)
		}
		for name := range members {
			if !slices.Contains(known(item), strings.ToLower(name)) && !slices.Contains(except, name) && !strings.HasPrefix(name, "@odata") {
				t.Errorf("%T does not know %s", item, name)
			}
		}
	}
	if n == 0 {
		t.Errorf("no %T", *new(T))
	}
}

// single makes a list of a call that returns one item.
func single[T any](item T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { yield(item, err) }
}

// The samples of Microsoft's pages decode without a member that is odd or unknown.
func TestDocumentedSamples(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "shared", "defender-api", "samples")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the samples are not here")
	}
	ctx := t.Context()
	sample := func(name string) *defender.Client {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return of(t, string(text))
	}
	software := func(v defender.Software) jsontext.Value { return v.Raw }
	kb := func(v defender.MissingKB) jsontext.Value { return v.Raw }
	advice := func(v defender.Recommendation) jsontext.Value { return v.Raw }
	machine := func(v defender.MachineReference) jsontext.Value { return v.Raw }
	action := func(v defender.MachineAction) jsontext.Value { return v.Raw }
	everyMember(t, sample("tvm-xdr-graph/software-list-response.json").Software.List(ctx, nil), software)
	everyMember(t, sample("tvm-xdr-graph/machine-software-response.json").Software.ByMachine(ctx, "m"), software)
	everyMember(t, single(sample("tvm-xdr-graph/software-get-response.json").Software.Get(ctx, "s")), software)
	everyMember(t, sample("tvm-xdr-graph/software-distributions-response.json").Software.Distributions(ctx, "s"), func(v defender.Distribution) jsontext.Value { return v.Raw })
	everyMember(t, sample("tvm-xdr-graph/software-machinereferences-response.json").Software.Machines(ctx, "s"), machine)
	everyMember(t, sample("tvm-xdr-graph/software-vulnerabilities-response.json").Software.Vulnerabilities(ctx, "s"), func(v defender.Vulnerability) jsontext.Value { return v.Raw })
	everyMember(t, sample("tvm-xdr-graph/software-getmissingkbs-response.json").Software.MissingKBs(ctx, "s"), kb)
	everyMember(t, sample("tvm-xdr-graph/machine-getmissingkbs-response.json").Software.MissingKBsByMachine(ctx, "m"), kb)
	everyMember(t, sample("tvm-xdr-graph/export-softwareinventory-bymachine-response.json").SoftwareInventory.List(ctx, &defender.ExportQuery{Top: 3}), func(v defender.SoftwareInventory) jsontext.Value { return v.Raw })
	everyMember(t, sample("tvm-xdr-graph/recommendations-list-response.json").Recommendations.List(ctx, nil), advice)
	everyMember(t, sample("tvm-xdr-graph/machine-recommendations-response.json").Recommendations.ByMachine(ctx, "m"), advice)
	everyMember(t, single(sample("tvm-xdr-graph/recommendation-get-response.json").Recommendations.Get(ctx, "r")), advice)
	everyMember(t, sample("tvm-xdr-graph/recommendation-machinereferences-response.json").Recommendations.Machines(ctx, "r"), machine)
	everyMember(t, single(sample("tvm-xdr-graph/recommendation-software-response.json").Recommendations.Software(ctx, "r")), software)
	everyMember(t, sample("tvm-xdr-graph/recommendation-vulnerabilities-response.json").Recommendations.Vulnerabilities(ctx, "r"), func(v defender.Vulnerability) jsontext.Value { return v.Raw })
	// The page prints a name that the service does not send.
	everyMember(t, sample("core/machineactions-list-response.json").MachineActions.List(ctx, nil), action, "lastUpdateTimeUtc")
	everyMember(t, single(sample("core/machineaction-get-response.json").MachineActions.Get(ctx, "a")), action, "lastUpdateTimeUtc")
	everyMember(t, single(sample("core/machineaction-representation.json").MachineActions.Get(ctx, "a")), action)
	everyMember(t, single(sample("core/live-response-run-response.json").MachineActions.Get(ctx, "a")), action)
	everyMember(t, single(sample("core/investigation-representation.json").Investigations.Get(ctx, "i")), func(v defender.Investigation) jsontext.Value { return v.Raw })
	everyMember(t, sample("core/investigations-list-response.json").Investigations.List(ctx, nil), func(v defender.Investigation) jsontext.Value { return v.Raw })
	if link, err := sample("core/machineaction-get-package-uri-response.json").MachineActions.PackageURI(ctx, "a"); err != nil || link.Name() != "WDATP_Investigation_Package.zip" {
		t.Errorf("%v, %v", link, err)
	}
	if link, err := sample("core/live-response-result-link-response.json").MachineActions.LiveResponseResultURI(ctx, "a", 0); err != nil || link.Name() != "4ed5e7807ad1fe59b00b664fe06a0f07" {
		t.Errorf("%v, %v", link, err)
	}
	incidents := sample("tvm-xdr-graph/xdr-incidents-list-response.json").Incidents
	everyMember(t, incidents.List(ctx, nil), func(v defender.Incident) jsontext.Value { return v.Raw }, "alerts")
	for i, err := range incidents.List(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		everyMember(t, i.Alerts(), func(v defender.IncidentAlert) jsontext.Value { return v.Raw })
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
