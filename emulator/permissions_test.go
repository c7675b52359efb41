package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/testkey"
)

// resourceOf names the resource, the base and the audience of a door.
func resourceOf(api string) (resource, base, audience string) {
	switch api {
	case apiGraph:
		return ResourceGraph, graphBase, graphBase
	case apiXDR:
		return ResourceXDR, mdeBase, mdeBase
	}
	return ResourceMDE, mdeBase, mdeResource
}

// TestPermissionsOfEveryRoute holds for each route of the table: no token and a token with every role but those of the route
// are refused, each of its roles alone will do, and nothing refused took effect.
func TestPermissionsOfEveryRoute(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{Key: testkey.RSA(), Clock: NewFakeClock(epoch), NoLimits: true, Size: Size{Devices: 5, Alerts: 6}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all := map[string][]string{}
	for _, rt := range allRoutes() {
		all[rt.api] = append(all[rt.api], rt.roles...)
	}
	tokens := map[string]string{}
	tokenOf := func(api string, roles ...string) string {
		key := api + strings.Join(roles, " ")
		if tokens[key] == "" {
			resource, _, audience := resourceOf(api)
			if err := s.SetRoles(defaultTenantID, defaultClientID, rolesNamed(resource, roles)...); err != nil {
				t.Fatal(err)
			}
			tokens[key] = tokenFor(t, s, audience)
		}
		return tokens[key]
	}
	plainPath := strings.NewReplacer("{", "", "...}", "", "}", "")
	for _, rt := range allRoutes() {
		if !needsToken(rt.api) {
			continue
		}
		_, base, _ := resourceOf(rt.api)
		target := base + plainPath.Replace(rt.path)
		if got := fetch(t, s, rt.method, target, "{}"); got.status != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", rt.name(), got.status)
		}
		others := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(all[rt.api]))), func(r string) bool { return slices.Contains(rt.roles, r) })
		got := fetch(t, s, rt.method, target, "{}", "Authorization", "Bearer "+tokenOf(rt.api, others...))
		if got.status != http.StatusForbidden || rt.api != apiGraph && !strings.Contains(got.body, "API required roles: "+strings.Join(rt.roles, ",")+", application roles: ") {
			t.Errorf("%s with all other roles: %d %s", rt.name(), got.status, got.body)
		}
		for _, role := range rt.roles {
			if got := fetch(t, s, rt.method, target, "{}", "Authorization", "Bearer "+tokenOf(rt.api, role)); got.status == http.StatusForbidden || got.status == http.StatusUnauthorized {
				t.Errorf("%s with %s: %d %s", rt.name(), role, got.status, got.body)
			}
		}
	}
	if done, err := s.Accepted(defaultTenantID); err != nil || len(done) > 0 {
		t.Errorf("accepted %v, %v", done, err)
	}
}

// TestResponseRoutes holds permissions and limits of the routes of response to what the catalogue of Microsoft's pages says,
// written down apart from the code.
func TestResponseRoutes(t *testing.T) {
	t.Parallel()
	const write = "Machine.ReadWrite.All"
	want := map[string]string{
		"POST /api/machines/{id}/isolate":                                               "Machine.Isolate 100/1500",
		"POST /api/machines/{id}/unisolate":                                             "Machine.Isolate 100/1500",
		"POST /api/machines/{id}/runantivirusscan":                                      "Machine.Scan 100/1500",
		"POST /api/machines/{id}/restrictcodeexecution":                                 "Machine.RestrictExecution 100/1500",
		"POST /api/machines/{id}/unrestrictcodeexecution":                               "Machine.RestrictExecution 100/1500",
		"POST /api/machines/{id}/collectinvestigationpackage":                           "Machine.CollectForensics 100/1500",
		"POST /api/machines/{id}/stopandquarantinefile":                                 "Machine.StopAndQuarantine|" + write + " 100/1500",
		"POST /api/machines/{id}/offboard":                                              "Machine.Offboard 100/1500",
		"POST /api/machines/{id}/startinvestigation":                                    "Alert.ReadWrite.All 0/50",
		"POST /api/machines/{id}/runliveresponse":                                       "Machine.LiveResponse 10/0",
		"POST /api/machineactions/{id}/cancel":                                          "Machine.CollectForensics|Machine.Isolate|Machine.RestrictExecution|Machine.Scan|Machine.Offboard|Machine.StopAndQuarantine|Machine.LiveResponse 100/1500",
		"GET /api/machineactions":                                                       "Machine.Read.All|" + write + " 100/1500",
		"GET /api/machineactions/{id}":                                                  "Machine.Read.All|" + write + " 100/1500",
		"GET /api/machineactions/{id}/getpackageuri":                                    "Machine.Read.All|" + write + " 2/120",
		"GET /api/machineactions/{id}/getliveresponseresultdownloadlink(index={index})": "Machine.Read.All|" + write + " 100/1500",
		"PATCH /api/machines/{id}":                                                      write + " 100/1500",
		"POST /api/machines/{id}/tags":                                                  write + " 100/1500",
		"POST /api/machines/{id}/setdevicevalue":                                        write + " 100/1500",
		"POST /api/machines/addorremovetagformultiplemachines":                          write + " 100/1500",
		"PATCH /api/alerts/{id}":                                                        "Alert.ReadWrite.All 100/1500",
		"POST /api/alerts/batchupdate":                                                  "Alert.ReadWrite.All 10/500",
		"POST /api/alerts/createalertbyreference":                                       "Alert.ReadWrite.All 15/0",
		"PATCH /api/incidents/{id}":                                                     "Incident.ReadWrite.All 50/1500",
		"PATCH /v1.0/security/alerts_v2/{id}":                                           "SecurityAlert.ReadWrite.All 150/0",
		"POST /v1.0/security/alerts_v2/{id}/comments":                                   "SecurityAlert.ReadWrite.All 150/0",
		"PATCH /v1.0/security/incidents/{id}":                                           "SecurityIncident.ReadWrite.All 150/0",
		"POST /v1.0/security/incidents/{id}/comments":                                   "SecurityIncident.ReadWrite.All 150/0",
		"GET /api/investigations":                                                       "Alert.Read.All|Alert.ReadWrite.All 100/1500",
		"GET /api/investigations/{id}":                                                  "Alert.Read.All|Alert.ReadWrite.All 100/1500",
	}
	for _, rt := range allRoutes() {
		says := fmt.Sprintf("%s %d/%d", strings.Join(rt.roles, "|"), rt.perMinute, rt.perHour)
		expect, listed := want[rt.name()]
		switch {
		case listed && says != expect:
			t.Errorf("%s: %s, want %s", rt.name(), says, expect)
		case !listed && rt.writes():
			t.Errorf("%s writes and is not in the table", rt.name())
		}
		delete(want, rt.name())
	}
	if len(want) > 0 {
		t.Errorf("no routes %v", want)
	}
}

// TestPackageLimit holds the narrowest limit of all: a third question in a minute is throttled.
func TestPackageLimit(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	s, err := Start(Options{Key: testkey.RSA(), Clock: clock, Size: Size{Devices: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	token := tokenFor(t, s, mdeResource)
	for n, want := range []int{404, 404, 429} {
		if got := get(t, s, mdeBase+"/api/machineactions/"+defaultTenantID+"/getPackageUri", token); got.status != want || want == 429 && got.header.Get("Retry-After") != "60" {
			t.Errorf("question %d: %d %v", n+1, got.status, got.header)
		}
	}
}
