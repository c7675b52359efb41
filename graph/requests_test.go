package graph_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/graph"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fixedToken is a credential that needs no authority.
type fixedToken struct{}

func (fixedToken) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: strings.Join(o.Scopes, " "), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// recorder writes down what is sent and answers with an object that is both an
// item and a list, or with one answer of its own.
type recorder struct {
	sent   bytes.Buffer
	answer string
}

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	fmt.Fprintf(&r.sent, "%s %s\nPrefer: %s\n%s\n", req.Method, req.URL, req.Header.Get("Prefer"), req.Header.Get("Authorization"))
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		fmt.Fprintf(&r.sent, "%s\n%s\n", req.Header.Get("Content-Type"), body)
	}
	answer := r.answer
	if answer == "" {
		answer = `{"id":"x","value":[],"schema":[],"results":[]}`
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

func each[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func one[T any](_ T, err error) error { return err }

func TestRequests(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c, err := graph.New(fixedToken{}, &graph.Options{Transport: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx, at := t.Context(), time.Date(2026, 5, 4, 10, 0, 0, 123_456_700, time.UTC)
	calls := []struct {
		name string
		err  error
	}{
		{"alerts list", each(c.Alerts.List(ctx, nil))},
		{"alerts query", each(c.Alerts.List(ctx, &graph.Query{Filter: "severity eq 'high'", Top: 30, PageSize: 50}))},
		{"alerts get", one(c.Alerts.Get(ctx, "da1_-2"))},
		{"alerts update", one(c.Alerts.Update(ctx, "da1_-2", graph.AlertUpdate{Status: "InProgress", AssignedTo: "a@contoso.example", Classification: "truepositive", Determination: "malware"}))},
		{"alerts comment", one(c.Alerts.Comment(ctx, "da1_-2", "seen"))},
		{"alerts in order", each(c.Alerts.List(ctx, &graph.Query{Filter: graph.Ge("createdDateTime", at), OrderBy: "createdDateTime"}))},
		{"incidents list", each(c.Incidents.List(ctx, nil))},
		{"incidents query", each(c.Incidents.List(ctx, &graph.Query{Filter: graph.Ge("lastUpdateDateTime", at) + " and " + graph.Lt("lastUpdateDateTime", at.Add(time.Hour)), PageSize: 10, ExpandAlerts: true}))},
		{"incidents get", one(c.Incidents.Get(ctx, "2972395", false))},
		{"incidents get with alerts", one(c.Incidents.Get(ctx, "2972395", true))},
		{"incidents update", one(c.Incidents.Update(ctx, "2972395", graph.IncidentUpdate{Status: "Resolved", AssignedTo: "a@contoso.example", Classification: "truepositive", Determination: "multistagedattack", CustomTags: []string{"a", "b"}}))},
		{"incidents lose their tags", one(c.Incidents.Update(ctx, "2972395", graph.IncidentUpdate{CustomTags: []string{}}))},
		{"incidents comment", one(c.Incidents.Comment(ctx, "2972395", "seen"))},
		{"secure scores list", each(c.SecureScores.List(ctx, &graph.Query{Top: 1, PageSize: 1}))},
		{"secure scores get", one(c.SecureScores.Get(ctx, "t_2026-05-04"))},
		{"control profiles", each(c.SecureScores.ControlProfiles(ctx, nil))},
		{"control profile", one(c.SecureScores.ControlProfile(ctx, "AdminMFA"))},
		{"hunting run", one(c.Hunting.Run(ctx, "DeviceInfo | take 1", nil))},
		{"hunting run over a week", one(c.Hunting.Run(ctx, "DeviceInfo | take 1", &graph.HuntOptions{Timespan: "P7D"}))},
	}
	for _, call := range calls {
		if call.err != nil {
			t.Errorf("%s: %v", call.name, call.err)
		}
	}
	if *update {
		if err := os.WriteFile("testdata/requests.golden", r.sent.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/requests.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), r.sent.String()); diff != "" {
		t.Error(diff)
	}
}

func TestBadInputSendsNothing(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	c, err := graph.New(fixedToken{}, &graph.Options{Transport: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	tests := []struct {
		name, want string
		err        error
	}{
		{"empty update", "nothing to update", one(c.Alerts.Update(ctx, "a", graph.AlertUpdate{}))},
		{"status", "use new, inProgress, resolved", one(c.Alerts.Update(ctx, "a", graph.AlertUpdate{Status: "closed"}))},
		{"classification", "truePositive", one(c.Alerts.Update(ctx, "a", graph.AlertUpdate{Classification: "yes"}))},
		{"determination", "clean", one(c.Alerts.Update(ctx, "a", graph.AlertUpdate{Determination: "yes"}))},
		{"comment", "comment is empty", one(c.Alerts.Comment(ctx, "a", " "))},
		{"empty incident update", "nothing to update", one(c.Incidents.Update(ctx, "7", graph.IncidentUpdate{}))},
		{"incident status", "use active, inProgress, resolved", one(c.Incidents.Update(ctx, "7", graph.IncidentUpdate{Status: "redirected"}))},
		{"incident tags", "tags is empty", one(c.Incidents.Update(ctx, "7", graph.IncidentUpdate{CustomTags: []string{""}}))},
		{"incident comment", "comment is empty", one(c.Incidents.Comment(ctx, "7", ""))},
		{"id", "id is empty", one(c.Alerts.Get(ctx, ""))},
		{"quote", "quote is not closed", each(c.Alerts.List(ctx, &graph.Query{Filter: "a eq 'b"}))},
		{"parenthesis", "not in balance", each(c.Alerts.List(ctx, &graph.Query{Filter: "a eq b)("}))},
		{"blank filter", "blank", each(c.SecureScores.List(ctx, &graph.Query{Filter: " "}))},
		{"negative", "negative", each(c.SecureScores.List(ctx, &graph.Query{Top: -1}))},
		{"page size of incidents", "at most 50", each(c.Incidents.List(ctx, &graph.Query{PageSize: 51}))},
		{"order of incidents", "another order", each(c.Incidents.List(ctx, &graph.Query{OrderBy: "createdDateTime"}))},
		{"order of alerts", "use createdDateTime", each(c.Alerts.List(ctx, &graph.Query{OrderBy: "severity"}))},
		{"direction of alerts", "use createdDateTime", each(c.Alerts.List(ctx, &graph.Query{OrderBy: "createdDateTime up"}))},
		{"alerts of alerts", "no alerts to expand", each(c.Alerts.List(ctx, &graph.Query{ExpandAlerts: true}))},
		{"foreign start", "another host", each(c.Alerts.List(ctx, &graph.Query{From: "https://evil.example/v1.0/security/alerts_v2?$skip=1"}))},
		{"query", "query is empty", one(c.Hunting.Run(ctx, "", nil))},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, graph.ErrInput) || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, tt.err, tt.want)
		}
	}
	if c.Calls() != 0 {
		t.Errorf("sent %s", r.sent.String())
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
		r := &recorder{}
		tt.o.Transport = r
		c, err := graph.New(fixedToken{}, &tt.o)
		if !tt.fine {
			if !errors.Is(err, graph.ErrInput) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v: %v", tt.o, err)
			}
			continue
		}
		if err == nil {
			err = each(c.Alerts.List(t.Context(), nil))
		}
		if err != nil || !strings.Contains(r.sent.String(), tt.want) {
			t.Errorf("%+v: %v, sent %s", tt.o, err, r.sent.String())
		}
	}
}

// What Graph was seen to send beside the documented answer: sidecar keys, numbers
// for booleans, {} for null.
func TestHuntingCells(t *testing.T) {
	t.Parallel()
	r := &recorder{answer: `{"@odata.context":"x","schema":[{"name":"Name","type":"String"},{"name":"Onboarded","type":"SByte"},{"name":"At","type":"DateTime"},{"name":"Tags","type":"Object"},{"name":"Missing","type":"String"}],
		"results":[
			{"Name":"a\"b","Onboarded@odata.type":"#SByte","Onboarded":1,"At":{},"Tags@odata.type":"#Collection(String)","Tags":["x","y"]},
			{"Name":null,"Onboarded":0,"At":"2026-05-04T10:00:00Z","Tags":{"k":1},"New":true}]}`}
	c, err := graph.New(fixedToken{}, &graph.Options{Transport: r})
	if err != nil {
		t.Fatal(err)
	}
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
			r := &recorder{answer: tt.answer}
			if tt.answer == "" {
				r.answer = " "
			}
			c, err := graph.New(fixedToken{}, &graph.Options{Transport: r})
			if err != nil {
				t.Fatal(err)
			}
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
