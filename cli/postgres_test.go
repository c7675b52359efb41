package cli

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
)

// The same commands work on PostgreSQL, where the key of the secrets must be
// named.
func TestMirrorOnPostgres(t *testing.T) {
	t.Parallel()
	url, err := pgtest.New(t, pgtest.Options{}).Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, v := begin(t, sandboxOptions{})
	env := maps.Clone(v.env)
	env["GATEHOUSE_DATABASE_URL"] = url
	if status, _, stderr := runOnce(t, env, "integrations", "add", "contoso", "--force"); status != exitUsage || !strings.Contains(stderr, "--key-file") {
		t.Errorf("without a key: %d %s", status, stderr)
	}
	env["GATEHOUSE_KEY_FILE"] = filepath.Join(t.TempDir(), "key")
	writePrivate(t, env["GATEHOUSE_KEY_FILE"], "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
	for _, c := range []struct {
		args  string
		lines int
	}{
		{"integrations add contoso --force --stream devices,alerts --output ndjson", 1},
		{"sync --once --output ndjson", 2},
		{"status --output csv", 3},
		{"events --stream devices --output ndjson", 12},
		{"records list devices --output csv", 13},
		{"devices list --output ndjson", 12},
		{"events --cursor siem --output ndjson", 20},
		{"replay siem --to 15", 0},
		{"events --cursor siem --output ndjson", 5},
	} {
		status, stdout, stderr := runOnce(t, env, strings.Fields(c.args)...)
		if got := strings.Count(stdout, "\n"); status != 0 || got != c.lines {
			t.Errorf("%s: status %d, %d lines, want %d\n%s%s", c.args, status, got, c.lines, stdout, stderr)
		}
	}
}
