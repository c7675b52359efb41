package action_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/emulator"
)

// keepsComment tells whether Microsoft shows the comment of an action: by that it
// is found again for certain.
func keepsComment(a action.Action) bool {
	return !slices.Contains([]string{"investigate", "tag", "untag", "set-value"}, a.Name)
}

// TestEveryAction carries out every action through every door with exactly the
// permissions that the catalogue names, to its end; without each it is refused.
func TestEveryAction(t *testing.T) {
	t.Parallel()
	for _, a := range action.Catalogue() {
		for _, d := range a.Doors {
			for i, p := range d.AnyOf {
				for j, f := range d.Follow {
					if i > 0 && j > 0 && f != p {
						continue // each has had its turn
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%s", a.Name, d.API, p.Name, f.Name), func(t *testing.T) {
						t.Parallel()
						toItsEnd(t, a, d.API, p, f)
					})
				}
			}
			t.Run(fmt.Sprintf("%s/%s/without", a.Name, d.API), func(t *testing.T) {
				t.Parallel()
				without(t, a, d.API)
			})
		}
	}
}

// doorOf picks a door of an action by the permissions held.
func doorOf(t *testing.T, a action.Action, api gatehouse.API, held ...gatehouse.Permission) action.Door {
	t.Helper()
	d, reason, ok := a.Pick(held, api)
	if !ok || d.API != api {
		t.Fatalf("no door %s: %s", api, reason)
	}
	return d
}

func toItsEnd(t *testing.T, a action.Action, api gatehouse.API, p, f gatehouse.Permission) {
	s := raise(t, emulator.ActionRules{})
	r := s.request(a)
	before := len(s.accepted())
	c, d, ctx := s.hold(p, f), doorOf(t, a, api, p, f), t.Context()
	start := time.Now()
	if found, err := d.Find(ctx, c, r, start); err != nil || found != nil {
		t.Fatalf("found before it was submitted: %+v, %v", found, err)
	}
	sub, err := d.Submit(ctx, c, r)
	if err != nil || sub.UpstreamID == "" || sub.Adopted {
		t.Fatalf("%+v, %v", sub, err)
	}
	if sub.State.Ended() && a.Name != "cancel" {
		t.Errorf("ended at once: %+v", sub)
	}
	s.finish(a, sub.UpstreamID)
	status, err := d.Poll(ctx, c, r, sub.UpstreamID)
	if err != nil || status.State != action.Succeeded || len(status.Raw) == 0 {
		t.Fatalf("%+v, %v", status, err)
	}
	found, err := d.Find(ctx, c, r, start)
	if err != nil || found == nil || found.UpstreamID != sub.UpstreamID || found.State != action.Succeeded {
		t.Errorf("found %+v, %v", found, err)
	}
	if keepsComment(a) {
		other := r
		other.Marker = action.Marker("act_test", 11)
		if found, err := d.Find(ctx, c, other, start); err != nil || found != nil {
			t.Errorf("another's marker finds %+v, %v", found, err)
		}
	}
	result(t, a, d, c, sub.UpstreamID)
	took := s.accepted()[before:]
	if len(took) == 0 || len(took) > 2 || len(took) == 2 && took[0].Comment != "" {
		t.Errorf("the service took %+v", took)
	}
	if last := took[len(took)-1]; !slices.Contains([]string{"tag", "untag", "set-value"}, a.Name) && last.Comment != "because of alert 7 "+marker {
		t.Errorf("comment %q", last.Comment)
	}
	if v := s.Stats().Violations; len(v) > 0 {
		t.Error("violations:", v)
	}
}

// result fetches what an action brings.
func result(t *testing.T, a action.Action, d action.Door, c action.Clients, id string) {
	t.Helper()
	if (d.Result != nil) != (a.ResultType != "") {
		t.Error("a result without a type, or a type without a result")
	}
	if d.Result == nil {
		return
	}
	var file bytes.Buffer
	n, err := d.Result(t.Context(), c, id, &file)
	if err != nil || n != int64(file.Len()) || !bytes.HasPrefix(file.Bytes(), []byte("PK")) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// without tries an action with all permissions but those of a door.
func without(t *testing.T, a action.Action, api gatehouse.API) {
	s := raise(t, emulator.ActionRules{})
	r := s.request(a)
	d := doorOf(t, a, api, everything()...)
	before, ctx := len(s.accepted()), t.Context()
	rest := func(of []gatehouse.Permission) []gatehouse.Permission {
		return slices.DeleteFunc(everything(), func(p gatehouse.Permission) bool { return slices.Contains(of, p) })
	}
	if _, reason, ok := a.Pick(rest(d.AnyOf), api); ok || reason == "" {
		t.Errorf("a door opens without permission: %s", reason)
	}
	c := s.hold(rest(d.AnyOf)...)
	_, err := d.Submit(ctx, c, r)
	if f := action.Classify(err); f.Kind != action.Permission || f.Status != 403 {
		t.Errorf("got %+v", f)
	}
	if d.Many != nil {
		if f := action.Classify(d.Many(ctx, c, []string{r.Target}, r)); f.Kind != action.Permission {
			t.Errorf("many: got %+v", f)
		}
	}
	if took := s.accepted(); len(took) != before {
		t.Errorf("the service took %+v", took)
	}
	c = s.hold(rest(d.Follow)...)
	if _, _, ok := a.Pick(rest(d.Follow), api); ok {
		t.Error("a door opens that cannot be followed")
	}
	if _, err := d.Find(ctx, c, r, time.Now()); action.Classify(err).Kind != action.Permission {
		t.Errorf("find: got %v", err)
	}
	if _, err := d.Poll(ctx, c, r, r.Target); action.Classify(err).Kind != action.Permission {
		t.Errorf("poll: got %v", err)
	}
}

// TestLostAnswer loses the answer to every action, which is found again and was
// taken once; and tries each with an answer that says nothing was done.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, a := range action.Catalogue() {
		for _, d := range a.Doors {
			for name, fault := range map[string]emulator.Fault{
				"closed":    {Kind: emulator.FaultLostAnswer},
				"504":       {Kind: emulator.FaultLostAnswer, Status: 504},
				"throttled": {Kind: emulator.FaultThrottle},
			} {
				if name != "closed" && !slices.Contains([]string{"isolate", "update-alert", "tag"}, a.Name) {
					continue // what an error means does not hang on the action
				}
				t.Run(fmt.Sprintf("%s/%s/%s", a.Name, d.API, name), func(t *testing.T) {
					t.Parallel()
					lose(t, a, d.API, fault)
				})
			}
		}
	}
}

func lose(t *testing.T, a action.Action, api gatehouse.API, fault emulator.Fault) {
	s := raise(t, emulator.ActionRules{})
	r := s.request(a)
	before := len(s.accepted())
	c, d, ctx := s.hold(everything()...), doorOf(t, a, api, everything()...), t.Context()
	if err := s.SetFaults(emulator.Faults{List: []emulator.Fault{fault}}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err := d.Submit(ctx, c, r)
	f := action.Classify(err)
	if err := s.SetFaults(emulator.Faults{}); err != nil {
		t.Fatal(err)
	}
	if fault.Kind == emulator.FaultThrottle {
		if f.Kind != action.Later || f.Wait <= 0 || len(s.accepted()) != before {
			t.Errorf("got %+v, took %+v", f, s.accepted())
		}
		return
	}
	if f.Kind != action.Unknown {
		t.Fatalf("got %+v", f)
	}
	found, err := d.Find(ctx, c, r, start)
	if err != nil {
		t.Fatal(err)
	}
	if found == nil { // the first of two calls was lost, which may be sent again
		if found = again(ctx, t, d, c, r); found == nil {
			return
		}
	}
	s.finish(a, found.UpstreamID)
	if status, err := d.Poll(ctx, c, r, found.UpstreamID); err != nil || status.State != action.Succeeded {
		t.Errorf("%+v, %v", status, err)
	}
	marked := slices.DeleteFunc(s.accepted()[before:], func(a emulator.Accepted) bool { return a.Comment == "" })
	if keepsComment(a) && len(marked) != 1 {
		t.Errorf("taken %d times: %+v", len(marked), marked)
	}
}

// again submits what was not found.
func again(ctx context.Context, t *testing.T, d action.Door, c action.Clients, r action.Request) *action.Submission {
	t.Helper()
	if d.API != gatehouse.APIGraph {
		t.Error("it is not found again")
		return nil
	}
	sub, err := d.Submit(ctx, c, r)
	if err != nil {
		t.Error(err)
		return nil
	}
	return &sub
}

// TestCancelEveryAction cancels what can be cancelled before the device has it.
func TestCancelEveryAction(t *testing.T) {
	t.Parallel()
	for _, a := range action.Catalogue() {
		if a.Doors[0].Cancel == nil {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			s := raise(t, emulator.ActionRules{})
			r := s.request(a)
			d, ctx := a.Doors[0], t.Context()
			c := s.hold(d.AnyOf[0], d.Follow[0])
			sub, err := d.Submit(ctx, c, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Cancel(ctx, c, sub.UpstreamID, "no longer needed"); err != nil {
				t.Fatal(err)
			}
			if status, err := d.Poll(ctx, c, r, sub.UpstreamID); err != nil || status.State != action.Cancelled || status.Reason != "no longer needed" {
				t.Errorf("%+v, %v", status, err)
			}
			if f := action.Classify(d.Cancel(ctx, c, sub.UpstreamID, "once more")); f.Kind != action.Refused {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// TestRepeatEveryAction submits what is under way already, by both of Microsoft's
// answers.
func TestRepeatEveryAction(t *testing.T) {
	t.Parallel()
	for _, a := range action.Catalogue() {
		if a.Doors[0].Pending == nil || a.Name == "investigate" {
			continue // of an investigation no refusal is documented
		}
		for name, rule := range map[string]emulator.RepeatRule{"same": emulator.RepeatSame, "refused": emulator.RepeatRefused} {
			t.Run(a.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				repeat(t, a, rule)
			})
		}
	}
}

func repeat(t *testing.T, a action.Action, rule emulator.RepeatRule) {
	s := raise(t, emulator.ActionRules{Repeat: rule})
	r := s.request(a)
	c, d, ctx := s.hold(everything()...), a.Doors[0], t.Context()
	if got, err := d.Pending(ctx, c, r); err != nil || got != nil {
		t.Fatalf("%+v is under way: %v", got, err)
	}
	first, err := d.Submit(ctx, c, r)
	if err != nil {
		t.Fatal(err)
	}
	second := r
	second.Marker = action.Marker("act_other", 1)
	sub, err := d.Submit(ctx, c, second)
	switch f := action.Classify(err); {
	case err == nil && (!sub.Adopted || sub.UpstreamID != first.UpstreamID) && a.Name != "stop-and-quarantine":
		t.Errorf("%+v after %+v", sub, first)
	case err != nil && f.Kind != action.Active:
		t.Errorf("got %+v", f)
	}
	got, err := d.Pending(ctx, c, second)
	if err != nil || got == nil || !got.Adopted || sub.UpstreamID == "" && got.UpstreamID != first.UpstreamID {
		t.Errorf("%+v, %v", got, err)
	}
	s.finish(a, first.UpstreamID)
	if sub.UpstreamID != "" && sub.UpstreamID != first.UpstreamID {
		return
	}
	if got, err := d.Pending(ctx, c, second); err != nil || got != nil {
		t.Errorf("%+v is under way behind the end: %v", got, err)
	}
}
