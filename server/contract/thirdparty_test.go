package contract_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// installedModules is where scripts/setup has installed what the lock file pins. It
// says what is missing.
func installedModules(t *testing.T) string {
	t.Helper()
	const mend = "run scripts/setup, or set GATEHOUSE_TEST_NODE=off to go without this test"
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatalf("there is no Node.js: install version 20.19 or newer with npm and %s", mend)
	}
	dir, err := filepath.Abs("../../bin/thirdparty")
	must(t, err)
	pinned, err := os.ReadFile("thirdparty/package-lock.json")
	must(t, err)
	if installed, err := os.ReadFile(filepath.Join(dir, "installed")); err != nil || !bytes.Equal(installed, pinned) {
		t.Fatalf("the generator is not installed in %s as package-lock.json pins it: %s", dir, mend)
	}
	return filepath.Join(dir, "node_modules")
}

// A generator of somebody else makes a client of the document, TypeScript finds no
// fault with it, and what is written on top of it lists devices and runs an action
// to its end, over TLS and with an API key.
func TestThirdPartyClient(t *testing.T) {
	t.Parallel()
	if os.Getenv("GATEHOUSE_TEST_NODE") == "off" {
		t.Skip("GATEHOUSE_TEST_NODE=off: the client of a third party is not generated")
	}
	modules := installedModules(t)
	const devices = 12
	s := newStage(t, devices)
	must(t, s.app.Start(t.Context())) // it works on actions
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS("thirdparty")))
	must(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	must(t, os.WriteFile(filepath.Join(dir, "openapi.json"), fetch(t, s.web.Config.Handler, "/openapi.json"), 0o600))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.web.Certificate().Raw})
	must(t, os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600))
	_, key := s.key(gatehouse.ScopeRespond)
	env := []string{
		"GATEHOUSE_URL=" + s.web.URL, "GATEHOUSE_KEY=" + key, fmt.Sprintf("GATEHOUSE_DEVICES=%d", devices),
		"NODE_EXTRA_CA_CERTS=" + filepath.Join(dir, "ca.pem"),
	}
	for _, command := range [][]string{
		{"node", "node_modules/@hey-api/openapi-ts/bin/run.js", "--no-log-file"},
		{"node", "node_modules/typescript/bin/tsc", "--project", "."},
		{"node", "--test", "out/client.test.js"},
	} {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		c := exec.CommandContext(ctx, command[0], command[1:]...)
		c.Dir, c.Env = dir, append(os.Environ(), env...)
		out, err := c.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
		t.Logf("%s: %s", filepath.Base(command[1]), time.Since(begun).Round(time.Millisecond))
	}
}
