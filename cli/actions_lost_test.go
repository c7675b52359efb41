package cli

import (
	"strings"
	"testing"
)

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
