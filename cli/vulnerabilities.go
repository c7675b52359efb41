package cli

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/stream"
)

func newVulnerabilitiesCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{Use: "vulnerabilities", Short: "List CVEs, who is exposed, and every vulnerable software", Aliases: []string{"vulns"}}
	cmd.AddCommand(newVulnerabilitiesListCommand(p), newVulnerabilitiesGetCommand(p), newVulnerabilitiesExportCommand(p))
	return cmd
}

// vulnerabilityFilter are the flags of vulnerabilities list.
type vulnerabilityFilter struct {
	severity           *enumFlag
	published, updated *timeFlag
	score              float64
	device, cve, raw   string
	live               *bool
	limit              *limitFlag
}

func newVulnerabilitiesListCommand(p *program) *cobra.Command {
	f := &vulnerabilityFilter{}
	cmd := reads(&cobra.Command{
		Use: "list", Short: "List the CVEs that touch the tenant, those of a device, or the devices of a CVE",
		Long: `List the CVEs that touch the tenant. With --device, those of one device; with
--cve, the devices that one CVE touches. The filters are Microsoft's and go with
the tenant's list alone.` + mirrorHelp,
		Example: `  gatehouse vulnerabilities list --severity Critical
  gatehouse vulnerabilities list --min-cvss 9 --published-since 30d
  gatehouse vulnerabilities list --device web-01.contoso.example
  gatehouse vulnerabilities list --cve CVE-2026-12345 --output csv`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			desk, err := p.vulnerabilities()
			if err != nil {
				return err
			}
			return desk.list(cmd.Context(), f)
		},
	})
	f.severity = addEnum(cmd, "severity", "only this severity", []string{"Low", "Medium", "High", "Critical"})
	f.published = addTime(p, cmd, "published-since", "only CVEs published at or after this `TIME`")
	f.updated = addTime(p, cmd, "updated-since", "only CVEs updated at or after this `TIME`")
	flags := cmd.Flags()
	flags.Float64Var(&f.score, "min-cvss", 0, "only CVEs with at least this CVSS `SCORE`, 0 to 10")
	flags.StringVar(&f.device, "device", "", "the CVEs of this device, by `ID` or exact computer name")
	flags.StringVar(&f.cve, "cve", "", "the devices that this `CVE` touches")
	flags.StringVar(&f.raw, "filter", "", "OData `FILTER` in Microsoft's terms")
	f.live = addLive(cmd)
	f.limit = addLimit(cmd)
	return cmd
}

// odata is the filter that Microsoft applies.
func (f *vulnerabilityFilter) odata() (defender.Filter, error) {
	if f.score < 0 || f.score > 10 {
		return "", usagef("--min-cvss %g is not a CVSS score: give 0 to 10", f.score)
	}
	clauses := []defender.Filter{
		equals("severity", f.severity.value), atLeast("publishedOn", f.published.at), atLeast("updatedOn", f.updated.at),
	}
	if f.score > 0 {
		clauses = append(clauses, defender.Ge("cvssV3", f.score))
	}
	return and(f.raw, clauses...), nil
}

// question is the filter, once the flags are known to ask one question.
func (f *vulnerabilityFilter) question() (defender.Filter, error) {
	filter, err := f.odata()
	switch {
	case err != nil:
		return "", err
	case f.device != "" && f.cve != "":
		return "", usagef("--device and --cve are two questions: ask one at a time")
	case filter != "" && (f.device != "" || f.cve != ""):
		return "", usagef("the filters go with the tenant's list alone, not with --device or --cve")
	}
	return filter, nil
}

// matches is the same filter, applied here.
func (f *vulnerabilityFilter) matches(v defender.Vulnerability) bool {
	return isWord(v.Severity, f.severity.value) && since(v.PublishedOn, f.published.at) &&
		since(v.UpdatedOn, f.updated.at) && (f.score == 0 || v.CVSSV3 >= f.score)
}

// vulnerabilityDesk is where vulnerabilities are looked up.
type vulnerabilityDesk interface {
	list(ctx context.Context, f *vulnerabilityFilter) error
	get(ctx context.Context, cve string) (defender.Vulnerability, error)
	export(ctx context.Context, since time.Time, limit int) error
}

func (p *program) vulnerabilities() (vulnerabilityDesk, error) {
	return at[vulnerabilityDesk](p, localVulnerabilities{p}, func(s *service) vulnerabilityDesk { return remoteVulnerabilities{s} })
}

// localVulnerabilities asks the mirror of this machine, or Microsoft.
type localVulnerabilities struct{ *program }

func (p localVulnerabilities) list(ctx context.Context, f *vulnerabilityFilter) error {
	filter, err := f.question()
	if err != nil {
		return err
	}
	switch {
	case f.cve != "":
		return p.listExposed(ctx, f)
	case f.device != "":
		return p.listDeviceVulnerabilities(ctx, f)
	}
	answered, err := p.fromMirror(ctx, stream.CVEs, *f.live || f.raw != "", false, func(m mirrored) error {
		return printList(ctx, p.program, vulnerabilityView(), itemsOf(ctx, m, f.matches), f.limit.rows)
	})
	if answered || err != nil {
		return err
	}
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	query := &defender.Query{Filter: filter, Top: f.limit.rows}
	return printList(ctx, p.program, vulnerabilityView(), client.Vulnerabilities.List(ctx, query), f.limit.rows)
}

func (p *program) listExposed(ctx context.Context, f *vulnerabilityFilter) error {
	id, err := cveID("--cve", f.cve)
	if err != nil {
		return err
	}
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	return printList(ctx, p, exposedView(), client.Vulnerabilities.Machines(ctx, id), f.limit.rows)
}

func (p *program) listDeviceVulnerabilities(ctx context.Context, f *vulnerabilityFilter) error {
	if err := checkDevice(f.device); err != nil {
		return err
	}
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	device, err := findDevice(ctx, client, f.device)
	if err != nil {
		return err
	}
	return printList(ctx, p, vulnerabilityView(), client.Vulnerabilities.ByMachine(ctx, device.ID), f.limit.rows)
}

func newVulnerabilitiesGetCommand(p *program) *cobra.Command {
	return reads(&cobra.Command{
		Use: "get CVE", Short: "Show one CVE",
		Example: "  gatehouse vulnerabilities get CVE-2026-12345",
		Args:    wants("CVE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := cveID("the argument", args[0])
			if err != nil {
				return err
			}
			desk, err := p.vulnerabilities()
			if err != nil {
				return err
			}
			found, err := desk.get(cmd.Context(), id)
			if err != nil && !isDecodeError(err) {
				return err
			}
			return printOne(p, vulnerabilityView(), found)
		},
	})
}

func newVulnerabilitiesExportCommand(p *program) *cobra.Command {
	var limit *limitFlag
	var since *timeFlag
	cmd := reads(&cobra.Command{
		Use: "export", Short: "Export every vulnerable software of every device, or what changed",
		Long: `Print one row for each device, software, version and CVE, out of the files of
Microsoft's snapshot, which is renewed every six hours. With --since, the rows
that changed at or after that time, at most 14 days back. Memory does not grow
with the number of rows.`,
		Example: `  gatehouse vulnerabilities export --output ndjson > rows.ndjson
  gatehouse vulnerabilities export --since 2d --output csv`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			desk, err := p.vulnerabilities()
			if err != nil {
				return err
			}
			return desk.export(cmd.Context(), since.at, limit.rows)
		},
	})
	since = addTime(p, cmd, "since", "only what changed at or after this `TIME`, at most 14 days back")
	limit = addLimit(cmd)
	return cmd
}

func (p localVulnerabilities) get(ctx context.Context, cve string) (defender.Vulnerability, error) {
	client, err := p.useDefender()
	if err != nil {
		return defender.Vulnerability{}, err
	}
	return client.Vulnerabilities.Get(ctx, cve)
}

func (p localVulnerabilities) export(ctx context.Context, since time.Time, limit int) error {
	const longest = 14 * 24 * time.Hour
	if !since.IsZero() && p.now().Sub(since) > longest {
		return usagef("--since %s is more than 14 days back: Microsoft keeps no older changes; leave --since out for the full export", since.Format(time.DateOnly))
	}
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	if since.IsZero() {
		return printList(ctx, p.program, softwareVulnerabilityView(), client.SoftwareVulnerabilities.Export(ctx, nil), limit)
	}
	changes := client.SoftwareVulnerabilities.Changes(ctx, since, &defender.ExportQuery{Top: limit})
	return printList(ctx, p.program, softwareVulnerabilityView(), changes, limit)
}

func vulnerabilityView() view[defender.Vulnerability] {
	type cve = defender.Vulnerability
	return view[cve]{
		noun: "vulnerabilities",
		columns: []column[cve]{
			field("id", "CVE", func(v cve) string { return v.ID }),
			field("severity", "Severity", func(v cve) string { return v.Severity }).toned(),
			decimal("cvssV3", "CVSS", func(v cve) float64 { return v.CVSSV3 }).dropped(5),
			count("exposedMachines", "Exposed", func(v cve) int64 { return v.ExposedMachines }),
			flagged("publicExploit", "Exploit", func(v cve) bool { return v.PublicExploit }).dropped(4),
			decimal("epss", "EPSS", func(v cve) float64 { return v.EPSS }).whole().dropped(3),
			moment("publishedOn", "Published", func(v cve) defender.Time { return v.PublishedOn }).dropped(2),
			field("description", "Description", func(v cve) string { return v.Description }).flexible().dropped(1),
			moment("updatedOn", "", func(v cve) defender.Time { return v.UpdatedOn }),
			flagged("exploitVerified", "", func(v cve) bool { return v.ExploitVerified }),
			flagged("exploitInKit", "", func(v cve) bool { return v.ExploitInKit }),
			field("exploitTypes", "", func(v cve) string { return listed(v.ExploitTypes) }),
			field("cvssVector", "", func(v cve) string { return v.CVSSVector }),
		},
		raw: func(v cve) jsontext.Value { return v.Raw },
	}
}

func exposedView() view[defender.MachineReference] {
	type device = defender.MachineReference
	return view[device]{
		noun: "exposed devices",
		columns: []column[device]{
			field("id", "Id", func(d device) string { return d.ID }),
			field("computerDnsName", "Name", func(d device) string { return d.ComputerDNSName }).flexible(),
			field("osPlatform", "OS", func(d device) string { return d.OSPlatform }).dropped(2),
			field("rbacGroupName", "Group", func(d device) string { return d.RbacGroupName }).dropped(1),
		},
		raw: func(d device) jsontext.Value { return d.Raw },
	}
}

func softwareVulnerabilityView() view[defender.SoftwareVulnerability] {
	type row = defender.SoftwareVulnerability
	return view[row]{
		noun: "rows",
		columns: []column[row]{
			field("status", "Status", func(r row) string { return r.Status }).dropped(8),
			field("deviceName", "Device", func(r row) string { return r.DeviceName }).flexible(),
			field("softwareVendor", "Vendor", func(r row) string { return r.SoftwareVendor }).dropped(2),
			field("softwareName", "Software", func(r row) string { return r.SoftwareName }).flexible(),
			field("softwareVersion", "Version", func(r row) string { return r.SoftwareVersion }).dropped(5),
			field("cveId", "CVE", func(r row) string { return r.CVEID }),
			field("vulnerabilitySeverityLevel", "Severity", func(r row) string { return r.VulnerabilitySeverityLevel }).toned().dropped(7),
			decimal("cvssScore", "CVSS", func(r row) float64 { return r.CVSSScore }).dropped(4),
			field("exploitabilityLevel", "Exploit", func(r row) string { return r.ExploitabilityLevel }).dropped(3),
			field("recommendedSecurityUpdate", "Update", func(r row) string { return r.RecommendedSecurityUpdate }).flexible().dropped(1),
			field("id", "", func(r row) string { return r.ID }),
			field("deviceId", "", func(r row) string { return r.DeviceID }),
			field("rbacGroupName", "", func(r row) string { return r.RbacGroupName }),
			field("osPlatform", "", func(r row) string { return r.OSPlatform }),
			moment("firstSeenTimestamp", "", func(r row) defender.Time { return r.FirstSeenTimestamp }),
			moment("lastSeenTimestamp", "", func(r row) defender.Time { return r.LastSeenTimestamp }),
			moment("eventTimestamp", "", func(r row) defender.Time { return r.EventTimestamp }),
		},
		raw: func(r row) jsontext.Value { return r.Raw },
	}
}
