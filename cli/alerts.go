package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/stream"
)

func newAlertsCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{Use: "alerts", Short: "List, get and update alerts"}
	cmd.AddCommand(newAlertsListCommand(p), newAlertsGetCommand(p), newAlertsUpdateCommand(p))
	return cmd
}

// alertFilter are the filter flags of alerts list.
type alertFilter struct {
	severity, status, category        *enumFlag
	assignedTo, incident, raw, device string
	created, updated                  *timeFlag
	evidence                          bool
	live                              *bool
	limit                             *limitFlag
}

func newAlertsListCommand(p *program) *cobra.Command {
	f := &alertFilter{}
	cmd := reads(&cobra.Command{
		Use: "list", Short: "List alerts, newest first",
		Long: `List alerts. The filters are Microsoft's and are applied by the service; they
combine with "and". --filter takes OData in Microsoft's own terms.` + mirrorHelp,
		Example: `  gatehouse alerts list --severity High --status New
  gatehouse alerts list --since 7d --output ndjson
  gatehouse alerts list --filter "category eq 'Ransomware' and severity ne 'Low'"
  gatehouse alerts list --device web-01.contoso.example`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			desk, err := p.alerts()
			if err != nil {
				return err
			}
			return desk.list(cmd.Context(), f)
		},
	})
	f.severity = addEnum(cmd, "severity", "only this severity", alertSeverities())
	f.status = addEnum(cmd, "status", "only this status", defender.ValidAlertStatuses())
	f.category = addEnum(cmd, "category", "only this category", defender.ValidAlertCategories())
	f.created = addTime(p, cmd, "since", "only alerts created at or after this `TIME`")
	f.updated = addTime(p, cmd, "updated-since", "only alerts updated at or after this `TIME`")
	flags := cmd.Flags()
	flags.StringVar(&f.assignedTo, "assigned-to", "", "only alerts of this `OWNER`")
	flags.StringVar(&f.incident, "incident", "", "only alerts of this incident `ID`")
	flags.StringVar(&f.device, "device", "", "only alerts of this device, by `ID` or exact computer name")
	flags.BoolVar(&f.evidence, "evidence", false, "with the evidence of each alert")
	flags.StringVar(&f.raw, "filter", "", "OData `FILTER` in Microsoft's terms")
	f.live = addLive(cmd)
	f.limit = addLimit(cmd)
	return cmd
}

func alertSeverities() []defender.AlertSeverity {
	return []defender.AlertSeverity{
		defender.SeverityInformational, defender.SeverityLow, defender.SeverityMedium, defender.SeverityHigh, defender.SeverityUnspecified,
	}
}

// odata is the filter that Microsoft applies.
func (f *alertFilter) odata() (defender.Filter, error) {
	incident, err := wholeNumber("--incident", f.incident)
	if err != nil {
		return "", err
	}
	clauses := []defender.Filter{
		equals("severity", f.severity.value), equals("status", f.status.value), equals("category", f.category.value),
		atLeast("alertCreationTime", f.created.at), atLeast("lastUpdateTime", f.updated.at),
		equals("assignedTo", f.assignedTo), incident.equals("incidentId"),
	}
	return and(f.raw, clauses...), nil
}

// matches is the same filter, applied here.
func (f *alertFilter) matches(a defender.Alert) bool {
	return isWord(string(a.Severity), f.severity.value) && isWord(string(a.Status), f.status.value) &&
		isWord(a.Category, f.category.value) && isWord(a.AssignedTo, f.assignedTo) &&
		(f.incident == "" || idText(a.IncidentID) == f.incident) &&
		since(a.AlertCreationTime, f.created.at) && since(a.LastUpdateTime, f.updated.at)
}

// alertDesk is where alerts are looked up and updated.
type alertDesk interface {
	list(ctx context.Context, f *alertFilter) error
	get(ctx context.Context, id string) (defender.Alert, error)
	update(ctx context.Context, ids []string, update defender.AlertUpdate) error
}

func (p *program) alerts() (alertDesk, error) {
	return at[alertDesk](p, localAlerts{p}, func(s *service) alertDesk { return remoteAlerts{s} })
}

// localAlerts asks the mirror of this machine, or Microsoft.
type localAlerts struct{ *program }

func (p localAlerts) list(ctx context.Context, f *alertFilter) error {
	filter, err := f.odata()
	if err != nil {
		return err
	}
	if f.device != "" && (filter != "" || f.evidence) {
		return usagef("--device cannot be combined with a filter or --evidence: Microsoft lists all alerts of a device, with their evidence")
	}
	answered, err := p.fromMirror(ctx, stream.Alerts, *f.live || f.raw != "" || f.device != "", true, func(m mirrored) error {
		created := func(a defender.Alert) defender.Time { return a.AlertCreationTime }
		return printList(ctx, p.program, alertView(), newest(ctx, m, f.matches, created), f.limit.rows)
	})
	if answered || err != nil {
		return err
	}
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	if f.device != "" {
		return p.listDeviceAlerts(ctx, client, f)
	}
	query := &defender.Query{Filter: filter, Top: f.limit.rows}
	if f.evidence {
		query.Expand = []string{"evidence"}
	}
	return printList(ctx, p.program, alertView(), client.Alerts.List(ctx, query), f.limit.rows)
}

func (p *program) listDeviceAlerts(ctx context.Context, client *defender.Client, f *alertFilter) error {
	device, err := findDevice(ctx, client, f.device)
	if err != nil {
		return err
	}
	return printList(ctx, p, alertView(), client.Machines.Alerts(ctx, device.ID), f.limit.rows)
}

func newAlertsGetCommand(p *program) *cobra.Command {
	return reads(&cobra.Command{
		Use: "get ID", Short: "Show one alert with its evidence and comments",
		Example: "  gatehouse alerts get da637551227677560813_-961444813 --output json",
		Args:    wants("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkAlertIDs(args); err != nil {
				return err
			}
			desk, err := p.alerts()
			if err != nil {
				return err
			}
			alert, err := desk.get(cmd.Context(), args[0])
			if err != nil && !isDecodeError(err) {
				return err
			}
			return printOne(p, alertView(), alert)
		},
	})
}

func newAlertsUpdateCommand(p *program) *cobra.Command {
	var update defender.AlertUpdate
	cmd := follows(&cobra.Command{
		Use: "update ID...", Short: "Change status, owner, classification or determination, or add a comment",
		Long: `Update one alert and print it as it is afterwards, or several alerts in the same
way with one call. Fields that are not given stay as they are. Every value is
checked before anything is sent.` + remoteChangeHelp + ` Every
alert gets a comment then, with the id of the action at its end.`,
		Example: `  gatehouse alerts update da637551227677560813_-961444813 --status Resolved \
    --classification TruePositive --determination Malware --comment "wiped"
  gatehouse alerts update ID1 ID2 ID3 --assigned-to secop@contoso.example`,
		Args: wants("ID..."),
	})
	status := addEnum(cmd, "status", "new status", defender.ValidAlertStatuses())
	classification := addEnum(cmd, "classification", "what it turned out to be", defender.ValidAlertClassifications())
	determination := addEnum(cmd, "determination", "why", defender.ValidAlertDeterminations())
	cmd.Flags().StringVar(&update.AssignedTo, "assigned-to", "", "new `OWNER`, usually a user principal name")
	cmd.Flags().StringVar(&update.Comment, "comment", "", "`TEXT` to add to the comments")
	cmd.RunE = func(cmd *cobra.Command, ids []string) error {
		update.Status = defender.AlertStatus(status.value)
		update.Classification = defender.AlertClassification(classification.value)
		update.Determination = defender.AlertDetermination(determination.value)
		if update == (defender.AlertUpdate{}) {
			return usagef("nothing to update: give --status, --assigned-to, --classification, --determination or --comment")
		}
		if err := checkAlertIDs(ids); err != nil {
			return err
		}
		desk, err := p.alerts()
		if err != nil {
			return err
		}
		return desk.update(cmd.Context(), ids, update)
	}
	return cmd
}

func (p localAlerts) get(ctx context.Context, id string) (defender.Alert, error) {
	client, err := p.useDefender()
	if err != nil {
		return defender.Alert{}, err
	}
	return client.Alerts.Get(ctx, id)
}

func (p localAlerts) update(ctx context.Context, ids []string, update defender.AlertUpdate) error {
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	if len(ids) > 1 {
		if err := client.Alerts.BatchUpdate(ctx, ids, update); err != nil {
			return err
		}
		p.sayf("%s", updatedText(len(ids)))
		return nil
	}
	alert, err := client.Alerts.Update(ctx, ids[0], update)
	if err != nil && !isDecodeError(err) {
		return err
	}
	return printOne(p.program, alertView(), alert)
}

// updatedText says what was done to several alerts.
func updatedText(alerts int) string { return "updated " + plural(alerts, "alert") }

func alertView() view[defender.Alert] {
	type alert = defender.Alert
	return view[alert]{
		noun: "alerts",
		columns: []column[alert]{
			field("id", "Id", func(a alert) string { return a.ID }).dropped(7),
			field("severity", "Severity", func(a alert) string { return string(a.Severity) }).toned(),
			field("status", "Status", func(a alert) string { return string(a.Status) }).toned(),
			field("title", "Title", func(a alert) string { return a.Title }).flexible(),
			field("computerDnsName", "Device", func(a alert) string { return a.ComputerDNSName }).flexible().dropped(6),
			field("category", "Category", func(a alert) string { return a.Category }).dropped(2),
			moment("alertCreationTime", "Created", func(a alert) defender.Time { return a.AlertCreationTime }).dropped(5),
			field("assignedTo", "Owner", func(a alert) string { return a.AssignedTo }).dropped(1),
			field("classification", "Classification", func(a alert) string { return string(a.Classification) }).dropped(4),
			field("determination", "Determination", func(a alert) string { return string(a.Determination) }).dropped(3),
			field("incidentId", "", func(a alert) string { return idText(a.IncidentID) }),
			field("machineId", "", func(a alert) string { return a.MachineID }),
			field("detectionSource", "", func(a alert) string { return a.DetectionSource }),
			field("threatName", "", func(a alert) string { return a.ThreatName }),
			moment("firstEventTime", "", func(a alert) defender.Time { return a.FirstEventTime }),
			moment("lastEventTime", "", func(a alert) defender.Time { return a.LastEventTime }),
			moment("lastUpdateTime", "", func(a alert) defender.Time { return a.LastUpdateTime }),
			moment("resolvedTime", "", func(a alert) defender.Time { return a.ResolvedTime }),
			field("investigationState", "", func(a alert) string { return a.InvestigationState }),
			field("mitreTechniques", "", func(a alert) string { return listed(a.MitreTechniques) }),
			field("description", "", func(a alert) string { return a.Description }),
			field("evidence", "", func(a alert) string { return evidenceText(a.Evidence) }),
			field("comments", "", func(a alert) string { return commentText(a.Comments) }),
		},
		raw: func(a alert) jsontext.Value { return a.Raw },
	}
}

func commentText(comments []defender.AlertComment) string {
	var lines []string
	for _, c := range comments {
		if c.Comment != "" {
			lines = append(lines, fmt.Sprintf("%s %s: %s", c.CreatedTime.UTC().Format(time.DateOnly), c.CreatedBy, c.Comment))
		}
	}
	return strings.Join(lines, "; ")
}

// evidenceText names each piece of evidence by what identifies it.
func evidenceText(evidence []defender.Evidence) string {
	var parts []string
	for _, e := range evidence {
		for _, name := range []string{e.FileName, e.URL, e.IPAddress, e.RegistryKey, e.UserPrincipalName, e.AccountName} {
			if name != "" {
				parts = append(parts, e.EntityType+" "+name)
				break
			}
		}
	}
	return listed(parts)
}
