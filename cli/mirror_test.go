package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// seededMirror makes a mirror with one integration and n alerts, and returns
// the environment that names it.
func seededMirror(t *testing.T, n int) environment {
	t.Helper()
	dir := t.TempDir()
	withStore(t, dir, func(held *store.Store) {
		i, err := held.AddIntegration(t.Context(), gatehouse.Integration{Name: "contoso", Tenant: "t", ClientID: "c"})
		if err != nil {
			t.Fatal(err)
		}
		commitAlerts(t, held, i, 0, n)
	})
	return environment{"GATEHOUSE_DATA": dir}
}

func withStore(t *testing.T, dir string, use func(*store.Store)) {
	t.Helper()
	held, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, mirrorFile)})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	use(held)
}

// commitAlerts adds alerts a<from> up to a<to>.
func commitAlerts(t *testing.T, held *store.Store, i gatehouse.Integration, from, to int) {
	t.Helper()
	run, err := held.BeginRun(t.Context(), i.ID, "alerts", gatehouse.SyncIncremental)
	if err != nil {
		t.Fatal(err)
	}
	page := store.Page{Run: run}
	for n := from; n < to; n++ {
		page.Records = append(page.Records, store.PageRecord{
			Key: fmt.Sprintf("a%03d", n), API: gatehouse.APIMDE,
			Document: fmt.Appendf(nil, `{"id":"a%03d","title":"T <%d>"}`, n, n),
		})
	}
	if _, err := held.CommitPage(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	if _, err := held.EndRun(t.Context(), run, store.RunEnd{}); err != nil {
		t.Fatal(err)
	}
}

// gatehouse runs the program once.
func runOnce(t *testing.T, env environment, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = Main(t.Context(), Process{Args: args, Env: env.pairs(), Stdout: &out, Stderr: &errs})
	return status, out.String(), errs.String()
}

func TestMirrorCommands(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 3)
	for _, c := range []struct {
		args   string
		status int
		stdout string // a part of it
		stderr string // a part of it
	}{
		{"integrations list --output csv", 0, "contoso,active,t,c,", ""},
		{"integrations show contoso --output json", 0, `"name":"contoso"`, ""},
		{"integrations show contosso", 2, "", `no integration "contosso": choose contoso; did you mean contoso?`},
		{"events --output ndjson", 0, `"number":3,`, ""},
		{"events --after 2 --output csv", 0, "3,", ""},
		{"events --after 2 --documents --output ndjson", 0, `"document":{"id":"a002","title":"T <2>"}`, ""},
		{"events --kind removed", 0, "", "no events"},
		{"events --after 3", 0, "", "no events"},
		{"events --after 4 --output ndjson", 0, "", "warning: --after 4 lies behind the end of the log: the last event is 3"},
		{"events --documents", 2, "", "add --output ndjson"},
		{"events --format log --documents --output csv", 2, "", "add --output ndjson"},
		{"events --after -1", 2, "", `--after "-1" is not a whole number, 0 or more`},
		{"events --after x", 2, "", `--after "x" is not a whole number`},
		{"events --after 1 --cursor siem", 2, "", "keep one"},
		{"events --follow --output json", 2, "", "use --output ndjson"},
		{"events --stream alrts", 2, "", "is not a stream"},
		{"events --integration nobody", 2, "", `no integration "nobody"`},
		{"records get nothing a001", 2, "", "is not a stream"},
		{"records get", 2, "", "needs STREAM"},
		{"replay", 0, "", "no cursors"},
		{"replay siem --to 1", 2, "", `no cursor "siem"`},
		{"replay --to 1", 2, "", "which cursor?"},
		{"replay siem", 2, "", "to where?"},
		{"replay siem --to -1", 2, "", "is not a whole number"},
	} {
		status, stdout, stderr := runOnce(t, env, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: %d, want %d\n%s%s", c.args, status, c.status, stdout, stderr)
		}
		if status != 0 && stdout != "" {
			t.Errorf("%s: a failure prints rows: %s", c.args, stdout)
		}
	}
}

// Without a mirror every command that reads one says how to make one, and makes
// none itself.
func TestNoMirror(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "none")
	for _, args := range []string{
		"integrations list", "integrations show x", "integrations pause x", "integrations resume x", "integrations remove x",
		"events", "events --follow", "records list devices", "replay", "status", "sync", "sync --once",
	} {
		status, stdout, stderr := runOnce(t, environment{"GATEHOUSE_DATA": dir}, strings.Fields(args)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, "gatehouse integrations add NAME makes one") {
			t.Errorf("%s: %d %q %q", args, status, stdout, stderr)
		}
	}
	if found, err := filepath.Glob(dir + "*"); err != nil || len(found) > 0 {
		t.Errorf("made %v (%v)", found, err)
	}
	if status, _, stderr := runOnce(t, environment{}, "events"); status != exitUsage || !strings.Contains(stderr, "set --data") {
		t.Errorf("without a home: %d %s", status, stderr)
	}
}

// A cursor goes on where it stood; replay sends it back.
func TestCursor(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 5)
	for _, c := range []struct {
		args  string
		lines int
	}{
		{"events --cursor siem --limit 2 --output ndjson", 2},
		{"events --cursor siem --output json", 5}, // brackets and three rows
		{"events --cursor siem --output ndjson", 0},
		{"replay siem --to 4", 0},
		{"events --cursor siem --output ndjson", 1},
		{"replay --output csv", 2},
	} {
		status, stdout, stderr := runOnce(t, env, strings.Fields(c.args)...)
		if got := strings.Count(stdout, "\n"); status != 0 || got != c.lines {
			t.Errorf("%s: status %d, %d lines, want %d\n%s%s", c.args, status, got, c.lines, stdout, stderr)
		}
	}
	if status, _, stderr := runOnce(t, env, "replay", "siem", "--to", "6"); status != exitUsage || !strings.Contains(stderr, "behind the last event, 5") {
		t.Errorf("%d %s", status, stderr)
	}
}

// A cursor that the log does not reach, as when an older mirror was restored, does
// not wait in silence.
func TestCursorBehindTheEnd(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 5)
	withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
		if err := held.MoveCursor(t.Context(), "siem", 9); err != nil {
			t.Fatal(err)
		}
	})
	status, stdout, stderr := runOnce(t, env, "events", "--cursor", "siem", "--output", "ndjson")
	if status != exitOK || stdout != "" || !strings.Contains(stderr, "cursor siem stands at 9, and the log ends at 5: gatehouse replay siem --to 5") {
		t.Errorf("%d %q %q", status, stdout, stderr)
	}
}

// What comes while events --follow waits is printed at once, in whole lines, and
// Ctrl-C is its natural end.
func TestFollow(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"ndjson", "csv", "table"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			env := seededMirror(t, 2)
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			want := map[string]int{"ndjson": 5, "csv": 6, "table": 6}[format]
			out := &stopper{after: want, stop: stop}
			var stderr bytes.Buffer
			ended := make(chan int)
			go func() {
				ended <- Main(ctx, Process{
					Args: []string{"events", "--follow", "--cursor", "tail", "--output", format}, Env: env.pairs(), Stdout: out, Stderr: &stderr,
				})
			}()
			withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
				i, err := held.Integration(t.Context(), "contoso")
				if err != nil {
					t.Fatal(err)
				}
				commitAlerts(t, held, i, 2, 5)
			})
			if status := <-ended; status != 0 || stderr.Len() > 0 {
				t.Errorf("status %d: %s", status, &stderr)
			}
			if got := strings.Count(out.out.String(), "\n"); got != want || !strings.HasSuffix(out.out.String(), "\n") {
				t.Errorf("%d lines, want %d:\n%s", got, want, &out.out)
			}
			if _, stdout, _ := runOnce(t, env, "replay", "--output", "csv"); !strings.Contains(stdout, "tail,5,0,") {
				t.Errorf("the cursor stands wrong:\n%s", stdout)
			}
		})
	}
}

// A shell is offered the names that the mirror knows.
func TestCompletionFromTheMirror(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 1)
	for args, want := range map[string]string{
		"integrations show":       "contoso\n",
		"integrations pause":      "contoso\n",
		"status --integration":    "contoso\n",
		"events --stream":         streamNames()[0] + "\n",
		"records get":             streamNames()[0] + "\n",
		"integrations show other": ":4\n",
	} {
		words := append(append([]string{"__complete"}, strings.Fields(args)...), "")
		_, stdout, _ := runOnce(t, env, words...)
		if !strings.HasPrefix(stdout, want) {
			t.Errorf("%s: offered %q, want %q", args, stdout, want)
		}
	}
}

// writePrivate writes a file that only we may read.
func writePrivate(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
