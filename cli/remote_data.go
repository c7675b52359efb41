package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/client"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// remoteDevices asks a server for devices.
type remoteDevices struct{ *service }

var _ deviceDesk = remoteDevices{}

func (s remoteDevices) list(ctx context.Context, f *deviceFilter) error {
	if _, err := f.odata(); err != nil {
		return err
	}
	if f.raw != "" || *f.live {
		return notThere("devices list with --filter or --live", "leave them out, or leave out --server")
	}
	var w where
	for _, word := range f.words {
		w.eq(word.facet, word.word())
	}
	w.eq("tag", f.tag)
	if f.name != "" {
		w = append(w, "name[prefix]"+f.name)
	}
	w.since("lastSeen", f.since)
	records := s.records(ctx, s.Devices, client.Query{Filter: w}, f.limit.rows)
	return printList(ctx, s.p, deviceView(), remoteItems(records, f.matches), f.limit.rows)
}

func (s remoteDevices) get(ctx context.Context, idOrName string) (defender.Machine, error) {
	return remoteItem[defender.Machine](ctx, s.service, s.Devices, idOrName)
}

// remoteAlerts asks a server for alerts.
type remoteAlerts struct{ *service }

var _ alertDesk = remoteAlerts{}

func (s remoteAlerts) list(ctx context.Context, f *alertFilter) error {
	if _, err := f.odata(); err != nil {
		return err
	}
	if f.raw != "" || *f.live || f.device != "" {
		return notThere("alerts list with --filter, --device or --live", "leave them out, or leave out --server")
	}
	var w where
	w.eq("severity", f.severity.value)
	w.eq("status", f.status.value)
	w.eq("category", f.category.value)
	w.eq("assignedTo", f.assignedTo)
	w.eq("incident", f.incident)
	w.since("created", f.created)
	w.since("updated", f.updated)
	records := s.records(ctx, s.Alerts, client.Query{Filter: w, Sort: "-created"}, f.limit.rows)
	return printList(ctx, s.p, alertView(), remoteItems(records, f.matches), f.limit.rows)
}

func (s remoteAlerts) get(ctx context.Context, id string) (defender.Alert, error) {
	return remoteItem[defender.Alert](ctx, s.service, s.Alerts, id)
}

// remoteVulnerabilities asks a server for vulnerabilities.
type remoteVulnerabilities struct{ *service }

var _ vulnerabilityDesk = remoteVulnerabilities{}

func (s remoteVulnerabilities) list(ctx context.Context, f *vulnerabilityFilter) error {
	if _, err := f.odata(); err != nil {
		return err
	}
	if f.raw != "" || *f.live || f.device != "" || f.cve != "" {
		return notThere("vulnerabilities list with --filter, --device, --cve or --live",
			"leave them out, or leave out --server; gatehouse vulnerabilities export has each device with its CVEs")
	}
	var w where
	w.eq("severity", f.severity.value)
	w.since("published", f.published)
	w.since("updated", f.updated)
	if f.score > 0 {
		w = append(w, "cvss[ge]"+strconv.FormatFloat(f.score, 'f', -1, 64))
	}
	records := s.records(ctx, s.CVEs, client.Query{Filter: w}, f.limit.rows)
	return printList(ctx, s.p, vulnerabilityView(), remoteItems(records, f.matches), f.limit.rows)
}

func (s remoteVulnerabilities) get(ctx context.Context, cve string) (defender.Vulnerability, error) {
	return remoteItem[defender.Vulnerability](ctx, s.service, s.CVEs, cve)
}

func (s remoteVulnerabilities) export(ctx context.Context, since time.Time, limit int) error {
	if !since.IsZero() {
		return notThere("vulnerabilities export --since", "gatehouse events --stream vulnerabilities has the changes there")
	}
	every := func(defender.SoftwareVulnerability) bool { return true }
	records := s.records(ctx, s.Vulnerabilities, client.Query{}, limit)
	return printList(ctx, s.p, softwareVulnerabilityView(), remoteItems(records, every), limit)
}

// remoteScores asks a server for scores. It has the numbers, not Microsoft's
// documents.
type remoteScores struct{ *service }

var _ scoreDesk = remoteScores{}

func (s remoteScores) rows(ctx context.Context, only string) ([]scoreRow, error) {
	i, err := s.chosen(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := s.Scores.List(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	for _, problem := range answer.Problems {
		s.p.warnf("%s: %s", i.Name, describeProblem(&problem))
	}
	var rows []scoreRow
	for _, score := range answer.Items {
		row := scoreRow{Kind: "exposure", API: gatehouse.APIMDE, Raw: encodeWire(score), value: score.Value, most: score.Maximum, time: defender.Time{Time: score.Time}}
		kind := "exposure"
		switch score.Stream {
		case stream.ConfigurationScore:
			row.Kind, kind = "configuration", "configuration"
		case stream.SecureScores:
			row.Kind, kind, row.API = "secure", "secure", gatehouse.APIGraph
		default:
			if group, ok := strings.CutPrefix(score.ID, "group:"); ok {
				row.Group, kind = group, "groups"
			}
		}
		if only == "" || only == kind {
			rows = append(rows, row)
		}
	}
	return rows, nil
}
