package server_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/store"
)

// A scheduled hunt that takes longer than its lease runs once, however many
// processes look for what is due.
func TestLongHuntRunsOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.add("contoso")
	must(t, h.emulator.SetFaults(emulator.Faults{List: []emulator.Fault{
		{Kind: emulator.FaultLatency, Route: "POST /api/advancedqueries/run", Probability: 1, Delay: 1500 * time.Millisecond},
	}}))
	_, err := h.app.Store().AddHunt(t.Context(), gatehouse.Hunt{
		ID: "hunt_1", Name: "slow", Query: "DeviceInfo", Integrations: []string{i.ID}, Schedule: "1h", Enabled: true, NextRun: time.Unix(1, 0),
	})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var hunters sync.WaitGroup
	defer hunters.Wait()
	defer cancel()
	h.rest.SetHuntLease(300 * time.Millisecond)
	hunters.Go(func() { h.rest.RunHunts(ctx) })
	until(t, "the run", func() bool { return len(huntRuns(t, h.app.Store(), i.ID)) == 1 })
	for deadline := time.Now().Add(1200 * time.Millisecond); time.Now().Before(deadline); {
		other, fence, err := h.app.Store().ClaimHunt(t.Context(), "other", time.Minute)
		must(t, err)
		if other != nil {
			t.Fatalf("another took it with fence %d while it ran", fence)
		}
		<-time.After(20 * time.Millisecond)
	}
	until(t, "the end", func() bool { return huntRuns(t, h.app.Store(), i.ID)[0].State == gatehouse.HuntSucceeded })
}

// until waits for something.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s in vain", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// huntRuns are the runs of an integration.
func huntRuns(t *testing.T, s *store.Store, integration string) []gatehouse.HuntRun {
	t.Helper()
	runs, err := s.HuntRuns(t.Context(), store.HuntRunFilter{Integrations: []string{integration}})
	must(t, err)
	return runs
}

// A run whose process was killed is shown as failed when its lease is over, and not
// half an hour later.
func TestKilledHuntFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.add("contoso")
	r, err := h.app.Store().AddHuntRun(t.Context(), gatehouse.HuntRun{ID: "run_1", Integration: i.ID, Query: "x", State: gatehouse.HuntRunning})
	must(t, err)
	must(t, h.app.Store().HoldHuntRun(t.Context(), r.ID, time.Minute))
	state := func() string {
		return into[api.HuntRun](t, h.ask(h.admin, http.MethodGet, "/v1/hunt-runs/run_1", nil), http.StatusOK).State
	}
	if got := state(); got != "running" {
		t.Errorf("while it is held: %s", got)
	}
	h.clock.forward(61 * time.Second)
	if got := state(); got != "failed" {
		t.Errorf("after its lease: %s", got)
	}
	h.clock.forward(-10 * time.Hour)
	if got := state(); got != "failed" {
		t.Errorf("the clock was set back by ten hours, and for ten hours it is %s", got)
	}
}

// What is kept for the repeat of a request is forgotten when its time is over.
func TestOldAnswersGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ask := func(key string) {
		into[api.Hunt](t, h.ask(h.admin, http.MethodPost, "/v1/hunts", api.NewHunt{Name: key, Query: "DeviceInfo"}, "Idempotency-Key", key), http.StatusCreated)
	}
	kept := func() (n int64) {
		must(t, h.app.Store().DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM answers").Scan(&n))
		return n
	}
	ask("old")
	h.clock.forward(25 * time.Hour)
	ask("new")
	if n := kept(); n != 2 {
		t.Fatalf("%d answers are kept", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var tidying sync.WaitGroup
	tidying.Go(func() { h.rest.RunHunts(ctx) })
	defer tidying.Wait()
	defer cancel()
	until(t, "the old answer to go", func() bool { return kept() == 1 })
	again := h.ask(h.admin, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "new", Query: "DeviceInfo"}, "Idempotency-Key", "new")
	if into[api.Hunt](t, again, http.StatusCreated); again.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("the new answer has gone, too")
	}
}

// One hunt that cannot be read hides no other, says so itself and is not run.
func TestUnreadableHuntIsListed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("contoso")
	for _, name := range []string{"one", "two"} {
		into[api.Hunt](t, h.ask(h.admin, http.MethodPost, "/v1/hunts", api.NewHunt{Name: name, Query: "DeviceInfo"}), http.StatusCreated)
	}
	_, err := h.app.Store().DB().ExecContext(t.Context(), "UPDATE hunts SET body = $1 WHERE name = 'one'", []byte("{"))
	must(t, err)
	all := into[api.Hunts](t, h.ask(h.admin, http.MethodGet, "/v1/hunts", nil), http.StatusOK).Items
	if len(all) != 2 || all[0].Name != "one" || all[0].Reason == "" || all[1].Reason != "" {
		t.Errorf("got %+v", all)
	}
	refused(t, h.ask(h.admin, http.MethodPost, "/v1/hunts/one/runs", nil), http.StatusConflict, api.CodeConflict)
	mended := into[api.Hunt](t, h.ask(h.admin, http.MethodPut, "/v1/hunts/one", api.NewHunt{Name: "one", Query: "DeviceInfo"}), http.StatusOK)
	if mended.Reason != "" {
		t.Errorf("saved anew: got %+v", mended)
	}
}

// A query goes through Graph when it names a table that the API of Defender for
// Endpoint does not know, unless the integration may not or somebody has chosen.
func TestHuntGoesWhereItsTablesAre(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.add("contoso")
	run := func(q api.RunHunt) (last gatehouse.HuntRun) {
		t.Helper()
		started := into[api.HuntRuns](t, h.ask(h.admin, http.MethodPost, "/v1/hunt-runs", q), http.StatusAccepted).Items[0].ID
		until(t, "the hunt to end", func() (ended bool) {
			for _, r := range huntRuns(t, h.app.Store(), i.ID) {
				if r.ID == started && !r.Ended.IsZero() {
					last, ended = r, true
				}
			}
			return ended
		})
		return last
	}
	both := []emulator.Role{emulator.MDERoles("AdvancedQuery.Read.All")[0], emulator.GraphRoles("ThreatHunting.Read.All")[0]}
	for _, c := range []struct {
		name  string
		roles []emulator.Role
		query api.RunHunt
		state gatehouse.HuntState
		api   gatehouse.API
	}{
		{"a table of devices", both, api.RunHunt{Query: "DeviceInfo | take 1"}, gatehouse.HuntSucceeded, gatehouse.APIMDE},
		{"a table of alerts", both, api.RunHunt{Query: "AlertInfo| take 1"}, gatehouse.HuntSucceeded, gatehouse.APIGraph},
		{"both", both, api.RunHunt{Query: "DeviceInfo | join (IdentityInfo) on $left.DeviceName == $right.AccountName"}, gatehouse.HuntSucceeded, gatehouse.APIGraph},
		{"chosen", both, api.RunHunt{Query: "AlertInfo | take 1", API: "mde"}, gatehouse.HuntFailed, ""},
		{"without the permission", both[:1], api.RunHunt{Query: "AlertInfo | take 1"}, gatehouse.HuntFailed, ""},
		{"without the other one", both[1:], api.RunHunt{Query: "DeviceInfo | take 1"}, gatehouse.HuntSucceeded, gatehouse.APIGraph},
	} {
		access := h.emulator.DefaultTenant()
		must(t, h.emulator.SetRoles(access.TenantID, access.ClientID, c.roles...))
		h.clock.forward(2 * time.Hour) // the token before does not know it
		if r := run(c.query); r.State != c.state || r.API != c.api {
			t.Errorf("%s: %s through %q: %s", c.name, r.State, r.API, r.Error)
		}
	}
}
