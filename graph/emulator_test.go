package graph_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// raise starts an emulator with one tenant and connects to it, with every
// permission of the SDK.
func raise(t *testing.T, size emulator.Size) (emulated.Tenant, *graph.Client) {
	t.Helper()
	tenant := emulated.Start(t, emulator.Options{Size: size})
	tenant.Allow(t, emulator.MirrorRoles()...)
	return tenant, tenant.Graph(t, graph.Options{})
}

func alertIDs(alerts []graph.Alert) []string {
	out := make([]string, len(alerts))
	for i, a := range alerts {
		out[i] = a.ID
	}
	return out
}

func TestAlertsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, c := raise(t, emulator.Size{Devices: 30, Alerts: 60})
	want := s.Truth(s.TenantID).Alerts
	slices.Reverse(want)
	ctx := t.Context()
	all := sdktest.Collect(t, c.Alerts.List(ctx, nil))
	if !slices.Equal(alertIDs(all), want) {
		t.Error(cmp.Diff(want, alertIDs(all)))
	}
	for _, q := range []graph.Query{{PageSize: 7}, {Top: 20, PageSize: 7}, {Top: 20}} {
		n := len(want)
		if q.Top > 0 {
			n = q.Top
		}
		if got := sdktest.Collect(t, c.Alerts.List(ctx, &q)); !slices.Equal(alertIDs(got), want[:n]) {
			t.Errorf("%+v: %d alerts, want %d", q, len(got), n)
		}
	}
	high := sdktest.Collect(t, c.Alerts.List(ctx, &graph.Query{Filter: "severity eq 'high'", PageSize: 3}))
	if len(high) == 0 || slices.ContainsFunc(high, func(a graph.Alert) bool { return a.Severity != "high" }) {
		t.Errorf("%d high", len(high))
	}
	a, err := c.Alerts.Get(ctx, want[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all[0], a, cmpopts.IgnoreTypes(graph.Record{})); diff != "" {
		t.Error(diff)
	}
	for _, e := range a.Evidence {
		if !strings.HasSuffix(e.Kind(), "Evidence") || len(e.Raw) == 0 || e.CreatedDateTime.IsZero() {
			t.Errorf("%+v", e)
		}
	}
	if _, err := c.Alerts.Get(ctx, "da1_1"); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("an unknown alert: %v", err)
	}
	for what := range s.Stats().Violations {
		t.Error(what)
	}
}

func TestAlertUpdateOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, c := raise(t, emulator.Size{Devices: 10, Alerts: 3})
	id := s.Truth(s.TenantID).Alerts[0]
	ctx := t.Context()
	a, err := c.Alerts.Update(ctx, id, graph.AlertUpdate{Status: "resolved", Classification: "falsePositive", Determination: "notMalicious", AssignedTo: "ada@contoso.example"})
	if err != nil || a.Status != "resolved" || a.Classification != "falsePositive" || a.Determination != "notMalicious" || a.AssignedTo != "ada@contoso.example" {
		t.Errorf("%+v, %v", a, err)
	}
	for n := 1; n <= 2; n++ {
		comments, err := c.Alerts.Comment(ctx, id, "looked at")
		if err != nil || len(comments) < n || comments[len(comments)-1].Comment != "looked at" || comments[0].CreatedDateTime.IsZero() {
			t.Errorf("%+v, %v", comments, err)
		}
	}
	if a, err = c.Alerts.Get(ctx, id); err != nil || a.Status != "resolved" || len(a.Comments) < 2 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestSecureScoresOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, c := raise(t, emulator.Size{Devices: 10, Alerts: -1})
	truth := s.Truth(s.TenantID)
	ctx := t.Context()
	scores := sdktest.Collect(t, c.SecureScores.List(ctx, &graph.Query{PageSize: 20}))
	if len(scores) != truth.SecureScores || scores[0].CurrentScore <= 0 || scores[0].MaxScore < scores[0].CurrentScore ||
		len(scores[0].ControlScores) == 0 || !scores[0].CreatedDateTime.After(scores[1].CreatedDateTime.Time) {
		t.Errorf("%d scores of %d: %+v", len(scores), truth.SecureScores, scores[0])
	}
	if one, err := c.SecureScores.Get(ctx, scores[3].ID); err != nil || one.CurrentScore != scores[3].CurrentScore {
		t.Errorf("%+v, %v", one, err)
	}
	profiles := sdktest.Collect(t, c.SecureScores.ControlProfiles(ctx, nil))
	if len(profiles) != truth.ControlProfiles || profiles[0].Title == "" {
		t.Errorf("%d profiles of %d", len(profiles), truth.ControlProfiles)
	}
	if one, err := c.SecureScores.ControlProfile(ctx, profiles[0].ID); err != nil || one.Title != profiles[0].Title {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestHuntingOnTheEmulator(t *testing.T) {
	t.Parallel()
	_, c := raise(t, emulator.Size{Devices: 12, Alerts: 5})
	ctx := t.Context()
	hunt, err := c.Hunting.Run(ctx, "DeviceInfo | distinct DeviceId", &graph.HuntOptions{Timespan: "P7D"})
	if err != nil {
		t.Fatal(err)
	}
	if rows := sdktest.Collect(t, hunt.Rows()); len(rows) != 12 || len(hunt.Columns) != 1 {
		t.Errorf("%d rows, columns %+v", len(rows), hunt.Columns)
	}
	_, err = c.Hunting.Run(ctx, "DeviceInfo | wher x", nil)
	var e *graph.Error
	if !errors.As(err, &e) || e.StatusCode != 400 || e.Message == "" {
		t.Errorf("a wrong query: %v", err)
	}
}

func TestMissingPermissionOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, c := raise(t, emulator.Size{Devices: 3, Alerts: 1})
	if err := s.SetRoles(s.TenantID, s.ClientID); err != nil {
		t.Fatal(err)
	}
	for _, err := range c.Alerts.List(t.Context(), nil) {
		if !errors.Is(err, graph.ErrForbidden) {
			t.Errorf("got %v", err)
		}
	}
}

func TestIncidentsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, c := raise(t, emulator.Size{Devices: 20, Incidents: 120, AlertsPerIncident: 3})
	ctx := t.Context()
	documents, err := s.Truth(s.TenantID).Documents("incidents", "graph")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{}
	for id, raw := range documents {
		want[id] = parsed(t, raw)
	}
	for _, q := range []graph.Query{{}, {PageSize: 7}, {PageSize: 49}} {
		q.ExpandAlerts = true
		var pages []graph.PageRead
		q.OnPage = func(p graph.PageRead) error { pages = append(pages, p); return nil }
		got := map[string]any{}
		for _, i := range sdktest.Collect(t, c.Incidents.List(ctx, &q)) {
			got[i.ID] = parsed(t, i.Raw)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		size := q.PageSize
		if size == 0 {
			size = graph.MaxIncidentPage
		}
		if floor := (len(want) + size - 1) / size; len(pages) != floor {
			t.Errorf("%d pages of %d, the floor is %d", len(pages), size, floor)
		}
	}
	all := sdktest.Collect(t, c.Incidents.List(ctx, nil))
	since := all[40].LastUpdateDateTime.Time
	changed := 0
	for _, i := range all {
		if len(sdktest.Collect(t, i.Alerts())) > 0 {
			t.Fatal("alerts without being asked for")
		}
		if !i.LastUpdateDateTime.Before(since) {
			changed++
		}
	}
	if got := sdktest.Collect(t, c.Incidents.List(ctx, &graph.Query{Filter: graph.Ge("lastUpdateDateTime", since)})); len(got) != changed || changed == len(all) {
		t.Errorf("%d changed since %s, want %d of %d", len(got), since, changed, len(all))
	}
	bare, err := c.Incidents.Get(ctx, all[3].ID, false)
	if err != nil || len(sdktest.Collect(t, bare.Alerts())) > 0 || bare.DisplayName == "" || bare.CreatedDateTime.IsZero() {
		t.Errorf("%+v, %v", bare, err)
	}
	whole, err := c.Incidents.Get(ctx, all[3].ID, true)
	if err != nil {
		t.Fatal(err)
	}
	if alerts := sdktest.Collect(t, whole.Alerts()); len(alerts) != 3 || alerts[0].IncidentID != whole.ID || len(alerts[0].Evidence) == 0 {
		t.Errorf("%+v", alerts)
	}
	if _, err := c.Incidents.Get(ctx, "1", false); !errors.Is(err, graph.ErrNotFound) {
		t.Errorf("an unknown incident: %v", err)
	}
}

// A reading that stops goes on behind the last page that was whole.
func TestAlertsGoOnFromAPage(t *testing.T) {
	t.Parallel()
	s, c := raise(t, emulator.Size{Devices: 10, Alerts: 50})
	q := graph.Query{PageSize: 9}
	enough := errors.New("enough")
	q.OnPage = func(p graph.PageRead) error {
		if q.From = p.Next; p.Number == 3 {
			return enough
		}
		return nil
	}
	var got []string
	for range 3 {
		for a, err := range c.Alerts.List(t.Context(), &q) {
			if err != nil && !errors.Is(err, enough) {
				t.Fatal(err)
			}
			if err == nil {
				got = append(got, a.ID)
			}
		}
		if q.From == "" {
			break
		}
	}
	want := s.Truth(s.TenantID).Alerts
	slices.Reverse(want)
	if !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestAlertsInOrder(t *testing.T) {
	t.Parallel()
	_, c := raise(t, emulator.Size{Devices: 10, Alerts: 50})
	all := sdktest.Collect(t, c.Alerts.List(t.Context(), &graph.Query{OrderBy: "createdDateTime", PageSize: 20}))
	if len(all) != 50 || !slices.IsSortedFunc(all, func(a, b graph.Alert) int { return a.CreatedDateTime.Compare(b.CreatedDateTime.Time) }) {
		t.Errorf("%d alerts are not in the order of their creation", len(all))
	}
}

func parsed(t *testing.T, raw []byte) any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
