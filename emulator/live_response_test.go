package emulator

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestLiveResponse holds a session from its commands to the files they leave.
func TestLiveResponse(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{})
	a := w.act(w.capable(0), "runliveresponse", `{"Comment":"x","Commands":[
		{"type":"PutFile","params":[{"key":"FileName","value":"tool.exe"}]},
		{"type":"RunScript","params":[{"key":"ScriptName","value":"a.ps1"},{"key":"Args","value":"-v"}]},
		{"type":"GetFile","params":[{"key":"Path","value":"C:\\x.txt"}]}]}`)
	if c := listed2(a["commands"]); len(c) != 3 || c[1]["commandStatus"] != "Created" || c[1]["startTime"] != nil || fmt.Sprint(c[2]["index"]) != "2" {
		t.Errorf("%v", a["commands"])
	}
	link := func(n int) string {
		return fmt.Sprintf("/api/machineactions/%s/GetLiveResponseResultDownloadLink(index=%d)", a["id"], n)
	}
	w.refused("GET", link(1), "", 404, "ResourceNotFound")
	w.clock.Advance(time.Minute)
	w.refused("GET", link(0), "", 400, "InvalidInput")
	w.refused("GET", link(3), "", 404, "ResourceNotFound")
	w.refused("GET", strings.Replace(link(1), "index=1", "index=x", 1), "", 400, "InvalidInput")
	script := parse(t, fetch(t, w.s, "GET", w.read(link(1))["value"].(string), "").body)
	if script["script_name"] != "a.ps1" || fmt.Sprint(script["exit_code"]) != "0" {
		t.Errorf("%v", script)
	}
	file := w.read(link(2))["value"].(string)
	zipped, err := gzip.NewReader(strings.NewReader(fetch(t, w.s, "GET", file, "").body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(zipped); err != nil || !strings.Contains(string(text), `C:\x.txt`) {
		t.Errorf("%q, %v", text, err)
	}
	w.clock.Advance(29 * time.Minute)
	if got := fetch(t, w.s, "GET", file, ""); got.status != 200 {
		t.Errorf("after 29 minutes: %d", got.status)
	}
	w.clock.Advance(2 * time.Minute)
	if got := fetch(t, w.s, "GET", file, ""); got.status != 403 {
		t.Errorf("after 31 minutes: %d", got.status)
	}
}

// TestLiveSessions holds that a tenant has no more than 50 sessions at once.
func TestLiveSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Size{Devices: 90, Alerts: -1, Actions: -1})
	w.rules(ActionRules{Pace: -1})
	devices := w.devices(func(o object) bool { return o["onboardingStatus"] == "Onboarded" && o["rbacGroupName"] != nil })
	const body = `{"Comment":"x","Commands":[{"type":"GetFile","params":[{"key":"Path","value":"x"}]}]}`
	for _, device := range devices[:maxLiveSessions] {
		w.act(device, "runliveresponse", body)
	}
	w.refused("POST", "/api/machines/"+devices[maxLiveSessions]+"/runliveresponse", body, 429, "TooManyRequests")
}
