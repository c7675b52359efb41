package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// newAction makes an action on one device.
func (f *fixture) newAction(id string) gatehouse.ResponseAction {
	return gatehouse.ResponseAction{
		ID: id, Integration: f.integration, Name: "isolate", Comment: "because", IdempotencyKey: "key of " + id,
		Fingerprint: gatehouse.HashOf([]byte(id)), Key: "key_1", State: gatehouse.ActionQueued, Parameters: json.RawMessage(`{"type":"full"}`),
		Targets: []gatehouse.ActionTarget{{N: 1, ID: "device of " + id, State: gatehouse.ActionQueued}},
	}
}

// create keeps it, due at once.
func (f *fixture) create(a gatehouse.ResponseAction, due time.Time) gatehouse.ResponseAction {
	f.t.Helper()
	kept, created, err := f.s.CreateAction(context.Background(), a, due, &gatehouse.AuditEntry{Actor: a.Key, ActorKind: gatehouse.ActorKey, Operation: "actions.submit", Integration: a.Integration, Target: a.ID, Outcome: "allowed"})
	if err != nil || !created {
		f.t.Fatalf("created %t, %v", created, err)
	}
	return kept
}

func testActions(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o, c := fresh(t), newClock()
	o.Now = c.Now
	f := open(t, o)
	a := f.create(f.newAction("act_1"), time.Unix(1, 0))
	again := f.newAction("act_2")
	again.IdempotencyKey, again.Fingerprint, again.Key = a.IdempotencyKey, a.Fingerprint, "key_2"
	kept, created, err := f.s.CreateAction(t.Context(), again, c.Now(), nil)
	if diff := cmp.Diff(a, kept); created || err != nil || diff != "" {
		t.Errorf("a repeat: %t, %v (-first +repeat)\n%s", created, err, diff)
	}
	again.Fingerprint = gatehouse.HashOf([]byte("other"))
	if _, _, err := f.s.CreateAction(t.Context(), again, c.Now(), nil); !errors.Is(err, store.ErrConflict) {
		t.Errorf("another request with the same key: got %v", err)
	}
	elsewhere := f.newAction("act_3")
	elsewhere.Integration = "nobody"
	if _, _, err := f.s.CreateAction(t.Context(), elsewhere, c.Now(), nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no integration: got %v", err)
	}
	f.oneHolder(a)
	changed := must(f.s.ChangeAction(t.Context(), a.ID, func(a *gatehouse.ResponseAction) (time.Time, *gatehouse.AuditEntry, error) {
		a.State, a.Targets[0].State, a.Ended = gatehouse.ActionCancelled, gatehouse.ActionCancelled, c.Now()
		return time.Time{}, &gatehouse.AuditEntry{Operation: "actions.cancel"}, nil
	}))(t)
	for name, got := range map[string]gatehouse.ResponseAction{
		"by id":              must(f.s.Action(t.Context(), a.ID))(t),
		"by idempotency key": must(f.s.ActionByIdempotencyKey(t.Context(), f.integration, a.IdempotencyKey))(t),
	} {
		if diff := cmp.Diff(changed, got); diff != "" {
			t.Errorf("%s (-changed +got)\n%s", name, diff)
		}
	}
	f.actionStates(a.ID, "1 queued", "0 queued", "1 running", "0 running", "1 cancelled", "0 cancelled")
	if _, due, err := f.s.NextActionDue(t.Context()); due || err != nil {
		t.Errorf("an ended action is due: %v", err)
	}
	must(0, f.s.RemoveIntegration(t.Context(), f.integration))(t)
	if _, err := f.s.Action(t.Context(), a.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its integration is removed: got %v", err)
	}
	if n := len(must(f.s.Audit(t.Context(), store.AuditQuery{All: true}))(t)); n != 3 {
		t.Errorf("%d entries left in the audit log, want 3", n)
	}
}

// oneHolder looks that nobody but the holder of the lease writes to an action.
func (f *fixture) oneHolder(a gatehouse.ResponseAction) {
	t := f.t
	t.Helper()
	claimed, fence, err := f.s.ClaimAction(t.Context(), "one", time.Minute)
	if err != nil || claimed == nil || !cmp.Equal(*claimed, a) {
		t.Fatalf("got %+v, %v", claimed, err)
	}
	if other, _, err := f.s.ClaimAction(t.Context(), "two", time.Minute); err != nil || other != nil {
		t.Errorf("two hold it: %+v, %v", other, err)
	}
	a.State, a.Targets[0].State, a.Targets[0].UpstreamID, a.Targets[0].Attempts = gatehouse.ActionRunning, gatehouse.ActionRunning, "up-1", 1
	must(0, f.s.SaveAction(t.Context(), a, fence, time.Unix(2, 0), &gatehouse.AuditEntry{Operation: "actions.sent", Integration: f.integration, Outcome: "sent"}))(t)
	must(0, f.s.ExtendAction(t.Context(), a.ID, fence, time.Minute))(t)
	cutShort(t, f, a.ID)
	next, second, err := f.s.ClaimAction(t.Context(), "two", time.Minute)
	if err != nil || next == nil || second <= fence {
		t.Fatalf("got %+v, %d, %v", next, second, err)
	}
	entries := must(f.s.VerifyAudit(t.Context()))(t).Entries
	a.State = gatehouse.ActionFailed
	if err := f.s.SaveAction(t.Context(), a, fence, time.Time{}, &gatehouse.AuditEntry{}); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("the first holder still saves: got %v", err)
	}
	if err := f.s.ExtendAction(t.Context(), a.ID, fence, time.Minute); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("the first holder still extends: got %v", err)
	}
	must(0, f.s.ReleaseAction(t.Context(), a.ID, fence))(t) // not its own any more
	f.decide(a.ID, store.ErrBusy)
	must(0, f.s.ReleaseAction(t.Context(), a.ID, second))(t)
	refuse := errors.New("no")
	if _, err := f.s.ChangeAction(t.Context(), a.ID, func(a *gatehouse.ResponseAction) (time.Time, *gatehouse.AuditEntry, error) {
		a.Targets[0].State = gatehouse.ActionFailed
		return time.Time{}, &gatehouse.AuditEntry{}, refuse
	}); !errors.Is(err, refuse) {
		t.Errorf("got %v", err)
	}
	if got := must(f.s.VerifyAudit(t.Context()))(t); !got.Sound() || got.Entries != entries {
		t.Errorf("what was refused is in the audit log: %+v", got)
	}
}

// cutShort ends a lease as if its time was over.
func cutShort(tb testing.TB, f *fixture, id string) {
	tb.Helper()
	if _, err := f.s.DB().ExecContext(tb.Context(), "UPDATE actions SET lease_until = 1 WHERE id = $1", id); err != nil {
		tb.Fatal(err)
	}
}

// actionStates compares the events of an action.
func (f *fixture) actionStates(id string, want ...string) {
	f.t.Helper()
	var got []string
	last := int64(0)
	for _, e := range must(f.s.ActionEvents(context.Background(), 0, store.ActionEventFilter{Integrations: []string{f.integration}, Action: id}))(f.t) {
		if e.Number <= last || e.Action != id || e.Name != "isolate" {
			f.t.Errorf("got %+v", e)
		}
		last = e.Number
		got = append(got, fmt.Sprint(e.Target, " ", e.State))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("events of %s (-want +got)\n%s", id, diff)
	}
}

func testActionList(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o, c := fresh(t), newClock()
	o.Now = c.Now
	f := open(t, o)
	var ids []string
	for i := range 12 {
		if i%3 == 0 {
			c.move(time.Second)
		}
		a := f.newAction(fmt.Sprintf("act_%02d", i))
		if i%2 == 0 {
			a.Name, a.State = "scan", gatehouse.ActionWaiting
		}
		f.create(a, time.Time{})
		ids = append([]string{a.ID}, ids...)
	}
	mine := []string{f.integration}
	list := func(q store.ActionFilter) (got []string) {
		for _, a := range must(f.s.Actions(t.Context(), q))(t) {
			got = append(got, a.ID)
		}
		return got
	}
	if diff := cmp.Diff(ids, list(store.ActionFilter{Integrations: mine})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var paged []string
	for q := (store.ActionFilter{Integrations: mine, Limit: 5}); ; q.After = paged[len(paged)-1] {
		page := list(q)
		if paged = append(paged, page...); len(page) < 5 {
			break
		}
	}
	if diff := cmp.Diff(ids, paged); diff != "" {
		t.Errorf("by pages (-want +got)\n%s", diff)
	}
	for name, q := range map[string]struct {
		q    store.ActionFilter
		want int
	}{
		"no integration": {store.ActionFilter{}, 0},
		"another's":      {store.ActionFilter{Integrations: []string{"x"}}, 0},
		"a state":        {store.ActionFilter{Integrations: mine, States: []gatehouse.ActionState{gatehouse.ActionWaiting}}, 6},
		"a name":         {store.ActionFilter{Integrations: mine, Names: []string{"isolate", "none"}}, 6},
		"a target":       {store.ActionFilter{Integrations: mine, Target: "device of act_03"}, 1},
		"since":          {store.ActionFilter{Integrations: mine, Since: c.Now()}, 3},
	} {
		if got := len(list(q.q)); got != q.want {
			t.Errorf("%s: %d actions, want %d", name, got, q.want)
		}
	}
	if _, err := f.s.Actions(t.Context(), store.ActionFilter{Integrations: mine, After: "none"}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// Many workers in two processes take each piece of work once; a reader of the
// events that follows them misses none.
func testActionWorkers(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o := fresh(t)
	f := open(t, o)
	stores := []*store.Store{f.s, open(t, o, "other").s}
	const actions = 24
	for i := range actions {
		f.create(f.newAction(fmt.Sprintf("act_%02d", i)), time.Unix(1, 0))
	}
	var mu sync.Mutex
	took := map[string]int{}
	var group sync.WaitGroup
	for w := range 6 {
		s := stores[w%len(stores)]
		group.Go(func() {
			for {
				a, fence, err := s.ClaimAction(context.Background(), fmt.Sprint("worker ", w), time.Hour)
				if err != nil {
					t.Error(err)
				}
				if a == nil || err != nil {
					return
				}
				mu.Lock()
				took[a.ID]++
				mu.Unlock()
				a.State, a.Targets[0].State = gatehouse.ActionSucceeded, gatehouse.ActionSucceeded
				if err := s.SaveAction(context.Background(), *a, fence, time.Time{}, &gatehouse.AuditEntry{Operation: "actions.end", Target: a.ID}); err != nil {
					t.Error(err)
				}
				if err := s.ReleaseAction(context.Background(), a.ID, fence); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[int64]bool{}
	for last := int64(0); len(seen) < 4*actions && !t.Failed(); {
		for _, e := range must(f.s.ActionEvents(t.Context(), last, store.ActionEventFilter{Integrations: []string{f.integration}, Limit: 7}))(t) {
			if e.Number != last+1 {
				t.Fatalf("event %d follows %d", e.Number, last)
			}
			last, seen[e.Number] = e.Number, true
		}
	}
	group.Wait()
	for id, n := range took {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if v := must(f.s.VerifyAudit(t.Context()))(t); len(took) != actions || !v.Sound() || v.Entries != 2*actions {
		t.Errorf("%d taken; audit %+v", len(took), v)
	}
}
