package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// Process is the outside world of one run: what the operating system hands to
// a program.
type Process struct {
	// Args are the arguments without the program's name.
	Args []string
	// Env is the environment as "NAME=value"; the last of two equal names wins.
	Env []string
	// Stdin is read only when an argument or a setting is "-". Nil is empty.
	Stdin io.Reader
	// Stdout receives rows and nothing else. Nil discards.
	Stdout io.Writer
	// Stderr receives errors, warnings, logs and progress. Nil discards.
	Stderr io.Writer
}

// Main runs gatehouse until it is done or ctx ends and returns its exit
// status, as "gatehouse help exit-status" documents them. The caller ends ctx
// on an interrupt: Main then finishes the line it is at and returns 130.
func Main(ctx context.Context, process Process) int {
	return newProgram(process).run(ctx)
}

// run executes the command that the arguments name, and reports its error.
func (p *program) run(ctx context.Context) int {
	p.stdin.ended = ctx.Done()
	err := newRootCommand(p).ExecuteContext(ctx)
	if finishErr := p.out.finish(); err == nil {
		err = finishErr
	}
	if err == nil {
		return exitOK
	}
	err = p.judge(ctx, err)
	if !wasReported(err) {
		fmt.Fprintln(p.stderr, "gatehouse: "+plain.Line(p.namingServer(err, describe(ctx, err))))
	}
	return exitStatus(ctx, err)
}

// judge marks an error of the SDK that came up before anything was sent: it is
// about the input.
func (p *program) judge(ctx context.Context, err error) error {
	if p.connected && !p.signedIn.Load() && exitStatus(ctx, err) == exitFailure {
		return usagef("%w", err)
	}
	return err
}

// program is one run: the process, and what the commands share.
type program struct {
	args   []string
	env    environment
	stdin  *onceReader
	stdout io.Writer
	stderr *redactor
	now    func() time.Time

	flags  *flagLayer // the settings given as flags
	config *config    // set before any command runs
	log    *slog.Logger
	out    *output

	connected bool        // the settings made a connection
	signedIn  atomic.Bool // and a token was asked for: something may have been sent
}

func newProgram(process Process) *program {
	p := &program{
		args: process.Args, env: newEnvironment(process.Env), now: time.Now,
		stdin: &onceReader{from: process.Stdin}, stdout: process.Stdout,
		stderr: newRedactor(process.Stderr), flags: &flagLayer{},
		log: slog.New(slog.DiscardHandler),
	}
	if p.stdout == nil {
		p.stdout = io.Discard
	}
	if p.stdin.from == nil {
		p.stdin.from = strings.NewReader("")
	}
	p.out = newOutput(p.stdout, "table", terminalOf(p.stdout, p.env, true))
	return p
}

// warnf prints one warning on standard error, whatever the log level; --quiet
// silences it.
func (p *program) warnf(format string, args ...any) {
	if p.config != nil && p.config.quiet {
		return
	}
	p.out.beforeMessage()
	fmt.Fprintln(p.stderr, "warning: "+plain.Line(fmt.Sprintf(format, args...)))
}

// sayf prints one plain line on standard error; --quiet silences it.
func (p *program) sayf(format string, args ...any) {
	if p.config != nil && p.config.quiet {
		return
	}
	fmt.Fprintln(p.stderr, fmt.Sprintf(format, args...))
}
