package app_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
)

// trouble is what goes wrong in a life: how the tenant lives, what it does while it
// is read, and what Microsoft answers.
type trouble struct {
	life   emulator.Life
	ties   int // alerts with the same times
	steps  []emulator.Step
	faults []emulator.Fault
	skew   time.Duration
}

// troubles are the rows of the fault matrix.
func troubles() map[string]trouble {
	quiet := emulator.Life{Late: -1, Ties: -1, Round: -1}
	during := func(route string, kinds ...emulator.StepKind) (steps []emulator.Step) {
		for call := 1; call <= 3; call++ {
			for _, kind := range kinds {
				steps = append(steps, emulator.Step{Kind: kind, Route: route, Call: call})
			}
		}
		return steps
	}
	const alerts, incidents, machines, actions = "GET /api/alerts", "GET /api/incidents", "GET /api/machines", "GET /api/machineactions"
	return map[string]trouble{
		"late arrivals": {life: emulator.Life{Late: 0.9, Ties: -1, Round: -1}},
		"ties":          {life: emulator.Life{Late: -1, Ties: 0.8, Round: 0.8}, ties: 12},
		"updates while paging": {life: quiet, steps: append(append(
			during(alerts, emulator.StepAddAlert, emulator.StepUpdateAlert), during(machines, emulator.StepAddDevice, emulator.StepReportDevice)...),
			append(during(incidents, emulator.StepUpdateIncident, emulator.StepAddAlert), during(actions, emulator.StepStartAction, emulator.StepFinishAction)...)...)},
		"shrinking stream": {life: quiet, steps: append(during(alerts, emulator.StepRemoveAlert), during(machines, emulator.StepRemoveDevice)...)},
		"429 storms": {life: quiet, faults: []emulator.Fault{
			{Kind: emulator.FaultThrottle, Probability: 0.2, RetryAfter: -1}, {Kind: emulator.FaultThrottle, Route: alerts, Calls: []int{1, 2}},
			{Kind: emulator.FaultThrottle, Route: "login", Probability: 0.2, RetryAfter: -1, Limit: 2},
		}},
		"500 on $expand": {life: quiet, faults: []emulator.Fault{{Kind: emulator.FaultExpandError, Probability: 0.7}}},
		"expired links":  {life: quiet, faults: []emulator.Fault{{Kind: emulator.FaultExpiredLink, Probability: 0.5}}},
		"truncated gzip": {life: quiet, faults: []emulator.Fault{
			{Kind: emulator.FaultTruncatedBody, Route: "blob", Probability: 0.3}, {Kind: emulator.FaultCutBody, Route: "blob", Probability: 0.3},
			{Kind: emulator.FaultTruncatedBody, Probability: 0.1}, {Kind: emulator.FaultCutBody, Probability: 0.1},
		}},
		"empty pages": {life: quiet, faults: []emulator.Fault{
			{Kind: emulator.FaultEmptyPage, Probability: 0.3}, {Kind: emulator.FaultEmptyDownload, Probability: 0.3},
		}},
		"token expiry mid-page": {life: quiet, faults: []emulator.Fault{{Kind: emulator.FaultExpiredToken, Probability: 0.2}}},
		"clock skew":            {life: quiet, skew: 25 * time.Minute},
	}
}

// limited lets every fault strike a route twice in a poll at most, since a client
// waits by the true clock before it tries again.
func (r trouble) limited() trouble {
	for i := range r.faults {
		r.faults[i].Limit = 2
		if r.faults[i].Kind == emulator.FaultThrottle {
			r.faults[i].Limit = 1
		}
	}
	return r
}

// mixture draws some of the troubles, and what else may go wrong, at once.
func mixture(random *rand.Rand) trouble {
	all := trouble{ties: random.IntN(12), skew: time.Duration(random.Int64N(int64(50*time.Minute))) - 25*time.Minute}
	all.faults = []emulator.Fault{
		{Kind: emulator.FaultServerError, Probability: 0.05, Status: 500 + 3*random.IntN(2)},
		{Kind: emulator.FaultDroppedConnection, Probability: 0.05},
		{Kind: emulator.FaultSnapshotGone, Probability: 0.2, Limit: 2},
		{Kind: emulator.FaultMalformedLink, Probability: 0.05}, {Kind: emulator.FaultRepeatedLink, Probability: 0.05},
	}
	rows := troubles()
	for _, name := range rowNames() {
		if random.IntN(2) == 0 {
			continue
		}
		for _, f := range rows[name].faults {
			if f.Probability > 0 {
				f.Probability *= random.Float64()
			}
			all.faults = append(all.faults, f)
		}
		all.steps = append(all.steps, rows[name].steps...)
	}
	return all
}

// throughGraph lets the same happen to Graph where a route is named.
func (r trouble) throughGraph() trouble {
	routes := map[string]string{
		"GET /api/alerts": "GET /v1.0/security/alerts_v2", "GET /api/incidents": "GET /v1.0/security/incidents", "GET /api/machines": hunting,
	}
	r.steps, r.faults = slices.Clone(r.steps), slices.Clone(r.faults)
	for i, step := range r.steps {
		r.steps[i].Route = cmp.Or(routes[step.Route], step.Route)
	}
	for i, fault := range r.faults {
		r.faults[i].Route = cmp.Or(routes[fault.Route], fault.Route)
	}
	return r
}

// through chooses the door of the mirror.
func (w *witness) through(t *testing.T, api gatehouse.API) {
	t.Helper()
	w.api = api
	w.open(t, func(a *app.App) {
		i, err := a.Store().Integration(t.Context(), w.id)
		must(t, err)
		i.API = api
		must(t, a.Store().UpdateIntegration(t.Context(), i))
	})
}

// rowNames are the rows of the matrix in the order in which they are run.
func rowNames() []string {
	return []string{
		"late arrivals", "ties", "updates while paging", "429 storms", "500 on $expand", "expired links", "truncated gzip", "empty pages",
		"token expiry mid-page", "shrinking stream", "clock skew",
	}
}
