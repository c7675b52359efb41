package graph_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// of makes a client to which every answer is body.
func of(t testing.TB, body string) *graph.Client {
	t.Helper()
	return with(t, sdktest.Answers(body))
}

// A document that was kept reads as one that a list has sent.
func TestDecode(t *testing.T) {
	t.Parallel()
	a, err := graph.Decode[graph.Alert](jsontext.Value(`{"ID":"da1_-2","title":7,"severity":{},
		"evidence":[{"mdeDeviceId":"m1","deviceDnsName":"web-01"}]}`))
	odd, ok := errors.AsType[*graph.DecodeError](err)
	if !ok || !slices.Equal(odd.Members, []string{"severity"}) || a.ID != "da1_-2" || a.Title != "7" || len(a.Raw) == 0 {
		t.Errorf("%+v, %v", a, err)
	}
	if e := a.Evidence[0]; e.MDEDeviceID != "m1" || e.DeviceDNSName != "web-01" {
		t.Errorf("%+v", e)
	}
}

// The samples of Microsoft's pages decode without a member that is odd or unknown.
func TestDocumentedSamples(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	sample := func(name string) *graph.Client { return of(t, sdktest.Sample(t, "tvm-xdr-graph/"+name)) }
	sdktest.EveryMember(t, sample("graph-incidents-list-response.json").Incidents.List(ctx, nil))
	// The page prints tags, which the service calls customTags.
	expanded := sample("graph-incidents-list-expand-alerts-response.json").Incidents
	sdktest.EveryMember(t, expanded.List(ctx, nil), "alerts", "tags")
	for i, err := range expanded.List(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		sdktest.EveryMember(t, i.Alerts())
	}
	sdktest.EveryMember(t, sdktest.Single(sample("graph-incident-update-response.json").Incidents.Get(ctx, "1", false)))
	sdktest.EveryMember(t, sample("graph-alerts_v2-list-response.json").Alerts.List(ctx, nil))
	sdktest.EveryMember(t, sdktest.Single(sample("graph-alert-update-response.json").Alerts.Get(ctx, "a")))
	sdktest.EveryMember(t, sample("graph-securescores-list-response.json").SecureScores.List(ctx, nil))
	sdktest.EveryMember(t, sample("graph-securescorecontrolprofiles-list-response.json").SecureScores.ControlProfiles(ctx, nil))
	for _, name := range []string{"", "oldsample-", "timespan-"} {
		hunt, err := sample("graph-runhuntingquery-"+name+"response.json").Hunting.Run(ctx, "DeviceProcessEvents", nil)
		if err != nil || len(hunt.Columns) != 3 {
			t.Fatalf("%+v, %v", hunt, err)
		}
		if rows := sdktest.Collect(t, hunt.Rows()); len(rows) < 2 || rows[0].Text(1) == "" {
			t.Errorf("rows %v", rows)
		}
	}
}

func TestIncidentMembers(t *testing.T) {
	t.Parallel()
	c := of(t, `{"id":"7","redirectIncidentId":"9","displayName":"n","status":"redirected","severity":"high","priorityScore":88,
		"createdDateTime":"2026-05-04T10:00:00.1234567Z","customTags":["t"],"comments":[{"comment":"c","createdByDisplayName":"b","createdDateTime":"2026-05-04T10:00:00Z"}],
		"alerts":[{"id":"da1_-2","evidence":[{"@odata.type":"#microsoft.graph.security.ipEvidence","ipAddress":"192.0.2.1"}]},{"id":"da3_4"}]}`)
	i, err := c.Incidents.Get(t.Context(), "7", true)
	if err != nil || i.RedirectIncidentID != "9" || i.PriorityScore != 88 || i.CustomTags[0] != "t" ||
		i.Comments[0].CreatedByDisplayName != "b" || i.CreatedDateTime.Nanosecond() != 123_456_700 {
		t.Fatalf("%+v, %v", i, err)
	}
	var ids []string
	for a, err := range i.Alerts() {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.ID)
		if a.ID == "da1_-2" && a.Evidence[0].Kind() != "ipEvidence" {
			t.Errorf("%+v", a.Evidence)
		}
	}
	if !slices.Equal(ids, []string{"da1_-2", "da3_4"}) {
		t.Errorf("alerts %v", ids)
	}
	for range (graph.Incident{}).Alerts() {
		t.Error("an incident without JSON has alerts")
	}
}
