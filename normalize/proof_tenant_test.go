package normalize

import (
	"context"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// tally counts what one list has shown.
type tally struct {
	records, violations, lost int
	allThereAre               bool
}

// TestProofEveryStream maps 10,000 records of every stream, through every door, and
// as many rows of every hunting table: no violation, no leaf lost. Without
// GATEHOUSE_PROOF=full it takes a sample.
func TestProofEveryStream(t *testing.T) {
	t.Parallel()
	n := 120
	size := emulator.Size{Devices: 60, Alerts: n, AlertsPerIncident: 1, Actions: n}
	if os.Getenv("GATEHOUSE_PROOF") == "full" {
		n = 10_000
		size = emulator.Size{Devices: n, Alerts: n, AlertsPerIncident: 1, Actions: n, Software: n, Vulnerabilities: n}
	}
	mde, security := inventoryClients(t, emulator.Options{Size: size, NoLimits: true})
	p := prover{t: t, n: n, lost: lostLeaves}
	ctx := context.Background()
	p.sweepAlerts(ctx, mde, security)
	for _, table := range HuntingTables() {
		if documentedColumns()[table] == "" {
			p.asInventory()
		}
		p.sweepTable(ctx, table, mde, security)
	}
	p.asInventory()
	p.sweepInventory(ctx, mde, security)
	p.sweepScores(ctx, mde, security)
	if p.total.violations+p.total.lost > 0 {
		t.Errorf("%d violations, %d leaves lost", p.total.violations, p.total.lost)
	}
	t.Logf("%d records in all: %d violations, %d leaves lost", p.total.records, p.total.violations, p.total.lost)
}

// prover sweeps lists and counts.
type prover struct {
	t     *testing.T
	n     int
	lost  func(raw, event []byte) []string // as the tests of the streams at hand look for leaves
	total tally
}

// asInventory looks for lost leaves as the tests of the inventory do.
func (p *prover) asInventory() {
	p.lost = func(raw, event []byte) []string { return lostOf(p.t, raw, event) }
}

func (p *prover) sweepAlerts(ctx context.Context, mde *defender.Client, security *graph.Client) {
	sweep(p, "alerts", gatehouse.APIMDE, Alert, mde.Alerts.List(ctx, &defender.Query{Expand: []string{"evidence"}}), func(v *defender.Alert) []byte { return v.Raw })
	sweep(p, "alerts", gatehouse.APIGraph, Alert, security.Alerts.List(ctx, nil), func(v *graph.Alert) []byte { return v.Raw })
	sweep(p, "incidents", gatehouse.APIXDR, Incident, mde.Incidents.List(ctx, nil), func(v *defender.Incident) []byte { return v.Raw })
	sweep(p, "incidents", gatehouse.APIGraph, Incident, security.Incidents.List(ctx, &graph.Query{ExpandAlerts: true}), func(v *graph.Incident) []byte { return v.Raw })
}

func (p *prover) sweepInventory(ctx context.Context, mde *defender.Client, security *graph.Client) {
	sweep(p, "devices", gatehouse.APIMDE, Device, mde.Machines.List(ctx, nil), func(v *defender.Machine) []byte { return v.Raw })
	sweep(p, "machine-actions", gatehouse.APIMDE, MachineAction, mde.MachineActions.List(ctx, nil), func(v *defender.MachineAction) []byte { return v.Raw })
	sweep(p, "vulnerabilities", gatehouse.APIMDE, Vulnerability, mde.SoftwareVulnerabilities.List(ctx, nil), func(v *defender.SoftwareVulnerability) []byte { return v.Raw })
	sweep(p, "vulnerabilities as files", gatehouse.APIMDE, Vulnerability, mde.SoftwareVulnerabilities.Export(ctx, nil), func(v *defender.SoftwareVulnerability) []byte { return v.Raw })
	sweep(p, "cves", gatehouse.APIMDE, CVE, mde.Vulnerabilities.List(ctx, nil), func(v *defender.Vulnerability) []byte { return v.Raw })
	sweep(p, "software", gatehouse.APIMDE, Software, mde.Software.List(ctx, nil), func(v *defender.Software) []byte { return v.Raw })
	sweep(p, "recommendations", gatehouse.APIMDE, Recommendation, mde.Recommendations.List(ctx, nil), func(v *defender.Recommendation) []byte { return v.Raw })
	sweep(p, "secure-score-controls", gatehouse.APIGraph, SecureScoreControl, security.SecureScores.ControlProfiles(ctx, nil), func(v *graph.ControlProfile) []byte { return v.Raw })
}

func (p *prover) sweepScores(ctx context.Context, mde *defender.Client, security *graph.Client) {
	raw := func(v *defender.Score) []byte { return v.Raw }
	one := func(s defender.Score, err error) iter.Seq2[defender.Score, error] {
		return func(yield func(defender.Score, error) bool) { yield(s, err) }
	}
	sweep(p, "exposure-score", gatehouse.APIMDE, ExposureScore, one(mde.Scores.Exposure(ctx)), raw)
	sweep(p, "exposure-score of groups", gatehouse.APIMDE, ExposureScore, mde.Scores.ExposureByMachineGroup(ctx), raw)
	sweep(p, "configuration-score", gatehouse.APIMDE, ConfigurationScore, one(mde.Scores.Configuration(ctx)), raw)
	sweep(p, "secure-scores", gatehouse.APIGraph, SecureScore, security.SecureScores.List(ctx, nil), func(v *graph.SecureScore) []byte { return v.Raw })
}

// sweepTable sweeps a hunting table through both doors.
func (p *prover) sweepTable(ctx context.Context, table string, mde *defender.Client, security *graph.Client) {
	byMDE, err := mde.Hunting.Run(ctx, table+" | take 10000")
	if err != nil {
		p.t.Fatalf("%s: %v", table, err)
	}
	sweep(p, table, gatehouse.APIMDE, rowOf(table), byMDE.Rows(), func(v *defender.Row) []byte { return v.Raw })
	byGraph, err := security.Hunting.Run(ctx, table+" | take 10000", nil)
	if err != nil {
		p.t.Fatalf("%s: %v", table, err)
	}
	sweep(p, table, gatehouse.APIGraph, rowOf(table), byGraph.Rows(), func(v *graph.Row) []byte { return v.Raw })
	if err := byMDE.Close(); err != nil {
		p.t.Error(err)
	}
	if err := byGraph.Close(); err != nil {
		p.t.Error(err)
	}
}

// sweep maps the records of a list, and prints what came of it.
func sweep[T any](p *prover, what string, api gatehouse.API, f normalizer, list iter.Seq2[T, error], raw func(*T) []byte) {
	var seen tally
	var line []byte
	seen.allThereAre = true
	kinds := []gatehouse.EventKind{gatehouse.EventCreated, gatehouse.EventUpdated, gatehouse.EventRemoved}
	for item, err := range list {
		if err != nil {
			p.t.Fatalf("%s %s: %v", what, api, err)
		}
		in := Input{Raw: raw(&item), API: api, Kind: kinds[seen.records%len(kinds)], EventID: "0123456789abcdef0123456789abcdef", Logged: time.Unix(1_790_000_000, 0)}
		event, err := f(in)
		if err != nil {
			p.t.Fatalf("%s %s: %v\n%s", what, api, err, in.Raw)
		}
		var violations []ocsf.Violation
		line, violations = ocsf.Validator{}.Append(line[:0], event)
		lost := p.lost(in.Raw, line)
		if len(violations)+len(lost) > 0 && seen.violations+seen.lost == 0 {
			p.t.Errorf("%s %s: %v, lost %v\n%s", what, api, violations, lost, in.Raw)
		}
		seen.violations, seen.lost = seen.violations+len(violations), seen.lost+len(lost)
		if seen.records++; seen.records == p.n {
			seen.allThereAre = false
			break
		}
	}
	note := ""
	if seen.allThereAre {
		note = " (all there are)"
	}
	p.t.Logf("%-32s %-5s %6d records%s", what, api, seen.records, note)
	if seen.records == 0 {
		p.t.Errorf("%s %s: there are none", what, api)
	}
	p.total.records, p.total.violations, p.total.lost = p.total.records+seen.records, p.total.violations+seen.violations, p.total.lost+seen.lost
}
