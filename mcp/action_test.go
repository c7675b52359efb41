package mcp_test

import (
	"context"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// saveHunt saves a hunt.
func (s *stage) saveHunt(name string) {
	s.t.Helper()
	if _, err := s.client(s.key(gatehouse.ScopeAdmin)).Hunts.Save(context.Background(), api.NewHunt{Name: name, Query: "DeviceInfo | take 1"}); err != nil {
		s.t.Fatal(err)
	}
}

// pendingMachineAction is the id of a machine action at Microsoft.
func (s *stage) pendingMachineAction(a *agent, v subject) string {
	s.t.Helper()
	out := a.settled(a.call("scan_device", map[string]any{"devices": v.device, "comment": "to be cancelled"}))
	target := out["targets"].([]any)[0].(map[string]any)
	id, _ := target["machine_action"].(string)
	if id == "" {
		s.t.Fatalf("the scan has no machine action: %v", out)
	}
	return id
}

// settled follows an action until it has ended, which takes its time on a busy
// machine.
func (a *agent) settled(action map[string]any) map[string]any {
	a.t.Helper()
	for range 10 {
		if state, _ := action["state"].(string); api.ActionStatus(state).Ended() {
			return action
		}
		action = a.call("get_action", map[string]any{"action": action["id"], "wait_seconds": 30})
	}
	a.t.Fatalf("the action does not end: %v", action)
	return nil
}
