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
	out := a.call("scan_device", map[string]any{"devices": v.device, "comment": "to be cancelled", "wait_seconds": 30})
	target := out["targets"].([]any)[0].(map[string]any)
	id, _ := target["machine_action"].(string)
	return id
}
