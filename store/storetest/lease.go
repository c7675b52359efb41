package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testLeases(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	for _, step := range []struct {
		name, holder string
		ttl          time.Duration
		want         bool
	}{
		{"free", "one", time.Hour, true},
		{"renewed", "one", time.Hour, true},
		{"taken", "two", time.Hour, false},
		{"cut short by its holder", "one", -time.Hour, true},
		{"run out", "two", time.Hour, true},
		{"lost", "one", time.Hour, false},
	} {
		if got := must(f.s.Lease(t.Context(), f.integration, step.holder, step.ttl))(t); got != step.want {
			t.Errorf("%s: got %t", step.name, got)
		}
	}
	for _, holder := range []string{"one", "two"} {
		must(0, f.s.ReleaseLease(t.Context(), f.integration, holder))(t)
		if got := must(f.s.Lease(t.Context(), f.integration, "three", time.Hour))(t); got != (holder == "two") {
			t.Errorf("after %s gave it back: got %t", holder, got)
		}
	}
}

// A clock that was set back leaves no integration to a holder that is long gone.
func testLeaseOfTheFuture(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	if !must(f.s.Lease(t.Context(), f.integration, "one", 15*time.Second))(t) {
		t.Fatal("the lease was not given")
	}
	set := func(ahead time.Duration) {
		must(f.s.DB().ExecContext(t.Context(), "UPDATE leases SET until = until + $1", ahead.Microseconds()))(t)
	}
	if set(time.Minute); must(f.s.Lease(t.Context(), f.integration, "two", 15*time.Second))(t) {
		t.Error("a lease was taken away")
	}
	if set(10 * time.Hour); !must(f.s.Lease(t.Context(), f.integration, "two", 15*time.Second))(t) {
		t.Error("the clock was set back by ten hours, and for ten hours nobody may work")
	}
}

// Nor an action, a hunt or a request.
func testHoldersOfTheFuture(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	f.create(f.newAction("act_1"), time.Unix(1, 0))
	must(f.s.AddHunt(t.Context(), gatehouse.Hunt{ID: "hunt_1", Name: "logons", Query: "x", Schedule: "1h", Enabled: true, NextRun: time.Unix(1, 0)}))(t)
	request := store.AnswerRequest{Key: "key_1", IdempotencyKey: "a"}
	for kind, c := range map[string]struct {
		take func() (bool, error)
		set  string
	}{
		"action": {func() (bool, error) {
			a, _, err := f.s.ClaimAction(t.Context(), "worker", time.Hour)
			return a != nil, err
		}, "UPDATE actions SET lease_until = lease_until + $1"},
		"hunt": {func() (bool, error) {
			h, _, err := f.s.ClaimHunt(t.Context(), "worker", time.Hour)
			return h != nil, err
		}, "UPDATE hunts SET lease_until = lease_until + $1"},
		"request": {func() (bool, error) {
			_, token, err := f.s.BeginAnswer(t.Context(), request)
			if errors.Is(err, store.ErrBusy) {
				err = nil
			}
			return token != "", err
		}, "UPDATE answers SET token_until = token_until + $1"},
	} {
		for _, step := range []struct {
			back time.Duration
			want bool
		}{{0, true}, {-time.Second, false}, {10 * time.Hour, true}, {0, false}} {
			must(f.s.DB().ExecContext(t.Context(), c.set, step.back.Microseconds()))(t)
			if got := must(c.take())(t); got != step.want {
				t.Errorf("%s, the clock is set back by %s: taken %t", kind, step.back, got)
			}
		}
	}
	f.decide("act_1", store.ErrBusy)
	must(f.s.DB().ExecContext(t.Context(), "UPDATE actions SET lease_until = lease_until + $1", (10 * time.Hour).Microseconds()))(t)
	f.decide("act_1", nil)
}

// decide changes an action from outside of its worker, which may fail.
func (f *fixture) decide(id string, want error) {
	f.t.Helper()
	_, err := f.s.ChangeAction(context.Background(), id, func(*gatehouse.ResponseAction) (time.Time, *gatehouse.AuditEntry, error) {
		return time.Unix(1, 0), nil, nil
	})
	if !errors.Is(err, want) {
		f.t.Errorf("a change: got %v, want %v", err, want)
	}
}
