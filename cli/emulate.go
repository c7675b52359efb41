package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// emulateFlags are the flags of emulate.
type emulateFlags struct {
	listen  string
	seed    uint64
	size    emulator.Size
	dir     string
	faults  []string
	skew    time.Duration
	mistake *enumFlag
}

func newEmulateCommand(p *program) *cobra.Command {
	f := &emulateFlags{}
	cmd := withExits(&cobra.Command{
		Use: "emulate", Short: "Stand in for Microsoft's hosts on this machine",
		Long: `Run an emulator of Entra ID, Defender and Graph on loopback TLS, with one
generated tenant and one application in it, until Ctrl-C. It prints the lines
that connect another shell to it, with a secret and with a certificate, and
writes the files that they name.

The emulator refuses what Microsoft does not document, enforces permissions and
rate limits, and can misbehave on request.

` + faultHelp() + `

--mistake sets the tenant or the settings up wrong in one of the ways that
"gatehouse check" tells apart:

` + mistakeHelp(),
		Example: `  gatehouse emulate
  gatehouse emulate --seed 7 --devices 5000 --dir ./sandbox
  gatehouse emulate --mistake secret-expired`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.emulate(cmd.Context(), f) },
	})
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8443", "loopback `ADDRESS` and port to listen on")
	flags.Uint64Var(&f.seed, "seed", 1, "`NUMBER` that everything generated follows from")
	flags.IntVar(&f.size.Devices, "devices", 0, "`NUMBER` of devices (default 200)")
	flags.IntVar(&f.size.Alerts, "alerts", 0, "`NUMBER` of alerts (default 120)")
	flags.IntVar(&f.size.VulnerabilityRows, "vulnerability-rows", 0, "`NUMBER` of rows in the vulnerability export (default: about 30 for each device)")
	flags.IntVar(&f.size.PageSize, "page-size", 0, "most `ROWS` of a page (default: Microsoft's own page sizes)")
	flags.StringVar(&f.dir, "dir", "", "write the files into this `FOLDER` and leave them there (default: a temporary one)")
	flags.StringArrayVar(&f.faults, "fault", nil, "inject a `FAULT` (repeatable), for example throttle,probability=0.1")
	flags.DurationVar(&f.skew, "skew", 0, "set the emulator's clock ahead by this `TIME`, or back")
	_ = cmd.RegisterFlagCompletionFunc("fault", cobra.FixedCompletions(wordsOf(faultKinds()), cobra.ShellCompDirectiveNoSpace))
	f.mistake = addEnum(cmd, "mistake", "set things up wrong in this way", mistakeNames())
	return cmd
}

func mistakeHelp() string {
	var lines strings.Builder
	for _, m := range mistakes() {
		fmt.Fprintf(&lines, "  %-27s %s\n", m.name, m.what)
	}
	return strings.TrimSuffix(lines.String(), "\n")
}

// emulate runs the emulator until ctx ends, which is how it is meant to end.
func (p *program) emulate(ctx context.Context, f *emulateFlags) error {
	o, err := f.options(p)
	if err != nil {
		return err
	}
	s, err := startSandbox(o)
	if err != nil {
		return usagef("cannot start: %w%s", err, portHint(err))
	}
	defer s.close()
	if err := p.printSandbox(s, f); err != nil {
		return err
	}
	<-ctx.Done()
	p.sayf("stopped")
	return nil
}

// portHint helps when another program, often another emulator, has the port.
func portHint(err error) string {
	if errors.Is(err, syscall.EADDRINUSE) {
		return "; --listen 127.0.0.1:0 takes a free port"
	}
	return ""
}

func (f *emulateFlags) options(p *program) (sandboxOptions, error) {
	if err := checkLoopback(f.listen); err != nil {
		return sandboxOptions{}, err
	}
	for name, n := range map[string]int{
		"--devices": f.size.Devices, "--alerts": f.size.Alerts,
		"--vulnerability-rows": f.size.VulnerabilityRows, "--page-size": f.size.PageSize,
	} {
		if n < 0 {
			return sandboxOptions{}, usagef("%s is %d: want a number from 0 up", name, n)
		}
	}
	faults, err := parseFaults(f.faults)
	if err != nil {
		return sandboxOptions{}, err
	}
	faults.Skew = f.skew
	return sandboxOptions{
		addr: f.listen, seed: f.seed, size: f.size, dir: f.dir,
		mistake: mistakeByName(f.mistake.value), faults: faults, now: p.now(),
	}, nil
}

// checkLoopback refuses an address that other machines can reach: the emulator
// hands out its own secret, and signs as Microsoft for whoever trusts its CA.
func checkLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return usagef("--listen %q is not an address and a port: write 127.0.0.1:8443", listen)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return usagef("--listen %s is not a loopback address: the emulator serves this machine only, at 127.0.0.1", listen)
}

func (p *program) printSandbox(s *sandbox, f *emulateFlags) error {
	var page strings.Builder
	fmt.Fprintf(&page, "Emulating Microsoft on https://%s (seed %d).\n", s.server.Addr(), f.seed)
	if f.mistake.value != "" {
		fmt.Fprintf(&page, "Mistake %s: %s.\n", f.mistake.value, mistakeByName(f.mistake.value).what)
	}
	first, second := "a client secret", "a certificate"
	if s.lab.certificateFirst {
		first, second = second, first
	}
	fmt.Fprintf(&page, "\nIn another shell, with %s:\n\n%s", first, indent(exportLines(s.exports(s.lab.certificateFirst))))
	fmt.Fprintf(&page, "\nor with %s:\n\n%s%s", second, indent(forgetLine),
		indent(exportLines(s.exports(!s.lab.certificateFirst))))
	fmt.Fprintf(&page, "\nor shorter:\n\n  . %s\n  . %s\n", shellQuote(s.path(fileEnv)), shellQuote(s.path(fileEnvCert)))
	fmt.Fprintf(&page, "\nThen: gatehouse check\n")
	fmt.Fprintf(&page, "Other programs use https://%s as base URL and authority, and trust %s.\nCtrl-C stops it.\n", s.server.Addr(), s.path(fileCA))
	_, err := fmt.Fprint(p.stdout, page.String())
	return err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}
