package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/store"
)

// A key is shown once, listed without its text, and its whole life is in the audit
// log; a log that was changed says where.
func TestKeysAndAudit(t *testing.T) {
	t.Parallel()
	env := environment{"GATEHOUSE_DATA": t.TempDir()}
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		status, stdout, stderr := runOnce(t, env, args...)
		if status != want {
			t.Fatalf("%v: %d, want %d\n%s%s", args, status, want, stdout, stderr)
		}
		return stdout, stderr
	}
	text, said := run(exitOK, "keys", "add", "soc", "--scope", "respond")
	if !regexp.MustCompile(`^gh_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n$`).MatchString(text) {
		t.Errorf("the key is %q", text)
	}
	id := strings.Fields(said)[0]
	list, _ := run(exitOK, "keys", "list", "--output", "csv")
	if !strings.Contains(list, id+",soc,active,respond,all,") || strings.Contains(list, strings.TrimSpace(text)) {
		t.Errorf("list: %s", list)
	}
	fresh, _ := run(exitOK, "keys", "rotate", id, "--keep-old", "1h")
	if fresh == text {
		t.Error("the new text is the old one")
	}
	run(exitOK, "keys", "revoke", id)
	run(exitUsage, "keys", "add", "x", "--scope", "root")
	run(exitUsage, "keys", "add", "x", "--life", "0s")
	log, _ := run(exitOK, "audit", "list", "--output", "csv")
	for _, operation := range []string{"keys.create", "keys.rotate", "keys.revoke"} {
		if !strings.Contains(log, ","+operation+",done,"+id) {
			t.Errorf("audit without %s:\n%s", operation, log)
		}
	}
	_, said = run(exitOK, "audit", "verify")
	head := regexp.MustCompile(`head (3:[0-9a-f]{64})`).FindStringSubmatch(said)
	if head == nil {
		t.Fatal(said)
	}
	run(exitOK, "audit", "verify", "--head", head[1])
	run(exitFindings, "audit", "verify", "--head", "3:"+strings.Repeat("0", 64))
	run(exitUsage, "audit", "verify", "--head", "x")
	// The triggers stop a slip; whoever forges the log drops them first.
	withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
		if _, err := held.DB().ExecContext(t.Context(), "DROP TRIGGER audit_update; DROP TRIGGER audit_delete; DROP TRIGGER audit_head_update; DROP TRIGGER audit_head_delete; UPDATE audit SET outcome = 'failed' WHERE number = 2"); err != nil {
			t.Fatal(err)
		}
	})
	broken, _ := run(exitFindings, "audit", "verify", "--output", "csv")
	if !strings.Contains(broken, "entry 2 was changed") {
		t.Errorf("verify: %s", broken)
	}
}
