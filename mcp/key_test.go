package mcp_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/mcp"
)

// TestKeys is about who gets in, and what they see.
func TestKeys(t *testing.T) {
	t.Parallel()
	s := raise(t)
	t.Run("a key to read has no tool that changes anything", func(t *testing.T) { testReadKey(t, s) })
	t.Run("what is no valid key is refused", func(t *testing.T) { testRefusedKeys(t, s) })
	t.Run("a revoked key ends at the next call", func(t *testing.T) { testRevokedKey(t, s) })
	t.Run("a key of one integration sees no other", func(t *testing.T) { testConfinedKey(t, s) })
}

func testReadKey(t *testing.T, s *stage) {
	all := s.agent(gatehouse.ScopeRespond).tools()
	for way, reader := range map[string]*agent{"http": s.agent(gatehouse.ScopeRead), "stdio": s.stdio(gatehouse.ScopeRead)} {
		seen := reader.tools()
		if len(seen) < 20 || len(seen) >= len(all) {
			t.Fatalf("%s: it sees %d of %d tools", way, len(seen), len(all))
		}
		for name, tool := range seen {
			if !tool.Annotations.ReadOnlyHint || *tool.Annotations.DestructiveHint {
				t.Errorf("%s: it sees %s, which is not marked to only read", way, name)
			}
		}
		for name, tool := range all {
			if _, ok := seen[name]; ok {
				continue
			}
			_, err := reader.CallTool(context.Background(), &sdk.CallToolParams{Name: name, Arguments: map[string]any{}})
			if err == nil || !strings.Contains(err.Error(), "unknown tool") {
				t.Errorf("%s: %s can be called: %v", way, name, err)
			}
			if changes := !strings.HasPrefix(name, "run_"); changes == tool.Annotations.ReadOnlyHint {
				t.Errorf("%s is marked as read-only: %t", name, tool.Annotations.ReadOnlyHint)
			}
		}
	}
	careful, err := mcp.New(context.Background(), s.client(s.key(gatehouse.ScopeAdmin)), mcp.Options{Scope: "read"})
	if err != nil || slices.Contains(careful.Tools(), "isolate_device") || !slices.Contains(careful.Tools(), "get_device") {
		t.Errorf("a server for reading has the tools %q, %v", careful.Tools(), err)
	}
	for name, destructive := range map[string]bool{"isolate_device": true, "release_device": true, "tag_device": false, "untag_device": true, "update_alert": true, "comment_alert": false, "approve_action": true} {
		if *all[name].Annotations.DestructiveHint != destructive {
			t.Errorf("%s is marked as destructive: %t", name, !destructive)
		}
	}
}

func testRefusedKeys(t *testing.T, s *stage) {
	_, expired, err := s.app.AddKey(context.Background(), app.NewKey{Name: "expired", Scopes: []gatehouse.Scope{gatehouse.ScopeAdmin}, Life: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{
		"none": "", "expired": expired.Reveal(), "wrong": "gh_0123456789abcdef_" + strings.Repeat("A", 43), "no key": "hello",
	} {
		if _, err := s.dial(gatehouse.NewSecret(key)); err == nil {
			t.Errorf("%s: it gets in", name)
		}
		body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_devices","arguments":{}}}`
		req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, s.url+"/mcp", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		res, err := http.DefaultClient.Do(withBearer(req, key))
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized || res.Header.Get("WWW-Authenticate") == "" || !strings.Contains(string(answer), `"unauthenticated"`) {
			t.Errorf("%s: the answer is %s: %s", name, res.Status, answer)
		}
		if key != "" && strings.Contains(string(answer), key) {
			t.Errorf("%s: the answer has the key in it", name)
		}
	}
}

func withBearer(req *http.Request, key string) *http.Request {
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return req
}

func testRevokedKey(t *testing.T, s *stage) {
	k, text, err := s.app.AddKey(context.Background(), app.NewKey{Name: "short", Scopes: []gatehouse.Scope{gatehouse.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.dial(text)
	if err != nil {
		t.Fatal(err)
	}
	a.call("list_integrations", nil)
	if _, err := s.app.RevokeKey(context.Background(), k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := a.CallTool(context.Background(), &sdk.CallToolParams{Name: "list_devices"}); err == nil {
		t.Error("a revoked key still works")
	}
}

func testConfinedKey(t *testing.T, s *stage) {
	other, err := s.app.Store().AddIntegration(context.Background(), gatehouse.Integration{Name: "fabrikam", State: gatehouse.IntegrationPaused})
	if err != nil {
		t.Fatal(err)
	}
	wide, narrow := s.agent(gatehouse.ScopeRespond), s.agent(gatehouse.ScopeRespond, other.ID)
	if got := texts(column(wide.call("list_integrations", nil), "name")); !slices.Contains(got, "contoso") || !slices.Contains(got, "fabrikam") {
		t.Errorf("a key of all sees %q", got)
	}
	if got := texts(column(narrow.call("list_integrations", nil), "name")); !slices.Equal(got, []string{"fabrikam"}) {
		t.Errorf("a key of one sees %q", got)
	}
	device := texts(column(wide.call("list_devices", map[string]any{"limit": 1}), "id"))[0]
	out := narrow.call("list_devices", nil)
	if len(column(out, "id")) > 0 || out["mirrors"] == nil {
		t.Errorf("a key of one lists %v", out)
	}
	for name, args := range map[string]map[string]any{
		"get_device": {"device": device}, "edr_get_device_details": {"integration_id": s.integration.ID, "device_id": device},
		"get_integration_health": {"integration": "contoso"}, "list_devices": {"integrations": "contoso"},
		"isolate_device": {"devices": device, "integration": "contoso", "comment": "x"},
	} {
		if code := narrow.refused(name, args)["code"]; code != "not-found" {
			t.Errorf("%s is refused with %v", name, code)
		}
	}
}
