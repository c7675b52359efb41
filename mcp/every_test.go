package mcp_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
)

// subject is what the calls of every tool are about.
type subject struct {
	integration, device, name, alert, alertDevice, incident, cve, action, waiting, denied, run, machineAction string
}

// subject finds in the mirror what every tool can be called with.
func (s *stage) subject(a *agent, way string) subject {
	s.t.Helper()
	first := func(tool string, args map[string]any, name string) string {
		values := texts(column(a.call(tool, args), name))
		if len(values) == 0 {
			s.t.Fatalf("%s %v has no %s", tool, args, name)
		}
		return values[0]
	}
	onboarded := map[string]any{"onboarding": []string{"Onboarded"}, "health": "Active", "os": []string{"Windows11", "Windows10"}, "sort": "name"}
	v := subject{
		integration: s.integration.ID, device: first("list_devices", onboarded, "id"), name: first("list_devices", onboarded, "name"),
		alert: first("list_alerts", nil, "id"), incident: first("list_incidents", nil, "id"), cve: first("list_cves", nil, "id"),
	}
	alert := a.call("get_alert", map[string]any{"alert": v.alert})["record"].(map[string]any)
	v.alertDevice, _ = alert["device_id"].(string)
	submit := func(comment string, approval bool) string {
		return a.call("tag_device", map[string]any{"devices": v.device, "tag": "mcp", "comment": comment + " over " + way, "approval": approval})["id"].(string)
	}
	v.action, v.waiting, v.denied = submit("a tag", false), submit("for approval", true), submit("for denial", true)
	out := a.call("run_hunt", map[string]any{"query": "DeviceInfo | take 3"})
	v.run, _ = out["runs"].([]any)[0].(map[string]any)["run"].(string)
	return v
}

// calls are arguments for every tool. A tool that is not here fails the test.
func calls(v subject) map[string]map[string]any {
	no := map[string]any{}
	act := func(args map[string]any) map[string]any {
		args["comment"], args["dry_run"] = "a rehearsal", true
		return args
	}
	device := func(more ...string) map[string]any {
		args := map[string]any{"devices": []string{v.device}}
		for n := 0; n < len(more); n += 2 {
			args[more[n]] = more[n+1]
		}
		return act(args)
	}
	page := map[string]any{"integration_id": v.integration, "device_id": v.alertDevice, "offset": 0, "limit": 5}
	return map[string]map[string]any{
		"list_integrations": no, "get_integration_health": {"integration": v.integration}, "get_capabilities": {"resource": "devices"},
		"list_devices": {"risk": []string{"high", "Medium", "None", "Low"}, "limit": 3, "count": true}, "get_device": {"device": v.name, "live": true},
		"list_alerts": {"device": v.alertDevice}, "get_alert": {"alert": v.alert, "detail": true}, "list_incidents": {"severity": "High"},
		"get_incident": {"incident": v.incident}, "list_vulnerabilities": {"device": v.name}, "list_cves": {"cvss": 5, "sort": "-cvss"}, "get_cve": {"cve": v.cve},
		"list_software": {"weaknesses": "1"}, "list_recommendations": {"public_exploit": false}, "list_machine_actions": {"device": v.device},
		"get_scores": no, "get_score_history": {"integration": v.integration, "score": "exposure-score", "days": 7}, "list_events": {"after": 0, "detail": true},
		"list_actions": {"states": []string{"succeeded", "running", "queued", "waiting", "planned", "submitting"}}, "get_action": {"action": v.action, "wait_seconds": 20}, "list_action_kinds": no,
		"list_hunts": no, "list_hunt_runs": no, "get_hunt_results": {"run": v.run, "limit": 2},
		"run_hunt": {"query": "DeviceInfo | take 2"}, "run_saved_hunt": {"hunt": "devices"},
		"isolate_device": device("type", "full"), "release_device": device(), "contain_device": device(), "scan_device": device("type", "Quick"),
		"restrict_device": device(), "unrestrict_device": device(), "stop_and_quarantine_file": device("sha1", strings.Repeat("a", 40)),
		"collect_investigation_package": device(), "investigate_device": device(), "offboard_device": device(), "tag_device": device("tag", "x"), "untag_device": device("tag", "x"),
		"set_device_value": device("value", "High"), "cancel_machine_action": act(map[string]any{"machine_actions": []string{v.machineAction}}),
		"update_alert": act(map[string]any{"alerts": v.alert, "status": "InProgress"}), "comment_alert": act(map[string]any{"alerts": v.alert}),
		"update_incident": act(map[string]any{"incidents": v.incident, "assigned_to": "ada@contoso.com"}), "comment_incident": act(map[string]any{"incidents": v.incident}),
		"approve_action": {"action": v.waiting, "note": "yes"}, "deny_action": {"action": v.denied, "note": "no"}, "cancel_action": {"action": v.action, "comment": "no more"},
		"edr_list_connectors": no, "edr_list_integrations": {"connector": "microsoft-defender"}, "edr_list_devices": {"integration_id": v.integration, "offset": 2, "limit": 5, "sort": "-name"},
		"edr_get_device_details": {"integration_id": v.integration, "device_id": v.device}, "edr_list_device_alerts": page,
		"edr_get_device_alert_details": {"integration_id": v.integration, "device_id": v.alertDevice, "alert_id": v.alert},
	}
}

// TestEveryTool has the official client call every tool that is listed, over
// streamable HTTP and over standard input and output.
func TestEveryTool(t *testing.T) {
	t.Parallel()
	s := raise(t)
	first := s.agent(gatehouse.ScopeRespond)
	for way, a := range map[string]*agent{"http": s.agent(gatehouse.ScopeAdmin), "stdio": s.stdio(gatehouse.ScopeRespond)} {
		v := s.subject(first, way)
		v.machineAction = s.pendingMachineAction(first, v)
		s.saveHunt(way)
		known := calls(v)
		known["run_saved_hunt"]["hunt"] = way
		listed := a.tools()
		for _, name := range slices.Sorted(maps.Keys(listed)) {
			args, ok := known[name]
			if !ok {
				t.Errorf("%s is not called by this test: add it to calls", name)
				continue
			}
			out, failed := a.try(name, args)
			if failed && (name != "cancel_action" || !strings.Contains(fmt.Sprint(out), "conflict")) { // it may have ended meanwhile
				t.Errorf("%s: %s %v: %v", way, name, args, out)
			}
			if problems := out["problems"]; problems != nil {
				t.Errorf("%s: %s has problems: %v", way, name, problems)
			}
		}
		for name := range known {
			if listed[name] == nil {
				t.Errorf("%s: there is no tool %s", way, name)
			}
		}
	}
}
