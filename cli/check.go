package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/entra"
)

func newCheckCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "check", Short: "Prove that the account is wired right, and say what is missing",
		Long: `Check one integration, step by step: the hosts and their TLS, the tenant, the
token of each API, the permissions held and missing, one real call for each
capability, and what stops on ` + gatehouse.Retirement + `. Nothing is changed.

Each finding says what is wrong, why it matters, and how to mend it. --output
json prints the whole report as one object, ndjson and csv one finding a line;
the codes of the findings are stable.

These are the base URLs that --base-url takes without --allow-host:

` + hostHelp(),
		Example: `  gatehouse check
  gatehouse check --base-url https://eu.api.security.microsoft.com
  gatehouse check --output json`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.check(cmd.Context()) },
	}, exitFindings)
}

// hostHelp lists the base URLs by cloud.
func hostHelp() string {
	var page strings.Builder
	for _, c := range entra.Clouds() {
		name := c.Name
		for _, host := range c.MDE.Hosts {
			note := ""
			if c.MDE.IsLegacy(host) {
				note = "  until " + gatehouse.Retirement
			}
			fmt.Fprintf(&page, "  %-9s https://%s%s\n", name, host, note)
			name = ""
		}
	}
	return strings.TrimSuffix(page.String(), "\n")
}

// check runs the check and prints its report; an error among the findings is
// the exit status, and the report has said it.
func (p *program) check(ctx context.Context) error {
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

// runCheck hands the settings over as they are: what is wrong with them is for
// the check to say.
func (p *program) runCheck(ctx context.Context) (*check.Report, error) {
	if err := p.onlySettings(); err != nil {
		return nil, err
	}
	o, err := p.credentialOptions()
	if err != nil {
		return nil, err
	}
	client, err := p.httpClient()
	if err != nil {
		return nil, err
	}
	o.Authority, o.AllowHosts = p.config.authority, p.config.allowHosts
	options := check.Options{
		Credential: o, BaseURL: p.config.baseURL, AllowHosts: p.config.allowHosts,
		Cloud: p.config.cloud, Resource: p.config.resource, Client: client, Now: p.now,
		Progress: func(step string) {
			p.log.Debug("check", "step", step)
			p.out.progress.note("checking " + step)
		},
	}
	if client != nil {
		// The emulator answers under Microsoft's names whatever DNS says.
		options.LookupHost = func(context.Context, string) error { return nil }
	}
	report, err := check.Run(ctx, options)
	p.out.progress.hide()
	if err != nil && ctx.Err() == nil {
		return nil, usagef("%w", err)
	}
	return report, err
}

func (p *program) printReport(ctx context.Context, report *check.Report) error {
	switch p.out.format {
	case "json":
		return (&ndjsonWriter{lines: p.out.lines}).row(record{raw: encode(report)})
	case "ndjson", "csv":
		return printList(ctx, p, findingView(), rowsOf(report.Findings), 0)
	default:
		return p.printReportPage(ctx, report)
	}
}

func findingView() view[check.Finding] {
	return view[check.Finding]{
		noun: "findings",
		columns: []column[check.Finding]{
			field("severity", "Severity", func(f check.Finding) string { return string(f.Severity) }).toned(),
			field("code", "Code", func(f check.Finding) string { return string(f.Code) }),
			field("subject", "Subject", func(f check.Finding) string { return f.Subject }),
			field("what", "What", func(f check.Finding) string { return f.What }).flexible(),
			field("why", "", func(f check.Finding) string { return f.Why }),
			field("mend", "", func(f check.Finding) string { return f.Mend }),
			field("capabilities", "", func(f check.Finding) string { return joinWords(f.Capabilities) }),
		},
		raw: func(f check.Finding) jsontext.Value { return encode(f) },
	}
}

// printReportPage is the report for people: who, what works, what is wrong.
func (p *program) printReportPage(ctx context.Context, report *check.Report) error {
	for _, line := range [][2]string{
		{"Tenant", report.TenantID}, {"Application", report.ClientID}, {"Credential", report.Credential},
		{"Cloud", report.Cloud}, {"Base URL", report.BaseURL},
	} {
		if line[1] != "" {
			p.line(p.out.term.paint(fmt.Sprintf("%-13s", line[0]), toneHeading) + printable(line[1]))
		}
	}
	p.line("")
	if err := printList(ctx, p, capabilityView(), rowsOf(report.Capabilities), 0); err != nil {
		return err
	}
	for _, severity := range []check.Severity{check.OK, check.Info, check.Warning, check.Error} {
		p.printFindings(severity, report.Of(severity))
	}
	p.line("")
	p.line(verdict(report))
	return p.out.lines.flush()
}

// line writes one line to standard output; an error stays with the writer and
// surfaces at the end.
func (p *program) line(text string) { _ = p.out.lines.line([]byte(text)) }

func capabilityView() view[check.CapabilityStatus] {
	return view[check.CapabilityStatus]{
		noun: "capabilities",
		columns: []column[check.CapabilityStatus]{
			field("capability", "Capability", func(c check.CapabilityStatus) string { return string(c.Capability) }),
			stateColumn(),
			field("api", "API", func(c check.CapabilityStatus) string { return string(c.API) }),
			field("title", "What it is", func(c check.CapabilityStatus) string { return c.Title }).dropped(2),
			field("detail", "Detail", func(c check.CapabilityStatus) string { return c.Detail }).flexible().dropped(1),
		},
		raw: func(c check.CapabilityStatus) jsontext.Value { return encode(c) },
	}
}

func stateColumn() column[check.CapabilityStatus] {
	c := field("state", "State", func(c check.CapabilityStatus) string { return string(c.State) })
	c.tone = stateTone
	return c
}

func stateTone(cell string) tone {
	return map[string]tone{
		string(check.Works): toneGood, string(check.Refused): toneBad, string(check.Missing): toneBad, string(check.Unknown): toneFaint,
	}[cell]
}

// printFindings writes the findings of one severity: those that are in order in
// one line each, the others with reason and mend.
func (p *program) printFindings(severity check.Severity, findings []check.Finding) {
	if len(findings) == 0 {
		return
	}
	p.line("")
	width := 100
	if p.out.term.width > 0 {
		width = min(width, p.out.term.width)
	}
	const margin = 9
	for _, f := range findings {
		if f.Code == check.CapabilityOK {
			continue // the table above has it
		}
		label := p.out.term.paint(fmt.Sprintf("%-*s", margin, f.Severity), toneOf(string(f.Severity)))
		paragraphs := []string{f.What}
		if severity != check.OK {
			paragraphs = []string{f.What + " [" + string(f.Code) + "]", f.Why}
		}
		if f.Mend != "" {
			paragraphs = append(paragraphs, "Mend: "+f.Mend)
		}
		for _, paragraph := range paragraphs {
			for _, text := range wrap(printable(paragraph), width-margin) {
				p.line(label + text)
				label = strings.Repeat(" ", margin)
			}
		}
	}
}

// wrap breaks a text into lines of at most width columns, at blanks.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && displayWidth(line)+1+displayWidth(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// verdict is the last line of the report.
func verdict(report *check.Report) string {
	works := 0
	for _, c := range report.Capabilities {
		if c.State == check.Works {
			works++
		}
	}
	return fmt.Sprintf("%d of %d capabilities work; %s, %s.", works, len(report.Capabilities),
		plural(len(report.Of(check.Error)), "error"), plural(len(report.Of(check.Warning)), "warning"))
}
