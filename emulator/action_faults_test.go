package emulator

import (
	"slices"
	"testing"
	"time"
)

// TestLostAnswers holds that a write whose answer is lost took effect, once, and one that failed before did not.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault Fault
		taken int
	}{
		"closed":      {Fault{Kind: FaultLostAnswer}, 1},
		"504":         {Fault{Kind: FaultLostAnswer, Status: 504}, 1},
		"dropped":     {Fault{Kind: FaultDroppedConnection, Route: "POST /api/machines/{id}/isolate"}, 0},
		"503":         {Fault{Kind: FaultServerError, Status: 503, Route: "POST /api/machines/{id}/isolate"}, 0},
		"throttled":   {Fault{Kind: FaultThrottle, Route: "POST /api/machines/{id}/isolate"}, 0},
		"half a body": {Fault{Kind: FaultTruncatedBody, Route: "POST /api/machines/{id}/isolate"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := actionWorld(t, ActionRules{})
			device := w.capable(0)
			c.fault.Calls = []int{1}
			if err := w.s.SetFaults(Faults{List: []Fault{c.fault}}); err != nil {
				t.Fatal(err)
			}
			target := mdeBase + "/api/machines/" + device + "/isolate"
			got, err := try(t, w.s, "POST", target, `{"Comment":"mark"}`, "Authorization", "Bearer "+w.mde)
			if err == nil && got.status < 429 {
				t.Fatalf("an answer: %d %s", got.status, got.body)
			}
			if c.fault.Status != 0 && got.status != c.fault.Status {
				t.Errorf("status %d", got.status)
			}
			begun, err := w.s.AcceptedActions(defaultTenantID)
			rows := rowsOf(t, w.read("/api/machineactions"))
			if err != nil || len(begun) != c.taken || len(rows) != c.taken {
				t.Fatalf("%d begun, %d listed, %v", len(begun), len(rows), err)
			}
			if c.taken == 1 && (rows[0]["requestorComment"] != "mark" || rows[0]["id"] != begun[0].ID || begun[0].Lost != (c.fault.Kind == FaultLostAnswer)) {
				t.Errorf("%v, %+v", rows[0], begun[0])
			}
			if w.s.Stats().Faults[c.fault.Kind] != 1 {
				t.Errorf("%v", w.s.Stats().Faults)
			}
		})
	}
}

// TestLostUpdates holds the same of updates of alerts and incidents by every door.
func TestLostUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 10, Alerts: 9})
	alert := w.truth.Alerts[0]
	if err := w.s.SetFaults(Faults{List: []Fault{{Kind: FaultLostAnswer, Status: 504}}}); err != nil {
		t.Fatal(err)
	}
	ids := []string{alert, alert, "1001", "1001", alert, w.truth.Devices[0]}
	for _, c := range [][3]string{
		{"PATCH", "/api/alerts/" + alert, `{"comment":"one"}`},
		{"POST", "/v1.0/security/alerts_v2/" + alert + "/comments", `{"comment":"two"}`},
		{"PATCH", "/api/incidents/1001", `{"comment":"three"}`},
		{"POST", "/v1.0/security/incidents/1001/comments", `{"comment":"four"}`},
		{"POST", "/api/alerts/batchUpdate", `{"alertIds":["` + alert + `"],"comment":"five"}`},
		{"POST", "/api/machines/" + w.truth.Devices[0] + "/tags", `{"Value":"six","Action":"Add"}`},
	} {
		if got := w.send(c[0], c[1], c[2]); got.status != 504 {
			t.Errorf("%s %s: %d %s", c[0], c[1], got.status, got.body)
		}
	}
	if got := w.send("POST", "/api/advancedqueries/run", `{"Query":"DeviceInfo | count"}`); got.status != 200 {
		t.Errorf("hunting writes nothing: %d", got.status)
	}
	done, err := w.s.Accepted(defaultTenantID)
	if err != nil || len(done) != len(ids) {
		t.Fatalf("%+v, %v", done, err)
	}
	for n, one := range done {
		if one.ID != ids[n] || one.Seq != n+1 || !one.Lost || one.ClientID != defaultClientID || one.Comment != []string{"one", "two", "three", "four", "five", ""}[n] {
			t.Errorf("%d: %+v", n, one)
		}
	}
	var said []string
	for _, c := range listed2(w.read("/api/alerts/" + alert)["comments"]) {
		said = append(said, c["comment"].(string))
	}
	if !slices.Equal(said[len(said)-3:], []string{"one", "two", "five"}) {
		t.Errorf("comments %v", said)
	}
}

// TestLateAction holds that a new action can be missing for a while, by its id and from the list, by rule and by fault.
func TestLateAction(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(w *world) error{
		"rule":  func(w *world) error { w.rules(ActionRules{Hidden: 10 * time.Second}); return nil },
		"fault": func(w *world) error { return w.s.SetFaults(Faults{List: []Fault{{Kind: FaultLateAction}}}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := actionWorld(t, ActionRules{})
			if err := set(w); err != nil {
				t.Fatal(err)
			}
			id := w.act(w.capable(0), "isolate", plain)["id"].(string)
			for range 10 {
				w.refused("GET", "/api/machineactions/"+id, "", 404, "ResourceNotFound")
				w.refused("POST", "/api/machineactions/"+id+"/cancel", plain, 404, "ResourceNotFound")
				if rows := rowsOf(t, w.read("/api/machineactions")); len(rows) > 0 {
					t.Fatalf("listed: %v", rows)
				}
				w.clock.Advance(time.Second)
			}
			if rows := rowsOf(t, w.read("/api/machineactions")); len(rows) != 1 || w.statusOf(id) != "Succeeded" {
				t.Errorf("%d listed, %s", len(rows), w.statusOf(id))
			}
			history, err := w.s.Changes(defaultTenantID, 0)
			if err != nil || len(history) != 1 || history[0].Kind != ChangeAdded || !history[0].At.Equal(epoch.Add(10*time.Second)) {
				t.Errorf("%+v, %v", history, err)
			}
		})
	}
}

// TestFailedAction holds that a fault lets one action fail.
func TestFailedAction(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{})
	if err := w.s.SetFaults(Faults{List: []Fault{{Kind: FaultFailedAction, Calls: []int{1}, Route: "POST /api/machines/{id}/runantivirusscan"}}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for n := range 2 {
		id := w.act(w.capable(n), "runAntiVirusScan", `{"Comment":"x","ScanType":"Quick"}`)["id"].(string)
		w.clock.Advance(time.Minute)
		got = append(got, w.statusOf(id))
	}
	if !slices.Equal(got, []string{"Failed", "Succeeded"}) {
		t.Error(got)
	}
}
