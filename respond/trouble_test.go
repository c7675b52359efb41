package respond_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/respond"
	"github.com/gatehouse-sec/gatehouse/store"
)

// put adds records to the mirror, with the facets that are named in pairs.
func (s *stage) put(name gatehouse.Stream, key string, document map[string]any, facets ...string) {
	s.t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		s.t.Fatal(err)
	}
	run, err := s.store.BeginRun(s.t.Context(), s.integration.ID, name, gatehouse.SyncIncremental)
	if err != nil {
		s.t.Fatal(err)
	}
	r := store.PageRecord{Key: key, API: gatehouse.APIMDE, Document: text}
	for n := 0; n < len(facets); n += 2 {
		r.Facets = append(r.Facets, gatehouse.Facet{Name: facets[n], Value: facets[n+1]})
	}
	if _, err := s.store.CommitPage(s.t.Context(), store.Page{Run: run, Records: []store.PageRecord{r}}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.store.EndRun(s.t.Context(), run, store.RunEnd{}); err != nil {
		s.t.Fatal(err)
	}
}

// TestDoubtfulTargets refuses what may be another device than the one that is
// meant, and says which to give.
func TestDoubtfulTargets(t *testing.T) {
	t.Parallel()
	s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
	s.Responder = respond.New(s.store, s, quick())
	now, old := time.Now().UTC(), time.Now().UTC().Add(-48*time.Hour)
	alive, gone := s.devices[0].ID, strings.Repeat("ab", 20)
	s.put("devices", gone, map[string]any{"computerDnsName": "merged", "lastSeen": "never", "mergedIntoMachineId": alive}, "name", "merged", "name", "both")
	s.put("devices", alive, map[string]any{"computerDnsName": "alive"}, "name", "both")
	s.put("devices", strings.Repeat("cd", 20), map[string]any{"lastIpAddress": "10.9.0.1", "lastExternalIpAddress": "203.0.113.7", "lastSeen": old}, "ip", "10.9.0.1", "ip", "203.0.113.7")
	s.put("devices", strings.Repeat("ef", 20), map[string]any{"lastIpAddress": "10.9.0.2", "lastSeen": now}, "ip", "10.9.0.2")
	s.put("incidents", "7", map[string]any{"incidentId": 7, "redirectIncidentId": 9})
	s.put("incidents", "9", map[string]any{"incidentId": 9, "redirectIncidentId": nil})
	for name, c := range map[string]struct {
		action, text, want string
		says               string
	}{
		"the id of a merged device":        {action: "scan", text: gone, says: "was merged into " + alive},
		"the name of a merged device":      {action: "scan", text: "merged", says: "was merged into " + alive},
		"the name of both":                 {action: "scan", text: "both", want: alive},
		"an old address":                   {action: "scan", text: "10.9.0.1", says: "may be another's now"},
		"an address from outside":          {action: "scan", text: "203.0.113.7", says: "others may share"},
		"an address of now":                {action: "scan", text: "10.9.0.2", want: strings.Repeat("ef", 20)},
		"a redirected incident":            {action: "comment-incident", text: "7", says: "was merged into 9"},
		"an incident":                      {action: "comment-incident", text: "9", want: "9"},
		"an unknown id in capital letters": {action: "scan", text: strings.Repeat("AA", 20), want: strings.Repeat("aa", 20)},
	} {
		o := s.order(c.action, c.text)
		o.DryRun = true
		a, _, err := s.Submit(t.Context(), alice, o)
		switch {
		case c.want != "" && (err != nil || a.Targets[0].ID != c.want):
			t.Errorf("%s: %+v, %v", name, a.Targets, err)
		case c.want == "" && (!errors.Is(err, respond.ErrRequest) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRepeatAfterChange repeats an order when its name means something else, and
// when its integration is paused: the action is that of then.
func TestRepeatAfterChange(t *testing.T) {
	t.Parallel()
	s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
	s.Responder = respond.New(s.store, s, quick())
	s.put("devices", s.devices[0].ID, map[string]any{"computerDnsName": "desk"}, "name", "desk")
	a := s.submit(s.order("isolate", "desk"))
	s.put("devices", s.devices[1].ID, map[string]any{"computerDnsName": "desk"}, "name", "desk")
	if again := s.submit(s.order("isolate", "desk")); again.ID != a.ID {
		t.Errorf("the name became ambiguous: %+v", again)
	}
	if err := s.store.SetIntegrationState(t.Context(), s.integration.ID, gatehouse.IntegrationPaused); err != nil {
		t.Fatal(err)
	}
	if again := s.submit(s.order("isolate", "desk")); again.ID != a.ID {
		t.Errorf("the integration was paused: %+v", again)
	}
}

// TestPausedMeanwhile sends nothing for an integration that was paused after the
// order, and goes on when it is resumed.
func TestPausedMeanwhile(t *testing.T) {
	t.Parallel()
	o := quick()
	o.Approve = func(action.Action) bool { return true }
	s := raise(t, emulator.Options{}, o)
	a := s.submit(s.order("isolate", s.devices[0].ID))
	state := func(to gatehouse.IntegrationState) {
		if err := s.store.SetIntegrationState(t.Context(), s.integration.ID, to); err != nil {
			t.Fatal(err)
		}
	}
	state(gatehouse.IntegrationPaused)
	if _, err := s.Approve(t.Context(), bob, a.ID, ""); err != nil {
		t.Fatal(err)
	}
	s.until(a.ID, "the reason", func(a gatehouse.ResponseAction) bool { return strings.Contains(a.Targets[0].Reason, "paused") })
	if n := len(s.begun(a.ID)); n != 0 {
		t.Errorf("%d were begun", n)
	}
	state(gatehouse.IntegrationActive)
	if a = s.ended(a.ID); a.State != gatehouse.ActionSucceeded {
		t.Errorf("got %+v", a)
	}
}

// TestCancelBulk cancels an action on many targets while it is being sent: most of
// them are never sent.
func TestCancelBulk(t *testing.T) {
	t.Parallel()
	const route = "POST /api/machines/{id}/runAntiVirusScan"
	o := quick()
	o.Turn = 50 * time.Millisecond
	s := raise(t, emulator.Options{
		Actions: emulator.ActionRules{Pace: -1},
		Faults:  emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultLatency, Route: route, Probability: 1, Delay: 100 * time.Millisecond}}},
	}, o)
	var ids []string
	for _, d := range s.devices {
		ids = append(ids, d.ID)
	}
	a := s.submit(s.order("scan", ids...))
	s.until(a.ID, "the first", func(a gatehouse.ResponseAction) bool { return a.Targets[0].State == gatehouse.ActionRunning })
	if _, err := s.Cancel(t.Context(), bob, a.ID, "a mistake"); err != nil {
		t.Fatal(err)
	}
	a = s.ended(a.ID)
	if n := len(s.begun(a.ID)); a.State != gatehouse.ActionCancelled || len(ids) < 10 || n > len(ids)/2 {
		t.Errorf("%d of %d were sent: %s", n, len(ids), a.State)
	}
}

// TestBulkAlerts updates alerts by one call: each is read back with the one comment
// that it has.
func TestBulkAlerts(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	var ids []string
	for a, err := range s.clients.Defender.Alerts.List(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if ids = append(ids, a.ID); len(ids) == 4 {
			break
		}
	}
	o := s.order("update-alert", ids...)
	o.Parameters = map[string]string{"status": "Resolved"}
	if a := s.ended(s.submit(o).ID); a.State != gatehouse.ActionSucceeded {
		t.Errorf("got %+v", a)
	}
}

// TestChangedAgain ends an update that someone else has undone before it was read
// back.
func TestChangedAgain(t *testing.T) {
	t.Parallel()
	o := quick()
	o.ReadBack = 300 * time.Millisecond
	s := raise(t, emulator.Options{Faults: emulator.Faults{List: []emulator.Fault{
		{Kind: emulator.FaultServerError, Route: "GET /api/alerts/{id}", Probability: 1, Limit: 10},
	}}}, o)
	var id string
	for a, err := range s.clients.Defender.Alerts.List(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		id = a.ID
		break
	}
	order := s.order("update-alert", id)
	order.Parameters = map[string]string{"status": "Resolved"}
	a := s.submit(order)
	s.until(a.ID, "Microsoft to have it", func(a gatehouse.ResponseAction) bool { return a.State == gatehouse.ActionRunning })
	if _, err := s.clients.Defender.Alerts.Update(t.Context(), id, defender.AlertUpdate{Status: "InProgress"}); err != nil {
		t.Fatal(err)
	}
	if a = s.ended(a.ID); a.State != gatehouse.ActionFailed || !strings.Contains(a.Targets[0].Error, "it is not so") {
		t.Errorf("got %+v", a)
	}
}

// TestIsolateWhileReleased isolates a device that is isolated and whose release is
// under way: that it is isolated now is no reason to do nothing.
func TestIsolateWhileReleased(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{Actions: emulator.ActionRules{Pace: -1, Again: emulator.AgainDone}}, quick())
	device := s.devices[0].ID
	first, err := s.clients.Defender.MachineActions.Isolate(t.Context(), device, "Full", "theirs")
	if err != nil {
		t.Fatal(err)
	}
	finish := func(id string) {
		if _, err := s.emulator.Do(s.tenant.TenantID, emulator.Step{Kind: emulator.StepFinishAction, ID: id, Status: "Succeeded"}); err != nil {
			t.Fatal(err)
		}
	}
	finish(first.ID)
	release, err := s.clients.Defender.MachineActions.Unisolate(t.Context(), device, "theirs")
	if err != nil {
		t.Fatal(err)
	}
	a := s.submit(s.order("isolate", device))
	a = s.until(a.ID, "a try", func(a gatehouse.ResponseAction) bool {
		return a.Targets[0].UpstreamID != "" || a.Targets[0].Reason != ""
	})
	if a.State.Ended() {
		t.Fatalf("it was taken for done: %+v", a)
	}
	finish(release.ID)
	a = s.until(a.ID, "Microsoft to have it", func(a gatehouse.ResponseAction) bool { return a.Targets[0].UpstreamID != "" })
	finish(a.Targets[0].UpstreamID)
	if a = s.ended(a.ID); a.State != gatehouse.ActionSucceeded || a.Targets[0].Adopted {
		t.Errorf("got %+v", a)
	}
}

// TestUnreadableAnswer takes an answer of 200 that says nothing for a lost one: the
// submission is found, and not sent again.
func TestUnreadableAnswer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"not JSON": "<html>fine</html>", "cut": `{"id":"5382f7ea-7557-4ab7`, "no id": `{}`, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
			s.garble(body)
			s.Responder = respond.New(s.store, s, quick())
			s.work()
			a := s.ended(s.submit(s.order("isolate", s.devices[0].ID)).ID)
			if n := len(s.begun(a.ID)); a.State != gatehouse.ActionSucceeded || n != 1 || a.Targets[0].Adopted {
				t.Errorf("begun %d times: %+v", n, a)
			}
		})
	}
}

// TestSilentService asks a service that takes the connection and never answers: no
// worker waits for ever.
func TestSilentService(t *testing.T) {
	t.Parallel()
	o := quick()
	o.Call, o.Workers = 200*time.Millisecond, 1
	s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
	s.Responder = respond.New(s.store, &silent{stage: s}, o)
	s.work()
	a := s.submit(s.order("isolate", s.devices[0].ID))
	s.until(a.ID, "the reason", func(a gatehouse.ResponseAction) bool { return strings.Contains(a.Reason, "waits for the account") })
	if a, err := s.Cancel(t.Context(), bob, a.ID, "enough"); err != nil || a.State != gatehouse.ActionCancelled {
		t.Errorf("cancelled: %+v, %v", a, err)
	}
}

// TestStoreFails asks a store that fails with pauses, and not without end.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
	var lines atomic.Int64
	o := quick()
	o.Log, o.Workers = slog.New(counter{&lines}), 2
	s.Responder = respond.New(s.store, s, o)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer stop()
	_ = s.Run(ctx)
	if n := lines.Load(); n == 0 || n > 6 {
		t.Errorf("%d attempts", n)
	}
}

// TestUnreadableAction does the actions behind one that cannot be read, and says so
// once in its log and in the audit log.
func TestUnreadableAction(t *testing.T) {
	t.Parallel()
	s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
	var lines atomic.Int64
	o := quick()
	o.Log, o.Workers = slog.New(counter{&lines}), 1
	s.Responder = respond.New(s.store, s, o)
	odd := s.submit(s.order("isolate", s.devices[0].ID))
	next := s.submit(s.order("isolate", s.devices[1].ID))
	body := []byte(`{"targets":[{"n":1,"state":"a state of a newer version"}]}`)
	if _, err := s.store.DB().ExecContext(t.Context(), "UPDATE actions SET body = $2 WHERE id = $1", odd.ID, body); err != nil {
		t.Fatal(err)
	}
	s.work()
	if a := s.ended(next.ID); a.State != gatehouse.ActionSucceeded {
		t.Errorf("the one behind it: %+v", a)
	}
	if n := len(s.begun(odd.ID)); n != 0 {
		t.Errorf("what nobody understands was sent %d times", n)
	}
	if _, err := s.Cancel(t.Context(), bob, odd.ID, "enough"); !errors.Is(err, respond.ErrState) {
		t.Errorf("cancelled: %v", err)
	}
	if all := s.operations(); lines.Load() != 1 || !slices.Contains(all, "actions.aside failed") || !slices.Contains(all, "actions.cancel refused") {
		t.Errorf("%d lines; %q", lines.Load(), all)
	}
}

// TestClockBehind works with a clock that is behind that of the database.
func TestClockBehind(t *testing.T) {
	t.Parallel()
	o := quick()
	o.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	s := raise(t, emulator.Options{}, o)
	if a := s.ended(s.submit(s.order("isolate", s.devices[0].ID)).ID); a.State != gatehouse.ActionSucceeded {
		t.Errorf("got %+v", a)
	}
}

// TestRefusalIsCut keeps little of an order that was refused for its size.
func TestRefusalIsCut(t *testing.T) {
	t.Parallel()
	s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
	s.Responder = respond.New(s.store, s, quick())
	big := strings.Repeat("x", 1<<20)
	o := s.order("isolate", big, big)
	o.Comment = big
	if _, _, err := s.Submit(t.Context(), alice, o); !errors.Is(err, respond.ErrRequest) {
		t.Fatal(err)
	}
	entries, err := s.store.Audit(t.Context(), store.AuditQuery{All: true})
	if err != nil || len(entries) != 1 || len(entries[0].Target)+len(entries[0].Detail) > 8<<10 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

// silent signs in once, for the order, and never again.
type silent struct {
	*stage

	asked atomic.Bool
}

func (s *silent) Account(ctx context.Context, i gatehouse.Integration) (respond.Account, error) {
	if s.asked.CompareAndSwap(false, true) {
		return s.stage.Account(ctx, i)
	}
	<-ctx.Done()
	return respond.Account{}, ctx.Err()
}

// counter counts lines of a log.
type counter struct{ lines *atomic.Int64 }

func (counter) Enabled(context.Context, slog.Level) bool    { return true }
func (c counter) Handle(context.Context, slog.Record) error { c.lines.Add(1); return nil }
func (c counter) WithAttrs([]slog.Attr) slog.Handler        { return c }
func (c counter) WithGroup(string) slog.Handler             { return c }

var _ http.RoundTripper = (*garbler)(nil)

// garbler puts another body into the first answer to an isolation.
type garbler struct {
	http.RoundTripper

	body string
	done atomic.Bool
}

// RoundTrip lets the request through.
func (g *garbler) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.RoundTripper.RoundTrip(r)
	if err == nil && strings.HasSuffix(r.URL.Path, "/isolate") && g.done.CompareAndSwap(false, true) {
		_ = resp.Body.Close()
		resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(g.body)), int64(len(g.body))
	}
	return resp, err
}

// garble makes the clients read another body in place of the first answer.
func (s *stage) garble(body string) {
	s.t.Helper()
	anew := emulated.SignIn(s.t, s.emulator.Addr(), s.emulator.CA(), s.tenant)
	anew.Transport.Transport = &garbler{RoundTripper: anew.Transport.Transport, body: body}
	s.clients.Defender = anew.Defender(s.t, defender.Options{MaxRetries: -1, MaxWait: -1})
}
