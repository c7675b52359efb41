package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// seenAction is what a reader sees of an action.
type seenAction struct {
	ID           string    `json:"id"`
	Type         string    `json:"type"`
	Status       string    `json:"status"`
	MachineID    string    `json:"machineId"`
	Comment      string    `json:"requestorComment"`
	Created      time.Time `json:"creationDateTimeUtc"`
	Updated      time.Time `json:"lastUpdateDateTimeUtc"`
	CancelledBy  *string   `json:"cancellationRequestor"`
	CancelReason *string   `json:"cancellationComment"`
	Cancelled    *string   `json:"cancellationDateTimeUtc"`
	HResult      int       `json:"errorHResult"`
	Commands     []struct {
		Status string `json:"commandStatus"`
	} `json:"commands"`
}

// ledger follows the actions of a tenant and holds what may become of them.
type ledger struct {
	s     *Server
	seen  map[string]seenAction
	shelf shelf
	mark  int64
}

// look reads all actions and compares them with what they were.
func (l *ledger) look(t fatal) {
	documents, err := l.s.Truth(defaultTenantID).Documents(StreamMachineActions, DoorMDE)
	if err != nil {
		t.Fatalf("%v", err)
	}
	now, texts := map[string]seenAction{}, shelf{}
	busy := map[string]bool{}
	for id, text := range documents {
		var a seenAction
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatalf("%v", err)
		}
		texts[[3]string{StreamMachineActions, DoorMDE, id}] = string(text)
		l.possible(t, a)
		if before, ok := l.seen[id]; ok {
			l.step(t, before, a)
		}
		if live := a.Status == "Pending" || a.Status == "InProgress"; live && a.Comment == "mine" {
			if key := a.MachineID + a.Type; busy[key] {
				t.Fatalf("two of %s are under way on %s", a.Type, a.MachineID)
			}
			busy[a.MachineID+a.Type] = true
		}
		now[id] = a
	}
	for id := range l.seen {
		if _, ok := now[id]; !ok {
			t.Fatalf("action %s is gone", id)
		}
	}
	history, err := l.s.Changes(defaultTenantID, l.mark)
	if err != nil {
		t.Fatalf("%v", err)
	}
	l.mark += int64(len(history))
	history = slices.DeleteFunc(history, func(c Change) bool { return c.Stream != StreamMachineActions })
	if l.shelf != nil {
		compareHistory(t, l.shelf, texts, history)
	}
	l.seen, l.shelf = now, texts
}

// possible holds that one action is in a state that there is.
func (l *ledger) possible(t fatal, a seenAction) {
	final := []string{"Succeeded", "Failed", "TimeOut", "Cancelled"}
	cancelled := a.CancelledBy != nil && a.CancelReason != nil && a.Cancelled != nil
	none := a.CancelledBy == nil && a.CancelReason == nil && a.Cancelled == nil
	switch {
	case !slices.Contains(final, a.Status) && a.Status != "Pending" && a.Status != "InProgress",
		a.Status == "Cancelled" && !cancelled, a.Status != "Cancelled" && !none,
		a.HResult != 0 && a.Status != "Failed" && a.Status != "TimeOut", a.Status == "Failed" && a.HResult == 0,
		a.Updated.Before(a.Created), a.Updated.After(l.s.Now().Add(time.Microsecond)):
		t.Fatalf("impossible: %+v", a)
	}
	for _, c := range a.Commands {
		if (c.Status == "Completed") != (a.Status == "Succeeded") {
			t.Fatalf("command %s of an action %s", c.Status, a.Status)
		}
	}
}

// step holds that an action may have become what it is.
func (l *ledger) step(t fatal, was, is seenAction) {
	rank := map[string]int{"Pending": 0, "InProgress": 1, "Succeeded": 2, "Failed": 2, "TimeOut": 2, "Cancelled": 2}
	same := was.Type == is.Type && was.MachineID == is.MachineID && was.Comment == is.Comment && was.Created.Equal(is.Created)
	if !same || rank[is.Status] < rank[was.Status] || rank[was.Status] == 2 && fmt.Sprint(was) != fmt.Sprint(is) && was.Status != is.Status ||
		is.Updated.Before(was.Updated) {
		t.Fatalf("was %+v\nis  %+v", was, is)
	}
	if rank[was.Status] == 2 && (!was.Updated.Equal(is.Updated) || was.HResult != is.HResult) {
		t.Fatalf("an action at its end changed: was %+v\nis  %+v", was, is)
	}
}

// TestActionsStayPossible holds for any sequence of calls, steps and waits: every action is in a state that there is and came
// there by a way that there is, nothing is begun twice, and the history tells exactly of what changed.
func TestActionsStayPossible(t *testing.T) {
	t.Parallel()
	key := newSigner("Entra ID", NewFakeClock(epoch).Now, nil) // one for all, since it is dear
	rapid.Check(t, func(t *rapid.T) {
		clock := NewFakeClock(epoch)
		s, err := Start(Options{
			Clock: clock, NoLimits: true, Seed: rapid.Uint64Range(1, 9).Draw(t, "data"), Size: Size{Devices: 6, Alerts: -1, Actions: 3},
			Actions: ActionRules{
				Pace: rapid.SampledFrom([]time.Duration{-1, 0, time.Minute}).Draw(t, "pace"), Hidden: rapid.SampledFrom([]time.Duration{0, 30 * time.Second}).Draw(t, "hidden"),
				Failures: 0.3, Repeat: RepeatRule(rapid.IntRange(0, 2).Draw(t, "repeat")), Again: AgainRule(rapid.IntRange(0, 2).Draw(t, "again")),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.entra = key
		if err := s.Grant(defaultTenantID, defaultClientID, ResponseRoles()...); err != nil {
			t.Fatal(err)
		}
		p := &player{t: t, s: s, clock: clock, ledger: &ledger{s: s}, devices: s.Truth(defaultTenantID).Devices[:3]}
		p.look(t)
		before := shelve(t, s)
		for range rapid.IntRange(5, 40).Draw(t, "length") {
			p.play()
			p.look(t)
		}
		history, err := s.Changes(defaultTenantID, 0)
		if err != nil {
			t.Fatal(err)
		}
		compareHistory(t, before, shelve(t, s), history)
		begun, err := s.AcceptedActions(defaultTenantID)
		if err != nil || len(begun) != len(p.begun) {
			t.Fatalf("%d begun, %d told to have been, %v", len(begun), len(p.begun), err)
		}
		for _, a := range begun {
			if !p.begun[a.ID] {
				t.Fatalf("%+v was not begun", a)
			}
		}
	})
}

// player plays at random.
type player struct {
	*ledger
	t       *rapid.T
	s       *Server
	clock   *FakeClock
	devices []string
	begun   map[string]bool
	token   string
	issued  time.Time
}

// play does one thing.
func (p *player) play() {
	t := p.t
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0, 1, 2, 3:
		p.submit()
	case 4:
		p.cancel()
	case 5, 6:
		p.clock.Advance(rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Second, time.Minute, 20 * time.Minute, 3 * time.Hour}).Draw(t, "wait"))
	case 7:
		if err := p.s.SetOnline(defaultTenantID, rapid.SampledFrom(p.devices).Draw(t, "device"), rapid.Bool().Draw(t, "online")); err != nil {
			t.Fatal(err)
		}
	default:
		kind := rapid.SampledFrom([]StepKind{StepAdvanceAction, StepFinishAction, StepExpireAction, StepShowAction, StepStartAction, StepReportDevice}).Draw(t, "step")
		_, _ = p.s.Do(defaultTenantID, Step{Kind: kind, Draw: rapid.Uint64Range(0, 20).Draw(t, "draw")})
	}
}

// send posts with a token that is fresh.
func (p *player) send(target, token string, form bool, body string) answer {
	req, err := http.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
	if form {
		req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	}
	res, err := p.s.Client().Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{status: res.StatusCode, body: string(text)}
}

// call posts to the API. The token lives for an hour, the players for longer.
func (p *player) call(path, body string) answer {
	if now := p.clock.Now(); p.token == "" || now.Sub(p.issued) > 50*time.Minute {
		access := secretAccess(p.s)
		got := p.send(globalLogin+"/"+access.TenantID+"/oauth2/v2.0/token", "", true, secretForm(access, mdeResource).Encode())
		var o struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(got.body), &o); err != nil {
			p.t.Fatal(err)
		}
		p.token, p.issued = o.Token, now
	}
	return p.send(mdeBase+path, p.token, false, body)
}

// submit begins an action.
func (p *player) submit() {
	bodies := map[string]string{
		"isolate": `{"Comment":"mine"}`, "unisolate": `{"Comment":"mine"}`, "runAntiVirusScan": `{"Comment":"mine","ScanType":"Quick"}`,
		"collectInvestigationPackage": `{"Comment":"mine"}`, "offboard": `{"Comment":"mine"}`,
		"runliveresponse": `{"Comment":"mine","Commands":[{"type":"GetFile","params":[{"key":"Path","value":"x"}]}]}`,
	}
	path := rapid.SampledFrom(slices.Sorted(maps.Keys(bodies))).Draw(p.t, "action")
	got := p.call("/api/machines/"+rapid.SampledFrom(p.devices).Draw(p.t, "device")+"/"+path, bodies[path])
	var a seenAction
	switch got.status {
	case http.StatusCreated:
		if err := json.Unmarshal([]byte(got.body), &a); err != nil || a.ID == "" {
			p.t.Fatalf("%v in %s", err, got.body)
		}
		if p.begun == nil {
			p.begun = map[string]bool{}
		}
		if _, known := p.seen[a.ID]; !known || p.begun[a.ID] {
			p.begun[a.ID] = true
		}
	case http.StatusBadRequest, http.StatusForbidden:
	default:
		p.t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
}

// cancel cancels an action: it succeeds exactly when the action was not at its end.
func (p *player) cancel() {
	ids := slices.Sorted(maps.Keys(p.seen))
	if len(ids) == 0 {
		return
	}
	p.look(p.t)
	id := rapid.SampledFrom(ids).Draw(p.t, "id")
	got := p.call("/api/machineactions/"+id+"/cancel", `{"Comment":"no"}`)
	status := p.seen[id].Status
	if live := status == "Pending" || status == "InProgress"; live != (got.status == http.StatusOK) {
		p.t.Fatalf("cancelling an action %s: %d %s", status, got.status, got.body)
	}
}
