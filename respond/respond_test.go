package respond_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/respond"
	"github.com/gatehouse-sec/gatehouse/store"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(childSetting); text != "" {
		os.Exit(runChild(text))
	}
	os.Exit(m.Run())
}

// TestIsolateByName follows an action from its name to its end.
func TestIsolateByName(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	device := s.devices[0]
	a := s.submit(s.order("isolate", device.ComputerDNSName))
	if a.State != gatehouse.ActionQueued || a.Targets[0].ID != device.ID || a.API != gatehouse.APIMDE {
		t.Fatalf("got %+v", a)
	}
	a = s.ended(a.ID)
	if a.State != gatehouse.ActionSucceeded || a.Targets[0].UpstreamID == "" || a.Targets[0].Adopted || len(a.Targets[0].Result) == 0 {
		t.Errorf("ended as %+v", a)
	}
	if n := len(s.begun(a.ID)); n != 1 {
		t.Errorf("the service began %d", n)
	}
	want := []string{"actions.submit done", "actions.send done", "actions.end done"}
	if diff := cmp.Diff(want, s.operations()); diff != "" {
		t.Error(diff)
	}
	again, created, err := s.Submit(t.Context(), bob, s.order("isolate", device.ComputerDNSName))
	if err != nil || created || again.ID != a.ID {
		t.Errorf("the same order again: %v, %v, %v", again.ID, created, err)
	}
	other := s.order("scan", device.ComputerDNSName)
	other.IdempotencyKey = s.order("isolate", device.ComputerDNSName).IdempotencyKey
	if _, _, err := s.Submit(t.Context(), alice, other); !errors.Is(err, store.ErrConflict) {
		t.Errorf("another order with the same key: %v", err)
	}
	events, err := s.store.ActionEvents(t.Context(), 0, store.ActionEventFilter{Integrations: []string{s.integration.ID}})
	if err != nil || len(events) < 8 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// TestRefusedOrders tries what must not be done. Nothing may reach Microsoft.
func TestRefusedOrders(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	id := s.devices[0].ID
	with := func(change func(*respond.Order)) respond.Order {
		o := s.order("isolate", id)
		change(&o)
		return o
	}
	var ambiguous *respond.AmbiguousError
	for name, c := range map[string]struct {
		o    respond.Order
		want error
	}{
		"no such action":     {with(func(o *respond.Order) { o.Action = "isolat" }), respond.ErrRequest},
		"no comment":         {with(func(o *respond.Order) { o.Comment = " " }), respond.ErrRequest},
		"no key":             {with(func(o *respond.Order) { o.IdempotencyKey = "" }), respond.ErrRequest},
		"no targets":         {with(func(o *respond.Order) { o.Targets = nil }), respond.ErrRequest},
		"bad parameter":      {with(func(o *respond.Order) { o.Parameters = map[string]string{"type": "Some"} }), respond.ErrRequest},
		"unknown parameter":  {with(func(o *respond.Order) { o.Parameters = map[string]string{"kind": "Full"} }), respond.ErrRequest},
		"unknown name":       {with(func(o *respond.Order) { o.Targets = []string{"nowhere"} }), respond.ErrNoTarget},
		"hidden integration": {with(func(o *respond.Order) { o.Visible = []string{"another"} }), respond.ErrNoTarget},
		"other integration":  {with(func(o *respond.Order) { o.Integration = "fabrikam" }), respond.ErrNoTarget},
	} {
		_, _, err := s.Submit(t.Context(), alice, c.o)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err := s.Submit(t.Context(), alice, s.order("isolate", "twin"))
	if !errors.As(err, &ambiguous) || len(ambiguous.Candidates) != 2 || ambiguous.Candidates[0].Detail == "" {
		t.Errorf("ambiguous: %v", err)
	}
	if all, err := s.emulator.Accepted(s.tenant.TenantID); err != nil || len(all) > 0 {
		t.Errorf("the service took %+v, %v", all, err)
	}
	for _, op := range s.operations() {
		if op != "actions.submit refused" {
			t.Errorf("audit: %s", op)
		}
	}
}

// TestPermissionMissing names what to grant, before anything is sent.
func TestPermissionMissing(t *testing.T) {
	t.Parallel()
	s := build(t, emulator.Options{}, store.Options{Path: t.TempDir() + "/g.db"})
	r := respond.New(s.store, holding{s}, quick())
	_, _, err := r.Submit(t.Context(), alice, s.order("isolate", s.devices[0].ID))
	var missing *respond.PermissionError
	if !errors.As(err, &missing) || missing.Grant != "grant Machine.Isolate and Machine.Read.All on WindowsDefenderATP (application permission, with admin consent)" {
		t.Errorf("got %v", err)
	}
}

// holding is an account without permissions.
type holding struct{ *stage }

func (h holding) Account(context.Context, gatehouse.Integration) (respond.Account, error) {
	return respond.Account{Clients: h.clients}, nil
}

// TestDryRun does nothing, and leaves the key free for the action itself.
func TestDryRun(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	o := s.order("isolate", s.devices[0].ID)
	o.DryRun = true
	a := s.submit(o)
	if a.State != gatehouse.ActionPlanned || a.Reason == "" || a.Ended.IsZero() {
		t.Errorf("got %+v", a)
	}
	o.DryRun = false
	b := s.ended(s.submit(o).ID)
	if b.ID == a.ID || b.State != gatehouse.ActionSucceeded || len(s.begun(a.ID)) != 0 || len(s.begun(b.ID)) != 1 {
		t.Errorf("got %+v", b)
	}
}

// TestApproval takes a second caller.
func TestApproval(t *testing.T) {
	t.Parallel()
	o := quick()
	o.Approve = func(a action.Action) bool { return a.Risk == action.Dangerous }
	s := raise(t, emulator.Options{}, o)
	a := s.submit(s.order("isolate", s.devices[0].ID))
	if a.State != gatehouse.ActionWaiting {
		t.Fatalf("got %+v", a)
	}
	if _, err := s.Approve(t.Context(), alice, a.ID, ""); !errors.Is(err, respond.ErrSameCaller) {
		t.Errorf("approved by who asked: %v", err)
	}
	if _, err := s.Approve(t.Context(), bob, a.ID, "go"); err != nil {
		t.Error(err)
	}
	if a = s.ended(a.ID); a.State != gatehouse.ActionSucceeded || a.Approval.By != bob.ID {
		t.Errorf("got %+v", a)
	}
	b := s.submit(s.order("isolate", s.devices[1].ID))
	if b, err := s.Deny(t.Context(), bob, b.ID, "no"); err != nil || b.State != gatehouse.ActionRefused {
		t.Errorf("denied: %+v, %v", b, err)
	}
	if _, err := s.Approve(t.Context(), bob, b.ID, ""); !errors.Is(err, respond.ErrState) {
		t.Errorf("approved after it was denied: %v", err)
	}
	if n := len(s.begun(b.ID)); n != 0 {
		t.Errorf("the service began %d that were denied", n)
	}
}

// TestApprovalPolicy obeys what another process on the same store was told, and says
// why an action waits.
func TestApprovalPolicy(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	server := respond.New(s.store, s, quick())
	for _, on := range []bool{true, true, false} {
		if err := server.ApproveDangerous(t.Context(), alice, on); err != nil {
			t.Fatal(err)
		}
		a := s.submit(s.order("isolate", s.devices[map[bool]int{true: 0, false: 1}[on]].ID))
		if on != (a.State == gatehouse.ActionWaiting) || on != strings.Contains(a.Reason, "gatehouse serve") {
			t.Errorf("with the policy %t: %+v", on, a)
		}
	}
	if a := s.submit(s.order("scan", s.devices[2].ID)); a.State == gatehouse.ActionWaiting {
		t.Errorf("what is not dangerous waits: %+v", a)
	}
	kept, err := s.store.Actions(t.Context(), store.ActionFilter{Integrations: []string{s.integration.ID}, States: []gatehouse.ActionState{gatehouse.ActionWaiting}})
	if err != nil || len(kept) != 1 {
		t.Fatalf("%d wait, %v", len(kept), err)
	}
	if a, err := s.Deny(t.Context(), bob, kept[0].ID, "no"); err != nil || a.Reason != "" {
		t.Errorf("denied: %+v, %v", a, err)
	}
	if _, err := s.store.PutSetting(t.Context(), "actions.approval", "a word of a newer version", nil); err != nil {
		t.Fatal(err)
	}
	if a := s.submit(s.order("scan", s.devices[3].ID)); a.State != gatehouse.ActionWaiting {
		t.Errorf("a rule that is not understood is not obeyed: %+v", a)
	}
	n := 0
	for _, did := range s.operations() {
		if did == "actions.policy done" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d changes of the policy in the audit log, want 2", n)
	}
}

// TestApprovalExpires ends what nobody approves.
func TestApprovalExpires(t *testing.T) {
	t.Parallel()
	o := quick()
	o.ApprovalTime = 50 * time.Millisecond
	s := raise(t, emulator.Options{}, o)
	order := s.order("isolate", s.devices[0].ID)
	order.Approval = true
	if a := s.ended(s.submit(order).ID); a.State != gatehouse.ActionExpired || len(s.begun(a.ID)) != 0 {
		t.Errorf("got %+v", a)
	}
}

// TestLostAnswers loses the answer of every submission: each is found again.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	rules := emulator.ActionRules{Pace: 20 * time.Millisecond, Hidden: 100 * time.Millisecond}
	s := raise(t, emulator.Options{Actions: rules, Faults: emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultLostAnswer, Limit: 1}}}}, quick())
	for n, name := range []string{"scan", "isolate", "restrict"} {
		a := s.ended(s.submit(s.order(name, s.devices[n].ID)).ID)
		if a.State != gatehouse.ActionSucceeded || len(s.begun(a.ID)) != 1 || a.Targets[0].Adopted {
			t.Errorf("%s: %+v, begun %d", name, a, len(s.begun(a.ID)))
		}
	}
}

// TestAdopt follows an action that someone else has begun.
func TestAdopt(t *testing.T) {
	t.Parallel()
	for name, repeat := range map[string]emulator.RepeatRule{"named": emulator.RepeatSame, "refused": emulator.RepeatRefused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := raise(t, emulator.Options{Actions: emulator.ActionRules{Pace: -1, Repeat: repeat}}, quick())
			theirs, err := s.clients.Defender.MachineActions.Isolate(t.Context(), s.devices[0].ID, "Full", "theirs")
			if err != nil {
				t.Fatal(err)
			}
			a := s.submit(s.order("isolate", s.devices[0].ID))
			s.until(a.ID, "adoption", func(a gatehouse.ResponseAction) bool { return a.Targets[0].Adopted })
			if _, err := s.emulator.Do(s.tenant.TenantID, emulator.Step{Kind: emulator.StepFinishAction, ID: theirs.ID, Status: "Succeeded"}); err != nil {
				t.Fatal(err)
			}
			a = s.ended(a.ID)
			if a.State != gatehouse.ActionSucceeded || a.Targets[0].UpstreamID != theirs.ID || len(s.begun(a.ID)) != 0 {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// TestCancel cancels what is under way, and what waits.
func TestCancel(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{Actions: emulator.ActionRules{Pace: -1}}, quick())
	a := s.submit(s.order("scan", s.devices[0].ID))
	s.until(a.ID, "Microsoft to have it", func(a gatehouse.ResponseAction) bool { return a.State == gatehouse.ActionRunning })
	if _, err := s.Cancel(t.Context(), bob, a.ID, "false alarm"); err != nil {
		t.Fatal(err)
	}
	if a = s.ended(a.ID); a.State != gatehouse.ActionCancelled {
		t.Errorf("got %+v", a)
	}
	if _, err := s.Cancel(t.Context(), bob, a.ID, "again"); !errors.Is(err, respond.ErrState) {
		t.Errorf("cancelled twice: %v", err)
	}
	o := s.order("scan", s.devices[1].ID)
	o.Approval = true
	b := s.submit(o)
	if b, err := s.Cancel(t.Context(), alice, b.ID, "no need"); err != nil || b.State != gatehouse.ActionCancelled {
		t.Errorf("got %+v, %v", b, err)
	}
}

// TestAlready isolates a device that is isolated: nothing is sent.
func TestAlready(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	first := s.ended(s.submit(s.order("isolate", s.devices[0].ID)).ID)
	o := s.order("isolate", s.devices[0].ID)
	o.IdempotencyKey, o.DryRun = "again", true
	if plan := s.submit(o); plan.Targets[0].UpstreamID != first.Targets[0].UpstreamID || plan.Targets[0].Reason != "it is so already" {
		t.Errorf("planned %+v", plan.Targets[0])
	}
	o.DryRun = false
	again := s.ended(s.submit(o).ID)
	if again.State != gatehouse.ActionSucceeded || again.Targets[0].UpstreamID != first.Targets[0].UpstreamID || len(s.begun(again.ID)) != 0 {
		t.Errorf("got %+v", again)
	}
}

// TestBulk has a result for each target: one device does not exist.
func TestBulk(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	nobody := fmt.Sprintf("%040x", 7)
	o := s.order("scan", s.devices[0].ID, s.devices[1].ID, nobody)
	o.Integration = "contoso"
	a := s.ended(s.submit(o).ID)
	got := [3]gatehouse.ActionState{a.Targets[0].State, a.Targets[1].State, a.Targets[2].State}
	if want := [3]gatehouse.ActionState{"succeeded", "succeeded", "failed"}; got != want || a.State != gatehouse.ActionFailed {
		t.Errorf("got %v, %v: %+v", a.State, got, a.Targets)
	}
	if r := a.Targets[2].Refusal; r == nil || r.Status != 404 {
		t.Errorf("refused with %+v", r)
	}
	var all []string
	for _, d := range s.devices[:5] {
		all = append(all, d.ID)
	}
	tag := s.order("tag", all...)
	tag.Parameters = map[string]string{"tag": "Quarantine"}
	if a := s.ended(s.submit(tag).ID); a.State != gatehouse.ActionSucceeded {
		t.Errorf("got %+v", a)
	}
	many := 0
	for route, n := range s.emulator.Stats().Requests {
		if strings.EqualFold(route, "POST /api/machines/AddOrRemoveTagForMultipleMachines") {
			many += n
		}
	}
	if many != 1 {
		t.Errorf("%d calls for five tags: %v", many, s.emulator.Stats().Requests)
	}
}

// TestResult fetches an investigation package.
func TestResult(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{}, quick())
	a := s.submit(s.order("collect-package", s.devices[0].ID))
	var file counting
	if _, err := s.Result(t.Context(), alice, a, 1, &file); !errors.Is(err, respond.ErrState) {
		t.Errorf("fetched too early: %v", err)
	}
	a = s.ended(a.ID)
	if n, err := s.Result(t.Context(), alice, a, 1, &file); err != nil || n == 0 || int64(file) != n {
		t.Errorf("%d bytes, %v", n, err)
	}
	if respond.ResultType(a) != "application/zip" {
		t.Errorf("type %q", respond.ResultType(a))
	}
}

// counting counts what is written to it.
type counting int64

func (c *counting) Write(p []byte) (int, error) { *c += counting(len(p)); return len(p), nil }
