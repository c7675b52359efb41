package emulator

import (
	"archive/zip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestActionRefusals holds the refusal of every body and device that an action does not take.
func TestActionRefusals(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{})
	device, old := w.capable(0), w.capable(1)
	if err := w.s.SetOldClient(defaultTenantID, old, true); err != nil {
		t.Fatal(err)
	}
	linux := w.devices(func(o object) bool { return o["osPlatform"] == "Linux" && o["onboardingStatus"] == "Onboarded" })[0]
	mac := w.devices(func(o object) bool { return o["osPlatform"] == "macOS" && o["onboardingStatus"] == "Onboarded" })[0]
	bare := w.devices(func(o object) bool { return o["rbacGroupName"] == nil && o["onboardingStatus"] == "Onboarded" })[0]
	const sha1, commands = `"Sha1":"87662bc3d60e4200ceaf7aae249d1c343f4b83c9"`, `"Commands":[{"type":"GetFile","params":[{"key":"Path","value":"x"}]}]`
	for _, c := range []struct {
		device, path, body string
		status             int
		code, says         string
	}{
		{device, "isolate", ``, 400, "InvalidRequestBody", "Request body is incorrect"},
		{device, "isolate", `[]`, 400, "InvalidRequestBody", ""},
		{device, "isolate", `{"IsolationType":"Full"}`, 400, "MissingRequiredParameter", "Parameter Comment is missing"},
		{device, "isolate", `{"Comment":"","IsolationType":"Full"}`, 400, "MissingRequiredParameter", "Comment"},
		{device, "isolate", `{"comment":"x","IsolationType":"Full"}`, 400, "InvalidRequestBody", ""},
		{device, "isolate", `{"Comment":"x","isolationType":"Full"}`, 400, "InvalidRequestBody", ""},
		{device, "isolate", `{"Comment":"x","IsolationType":"full"}`, 400, "InvalidInput", "full"},
		{device, "isolate", `{"Comment":"x","IsolationType":""}`, 400, "InvalidInput", ""},
		{device, "isolate", `{"Comment":1}`, 400, "InvalidRequestBody", ""},
		{device, "isolate", `{"Comment":"x","ScanType":"Full"}`, 400, "InvalidRequestBody", ""},
		{device, "isolate", `{"Comment":"x","IsolationType":"UnManagedDevice"}`, 400, "InvalidInput", "onboarded"},
		{linux, "isolate", `{"Comment":"x","IsolationType":"Selective"}`, 400, "OsPlatformNotSupported", "OS Platform Linux isn't supported for this action"},
		{mac, "isolate", plain, 400, "OsPlatformNotSupported", "macOS"},
		{old, "isolate", plain, 400, "ClientVersionNotSupported", "Isolate is supported on client version 1703 and above"},
		{device, "unisolate", `{"Comment":"x","IsolationType":"Full"}`, 400, "InvalidRequestBody", ""},
		{device, "unisolate", `{}`, 400, "MissingRequiredParameter", "Comment"},
		{device, "runAntiVirusScan", plain, 400, "MissingRequiredParameter", "Parameter ScanType is missing"},
		{device, "runAntiVirusScan", `{"Comment":"x","ScanType":"quick"}`, 400, "InvalidInput", "quick"},
		{device, "runAntiVirusScan", `{"Comment":"x","ScanType":"Quick","Sha1":"x"}`, 400, "InvalidRequestBody", ""},
		{linux, "restrictCodeExecution", plain, 400, "OsPlatformNotSupported", "Linux"},
		{mac, "unrestrictCodeExecution", plain, 400, "OsPlatformNotSupported", "macOS"},
		{device, "restrictCodeExecution", `{}`, 400, "MissingRequiredParameter", "Comment"},
		{device, "StopAndQuarantineFile", plain, 400, "MissingRequiredParameter", "Parameter Sha1 is missing"},
		{device, "StopAndQuarantineFile", `{"Comment":"x","Sha1":"87662"}`, 400, "InvalidHashValue", "Hash value 87662 is invalid"},
		{device, "StopAndQuarantineFile", `{"Comment":"x","sha1":"87662"}`, 400, "InvalidRequestBody", ""},
		{linux, "StopAndQuarantineFile", `{"Comment":"x",` + sha1 + `}`, 400, "OsPlatformNotSupported", "Linux"},
		{linux, "offboard", plain, 400, "OsPlatformNotSupported", "Linux"},
		{device, "offboard", `{}`, 400, "MissingRequiredParameter", "Comment"},
		{device, "collectInvestigationPackage", `{}`, 400, "MissingRequiredParameter", "Comment"},
		{device, "startInvestigation", `{}`, 400, "MissingRequiredParameter", "Comment"},
		{mac, "startInvestigation", plain, 400, "OsPlatformNotSupported", "macOS"},
		{device, "runliveresponse", plain, 400, "MissingRequiredParameter", "Commands"},
		{device, "runliveresponse", `{"Comment":"x","Commands":[]}`, 400, "MissingRequiredParameter", "Commands"},
		{device, "runliveresponse", `{"Comment":"x","Commands":[{"Type":"GetFile"}]}`, 400, "InvalidRequestBody", ""},
		{device, "runliveresponse", `{"Comment":"x","Commands":[{"type":"Getfile"}]}`, 400, "InvalidInput", "Getfile"},
		{device, "runliveresponse", `{"Comment":"x","Commands":[{"type":"GetFile","params":[{"key":"path","value":"x"}]}]}`, 400, "InvalidRequestBody", ""},
		{device, "runliveresponse", `{"Comment":"x","Commands":[{"type":"GetFile","params":[]}]}`, 400, "MissingRequiredParameter", "Path"},
		{
			device, "runliveresponse", `{"Comment":"x","Commands":[{"type":"GetFile","params":[{"key":"Path","value":"x"}]},{"type":"PutFile","params":[{"key":"FileName","value":"x"}]}]}`,
			400, "InvalidInput", "order",
		},
		{bare, "runliveresponse", `{"Comment":"x",` + commands + `}`, 403, "DisallowedOperation", "no automation level"},
		{strings.Repeat("0", 40), "isolate", plain, 404, "ResourceNotFound", "Machine " + strings.Repeat("0", 40) + " was not found"},
		{"lap-0001.corp.contoso.example", "isolate", plain, 404, "ResourceNotFound", ""},
	} {
		if says := w.refused("POST", "/api/machines/"+c.device+"/"+c.path, c.body, c.status, c.code); !strings.Contains(says, c.says) {
			t.Errorf("%s %s: %q", c.path, c.body, says)
		}
	}
	w.refused("POST", "/api/machineactions/x/cancel", plain, 400, "BadRequest")
	w.refused("POST", "/api/machineactions/"+defaultTenantID+"/cancel", plain, 404, "ResourceNotFound")
	w.refused("POST", "/api/machineactions/"+defaultTenantID+"/cancel", `{}`, 400, "MissingRequiredParameter")
	w.refused("GET", "/api/machineactions/"+defaultTenantID+"/getPackageUri", "", 404, "ResourceNotFound")
	if done, err := w.s.Accepted(defaultTenantID); err != nil || len(done) > 0 {
		t.Errorf("accepted %v, %v", done, err)
	}
}

// TestContainment holds that a device without a sensor can be contained and let go, and nothing else.
func TestContainment(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{})
	device := w.capable(0)
	if err := w.s.SetOnboarding(defaultTenantID, device, "CanBeOnboarded"); err != nil {
		t.Fatal(err)
	}
	w.refused("POST", "/api/machines/"+device+"/isolate", plain, 400, "InvalidInput")
	w.refused("POST", "/api/machines/"+device+"/unisolate", plain, 400, "InvalidInput")
	a := w.act(device, "isolate", `{"Comment":"x","IsolationType":"UnManagedDevice"}`)
	if a["type"] != "Isolate" || a["scope"] != "UnManagedDevice" {
		t.Errorf("%v", a)
	}
	w.clock.Advance(2 * DefaultActionPace)
	if got := w.s.Truth(defaultTenantID).Isolated; !slices.Equal(got, []string{device}) {
		t.Errorf("isolated %v", got)
	}
	w.act(device, "unisolate", plain)
	w.clock.Advance(2 * DefaultActionPace)
	if got := w.s.Truth(defaultTenantID).Isolated; len(got) > 0 {
		t.Errorf("isolated %v", got)
	}
}

// TestActionGoesItsWay holds the stages of an action by the clock, and what each leaves.
func TestActionGoesItsWay(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{Pace: 3 * time.Second})
	device := w.capable(0)
	a := w.act(device, "isolate", `{"Comment":"why [gatehouse act_1/1]","IsolationType":"Full"}`)
	id := a["id"].(string)
	if a["status"] != "Pending" || a["requestor"] != "Gatehouse (contoso.example)" || a["requestorComment"] != "why [gatehouse act_1/1]" || a["requestSource"] != "PublicApi" {
		t.Errorf("%v", a)
	}
	for n, want := range []string{"Pending", "InProgress", "Succeeded", "Succeeded"} {
		if got := w.statusOf(id); got != want {
			t.Errorf("after %d stages: %s, want %s", n, got, want)
		}
		w.clock.Advance(3 * time.Second)
	}
	if at := w.read("/api/machineactions/" + id)["lastUpdateDateTimeUtc"]; at != "2026-05-04T10:00:06Z" {
		t.Errorf("ended at %v", at)
	}
	if got := w.s.Truth(defaultTenantID).Isolated; !slices.Equal(got, []string{device}) {
		t.Errorf("isolated %v", got)
	}
	w.refused("POST", "/api/machineactions/"+id+"/cancel", plain, 400, "BadRequest")
	w.rules(ActionRules{Failures: 1})
	failed := w.act(device, "runAntiVirusScan", `{"Comment":"x","ScanType":"Quick"}`)["id"].(string)
	w.clock.Advance(time.Minute)
	if o := w.read("/api/machineactions/" + failed); o["status"] != "Failed" || fmt.Sprint(o["errorHResult"]) != "-2147024891" {
		t.Errorf("%v", o)
	}
	stopped := w.act(device, "unisolate", plain)["id"].(string)
	got := w.send("POST", "/api/machineactions/"+stopped+"/cancel", `{"Comment":"stay"}`)
	w.clock.Advance(time.Minute)
	if o := w.read("/api/machineactions/" + stopped); got.status != 200 || o["status"] != "Cancelled" || o["cancellationComment"] != "stay" ||
		o["cancellationRequestor"] != "Gatehouse (contoso.example)" || o["cancellationDateTimeUtc"] != "2026-05-04T10:01:12Z" {
		t.Errorf("%d %v", got.status, o)
	}
}

// TestByHand holds that with a negative pace steps alone move actions.
func TestByHand(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{Pace: -1})
	id := w.act(w.capable(0), "restrictCodeExecution", plain)["id"].(string)
	w.clock.Advance(30 * time.Minute)
	for _, want := range []string{"Pending", "InProgress", "Succeeded"} {
		if got := w.statusOf(id); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		_, _ = w.s.Do(defaultTenantID, Step{Kind: StepAdvanceAction, ID: id})
	}
	if _, err := w.s.Do(defaultTenantID, Step{Kind: StepAdvanceAction, ID: id}); err == nil {
		t.Error("an action goes on after its end")
	}
	if _, err := w.s.Do(defaultTenantID, Step{Kind: StepFinishAction, ID: id}); err == nil {
		t.Error("an action ends twice")
	}
	other := w.act(w.capable(1), "restrictCodeExecution", plain)["id"].(string)
	if _, err := w.s.Do(defaultTenantID, Step{Kind: StepFinishAction, ID: other, Status: "Done"}); err == nil {
		t.Error("an action ends as Done")
	}
	if _, err := w.s.Do(defaultTenantID, Step{Kind: StepFinishAction, ID: other, Status: "TimeOut"}); err != nil || w.statusOf(other) != "TimeOut" {
		t.Errorf("%v %s", err, w.statusOf(other))
	}
}

// TestRepeats holds both answers to an action that is under way, and that nothing is begun twice.
func TestRepeats(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{Repeat: RepeatSame})
	device := w.capable(0)
	first := w.act(device, "isolate", `{"Comment":"first"}`)
	again := w.act(device, "isolate", `{"Comment":"second","IsolationType":"Selective"}`)
	if again["id"] != first["id"] || again["requestorComment"] != "first" {
		t.Errorf("%v", again)
	}
	w.act(device, "unisolate", plain) // another one beside it
	file := func(hash string) any {
		return w.act(device, "StopAndQuarantineFile", `{"Comment":"x","Sha1":"`+strings.Repeat(hash, 40)+`"}`)["id"]
	}
	if a, b, c := file("a"), file("b"), file("A"); a == b || a != c {
		t.Error("files are mixed up")
	}
	for _, path := range []string{"collectInvestigationPackage", "runliveresponse"} {
		body := map[string]string{"collectInvestigationPackage": plain, "runliveresponse": `{"Comment":"x","Commands":[{"type":"GetFile","params":[{"key":"Path","value":"x"}]}]}`}[path]
		w.act(device, path, body)
		if says := w.refused("POST", "/api/machines/"+device+"/"+path, body, 400, "ActiveRequestAlreadyExists"); says != "Action is already in progress" {
			t.Error(says)
		}
	}
	w.rules(ActionRules{Repeat: RepeatRefused})
	w.refused("POST", "/api/machines/"+device+"/isolate", plain, 400, "ActiveRequestAlreadyExists")
	w.rules(ActionRules{})
	statuses := map[int]int{}
	for range 40 {
		statuses[w.send("POST", "/api/machines/"+device+"/isolate", plain).status]++
	}
	if statuses[201] == 0 || statuses[400] == 0 || statuses[201]+statuses[400] != 40 {
		t.Errorf("drawn: %v", statuses)
	}
	begun, err := w.s.AcceptedActions(defaultTenantID)
	if err != nil || len(begun) != 6 || begun[0].Comment != "first" || begun[0].DeviceID != device || begun[0].ID != first["id"] {
		t.Errorf("%d begun: %+v, %v", len(begun), begun, err)
	}
	if all, _ := w.s.Accepted(defaultTenantID); len(all) != 8+statuses[201] || !all[1].Repeated || all[1].Comment != "second" {
		t.Errorf("%d accepted", len(all))
	}
}

// TestIsolatedAgain holds both fates of an isolation of an isolated device.
func TestIsolatedAgain(t *testing.T) {
	t.Parallel()
	orders := map[bool]int{}
	for n := range 8 {
		w := actionWorld(t, ActionRules{Again: AgainStuck})
		device := w.capable(n)
		run := func(path string) string {
			id := w.act(device, path, plain)["id"].(string)
			w.clock.Advance(time.Minute)
			return id
		}
		run("isolate")
		stuck := run("isolate")
		if run("unisolate"); w.statusOf(stuck) != "Pending" {
			t.Fatalf("after one release: %s", w.statusOf(stuck))
		}
		if run("unisolate"); w.statusOf(stuck) != "Succeeded" {
			t.Fatalf("after two releases: %s", w.statusOf(stuck))
		}
		history, err := w.s.Changes(defaultTenantID, 0)
		if err != nil || !slices.ContainsFunc(history, func(c Change) bool { return c.Key == stuck && c.Kind == ChangeUpdated }) {
			t.Errorf("no change tells of its end: %v", err)
		}
		orders[slices.Contains(w.s.Truth(defaultTenantID).Isolated, device)]++
		w.rules(ActionRules{Again: AgainDone})
		run("isolate")
		if again := run("isolate"); w.statusOf(again) != "Succeeded" {
			t.Error("the plain way is stuck too")
		}
	}
	if orders[true] == 0 || orders[false] == 0 {
		t.Errorf("isolated at the end: %v", orders)
	}
}

// TestDeviceAway holds that an action waits for its device, goes on when it is back, and ends when it stays away.
func TestDeviceAway(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{})
	device, other := w.capable(0), w.capable(1)
	for _, id := range []string{device, other} {
		if err := w.s.SetOnline(defaultTenantID, id, false); err != nil {
			t.Fatal(err)
		}
	}
	waits, lost := w.act(device, "isolate", plain)["id"].(string), w.act(other, "isolate", plain)["id"].(string)
	live := w.act(other, "runliveresponse", `{"Comment":"x","Commands":[{"type":"GetFile","params":[{"key":"Path","value":"x"}]}]}`)["id"].(string)
	w.clock.Advance(30 * time.Minute)
	if w.statusOf(waits) != "Pending" {
		t.Error("it did not wait")
	}
	if err := w.s.SetOnline(defaultTenantID, device, true); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(2 * DefaultActionPace)
	if got := w.statusOf(waits); got != "Succeeded" {
		t.Error(got)
	}
	w.clock.Advance(2 * time.Hour)
	w.mde = tokenFor(t, w.s, mdeResource)
	if w.statusOf(lost) != "Pending" || w.statusOf(live) != "TimeOut" {
		t.Errorf("after two hours: %s, live response %s", w.statusOf(lost), w.statusOf(live))
	}
	w.clock.Advance(72 * time.Hour)
	w.mde = tokenFor(t, w.s, mdeResource)
	if o := w.read("/api/machineactions/" + lost); o["status"] != "TimeOut" || fmt.Sprint(o["errorHResult"]) != "-2147023436" {
		t.Errorf("%v", o)
	}
	w.act(device, "offboard", plain)
	w.clock.Advance(time.Hour)
	w.mde = tokenFor(t, w.s, mdeResource)
	if o := w.read("/api/machines/" + device); o["healthStatus"] != "Active" {
		t.Errorf("at once: %v", o["healthStatus"])
	}
	w.clock.Advance(8 * 24 * time.Hour)
	w.mde = tokenFor(t, w.s, mdeResource)
	if o := w.read("/api/machines/" + device); o["healthStatus"] != "Inactive" {
		t.Errorf("after a week: %v", o["healthStatus"])
	}
}

// TestPackage holds that a package can be fetched once it is collected, by a link in quotes that does not last.
func TestPackage(t *testing.T) {
	t.Parallel()
	w := actionWorld(t, ActionRules{})
	id := w.act(w.capable(0), "collectInvestigationPackage", plain)["id"].(string)
	uri := "/api/machineactions/" + id + "/getPackageUri"
	w.refused("GET", uri, "", 404, "ResourceNotFound")
	w.clock.Advance(time.Minute)
	value := w.read(uri)["value"].(string)
	link := strings.Trim(value, `"`)
	if len(link)+2 != len(value) || !strings.HasPrefix(link, "https://api.security.microsoft.com:443/safedownload/WDATP_Investigation_Package.zip?token=") {
		t.Fatal(value)
	}
	got := fetch(t, w.s, http.MethodGet, link, "")
	files, err := zip.NewReader(strings.NewReader(got.body), int64(len(got.body)))
	if err != nil || len(files.File) < 5 || got.header.Get("Content-Type") != "application/zip" {
		t.Fatalf("%v %v", err, got.header)
	}
	for _, f := range files.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", f.Name, len(text), err)
		}
	}
	_, token, _ := strings.Cut(link, "token=")
	blob, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	bads := []string{link + "x", strings.TrimSuffix(link, token), mdeBase + "/safedownload/"}
	for _, change := range [][2]string{{id, defaultTenantID}, {"investigation-packages", "live-response"}, {"OrgId=", "Org="}, {"sig=", "sig=x"}} {
		changed := strings.Replace(string(blob), change[0], change[1], 1)
		bads = append(bads, strings.Replace(link, token, base64.URLEncoding.EncodeToString([]byte(changed)), 1))
	}
	for _, bad := range bads {
		if got := fetch(t, w.s, http.MethodGet, bad, ""); got.status != 403 && got.status != 404 {
			t.Errorf("%s: %d", bad, got.status)
		}
	}
	own := fetch(t, w.s, http.MethodGet, w.s.URL()+uri, "", "Authorization", "Bearer "+w.mde)
	own.body = strings.Trim(parse(t, own.body)["value"].(string), `"`)
	if again := fetch(t, w.s, http.MethodGet, own.body, ""); again.body != got.body || !strings.HasPrefix(own.body, w.s.URL()+"/safedownload/") {
		t.Errorf("by its own address: %s, %d", own.body, again.status)
	}
	if got := fetch(t, w.s, http.MethodGet, link, "", "Authorization", "Bearer "+w.mde); got.status != 400 || w.s.Stats().Violations["token sent to a blob host"] != 1 {
		t.Errorf("with a token: %d", got.status)
	}
	w.clock.Advance(packageLife + time.Second)
	if got := fetch(t, w.s, http.MethodGet, link, ""); got.status != 403 {
		t.Errorf("an old link: %d", got.status)
	}
}

// FuzzActionBody holds for any body: what an operation takes is whole, and what it refuses is refused in order.
func FuzzActionBody(f *testing.F) {
	for _, text := range []string{plain, `{"Comment":"x","IsolationType":"Full"}`, `{"Comment":"x","ScanType":"Quick"}`, `{"Comment":null}`, `{"Comment":"x","Sha1":"00"}`,
		`{"Comment":"x","Commands":[{"type":"GetFile","params":[{"key":"Path","value":"x"}]}]}`, `{"Comment":"x","Commands":[null]}`, `[`, ``} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, op := range actionOps() {
			c := &call{r: httptest.NewRequest(http.MethodPost, "/api/machines/x/"+op.path, strings.NewReader(text))}
			c.r.Header.Set("Content-Type", "application/json; charset=utf-8")
			body, scope, refusal, ok := op.read(c)
			_, known := op.scopes[scope]
			switch {
			case !ok && (refusal.status != http.StatusBadRequest || refusal.body == nil):
				t.Fatalf("%s: refused with %+v", op.kind, refusal)
			case ok && (orEmpty(body.Comment) == "" || op.scopes != nil && !known || op.hash && len(orEmpty(body.SHA1)) != 40 || op.commands && len(*body.Commands) == 0):
				t.Fatalf("%s: took %q", op.kind, text)
			}
		}
	})
}
