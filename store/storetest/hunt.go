package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testHunts(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o, c := fresh(t), newClock()
	o.Now = c.Now
	f := open(t, o)
	h := gatehouse.Hunt{ID: "hunt_1", Name: "logons", Query: "DeviceLogonEvents", Integrations: []string{f.integration}, Schedule: "1h", Enabled: true, By: "key_1", NextRun: time.Unix(1, 0).UTC()}
	h = must(f.s.AddHunt(t.Context(), h))(t)
	if _, err := f.s.AddHunt(t.Context(), gatehouse.Hunt{ID: "hunt_2", Name: "logons", Query: "x"}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a name twice: got %v", err)
	}
	must(f.s.AddHunt(t.Context(), gatehouse.Hunt{ID: "hunt_3", Name: "off", Query: "x", Schedule: "1h", NextRun: time.Unix(1, 0)}))(t)
	if diff := cmp.Diff(h, must(f.s.Hunt(t.Context(), "logons"))(t)); diff != "" {
		t.Errorf("(-added +got)\n%s", diff)
	}
	claimed, fence, err := f.s.ClaimHunt(t.Context(), "one", time.Minute)
	if err != nil || claimed == nil || claimed.ID != h.ID {
		t.Fatalf("got %+v, %v", claimed, err)
	}
	if other, _, err := f.s.ClaimHunt(t.Context(), "two", time.Minute); err != nil || other != nil {
		t.Errorf("two hold it, or one that is off is due: %+v, %v", other, err)
	}
	must(0, f.s.ExtendHunt(t.Context(), h.ID, fence, time.Minute))(t)
	must(0, f.s.ReleaseHunt(t.Context(), h.ID, fence, c.Now().Add(time.Hour)))(t)
	if err := f.s.ReleaseHunt(t.Context(), h.ID, fence, c.Now()); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("got %v", err)
	}
	h.Name, h.Enabled = "logons, all", false
	h = must(f.s.UpdateHunt(t.Context(), h))(t)
	all := must(f.s.Hunts(t.Context()))(t)
	if len(all) != 2 || all[0].Name != h.Name || !all[0].NextRun.IsZero() || !all[0].Created.Equal(h.Created) {
		t.Errorf("got %+v", all)
	}
	f.spoil("UPDATE hunts SET body = $1 WHERE id = 'hunt_1'")
	all = must(f.s.Hunts(t.Context()))(t)
	if len(all) != 2 || all[0].ID != h.ID || all[0].Name != h.Name || all[0].Unreadable == "" || all[1].Unreadable != "" {
		t.Errorf("with one that cannot be read: got %+v", all)
	}
	if _, err := f.s.Hunt(t.Context(), h.ID); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("got %v", err)
	}
	must(f.s.UpdateHunt(t.Context(), h))(t)
	if got := must(f.s.Hunt(t.Context(), h.ID))(t); got.Query != h.Query {
		t.Errorf("saved anew: got %+v", got)
	}
	must(0, f.s.RemoveHunt(t.Context(), h.ID))(t)
	if err := f.s.RemoveHunt(t.Context(), h.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := f.s.UpdateHunt(t.Context(), h); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func testHuntRuns(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o, c := fresh(t), newClock()
	o.Now = c.Now
	f := open(t, o)
	for i := range 6 {
		r := gatehouse.HuntRun{ID: fmt.Sprint("run_", i), Hunt: "hunt_1", Integration: f.integration, Query: "x", State: gatehouse.HuntRunning}
		r = must(f.s.AddHuntRun(t.Context(), r))(t)
		for page := range 3 {
			rows := make([]json.RawMessage, 20)
			for n := range rows {
				rows[n] = fmt.Appendf(nil, `{"n":%d}`, page*20+n+1)
			}
			must(0, f.s.AppendHuntRows(t.Context(), r.ID, rows))(t)
		}
		must(0, f.s.HoldHuntRun(t.Context(), r.ID, time.Minute))(t)
		r.Held = must(f.s.HuntRun(t.Context(), r.ID))(t).Held
		if r.Held.IsZero() {
			t.Error("nobody works on a run that is held")
		}
		c.move(time.Minute)
		r.State, r.Ended, r.Columns = gatehouse.HuntSucceeded, c.Now(), []gatehouse.HuntColumn{{Name: "n", Type: "Int64"}}
		must(0, f.s.SaveHuntRun(t.Context(), r))(t)
		if err := f.s.HoldHuntRun(t.Context(), r.ID, time.Minute); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("one that has ended is held: %v", err)
		}
		r.Rows = 60
		if diff := cmp.Diff(r, must(f.s.HuntRun(t.Context(), r.ID))(t)); diff != "" {
			t.Errorf("(-saved +got)\n%s", diff)
		}
	}
	var got []gatehouse.HuntRow
	for after := int64(0); ; {
		page := must(f.s.HuntRows(t.Context(), "run_2", after, 25))(t)
		if got = append(got, page...); len(page) < 25 {
			break
		}
		after = page[24].Number
	}
	if len(got) != 60 || got[59].Number != 60 || string(got[59].Row) != `{"n":60}` {
		t.Errorf("got %d rows", len(got))
	}
	list := func(q store.HuntRunFilter) int { return len(must(f.s.HuntRuns(t.Context(), q))(t)) }
	mine := []string{f.integration}
	if list(store.HuntRunFilter{}) != 0 || list(store.HuntRunFilter{Integrations: mine}) != 6 || list(store.HuntRunFilter{Integrations: mine, Hunt: "x"}) != 0 ||
		list(store.HuntRunFilter{Integrations: mine, After: "run_3", States: []gatehouse.HuntState{gatehouse.HuntSucceeded}}) != 3 {
		t.Error("the lists of runs are wrong")
	}
	f.spoil("UPDATE hunt_runs SET body = $1 WHERE id = 'run_5'")
	if runs := must(f.s.HuntRuns(t.Context(), store.HuntRunFilter{Integrations: mine}))(t); len(runs) != 6 || runs[0].ID != "run_5" || runs[0].Error == "" || runs[0].Rows != 60 {
		t.Errorf("with one that cannot be read: got %+v", runs)
	}
	must(f.s.AddHunt(t.Context(), gatehouse.Hunt{ID: "hunt_1", Name: "kept", Query: "x"}))(t)
	if n := must(f.s.TrimHuntRuns(t.Context(), c.Now().Add(time.Hour), 2))(t); n != 4 {
		t.Errorf("%d forgotten", n)
	}
	if n := must(f.count("SELECT COUNT(*) FROM hunt_rows"))(t); n != 120 {
		t.Errorf("%d rows are left", n)
	}
	if err := f.s.AppendHuntRows(t.Context(), "run_0", []json.RawMessage{[]byte("{}")}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	must(0, f.s.RemoveIntegration(t.Context(), f.integration))(t)
	if n := must(f.count("SELECT (SELECT COUNT(*) FROM hunt_rows) + (SELECT COUNT(*) FROM hunt_runs)"))(t); n != 0 {
		t.Errorf("%d rows left of a removed integration", n)
	}
}

// What nobody will end is forgotten as well: runs whose process was killed, and
// those of a hunt that is saved no longer.
func testHuntRunsLeft(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o, c := fresh(t), newClock()
	o.Now = c.Now
	f := open(t, o)
	start := c.Now()
	for _, r := range []gatehouse.HuntRun{
		{ID: "begun", State: gatehouse.HuntRunning},
		{ID: "held", State: gatehouse.HuntRunning},
		{ID: "queued", State: gatehouse.HuntQueued},
		{ID: "removed", State: gatehouse.HuntSucceeded, Hunt: "hunt_1", Ended: start},
	} {
		r.Integration = f.integration
		must(f.s.AddHuntRun(t.Context(), r))(t)
	}
	trim := func() int64 { return must(f.s.TrimHuntRuns(t.Context(), c.Now().Add(-time.Hour), 3))(t) }
	must(0, f.s.HoldHuntRun(t.Context(), "begun", time.Minute))(t)
	if n := trim(); n != 0 {
		t.Errorf("%d forgotten while they go on", n)
	}
	c.move(2 * time.Hour)
	must(0, f.s.HoldHuntRun(t.Context(), "held", time.Minute))(t)
	// On PostgreSQL the clock of a lease is the server's.
	for id, until := range map[string]time.Time{"begun": start.Add(time.Minute), "held": c.Now().Add(time.Minute)} {
		must(f.s.DB().ExecContext(t.Context(), "UPDATE hunt_runs SET lease_until = $2 WHERE id = $1", id, until.UnixMicro()))(t)
	}
	if n := trim(); n != 3 {
		t.Errorf("%d forgotten", n)
	}
	must(f.s.HuntRun(t.Context(), "held"))(t)
}

// spoil writes a body that cannot be read.
func (f *fixture) spoil(statement string) {
	f.t.Helper()
	must(f.s.DB().ExecContext(context.Background(), statement, []byte("{")))(f.t)
}
