package cli

import (
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/store"
)

// spoil makes what one statement writes unreadable.
func spoil(t *testing.T, env environment, statement string) {
	t.Helper()
	withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
		if _, err := held.DB().ExecContext(t.Context(), statement, []byte("{")); err != nil {
			t.Fatal(err)
		}
	})
}

// An integration whose settings cannot be read says so everywhere, with the mend,
// which works.
func TestUnreadableIntegration(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 3)
	spoil(t, env, "UPDATE integrations SET settings = $1")
	for _, c := range []struct {
		args           string
		status         int
		stdout, stderr string // parts
	}{
		{"integrations list --output csv", 0, "contoso,unreadable,,,,,,,", ""},
		{"integrations show contoso", 0, "unreadable", "warning: the settings of contoso cannot be read"},
		{"status --output csv", 3, "contoso,alerts,storage-error,you,", ""},
		{"status --integration contoso", 3, "Mend: run the version that wrote them, or remove the integration and add it anew: gatehouse\n  integrations remove contoso --yes", ""},
		{"records list alerts --output ndjson", 0, `"id":"a002"`, ""},
		{"integrations pause contoso", 1, "", "it cannot be read, being damaged or of a newer version"},
		{"sync --once", 2, "", "contoso is left out, since its settings cannot be read: gatehouse status says why"},
		{"sync --once", 2, "", "no integration can be worked on: gatehouse status says why"},
		{"integrations remove contoso", 2, "", "contoso and its 3 records would go for good: add --yes"},
		{"integrations remove contoso --yes", 0, "", "removed contoso"},
		{"integrations list", 0, "", "no integrations"},
	} {
		status, stdout, stderr := runOnce(t, env, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: %d, want %d\n%s%s", c.args, status, c.status, stdout, stderr)
		}
	}
}

// A key that cannot be read is listed with the others, and can be revoked.
func TestUnreadableKey(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 0)
	_, _, said := runOnce(t, env, "keys", "add", "soc")
	id := strings.Fields(said)[0]
	runOnce(t, env, "keys", "add", "well")
	spoil(t, env, "UPDATE api_keys SET scopes = $1 WHERE name = 'soc'")
	for _, c := range []struct {
		args           string
		status         int
		stdout, stderr string // parts
	}{
		{"keys list --output csv", 0, id + ",soc,unreadable,,none,", ""},
		{"keys list --output csv", 0, ",well,active,read,all,", ""},
		{"keys list --output json", 0, `"reason":"store: API key ` + id + `: it cannot be read`, ""},
		{"keys rotate " + id, 1, "", "it cannot be read"},
		{"keys revoke " + id, 0, "", "revoked " + id},
		{"keys list --output csv", 0, id + ",soc,revoked,", ""},
	} {
		status, stdout, stderr := runOnce(t, env, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: %d, want %d\n%s%s", c.args, status, c.status, stdout, stderr)
		}
	}
}
