package check_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
)

// caller calls an emulator without any SDK.
type caller struct {
	t      *testing.T
	server *emulator.Server
	access emulator.TenantAccess
	clock  *emulator.FakeClock
}

// token gets a token of an API that carries exactly these application
// permissions.
func (c caller) token(op gatehouse.API, permissions ...string) string {
	c.t.Helper()
	cloud := entra.Clouds()[0]
	resource := map[gatehouse.API]gatehouse.Resource{
		gatehouse.APIMDE: gatehouse.ResourceMDE, gatehouse.APIXDR: gatehouse.ResourceXDR, gatehouse.APIGraph: gatehouse.ResourceGraph,
	}[op]
	roles := make([]emulator.Role, len(permissions))
	for i, p := range permissions {
		roles[i] = emulator.Role{Resource: string(resource), Name: p}
	}
	must(c.t, c.server.SetRoles(c.access.TenantID, c.access.ClientID, roles...))
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.access.ClientID}, "client_secret": {c.access.Secret},
		"scope": {cloud.Service(op).Scope()},
	}
	_, body := c.send(http.MethodPost, cloud.Authority+"/"+c.access.TenantID+"/oauth2/v2.0/token", form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	var answer struct {
		Token string `json:"access_token"`
	}
	must(c.t, json.Unmarshal([]byte(body), &answer))
	return answer.Token
}

// placeholder is what an operation's path has where the caller fills something in.
var placeholder = regexp.MustCompile(`\{\w+\}`)

// call calls an operation about something that does not exist.
func (c caller) call(op defender.Operation, token string) (status int, body string) {
	c.t.Helper()
	target := entra.Clouds()[0].Service(op.API).URL + placeholder.ReplaceAllString(op.Path, "1")
	content := ""
	if op.Method != http.MethodGet {
		content = "{}"
	}
	return c.send(op.Method, target, content, http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}})
}

func (c caller) send(method, target, content string, header http.Header) (status int, body string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(content))
	must(c.t, err)
	req.Header = header
	resp, err := c.server.Client().Do(req)
	must(c.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(c.t, err)
	return resp.StatusCode, string(text)
}

// TestEmulatorKnowsEveryOperation holds the operations of both SDKs against the
// emulator, which has tables of its own: path and verb, each permission that
// opens the operation and no other, and the calls a minute where they are fewer
// than usual.
func TestEmulatorKnowsEveryOperation(t *testing.T) {
	t.Parallel()
	clock := emulator.NewFakeClock(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	tenant := emulated.Start(t, emulator.Options{Size: emulator.Size{Devices: 1, Alerts: 1}, Clock: clock})
	c := caller{t: t, server: tenant.Server, access: tenant.TenantAccess, clock: clock}
	for _, op := range slices.Concat(defender.Operations(), graph.Operations()) {
		clock.Advance(2 * time.Hour) // the limits are whole again
		c.agrees(op)
	}
}

// usual is how many calls a minute Microsoft takes of nearly every operation.
const usual = 100

// agrees holds one operation.
func (c caller) agrees(op defender.Operation) {
	c.t.Helper()
	others := slices.DeleteFunc(everyPermission(op.API), func(p string) bool { return slices.Contains(op.Permissions, p) })
	if status, body := c.call(op, c.token(op.API, others...)); status != http.StatusForbidden {
		c.t.Errorf("%s with every permission but its own: %d %s", op, status, body)
	}
	for _, p := range op.Permissions {
		if status, body := c.call(op, c.token(op.API, p)); status == http.StatusForbidden || status == http.StatusUnauthorized || status == http.StatusMethodNotAllowed || status == http.StatusNotFound && body == "" {
			c.t.Errorf("%s with %s: %d %s", op, p, status, body)
		}
	}
	limit := op.PerMinute
	if limit == 0 {
		limit = op.PerHour
	}
	if limit == 0 || limit >= usual {
		return
	}
	c.clock.Advance(2 * time.Hour)
	token := c.token(op.API, op.Permissions...)
	for n := 1; ; n++ {
		status, body := c.call(op, token)
		if throttled := status == http.StatusTooManyRequests; throttled != (n > limit) {
			c.t.Errorf("call %d of %s, which takes %d: %d %s", n, op, limit, status, body)
			return
		} else if throttled {
			return
		}
	}
}

// everyPermission are the application permissions of an API.
func everyPermission(of gatehouse.API) (names []string) {
	for _, p := range entra.Permissions() {
		if p.API() == of {
			names = append(names, p.Name)
		}
	}
	return names
}
