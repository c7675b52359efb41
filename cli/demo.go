package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
)

// demoTop is how many rows a list of the demo shows.
const demoTop = 5

// demoHunt is the query of the demo.
const demoHunt = `DeviceProcessEvents
| where Timestamp > ago(7d)
| summarize Runs = count(), Devices = dcount(DeviceId) by FileName
| top 5 by Devices`

func newDemoCommand(p *program) *cobra.Command {
	var seed uint64
	var devices int
	var noServer bool
	cmd := withExits(&cobra.Command{
		Use: "demo", Short: "Show everything on the built-in emulator, with no tenant at all",
		Long: `Start the emulator with a generated tenant on loopback TLS, connect to it with a
certificate, run the check, and look around: alerts by severity, the riskiest
devices, the worst exposed CVEs, the scores and a hunt. Then mirror the tenant,
and see new alerts arrive as events, and the commands that do the same by hand.

At the end the server is up, with an API key and three lines of curl: list
devices, isolate one, ask what became of it. At a terminal it stays up until
Ctrl-C; else the demo runs the lines itself, and fails when one does. Nothing
leaves this machine.`,
		Example: "  gatehouse demo\n  gatehouse demo --seed 7 --devices 2000",
		Args:    wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if devices < 1 {
				return usagef("--devices is %d: want 1 or more", devices)
			}
			return p.demo(cmd.Context(), seed, devices, !noServer)
		},
	}, exitFindings)
	cmd.Flags().Uint64Var(&seed, "seed", 1, "`NUMBER` that the tenant is generated from")
	cmd.Flags().IntVar(&devices, "devices", 400, "`NUMBER` of devices")
	cmd.Flags().BoolVar(&noServer, "no-server", false, "end before the server")
	return cmd
}

// demo runs the tour.
func (p *program) demo(ctx context.Context, seed uint64, devices int, withServer bool) error {
	s, err := startSandbox(sandboxOptions{addr: "127.0.0.1:0", seed: seed, size: emulator.Size{Devices: devices, Alerts: devices / 2}, now: p.now()})
	if err != nil {
		return usagef("cannot start: %w", err)
	}
	defer s.close()
	if err := p.moveInto(s); err != nil {
		return err
	}
	p.heading("A tenant on this machine", "gatehouse emulate")
	p.line(fmt.Sprintf("The emulator plays Microsoft on https://%s: %s and %s, seed %d.", s.server.Addr(), plural(devices, "device"), plural(devices/2, "alert"), seed))
	c, err := p.connect()
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *connection) error{
		p.demoCheck, p.demoAlerts, p.demoDevices, p.demoVulnerabilities, p.demoScores, p.demoHunting,
		func(ctx context.Context, _ *connection) error { return p.demoMirror(ctx, s, withServer) },
	} {
		if err := step(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

const byHand = `In one shell:         gatehouse emulate
In another:           paste the export lines that it prints, then

  gatehouse check
  gatehouse alerts list --severity High --status New
  gatehouse alerts update ID --status Resolved --classification TruePositive --determination Malware --comment "done"
  gatehouse devices list --risk High
  gatehouse vulnerabilities list --severity Critical
  gatehouse score
  gatehouse hunt 'DeviceInfo | take 5'
  gatehouse integrations add contoso
  gatehouse sync --once
  gatehouse status
  gatehouse events --follow
  gatehouse actions isolate DEVICE --comment "why" --wait

On a real tenant:     set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET
                      (or AZURE_CLIENT_CERTIFICATE_PATH), then the same commands.`

// moveInto points the settings at the sandbox, by certificate. What the user
// set for the display stays; what they set for a tenant does not count here.
func (p *program) moveInto(s *sandbox) error {
	env := environment{}
	for _, v := range s.exports(true) {
		env[v.name] = v.value
	}
	display := p.config
	c, _, err := loadConfig(nil, env)
	if err != nil {
		return err
	}
	c.logLevel, c.quiet, c.noColor, c.output = display.logLevel, display.quiet, display.noColor, "table"
	p.config, p.out.format = c, "table"
	return nil
}

// heading announces a step and the command that does it by hand.
func (p *program) heading(title, command string) {
	p.line("")
	p.line(p.out.term.paint("── "+title+" "+strings.Repeat("─", max(0, 70-len(title))), toneHeading))
	if command != "" {
		p.line(p.out.term.paint("$ "+command, toneFaint))
	}
	p.line("")
}

func (p *program) demoCheck(ctx context.Context, _ *connection) error {
	p.heading("Is it wired right?", "gatehouse check")
	report, err := p.runCheck(ctx)
	if err != nil {
		return err
	}
	if err := p.printReport(ctx, report); err != nil {
		return err
	}
	if report.Worst() == check.Error {
		return &reportedError{err: errors.New("check found an error"), status: exitFindings}
	}
	return nil
}

// severityCount is how many alerts of a severity there are.
type severityCount struct {
	severity            defender.AlertSeverity
	all, open, resolved int64
}

func (p *program) demoAlerts(ctx context.Context, c *connection) error {
	p.heading("Alerts by severity", "gatehouse alerts list --output ndjson")
	client, err := p.defender(c)
	if err != nil {
		return err
	}
	counts := map[defender.AlertSeverity]*severityCount{}
	for alert, err := range client.Alerts.List(ctx, nil) {
		if err != nil && !isDecodeError(err) {
			return err
		}
		n := counts[alert.Severity]
		if n == nil {
			n = &severityCount{severity: alert.Severity}
			counts[alert.Severity] = n
		}
		n.all++
		if alert.Status == defender.StatusResolved {
			n.resolved++
		} else {
			n.open++
		}
	}
	order := alertSeverities()
	rows := slices.SortedFunc(maps.Values(counts), func(a, b *severityCount) int {
		return slices.Index(order, b.severity) - slices.Index(order, a.severity)
	})
	return printList(ctx, p, severityView(), rowsOf(rows), 0)
}

func severityView() view[*severityCount] {
	return view[*severityCount]{
		noun: "alerts",
		columns: []column[*severityCount]{
			field("severity", "Severity", func(c *severityCount) string { return string(c.severity) }).toned(),
			count("alerts", "Alerts", func(c *severityCount) int64 { return c.all }),
			count("open", "Open", func(c *severityCount) int64 { return c.open }),
			count("resolved", "Resolved", func(c *severityCount) int64 { return c.resolved }),
		},
		raw: func(*severityCount) jsontext.Value { return nil },
	}
}

func (p *program) demoDevices(ctx context.Context, c *connection) error {
	p.heading("The riskiest devices", "gatehouse devices list --risk High")
	client, err := p.defender(c)
	if err != nil {
		return err
	}
	order := exposureLevels()
	worst, err := top(client.Machines.List(ctx, &defender.Query{Filter: defender.Eq("riskScore", "High")}), demoTop,
		func(a, b defender.Machine) int {
			return cmp.Compare(slices.Index(order, a.ExposureLevel), slices.Index(order, b.ExposureLevel))
		})
	if err != nil {
		return err
	}
	return printList(ctx, p, deviceView(), rowsOf(worst), 0)
}

func (p *program) demoVulnerabilities(ctx context.Context, c *connection) error {
	p.heading("The worst exposed CVEs: score times devices", "gatehouse vulnerabilities list --output ndjson")
	client, err := p.defender(c)
	if err != nil {
		return err
	}
	weight := func(v defender.Vulnerability) float64 { return v.CVSSV3 * float64(v.ExposedMachines) }
	worst, err := top(client.Vulnerabilities.List(ctx, nil), demoTop, func(a, b defender.Vulnerability) int {
		return cmp.Compare(weight(a), weight(b))
	})
	if err != nil {
		return err
	}
	return printList(ctx, p, vulnerabilityView(), rowsOf(worst), 0)
}

// top keeps the n greatest items of a list, the greatest first.
func top[T any](rows iter.Seq2[T, error], n int, compare func(a, b T) int) ([]T, error) {
	var best []T
	for item, err := range rows {
		if err != nil && !isDecodeError(err) {
			return nil, err
		}
		at, _ := slices.BinarySearchFunc(best, item, func(held, item T) int {
			if compare(held, item) >= 0 {
				return -1
			}
			return 1
		})
		if at < n {
			best = slices.Insert(best, at, item)
			best = best[:min(n, len(best))]
		}
	}
	return best, nil
}

func (p *program) demoScores(ctx context.Context, c *connection) error {
	p.heading("Scores", "gatehouse score")
	mde, err := p.defender(c)
	if err != nil {
		return err
	}
	secure, err := p.graph(c)
	if err != nil {
		return err
	}
	rows, err := p.readScores(ctx, scoreSources(mde, secure), "")
	if err != nil {
		return err
	}
	return printList(ctx, p, scoreView(), rowsOf(rows), 0)
}

func (p *program) demoHunting(ctx context.Context, c *connection) error {
	p.heading("A hunt: what runs on the most devices", "gatehouse hunt '"+strings.ReplaceAll(demoHunt, "\n", "\n    ")+"'")
	answer, err := p.runHunt(ctx, c, demoHunt, anyAPI)
	if err != nil {
		return err
	}
	defer answer.Close() //nolint:errcheck // it only gives up rows that are not wanted
	return printList(ctx, p, huntView(answer.Columns), answer.Rows(), 0)
}
