package app_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ordersSetting names the file with the orders of a process that a proof has
// started.
const ordersSetting = "GATEHOUSE_PROOF_ORDERS"

// ordered returns the orders of this process, unless nobody has given it any.
func ordered[T any](t *testing.T) (orders T, given bool) {
	t.Helper()
	path := os.Getenv(ordersSetting)
	if path == "" {
		return orders, false
	}
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, json.Unmarshal(text, &orders))
	return orders, true
}

// process makes a process that runs a test again, under orders. What goes wrong in
// it is told on standard error.
func process(t *testing.T, test string, orders any) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	text, err := json.Marshal(orders)
	must(t, err)
	path := filepath.Join(t.TempDir(), "orders")
	must(t, os.WriteFile(path, text, 0o600))
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^"+test+"$", "-test.count=1", "-test.timeout=50m")
	cmd.Env, cmd.Stderr = append(os.Environ(), ordersSetting+"="+path), os.Stderr
	return cmd
}
