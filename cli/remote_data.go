package cli

import (
	"context"
	"iter"
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
	if f.raw != "" {
		return noOData("devices list")
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
	records := s.records(ctx, s.Devices, client.Query{Filter: w, Live: *f.live}, f.limit.rows)
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
	if f.raw != "" {
		return noOData("alerts list")
	}
	var w where
	if f.device != "" {
		device, err := s.deviceID(ctx, f.device)
		if err != nil {
			return err
		}
		w.eq("device", device)
	}
	w.eq("severity", f.severity.value)
	w.eq("status", f.status.value)
	w.eq("category", f.category.value)
	w.eq("assignedTo", f.assignedTo)
	w.eq("incident", f.incident)
	w.since("created", f.created)
	w.since("updated", f.updated)
	records := s.records(ctx, s.Alerts, client.Query{Filter: w, Sort: "-created", Live: *f.live}, f.limit.rows)
	return printList(ctx, s.p, alertView(), remoteItems(records, f.matches), f.limit.rows)
}

func (s remoteAlerts) get(ctx context.Context, id string) (defender.Alert, error) {
	return remoteItem[defender.Alert](ctx, s.service, s.Alerts, id)
}

// remoteVulnerabilities asks a server for vulnerabilities.
type remoteVulnerabilities struct{ *service }

var _ vulnerabilityDesk = remoteVulnerabilities{}

func (s remoteVulnerabilities) list(ctx context.Context, f *vulnerabilityFilter) error {
	if _, err := f.question(); err != nil {
		return err
	}
	switch {
	case f.raw != "":
		return noOData("vulnerabilities list")
	case *f.live && (f.device != "" || f.cve != ""):
		return usagef("--live is for the tenant's list with --server: which device has which CVE comes from Microsoft in files, which take minutes")
	case f.cve != "":
		return s.listExposed(ctx, f)
	case f.device != "":
		return s.listOfDevice(ctx, f)
	}
	var w where
	w.eq("severity", f.severity.value)
	w.since("published", f.published)
	w.since("updated", f.updated)
	if f.score > 0 {
		w = append(w, "cvss[ge]"+strconv.FormatFloat(f.score, 'f', -1, 64))
	}
	records := s.records(ctx, s.CVEs, client.Query{Filter: w, Live: *f.live}, f.limit.rows)
	return printList(ctx, s.p, vulnerabilityView(), remoteItems(records, f.matches), f.limit.rows)
}

// found yields the rows of devices and CVEs that meet a condition.
func (s remoteVulnerabilities) found(ctx context.Context, field, value string) iter.Seq2[defender.SoftwareVulnerability, error] {
	var w where
	w.eq(field, value)
	return remoteItems(s.records(ctx, s.Vulnerabilities, client.Query{Filter: w}, 0), every[defender.SoftwareVulnerability])
}

// listExposed prints the devices that a CVE touches, each once.
func (s remoteVulnerabilities) listExposed(ctx context.Context, f *vulnerabilityFilter) error {
	id, err := cveID("--cve", f.cve)
	if err != nil {
		return err
	}
	devices := func(yield func(defender.MachineReference, error) bool) {
		seen := map[string]bool{}
		for row, err := range s.found(ctx, "cve", id) {
			if seen[row.DeviceID] && err == nil {
				continue
			}
			seen[row.DeviceID] = true
			device := defender.MachineReference{ID: row.DeviceID, ComputerDNSName: row.DeviceName, OSPlatform: row.OSPlatform, RbacGroupName: row.RbacGroupName}
			device.Raw = encode(device)
			if !yield(device, notInColumns(err)) {
				return
			}
		}
	}
	return printList(ctx, s.p, exposedView(), devices, f.limit.rows)
}

// listOfDevice prints the CVEs of a device.
func (s remoteVulnerabilities) listOfDevice(ctx context.Context, f *vulnerabilityFilter) error {
	device, err := s.deviceID(ctx, f.device)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for row, err := range s.found(ctx, "device", device) {
		if err != nil {
			return notInColumns(err)
		}
		has[row.CVEID] = true
	}
	records := s.records(ctx, s.CVEs, client.Query{}, 0)
	mine := func(v defender.Vulnerability) bool { return has[v.ID] }
	return printList(ctx, s.p, vulnerabilityView(), remoteItems(records, mine), f.limit.rows)
}

// notInColumns refuses rows that came through Graph.
func notInColumns(err error) error {
	if !isDecodeError(err) {
		return err
	}
	return usagef("the server reads vulnerabilities through Graph, whose rows have other columns: gatehouse records list vulnerabilities has them")
}

// every is the filter that wants all.
func every[T any](T) bool { return true }

func (s remoteVulnerabilities) get(ctx context.Context, cve string) (defender.Vulnerability, error) {
	return remoteItem[defender.Vulnerability](ctx, s.service, s.CVEs, cve)
}

func (s remoteVulnerabilities) export(ctx context.Context, since time.Time, limit int) error {
	if !since.IsZero() {
		return notThere("vulnerabilities export --since", "gatehouse events --stream vulnerabilities has the changes there")
	}
	records := s.records(ctx, s.Vulnerabilities, client.Query{}, limit)
	return printList(ctx, s.p, softwareVulnerabilityView(), remoteItems(records, every[defender.SoftwareVulnerability]), limit)
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
