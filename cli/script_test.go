package cli

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// TestScript runs the stories of testdata/script: the real program as a process
// of its own against the real emulator in this one. -update rewrites what "cmp"
// compares with.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("..", "testdata", "script"),
		UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"actionid": cmdActionID, "await": cmdAwait, "emulator": cmdEmulator, "expire": cmdExpire, "exits": cmdExits, "lines": cmdLines, "newalert": cmdNewAlert,
			"requests": cmdRequests, "revoke": cmdRevoke, "scrub": cmdScrub, "server": cmdServer, "source": cmdSource,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "share"))
			env.Values[sandboxKey{}] = new(*sandbox)
			return nil
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// update asks for golden files to be rewritten.
var update = flag.Bool("update", false, "rewrite golden files")

// sandboxKey finds the emulator of a script among its values.
type sandboxKey struct{}

func sandboxOf(ts *testscript.TestScript) **sandbox {
	return ts.Value(sandboxKey{}).(**sandbox)
}

// emulator [-mistake NAME] [-fault FAULT] [-devices N] [-alerts N] [-rows N] [-page N] [-certificate]
//
// starts an emulator in this process and points the environment of the script
// at it, with a secret unless -certificate is given. Its files are in $SANDBOX.
func cmdEmulator(ts *testscript.TestScript, neg bool, args []string) {
	set := flag.NewFlagSet("emulator", flag.ContinueOnError)
	name := set.String("mistake", "", "")
	fault := set.String("fault", "", "")
	certificate := set.Bool("certificate", false, "")
	o := sandboxOptions{addr: "127.0.0.1:0", seed: 1, dir: ts.MkAbs("sandbox"), now: time.Now()}
	set.IntVar(&o.size.Devices, "devices", 40, "")
	set.IntVar(&o.size.Alerts, "alerts", 30, "")
	set.IntVar(&o.size.VulnerabilityRows, "rows", 200, "")
	set.IntVar(&o.size.PageSize, "page", 0, "")
	ts.Check(set.Parse(args))
	o.mistake = mistakeByName(*name)
	if *fault != "" {
		faults, err := parseFaults([]string{*fault})
		ts.Check(err)
		o.faults = faults
	}
	held := sandboxOf(ts)
	if neg || *held != nil {
		ts.Fatalf("one emulator a script, and not negated")
	}
	s, err := startSandbox(o)
	ts.Check(err)
	ts.Defer(s.close)
	*held = s
	for _, v := range s.exports(*certificate || s.lab.certificateFirst) {
		ts.Setenv(v.name, v.value)
	}
	ts.Setenv("SANDBOX", s.dir)
	ts.Setenv("SECRET_ID", s.lab.app().Secrets[0].ID)
}

// exits STATUS COMMAND ARGS... runs a program and holds its exit status. One
// line on standard error is all that a failure may print, the warnings aside.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status is %d, want %d", got, want)
	}
	var messages []string
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if !strings.HasPrefix(line, "warning: ") && !strings.HasPrefix(line, "time=") {
			messages = append(messages, line)
		}
	}
	if want != 0 && len(messages) > 1 {
		ts.Fatalf("%d lines of error, want one:\n%s", len(messages), strings.Join(messages, ""))
	}
}

// lines N FILE holds the number of lines.
func cmdLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines N FILE")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := ts.ReadFile(args[1])
	if text != "" && !strings.HasSuffix(text, "\n") {
		ts.Fatalf("the last line is cut")
	}
	if got := strings.Count(text, "\n"); got != want {
		ts.Fatalf("%d lines, want %d", got, want)
	}
}

// requests N ROUTE holds how many requests of a route the emulator has seen;
// ROUTE "any" is all but those for tokens.
func cmdRequests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests N ROUTE")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	stats := (*sandboxOf(ts)).server.Stats()
	got := stats.Requests[args[1]]
	if args[1] == "any" {
		for route, n := range stats.Requests {
			if strings.Contains(route, "/api/") || strings.Contains(route, "/v1.0/") {
				got += n
			}
		}
	}
	if got != want {
		ts.Fatalf("%d requests to %s, want %d: %v", got, args[1], want, stats.Requests)
	}
	if len(stats.Violations) > 0 {
		ts.Fatalf("the client did what a good client never does: %v", stats.Violations)
	}
}

// expire ends the client secret.
func cmdExpire(ts *testscript.TestScript, neg bool, args []string) {
	s := *sandboxOf(ts)
	if neg || s == nil || len(args) > 0 {
		ts.Fatalf("usage: expire, with an emulator")
	}
	ts.Check(s.server.ExpireSecret(s.lab.tenant.ID, s.lab.app().ClientID, s.lab.app().Secrets[0].ID))
}

// revoke ROLE... takes application roles of WindowsDefenderATP or Graph away.
func cmdRevoke(ts *testscript.TestScript, neg bool, args []string) {
	s := *sandboxOf(ts)
	if neg || s == nil {
		ts.Fatalf("no emulator")
	}
	roles := append(emulator.MDERoles(args...), emulator.GraphRoles(args...)...)
	ts.Check(s.server.Revoke(s.lab.tenant.ID, s.lab.app().ClientID, roles...))
}

// newalert makes a new alert appear in the tenant.
func cmdNewAlert(ts *testscript.TestScript, neg bool, args []string) {
	s := *sandboxOf(ts)
	if neg || s == nil || len(args) > 0 {
		ts.Fatalf("usage: newalert, with an emulator")
	}
	_, err := s.server.AddAlert(s.lab.tenant.ID)
	ts.Check(err)
}

// scrub FILE OUT copies a file with what changes from run to run replaced:
// times, alert ids, ports and the work folder.
func cmdScrub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: scrub FILE OUT")
	}
	text := ts.ReadFile(args[0])
	for _, r := range []struct{ pattern, with string }{
		{regexp.QuoteMeta(ts.Getenv("WORK")), "$$WORK"},
		{`\d{4}-\d\d-\d\dT[0-9:.]+Z`, "TIME"},
		{`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?Z`, "TIME"},
		{`[a-z]{2}\d{18}_-?\d+`, "ALERT"},
		{`act_[A-Z0-9]{26}`, "ACTION"},
		{`key_[a-z0-9]{16}`, "KEY"},
		{`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"},
		{`request id [^ )]+`, "request id ID"},
		{`emulator~[A-Za-z0-9_-]+`, "SECRET"},
		{` +\n`, "\n"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.with)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// await FILE waits until another program has written a whole file.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		content, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.HasSuffix(string(content), "\n") {
			return
		}
		<-tick.C
	}
	ts.Fatalf("%s does not appear", args[0])
}

// source FILE sets the variables that a file of export lines names.
func cmdSource(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: source FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "unset ") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !ok {
			ts.Fatalf("not an export line: %s", line)
		}
		ts.Setenv(name, strings.Trim(value, "'"))
	}
}
