package client_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/client"
)

// TestEveryRoute calls every method of the client against the real server, and
// holds that each asks for a route that there is, and that none is left out.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.client(gatehouse.ScopeAdmin)
	id := integrations(t, h, c)
	records(t, c, id)
	actions(t, h, c, id)
	hunts(t, c)
	feeds(t, c, id)
	keys(t, c)
	must(t, c.Integrations.Remove(t.Context(), id))

	h.mu.Lock()
	defer h.mu.Unlock()
	if h.routes[""] {
		t.Error("the client asks for a route that the server does not have")
	}
	for _, r := range h.rest.Routes() {
		pattern := r.Method + " " + r.Path
		if !h.routes[pattern] && strings.HasPrefix(r.Path, "/v1/") && r.Path != "/v1/events/live" {
			t.Errorf("the client has nothing that asks %s", pattern)
		}
	}
}

// integrations connects the tenant and mirrors it.
func integrations(t *testing.T, h *house, c *client.Client) string {
	t.Helper()
	ctx := t.Context()
	made, err := c.Integrations.Create(ctx, api.NewIntegration{
		Name: "contoso", Tenant: h.tenant.TenantID, ClientID: h.tenant.ClientID, Credential: api.NewCredential{Secret: h.tenant.Secret},
	}, "")
	must(t, err)
	if made.Check == nil || !made.Check.OK || made.Name != "contoso" {
		t.Errorf("it was made as %+v", made)
	}
	id, name := made.ID, "fabrikam"
	changed, err := c.Integrations.Update(ctx, id, api.ChangeIntegration{Name: &name})
	must(t, err)
	if changed.Name != name {
		t.Errorf("it is called %q", changed.Name)
	}
	replaced, err := c.Integrations.ReplaceCredential(ctx, name, api.NewCredential{Secret: h.tenant.Secret})
	must(t, err)
	paused, err := c.Integrations.Pause(ctx, id)
	must(t, err)
	resumed, err := c.Integrations.Resume(ctx, id)
	must(t, err)
	if replaced.ID != id || paused.State != "paused" || resumed.State != "active" {
		t.Errorf("%s, %s, %s", replaced.ID, paused.State, resumed.State)
	}
	check, err := c.Integrations.Check(ctx, id)
	must(t, err)
	permissions, err := c.Integrations.Permissions(ctx, id)
	must(t, err)
	budget, err := c.Integrations.Budget(ctx, id)
	must(t, err)
	if !check.OK || len(permissions.Held) == 0 || len(budget.Routes) == 0 {
		t.Errorf("%+v, %+v, %+v", check, permissions, budget)
	}
	mirror(t, h.app, id)
	health, err := c.Integrations.Health(ctx, id)
	must(t, err)
	all, err := c.Integrations.List(ctx)
	must(t, err)
	one, err := c.Integrations.Get(ctx, name)
	must(t, err)
	if len(health.Streams) == 0 || len(all) != 1 || one.ID != id {
		t.Errorf("%+v, %+v, %+v", health, all, one)
	}
	return id
}

// mirror reads everything, as soon as nobody else does.
func mirror(t *testing.T, a *app.App, id string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		_, err := a.SyncOnce(t.Context(), id, nil, nil)
		if err == nil {
			return
		}
		if !errors.Is(err, app.ErrBusy) {
			t.Fatal(err)
		}
		<-tick.C
	}
	t.Fatal("somebody else reads all the time")
}

// records lists every kind of record page by page, and reads one of each.
func records(t *testing.T, c *client.Client, id string) {
	t.Helper()
	ctx := t.Context()
	for name, service := range map[string]*client.RecordsService{
		"devices": c.Devices, "alerts": c.Alerts, "incidents": c.Incidents, "vulnerabilities": c.Vulnerabilities, "cves": c.CVEs, "software": c.Software,
		"recommendations": c.Recommendations, "machine actions": c.MachineActions, "controls": c.SecureScoreControls,
	} {
		seen := map[string]bool{}
		for r, err := range service.List(ctx, client.Query{Limit: 7, Integrations: []string{id}}) {
			must(t, err)
			if seen[r.ID] || len(r.OCSF) == 0 {
				t.Fatalf("%s: %s comes twice, or is no event", name, r.ID)
			}
			seen[r.ID] = true
		}
		page, err := service.Page(ctx, client.Query{Limit: 1, Count: true, Raw: true, NoOCSF: true})
		must(t, err)
		if len(seen) == 0 || page.Count == nil || int(*page.Count) != len(seen) || len(page.Items[0].Raw) == 0 || len(page.Items[0].OCSF) > 0 {
			t.Errorf("%s: %d were listed, and the page is %+v", name, len(seen), page)
			continue
		}
		one, err := service.Get(ctx, id, page.Items[0].ID, client.Query{})
		must(t, err)
		if one.ID != page.Items[0].ID {
			t.Errorf("%s: asked for %s, got %s", name, page.Items[0].ID, one.ID)
		}
	}
	sorted, err := c.Devices.Page(ctx, client.Query{Sort: "-name", Filter: []string{"onboarding[eq]Onboarded"}, Fields: []string{"ocsf.device.hostname"}, Removed: true})
	must(t, err)
	for _, service := range []*client.RecordsService{c.Alerts, c.Vulnerabilities, c.MachineActions} {
		_, err := service.Of(id, sorted.Items[0].ID).Page(ctx, client.Query{Limit: 3})
		must(t, err)
	}
}

// actions submits, follows and decides.
func actions(t *testing.T, h *house, c *client.Client, id string) {
	t.Helper()
	ctx := t.Context()
	kinds, err := c.Actions.Kinds(ctx)
	must(t, err)
	page, err := c.Devices.Page(ctx, client.Query{Filter: []string{"onboarding[eq]Onboarded", "health[eq]Active", "os[in]Windows10,Windows11"}})
	must(t, err)
	device := page.Items[0].ID
	order := func(name string, approval bool) api.NewAction {
		return api.NewAction{Integration: id, Action: name, Targets: []string{device}, Comment: "a test", Approval: approval}
	}
	done, err := c.Actions.Submit(ctx, order("collect-package", false), "once")
	must(t, err)
	again, err := c.Actions.Submit(ctx, order("collect-package", false), "once")
	must(t, err)
	var states int
	ended, err := c.Actions.Wait(ctx, done.ID, func(api.Action) { states++ })
	must(t, err)
	var content bytes.Buffer
	n, err := c.Actions.Result(ctx, done.ID, 1, &content)
	must(t, err)
	if len(kinds.Items) == 0 || again.ID != done.ID || ended.State != api.ActionSucceeded || states == 0 || n == 0 || !strings.HasPrefix(content.String(), "PK") {
		t.Errorf("%d kinds, %s and %s, %+v after %d states, %d bytes", len(kinds.Items), done.ID, again.ID, ended, states, n)
	}
	second := h.client(gatehouse.ScopeRespond)
	for decide, want := range map[string]api.ActionStatus{"approve": "", "deny": api.ActionRefused, "cancel": api.ActionCancelled} {
		waiting, err := c.Actions.Submit(ctx, order("scan", true), "")
		must(t, err)
		switch decide {
		case "approve":
			waiting, err = second.Actions.Approve(ctx, waiting.ID, "fine")
		case "deny":
			waiting, err = second.Actions.Deny(ctx, waiting.ID, "no")
		default:
			waiting, err = c.Actions.Cancel(ctx, waiting.ID, "no more")
		}
		must(t, err)
		if want != "" && waiting.State != want || waiting.State == api.ActionWaiting {
			t.Errorf("%s: it is %s", decide, waiting.State)
		}
	}
	count := 0
	for _, err := range c.Actions.List(ctx, client.ActionQuery{Integrations: []string{id}, Target: device, Limit: 2, Since: time.Now().Add(-time.Hour)}) {
		must(t, err)
		count++
	}
	events, err := c.Actions.Events(ctx, 0, client.ActionQuery{})
	must(t, err)
	if count != 4 || len(events.Items) < 4 {
		t.Errorf("%d actions and %d events", count, len(events.Items))
	}
}

// hunts saves a hunt, runs it and reads what it has found.
func hunts(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	saved, err := c.Hunts.Save(ctx, api.NewHunt{Name: "devices", Query: "DeviceInfo | take 1"})
	must(t, err)
	saved, err = c.Hunts.Change(ctx, saved.ID, api.NewHunt{Name: "devices", Query: "DeviceInfo | project DeviceId | take 5"})
	must(t, err)
	one, err := c.Hunts.Get(ctx, saved.ID)
	must(t, err)
	list, err := c.Hunts.List(ctx)
	must(t, err)
	runs, err := c.Hunts.RunSaved(ctx, saved.ID)
	must(t, err)
	at, err := c.Hunts.Run(ctx, api.RunHunt{Query: one.Query})
	must(t, err)
	for _, run := range append(runs, at...) {
		run, err := c.Hunts.WaitRun(ctx, run.ID)
		must(t, err)
		rows := 0
		for _, err := range c.Hunts.AllRows(ctx, run.ID) {
			must(t, err)
			rows++
		}
		if run.State != "succeeded" || rows == 0 || int64(rows) != run.Rows {
			t.Errorf("the run is %+v with %d rows", run, rows)
		}
	}
	page, err := c.Hunts.Rows(ctx, at[0].ID, "", 2)
	must(t, err)
	all, err := c.Hunts.Runs(ctx, saved.ID, "")
	must(t, err)
	if len(list) != 1 || len(all.Items) != 1 || len(page.Items) != 2 || page.Next == "" {
		t.Errorf("%d hunts, %d runs, %+v", len(list), len(all.Items), page)
	}
	must(t, c.Hunts.Remove(ctx, saved.ID))
}

// feeds reads what goes on: events, scores, the audit, what can be asked.
func feeds(t *testing.T, c *client.Client, id string) {
	t.Helper()
	ctx := t.Context()
	last, count := int64(0), 0
	for e, err := range c.Events.List(ctx, client.EventQuery{Limit: 50, Format: "ocsf", Streams: []string{"devices", "alerts"}, Integrations: []string{id}}) {
		must(t, err)
		if e.Number <= last {
			t.Fatalf("event %d comes after %d", e.Number, last)
		}
		last = e.Number
		count++
	}
	following, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	for e, err := range c.Events.Follow(following, client.EventQuery{After: last - 1}, nil) {
		must(t, err)
		if e.Number >= last {
			break
		}
	}
	scores, err := c.Scores.List(ctx, id)
	must(t, err)
	history, err := c.Scores.History(ctx, id, "exposure-score", time.Now().Add(-time.Hour), time.Time{})
	must(t, err)
	audit, err := c.Audit.Page(ctx, 0, 10)
	must(t, err)
	verdict, err := c.Audit.Verify(ctx)
	must(t, err)
	who, err := c.Identity(ctx)
	must(t, err)
	can, err := c.Capabilities(ctx)
	must(t, err)
	streams, err := c.Streams(ctx)
	must(t, err)
	if count == 0 || len(scores.Items) == 0 || len(history.Items) == 0 || len(audit.Items) != 10 || !verdict.OK || who.Kind != "key" || len(can.Integrations) != 1 || len(streams.Items) == 0 {
		t.Errorf("%d events, %d scores, %d points, %d entries, %+v, %+v, %d, %d", count, len(scores.Items), len(history.Items), len(audit.Items), verdict, who, len(can.Integrations), len(streams.Items))
	}
}

// keys gives a key out and takes it back.
func keys(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	made, err := c.Keys.Create(ctx, api.NewKey{Name: "grafana", Scopes: []api.Scope{api.ScopeRead}})
	must(t, err)
	turned, err := c.Keys.Rotate(ctx, made.ID, api.RotateKey{KeepOld: "1h"})
	must(t, err)
	must(t, c.Keys.Revoke(ctx, made.ID))
	one, err := c.Keys.Get(ctx, made.ID)
	must(t, err)
	all, err := c.Keys.List(ctx)
	must(t, err)
	if made.Text == "" || turned.Text == made.Text || one.Revoked.IsZero() || len(all) < 2 {
		t.Errorf("%+v, %d keys", one, len(all))
	}
}
