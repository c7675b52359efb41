package action_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
)

// Every value of every parameter of an update passes every door, and reads back
// as what it means, however the service spells it.
func TestEveryValue(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"update-alert", "update-incident", "set-value"} {
		a, _, _ := action.ByName(name)
		for _, door := range a.Doors {
			t.Run(fmt.Sprintf("%s/%s", name, door.API), func(t *testing.T) {
				t.Parallel()
				s := raise(t, emulator.ActionRules{})
				r := s.request(a)
				c := s.hold(everything()...)
				for n, p := range a.Parameters {
					for m, value := range p.Values {
						one := map[string]string{p.Name: value}
						if p.Name == "determination" {
							one["classification"] = "TruePositive"
						}
						r.Parameters, r.Marker = one, action.Marker(fmt.Sprintf("act_%d", n), m)
						sub, err := door.Submit(t.Context(), c, r)
						if err != nil {
							t.Errorf("%s %s: %v", p.Name, value, err)
							continue
						}
						if status, err := door.Poll(t.Context(), c, r, sub.UpstreamID); err != nil || status.State != action.Succeeded {
							t.Errorf("%s %s: %+v, %v", p.Name, value, status, err)
						}
					}
				}
			})
		}
	}
}

// What is not as asked for is not taken for done.
func TestReadBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"update-alert", "update-incident", "set-value", "tag"} {
		a, _, _ := action.ByName(name)
		for _, door := range a.Doors {
			t.Run(fmt.Sprintf("%s/%s", name, door.API), func(t *testing.T) {
				t.Parallel()
				s := raise(t, emulator.ActionRules{})
				r := s.request(a)
				c := s.hold(everything()...)
				if _, err := door.Submit(t.Context(), c, r); err != nil {
					t.Fatal(err)
				}
				for _, p := range a.Parameters {
					other := r
					other.Parameters = maps.Clone(r.Parameters)
					other.Parameters[p.Name] = "something else"
					status, err := door.Poll(t.Context(), c, other, r.Target)
					if err != nil || status.State != action.InProgress || status.Reason == "" {
						t.Errorf("%s: %+v, %v", p.Name, status, err)
					}
				}
			})
		}
	}
}

// What has a call for several targets takes them by one, and each is found.
func TestMany(t *testing.T) {
	t.Parallel()
	for _, a := range action.Catalogue() {
		for _, door := range a.Doors {
			if door.Many == nil {
				continue
			}
			t.Run(a.Name, func(t *testing.T) {
				t.Parallel()
				s := raise(t, emulator.ActionRules{})
				r := s.request(a)
				c, start := s.hold(everything()...), time.Now()
				targets := several(t, a, c)
				before := c.Defender.Calls()
				if err := door.Many(t.Context(), c, targets, r); err != nil {
					t.Fatal(err)
				}
				if calls := c.Defender.Calls() - before; calls != 1 {
					t.Errorf("%d calls", calls)
				}
				for _, r.Target = range targets {
					found, err := door.Find(t.Context(), c, r, start)
					if err != nil || found == nil || found.State != action.Succeeded {
						t.Errorf("%s: %+v, %v", r.Target, found, err)
					}
				}
			})
		}
	}
}

// several lists targets of an action.
func several(t *testing.T, a action.Action, c action.Clients) (ids []string) {
	t.Helper()
	if a.Target == action.Alert {
		for alert, err := range c.Defender.Alerts.List(t.Context(), &defender.Query{Top: 10}) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, alert.ID)
		}
		return ids
	}
	for m, err := range c.Defender.Machines.List(t.Context(), &defender.Query{Top: 10}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ID)
	}
	return ids
}

// How machine actions end, and what is said of it.
func TestEnds(t *testing.T) {
	t.Parallel()
	a, _, _ := action.ByName("scan")
	for status, want := range map[string]action.State{
		"Succeeded": action.Succeeded, "Failed": action.Failed, "TimeOut": action.TimedOut, "Cancelled": action.Cancelled,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			s := raise(t, emulator.ActionRules{})
			r := s.request(a)
			c, d := s.hold(everything()...), a.Doors[0]
			sub, err := d.Submit(t.Context(), c, r)
			if err != nil {
				t.Fatal(err)
			}
			poll := func() action.Status {
				got, err := d.Poll(t.Context(), c, r, sub.UpstreamID)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			do := func(step emulator.Step) {
				step.ID = sub.UpstreamID
				if _, err := s.Do(s.TenantID, step); err != nil {
					t.Fatal(err)
				}
			}
			if got := poll(); got.State != action.Pending {
				t.Errorf("at first %+v", got)
			}
			do(emulator.Step{Kind: emulator.StepAdvanceAction})
			if got := poll(); got.State != action.InProgress {
				t.Errorf("then %+v", got)
			}
			do(emulator.Step{Kind: emulator.StepFinishAction, Status: status})
			if got := poll(); got.State != want || !got.State.Ended() || (got.Reason == "") != (want == action.Succeeded) {
				t.Errorf("at last %+v", got)
			}
		})
	}
}

// An action that Microsoft does not show yet is pending, not gone.
func TestHiddenAction(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.ActionRules{Hidden: time.Hour})
	a, _, _ := action.ByName("isolate")
	r := s.request(a)
	c, d := s.hold(everything()...), a.Doors[0]
	sub, err := d.Submit(t.Context(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := d.Poll(t.Context(), c, r, sub.UpstreamID); err != nil || status.State != action.Pending || status.Reason == "" {
		t.Errorf("%+v, %v", status, err)
	}
	if found, err := d.Find(t.Context(), c, r, time.Now()); err != nil || found != nil {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := s.Do(s.TenantID, emulator.Step{Kind: emulator.StepShowAction}); err != nil {
		t.Fatal(err)
	}
	if found, err := d.Find(t.Context(), c, r, time.Now()); err != nil || found == nil || found.UpstreamID != sub.UpstreamID {
		t.Errorf("%+v, %v", found, err)
	}
}

// A device that is as was asked for already is told from one that is not, and from
// one that was until it was taken back.
func TestAlready(t *testing.T) {
	t.Parallel()
	for name, undo := range map[string]string{"isolate": "release", "contain": "release", "restrict": "unrestrict"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := raise(t, emulator.ActionRules{Again: emulator.AgainDone})
			a, _, _ := action.ByName(name)
			back, _, _ := action.ByName(undo)
			r := s.request(a)
			c, d := s.hold(everything()...), a.Doors[0]
			expect := func(when, want string) {
				got, err := d.Already(t.Context(), c, r)
				if err != nil || (got == nil) != (want == "") || got != nil && got.UpstreamID != want {
					t.Errorf("%s: %+v, %v", when, got, err)
				}
			}
			expect("at first", "")
			sub, err := d.Submit(t.Context(), c, r)
			if err != nil {
				t.Fatal(err)
			}
			expect("under way", "")
			s.finish(a, sub.UpstreamID)
			expect("done", sub.UpstreamID)
			undone, err := back.Doors[0].Submit(t.Context(), c, r)
			if err != nil {
				t.Fatal(err)
			}
			s.finish(back, undone.UpstreamID)
			expect("taken back", "")
		})
	}
}
