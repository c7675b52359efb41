package cli

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/emulator"
)

// tour is a program that connects to a sandbox.
type tour struct {
	env            environment
	stdout, stderr bytes.Buffer
}

// begin starts a small sandbox for a test.
func begin(t *testing.T, o sandboxOptions) (*sandbox, *tour) {
	t.Helper()
	o.addr, o.seed, o.dir, o.now = "127.0.0.1:0", 1, t.TempDir(), time.Now()
	if o.size == (emulator.Size{}) {
		o.size = emulator.Size{Devices: 12, Alerts: 8, Events: 1, VulnerabilityRows: 50}
	}
	s, err := startSandbox(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	v := &tour{env: environment{}}
	for _, e := range s.exports(s.lab.certificateFirst) {
		v.env[e.name] = e.value
	}
	return s, v
}

// run runs the program with the sandbox's environment.
func (v *tour) run(ctx context.Context, args ...string) int {
	v.stdout.Reset()
	v.stderr.Reset()
	return Main(ctx, Process{Args: args, Env: v.env.pairs(), Stdout: &v.stdout, Stderr: &v.stderr})
}

// Every mistake that emulate can make is named by check, and nothing else is.
func TestCheckNamesEveryMistake(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			_, v := begin(t, sandboxOptions{mistake: m})
			p := newProgram(Process{Env: v.env.pairs()})
			c, _, err := loadConfig(nil, p.env)
			if err != nil {
				t.Fatal(err)
			}
			p.config = c
			report, err := p.runCheck(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, f := range report.Of(check.Error) {
				codes = append(codes, string(f.Code))
				if f.Mend == "" {
					t.Errorf("%s has no mend", f.Code)
				}
			}
			slices.Sort(codes)
			if codes = slices.Compact(codes); !slices.Equal(codes, []string{m.name}) {
				t.Errorf("errors are %q, want %s alone", codes, m.name)
			}
			if status := v.run(t.Context(), "check"); status != exitFindings {
				t.Errorf("exit status is %d, want %d: %s", status, exitFindings, &v.stderr)
			}
		})
	}
}
