package graph_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// recorder writes down what is sent, with what it prefers and with its token, and
// answers with an object that is both an item and a list.
func recorder() *sdktest.Recorder {
	r := sdktest.Answers(`{"id":"x","value":[],"schema":[],"results":[]}`)
	r.Note = func(req *http.Request) string {
		return "Prefer: " + req.Header.Get("Prefer") + "\n" + req.Header.Get("Authorization") + "\n"
	}
	return r
}

// with makes a client of a transport.
func with(t testing.TB, transport policy.Transporter) *graph.Client {
	t.Helper()
	c, err := graph.New(sdktest.Credential{}, &graph.Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRequests(t *testing.T) {
	t.Parallel()
	r := recorder()
	c := with(t, r)
	ctx, at := t.Context(), time.Date(2026, 5, 4, 10, 0, 0, 123_456_700, time.UTC)
	sdktest.Requests(t, r, sdktest.Calls{
		{"alerts list", sdktest.Each(c.Alerts.List(ctx, nil))},
		{"alerts query", sdktest.Each(c.Alerts.List(ctx, &graph.Query{Filter: "severity eq 'high'", Top: 30, PageSize: 50}))},
		{"alerts get", sdktest.One(c.Alerts.Get(ctx, "da1_-2"))},
		{"alerts update", sdktest.One(c.Alerts.Update(ctx, "da1_-2", graph.AlertUpdate{Status: "InProgress", AssignedTo: "a@contoso.example", Classification: "truepositive", Determination: "malware"}))},
		{"alerts comment", sdktest.One(c.Alerts.Comment(ctx, "da1_-2", "seen"))},
		{"alerts in order", sdktest.Each(c.Alerts.List(ctx, &graph.Query{Filter: graph.Ge("createdDateTime", at), OrderBy: "createdDateTime"}))},
		{"incidents list", sdktest.Each(c.Incidents.List(ctx, nil))},
		{"incidents query", sdktest.Each(c.Incidents.List(ctx, &graph.Query{Filter: graph.Ge("lastUpdateDateTime", at) + " and " + graph.Lt("lastUpdateDateTime", at.Add(time.Hour)), PageSize: 10, ExpandAlerts: true}))},
		{"incidents get", sdktest.One(c.Incidents.Get(ctx, "2972395", false))},
		{"incidents get with alerts", sdktest.One(c.Incidents.Get(ctx, "2972395", true))},
		{"incidents update", sdktest.One(c.Incidents.Update(ctx, "2972395", graph.IncidentUpdate{Status: "Resolved", AssignedTo: "a@contoso.example", Classification: "truepositive", Determination: "multistagedattack", CustomTags: []string{"a", "b"}}))},
		{"incidents lose their tags", sdktest.One(c.Incidents.Update(ctx, "2972395", graph.IncidentUpdate{CustomTags: []string{}}))},
		{"incidents comment", sdktest.One(c.Incidents.Comment(ctx, "2972395", "seen"))},
		{"secure scores list", sdktest.Each(c.SecureScores.List(ctx, &graph.Query{Top: 1, PageSize: 1}))},
		{"secure scores get", sdktest.One(c.SecureScores.Get(ctx, "t_2026-05-04"))},
		{"control profiles", sdktest.Each(c.SecureScores.ControlProfiles(ctx, nil))},
		{"control profile", sdktest.One(c.SecureScores.ControlProfile(ctx, "AdminMFA"))},
		{"hunting run", sdktest.One(c.Hunting.Run(ctx, "DeviceInfo | take 1", nil))},
		{"hunting run over a week", sdktest.One(c.Hunting.Run(ctx, "DeviceInfo | take 1", &graph.HuntOptions{Timespan: "P7D"}))},
	})
}

func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	r := recorder()
	c := with(t, r)
	ctx := t.Context()
	sdktest.Refused(t, r, sdktest.Refusals{
		{"empty update", "nothing to update", sdktest.One(c.Alerts.Update(ctx, "a", graph.AlertUpdate{}))},
		{"status", "use new, inProgress, resolved", sdktest.One(c.Alerts.Update(ctx, "a", graph.AlertUpdate{Status: "closed"}))},
		{"classification", "truePositive", sdktest.One(c.Alerts.Update(ctx, "a", graph.AlertUpdate{Classification: "yes"}))},
		{"determination", "clean", sdktest.One(c.Alerts.Update(ctx, "a", graph.AlertUpdate{Determination: "yes"}))},
		{"comment", "comment is empty", sdktest.One(c.Alerts.Comment(ctx, "a", " "))},
		{"empty incident update", "nothing to update", sdktest.One(c.Incidents.Update(ctx, "7", graph.IncidentUpdate{}))},
		{"incident status", "use active, inProgress, resolved", sdktest.One(c.Incidents.Update(ctx, "7", graph.IncidentUpdate{Status: "redirected"}))},
		{"incident tags", "tags is empty", sdktest.One(c.Incidents.Update(ctx, "7", graph.IncidentUpdate{CustomTags: []string{""}}))},
		{"incident comment", "comment is empty", sdktest.One(c.Incidents.Comment(ctx, "7", ""))},
		{"id", "id is empty", sdktest.One(c.Alerts.Get(ctx, ""))},
		{"quote", "quote is not closed", sdktest.Each(c.Alerts.List(ctx, &graph.Query{Filter: "a eq 'b"}))},
		{"parenthesis", "not in balance", sdktest.Each(c.Alerts.List(ctx, &graph.Query{Filter: "a eq b)("}))},
		{"blank filter", "blank", sdktest.Each(c.SecureScores.List(ctx, &graph.Query{Filter: " "}))},
		{"negative", "negative", sdktest.Each(c.SecureScores.List(ctx, &graph.Query{Top: -1}))},
		{"page size of incidents", "at most 50", sdktest.Each(c.Incidents.List(ctx, &graph.Query{PageSize: 51}))},
		{"order of incidents", "another order", sdktest.Each(c.Incidents.List(ctx, &graph.Query{OrderBy: "createdDateTime"}))},
		{"order of alerts", "use createdDateTime", sdktest.Each(c.Alerts.List(ctx, &graph.Query{OrderBy: "severity"}))},
		{"direction of alerts", "use createdDateTime", sdktest.Each(c.Alerts.List(ctx, &graph.Query{OrderBy: "createdDateTime up"}))},
		{"alerts of alerts", "no alerts to expand", sdktest.Each(c.Alerts.List(ctx, &graph.Query{ExpandAlerts: true}))},
		{"foreign start", "another host", sdktest.Each(c.Alerts.List(ctx, &graph.Query{From: "https://evil.example/v1.0/security/alerts_v2?$skip=1"}))},
		{"query", "query is empty", sdktest.One(c.Hunting.Run(ctx, "", nil))},
	})
	if c.Calls() != 0 {
		t.Errorf("%d calls", c.Calls())
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		o    graph.Options
		want string // host of the first call, or part of the error
		fine bool
	}{
		{graph.Options{}, "https://graph.microsoft.com/", true},
		{graph.Options{Cloud: "dod"}, ".microsoft.us/", true},
		{graph.Options{BaseURL: "https://graph.microsoft.com"}, "https://graph.microsoft.com/", true},
		{graph.Options{BaseURL: "https://127.0.0.1:8443", AllowHosts: []string{"127.0.0.1:8443"}}, "https://127.0.0.1:8443/", true},
		{graph.Options{BaseURL: "https://127.0.0.1:8443"}, "allow the host by name", false},
		{graph.Options{BaseURL: "https://evil.example"}, "evil.example", false},
		{graph.Options{BaseURL: "http://graph.microsoft.com"}, "graph.microsoft.com", false},
		{graph.Options{BaseURL: "https://graph.microsoft.com/beta"}, "not a scheme and a host", false},
		{graph.Options{Cloud: "mars"}, "mars", false},
	}
	for _, tt := range tests {
		r := recorder()
		tt.o.Transport = r
		c, err := graph.New(sdktest.Credential{}, &tt.o)
		if !tt.fine {
			if !errors.Is(err, graph.ErrInput) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v: %v", tt.o, err)
			}
			continue
		}
		if err == nil {
			err = sdktest.Each(c.Alerts.List(t.Context(), nil))
		}
		if err != nil || !strings.Contains(r.Sent.String(), tt.want) {
			t.Errorf("%+v: %v, sent %s", tt.o, err, r.Sent.String())
		}
	}
}

// What Graph was seen to send beside the documented answer: sidecar keys, numbers
// for booleans, {} for null.
func TestHuntingCells(t *testing.T) {
	t.Parallel()
	c := of(t, `{"@odata.context":"x","schema":[{"name":"Name","type":"String"},{"name":"Onboarded","type":"SByte"},{"name":"At","type":"DateTime"},{"name":"Tags","type":"Object"},{"name":"Missing","type":"String"}],
		"results":[
			{"Name":"a\"b","Onboarded@odata.type":"#SByte","Onboarded":1,"At":{},"Tags@odata.type":"#Collection(String)","Tags":["x","y"]},
			{"Name":null,"Onboarded":0,"At":"2026-05-04T10:00:00Z","Tags":{"k":1},"New":true}]}`)
	hunt, err := c.Hunting.Run(t.Context(), "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for row, err := range hunt.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for i := range hunt.Columns {
			cells = append(cells, row.Text(i))
		}
		got = append(got, cells)
	}
	want := [][]string{{`a"b`, "1", "", `["x","y"]`, ""}, {"", "0", "2026-05-04T10:00:00Z", `{"k":1}`, ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Answers that are odd or broken: a hunt gives all its rows or an error.
func TestHuntingAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		rows         int
		want         bool // an error
	}{
		{"results before the schema", `{"results":[{"A":1},{"A":2}],"schema":[{"name":"A","type":"Int32"}]}`, 2, false},
		{"no results", `{"schema":[{"name":"A","type":"Int32"}]}`, 0, false},
		{"null results", `{"schema":[{"name":"A","type":"Int32"}],"results":null,"stats":{}}`, 0, false},
		{"a member behind the rows", `{"schema":[],"results":[{}],"stats":{"a":[1]}}`, 1, false},
		{"capital letters", `{"Schema":[{"Name":"A","Type":"Int32"}],"Results":[{"A":1}]}`, 1, false},
		{"no schema", `{"results":[]}`, 0, true},
		{"cut in the schema", `{"schema":[{"name"`, 0, true},
		{"cut in a row", `{"schema":[{"name":"A","type":"Int32"}],"results":[{"A":1},{"A"`, 1, true},
		{"cut between rows", `{"schema":[{"name":"A","type":"Int32"}],"results":[{"A":1},`, 1, true},
		{"cut behind the rows", `{"schema":[{"name":"A","type":"Int32"}],"results":[{"A":1}]`, 1, true},
		{"an error behind the rows", `{"schema":[],"results":[{}],"error":{"code":"BadRequest","message":"too much"}}`, 1, true},
		{"html", `<html>`, 0, true},
		{"nothing", ``, 0, true},
		{"a row that is none", `{"schema":[],"results":[7]}`, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := of(t, tt.answer)
			rows := 0
			hunt, failed := c.Hunting.Run(t.Context(), "x", nil)
			if failed == nil {
				for row, err := range hunt.Rows() {
					if err != nil {
						failed = err
					}
					if len(row.Raw) > 0 {
						rows++
					}
				}
			}
			if rows != tt.rows || (failed != nil) != tt.want {
				t.Errorf("%d rows, error %v", rows, failed)
			}
		})
	}
}
