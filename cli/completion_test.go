package cli

import (
	"bytes"
	"strings"
	"testing"
)

// A shell is offered what fits, and names of files only where a file is wanted.
func TestCompletion(t *testing.T) {
	t.Parallel()
	const noFiles, files = ":4", ":0"
	for line, want := range map[string]struct{ offered, directive string }{
		"alerts get":                {"", noFiles},
		"alerts update --comment":   {"", noFiles},
		"alerts list --status":      {"InProgress", noFiles},
		"audit list --outcome":      {"refused", noFiles},
		"records list":              {"machine-actions", noFiles},
		"hunt --file":               {"", files},
		"normalize":                 {"", files},
		"check --certificate":       {"", files},
		"check --output":            {"ndjson", noFiles},
		"integrations show":         {"", noFiles},
		"actions isolate --comment": {"", noFiles},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			env := []string{"HOME=" + t.TempDir()}
			if status := Main(t.Context(), Process{Args: append(append([]string{"__complete"}, strings.Fields(line)...), ""), Env: env, Stdout: &out}); status != exitOK {
				t.Fatalf("exit status is %d", status)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if got := lines[len(lines)-1]; got != want.directive {
				t.Errorf("directive is %s, want %s", got, want.directive)
			}
			if want.offered != "" && !strings.Contains(out.String(), want.offered+"\n") {
				t.Errorf("%q is not offered: %s", want.offered, &out)
			}
		})
	}
}

// Of several streams behind one flag, each is offered behind its comma.
func TestCompleteAnotherStream(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	args := []string{"__complete", "events", "--stream", "alerts,in"}
	if status := Main(t.Context(), Process{Args: args, Env: []string{"HOME=" + t.TempDir()}, Stdout: &out}); status != exitOK {
		t.Fatalf("exit status is %d", status)
	}
	if !strings.Contains(out.String(), "alerts,incidents\n") {
		t.Errorf("not offered: %s", &out)
	}
}
