package cli

import (
	"context"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// agentOf starts the command and connects the official client to it.
func agentOf(t *testing.T, env environment, args ...string) (*sdk.ClientSession, func() int) {
	t.Helper()
	inRead, inWrite := io.Pipe()
	outRead, outWrite := io.Pipe()
	said, ended := &watchedBuffer{}, make(chan int, 1)
	go func() {
		status := Main(context.Background(), Process{Args: args, Env: env.pairs(), Stdin: inRead, Stdout: outWrite, Stderr: said})
		_ = outWrite.Close()
		ended <- status
	}()
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).
		Connect(t.Context(), &sdk.IOTransport{Reader: outRead, Writer: inWrite}, nil)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return session, func() int {
		_ = session.Close()
		_ = inWrite.Close()
		return <-ended
	}
}

// toolsOf lists the names of the tools.
func toolsOf(t *testing.T, session *sdk.ClientSession) (names []string) {
	t.Helper()
	for tool, err := range session.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tool.Name)
	}
	return names
}

// An agent on the machine of the mirror reads it, and acts only when that was said.
func TestMCP(t *testing.T) {
	t.Parallel()
	_, env := connectedMirror(t)
	if status, _, stderr := runOnce(t, env, "sync", "--once", "--quiet", "--stream", "devices,alerts"); status != 0 {
		t.Fatalf("sync: %d %s", status, stderr)
	}
	for _, c := range []struct {
		args []string
		acts bool
	}{{[]string{"mcp"}, false}, {[]string{"mcp", "--scope", "respond"}, true}} {
		session, end := agentOf(t, env, c.args...)
		names := toolsOf(t, session)
		if !slices.Contains(names, "list_devices") || slices.Contains(names, "isolate_device") != c.acts {
			t.Errorf("%q has the tools %q", c.args, names)
		}
		res, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "list_devices", Arguments: map[string]any{"limit": 2}})
		if err != nil || res.IsError {
			t.Errorf("%q: %v, %+v", c.args, err, res)
		}
		if status := end(); status != exitOK {
			t.Errorf("%q ends with %d", c.args, status)
		}
	}
}

// With a server the tools are those of the key, and ask the server.
func TestMCPOfAServer(t *testing.T) {
	t.Parallel()
	_, env := connectedMirror(t)
	said, end := inBackground(t, env, "serve", "--listen", "127.0.0.1:0", "--metrics-listen", "")
	where := regexp.MustCompile(`REST API on (http://127\.0\.0\.1:\d+)/v1`)
	until(t, "an address", func() bool { return where.MatchString(said.String()) })
	for scope, acts := range map[string]bool{"read": false, "respond": true} {
		status, key, stderr := runOnce(t, env, "keys", "add", scope, "--scope", scope, "--quiet")
		if status != exitOK {
			t.Fatalf("%d %s", status, stderr)
		}
		away := maps.Clone(env)
		away["GATEHOUSE_DATA"], away["GATEHOUSE_API_KEY"] = t.TempDir(), strings.TrimSpace(key)
		session, hangUp := agentOf(t, away, "mcp", "--server", where.FindStringSubmatch(said.String())[1])
		if names := toolsOf(t, session); slices.Contains(names, "isolate_device") != acts || !slices.Contains(names, "get_device") {
			t.Errorf("%s: the tools are %q", scope, names)
		}
		res, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "list_integrations"})
		if err != nil || res.IsError {
			t.Errorf("%s: %v, %+v", scope, err, res)
		}
		if status := hangUp(); status != exitOK {
			t.Errorf("%s: it ends with %d", scope, status)
		}
	}
	if status := end(); status != exitOK {
		t.Errorf("serve ends with %d: %s", status, said)
	}
	if status, _, stderr := runOnce(t, env, "mcp", "--server", "http://127.0.0.1:9"); status != exitUsage || !strings.Contains(stderr, "no API key") {
		t.Errorf("without a key: %d %s", status, stderr)
	}
}
