package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/store"
)

// The key of this machine is made once, for its owner alone, with no more than the
// scope respond; one that was revoked is not made anew behind the back of who did.
func TestMachineKey(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 1)
	path := filepath.Join(env["GATEHOUSE_DATA"], machineKeyFile)
	for range 2 {
		if status, _, stderr := runOnce(t, env, "actions", "list"); status != exitOK || stderr != "no actions\n" {
			t.Fatalf("%d %s", status, stderr)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	var id string
	withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
		keys, err := held.Keys(t.Context())
		if err != nil || len(keys) != 1 || keys[0].Name != machineKeyName || len(keys[0].Scopes) != 1 || keys[0].Scopes[0] != "respond" {
			t.Fatalf("%+v %v", keys, err)
		}
		id = keys[0].ID
	})
	if status, _, stderr := runOnce(t, env, "keys", "revoke", id); status != exitOK {
		t.Fatal(stderr)
	}
	status, _, stderr := runOnce(t, env, "actions", "list")
	if status != exitUsage || !strings.Contains(stderr, "was revoked") {
		t.Errorf("%d %s", status, stderr)
	}
	key, err := os.ReadFile(path)
	if err != nil || strings.Contains(stderr, strings.TrimSpace(string(key))) {
		t.Errorf("the key is shown: %s %v", stderr, err)
	}
}

// When nobody knows whether an action was taken in, the error names the key that
// makes a repeat safe.
func TestLostSubmission(t *testing.T) {
	t.Parallel()
	env := environment{"GATEHOUSE_SERVER": "http://127.0.0.1:1", "GATEHOUSE_API_KEY": "gh_planted"} // nobody listens
	status, stdout, stderr := runOnce(t, env, "actions", "tag", "web-01", "--tag", "vip", "--comment", "x", "--idempotency-key", "mine-1")
	if status != exitFailure || stdout != "" || !strings.Contains(stderr, "--idempotency-key mine-1 repeats it safely") || strings.Contains(stderr, "planted") {
		t.Errorf("%d %s%s", status, stdout, stderr)
	}
}
