package cli

import (
	"strings"
	"testing"
)

// Devices and alerts that were mirrored through Graph have columns, and filters
// work on them; what Graph does not know is asked live.
func TestGraphColumns(t *testing.T) {
	t.Parallel()
	_, v := begin(t, sandboxOptions{})
	env := v.env
	env["GATEHOUSE_DATA"] = t.TempDir()
	for _, args := range [][]string{
		{"integrations", "add", "contoso", "--api", "graph", "--force"}, {"sync", "--once", "--stream", "devices,alerts", "--quiet"},
	} {
		if status, _, stderr := runOnce(t, env, args...); status != exitOK {
			t.Fatalf("%v: %d %s", args, status, stderr)
		}
	}
	for _, c := range []struct{ args, stdout, stderr string }{
		{"devices list --os Linux --health Active --output csv", ".contoso.example,,", "from the mirror of contoso"},
		{"devices list --risk None --output csv", ",None,", ""},
		{"alerts list --severity High --output csv", ",High,", "from the mirror of contoso"},
		{"alerts list --status InProgress --output csv", ",InProgress,", "from the mirror of contoso"},
	} {
		status, stdout, stderr := runOnce(t, env, strings.Fields(c.args)...)
		if status != exitOK || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || strings.Contains(stderr, "warning") {
			t.Errorf("%s: %d\n%s%s", c.args, status, stdout, stderr)
		}
		if c.stderr == "" && stderr != "" {
			t.Errorf("%s was not asked live: %s", c.args, stderr)
		}
	}
}
