package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// A step of one target among many writes the row of that one alone.
func TestSaveActionWritesWhatChanged(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, sqliteOptions(t))
	all, err := s.Integrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	many := newSteps(t, s, all[0].ID, 500)
	written := func() (n int64) {
		if err := s.DB().QueryRowContext(context.Background(), "SELECT total_changes()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := written()
	many.step(t)
	if n := written() - before; n != 1 {
		t.Errorf("%d rows written for what no state has changed of, want 1: the action", n)
	}
	before = written()
	many.a.Targets[7].State, many.a.Targets[7].EndedAt = gatehouse.ActionSucceeded, time.Unix(1, 0)
	many.step(t)
	if n := written() - before; n != 4 { // the action, the target, the counter of events and the event
		t.Errorf("%d rows written for one target that has ended, want 4", n)
	}
}

// unreadable are bodies of actions that this version cannot work with.
func unreadable() map[string]string {
	return map[string]string{
		"cut":               `{"id":"act_1","targets":[{"n":1`,
		"of another shape":  `{"id":"act_1","targets":{"1":{"state":"queued"}}}`,
		"of no targets":     `{}`,
		"of an unknown way": `{"id":"act_1","targets":[{"n":1,"id":"x","state":"verifying"}]}`,
	}
}

// An action that cannot be read is set aside, and the one behind it is worked on.
func TestUnreadableAction(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Options) {
		for name, body := range unreadable() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s, _ := opened(t, fresh(t))
				testUnreadable(t, s, body)
			})
		}
	})
}

func testUnreadable(t *testing.T, s *store.Store, body string) {
	t.Helper()
	ctx := t.Context()
	all, err := s.Integrations(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for n, id := range []string{"act_1", "act_2"} {
		a := gatehouse.ResponseAction{
			ID: id, Integration: all[0].ID, Name: "scan", IdempotencyKey: id, State: gatehouse.ActionQueued,
			Targets: []gatehouse.ActionTarget{{N: 1, ID: "x", State: gatehouse.ActionQueued}},
		}
		if _, _, err := s.CreateAction(ctx, a, time.Unix(int64(n)+1, 0), nil); err != nil {
			t.Fatal(err)
		}
	}
	sound := put(t, s, "act_1", []byte(body))
	if a, _, err := s.ClaimAction(ctx, "one", time.Hour); a != nil || !errors.Is(err, store.ErrUnreadable) {
		t.Fatalf("got %+v, %v", a, err)
	}
	if a, _, err := s.ClaimAction(ctx, "one", time.Hour); err != nil || a == nil || a.ID != "act_2" {
		t.Fatalf("the one behind it: %+v, %v", a, err)
	}
	if n, _, err := s.Unreadable(ctx); err != nil || n != 1 {
		t.Errorf("%d are set aside, %v", n, err)
	}
	listed, err := s.Actions(ctx, store.ActionFilter{Integrations: []string{all[0].ID}})
	if err != nil || len(listed) != 2 || listed[1].ID != "act_1" || listed[1].Error == "" || listed[1].State != gatehouse.ActionQueued {
		t.Errorf("listed: %+v, %v", listed, err)
	}
	if a, err := s.ChangeAction(ctx, "act_1", nil); !errors.Is(err, store.ErrUnreadable) || a.ID != "act_1" {
		t.Errorf("a change of it: %+v, %v", a, err)
	}
	due(t, s, "act_1")
	if _, _, err := s.ClaimAction(ctx, "one", time.Minute); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("an hour later: %v", err)
	}
	put(t, s, "act_1", sound)
	due(t, s, "act_1")
	if a, _, err := s.ClaimAction(ctx, "one", time.Minute); err != nil || a == nil || a.ID != "act_1" {
		t.Errorf("mended: %+v, %v", a, err)
	}
	if n, _, err := s.Unreadable(ctx); err != nil || n != 0 {
		t.Errorf("%d are set aside, %v", n, err)
	}
	entries, err := s.Audit(ctx, store.AuditQuery{All: true, Operation: "actions.aside"})
	if err != nil || len(entries) != 1 || entries[0].Target != "act_1" || entries[0].Integration != all[0].ID {
		t.Errorf("the audit log: %+v, %v", entries, err)
	}
}

// due lets the time pass until an action is.
func due(t *testing.T, s *store.Store, id string) {
	t.Helper()
	if _, err := s.DB().ExecContext(t.Context(), "UPDATE actions SET due = 1 WHERE id = $1 AND due > $2", id, time.Now().Add(50*time.Minute).UnixMicro()); err != nil {
		t.Fatal(err)
	}
}

// put writes the body of an action and returns the one before.
func put(t *testing.T, s *store.Store, id string, body []byte) (before []byte) {
	t.Helper()
	if err := s.DB().QueryRowContext(t.Context(), "SELECT body FROM actions WHERE id = $1", id).Scan(&before); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().ExecContext(t.Context(), "UPDATE actions SET body = $2 WHERE id = $1", id, body); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(before)
}
