package emulator

import (
	"math/rand/v2"
	"time"
)

// Life is a plan of a tenant's life: what happens to it in some time, drawn from a seed. The same plan on the same tenant
// gives the same life, so that a run that went wrong can be played again.
type Life struct {
	// Seed decides everything. Default: 1.
	Seed uint64
	// Steps is how much happens. Default: 100.
	Steps int
	// Span is the time it happens in. Default: 24 hours.
	Span time.Duration
	// Late is the share of steps that are published five minutes to six hours after the time they bear. Default: 0.2; a
	// negative one is none.
	Late float64
	// Ties is the share of steps that bear exactly the time of the one before. Default: 0.2; a negative one is none.
	Ties float64
	// Round is the share of steps that bear, and show at, a whole minute, where polls fall. Default: 0.2; a negative one
	// is none.
	Round float64
	// Kinds are what happens, each as likely as the others; a kind may stand more than once. Default: everything, alerts
	// the most.
	Kinds []StepKind
}

// withDefaults fills in what was not set.
func (l Life) withDefaults() Life {
	if l.Seed == 0 {
		l.Seed = 1
	}
	l.Steps = orDefault(l.Steps, 100)
	if l.Span <= 0 {
		l.Span = 24 * time.Hour
	}
	for _, share := range []*float64{&l.Late, &l.Ties, &l.Round} {
		switch {
		case *share == 0:
			*share = 0.2
		case *share < 0:
			*share = 0
		}
	}
	if len(l.Kinds) == 0 {
		l.Kinds = []StepKind{
			StepAddAlert, StepAddAlert, StepAddAlert, StepAddAlert, StepUpdateAlert, StepUpdateAlert, StepUpdateAlert, StepResolveAlert, StepResolveAlert,
			StepRemoveAlert, StepUpdateIncident, StepMergeIncident, StepAddDevice, StepReportDevice, StepRemoveDevice, StepMergeDevice,
			StepInstall, StepUpgrade, StepUpgrade, StepUninstall, StepReassess, StepStartAction, StepStartAction, StepFinishAction, StepFinishAction,
		}
	}
	return l
}

// The least and the most that a step is late.
const (
	leastLate = 5 * time.Minute
	mostLate  = 6 * time.Hour
)

// Script gives the steps of the plan for a life that begins at a moment, in the order in which they show.
func (l Life) Script(begin time.Time) []Step {
	l = l.withDefaults()
	random := rand.New(rand.NewPCG(l.Seed, mix("life", l.Steps)))
	steps := make([]Step, l.Steps)
	every := l.Span / time.Duration(max(1, l.Steps))
	for i := range steps {
		step := &steps[i]
		at := begin.Add(every*time.Duration(i) + time.Duration(random.Int64N(int64(max(1, every/100))))*100).UTC()
		if random.Float64() < l.Round {
			at = at.Truncate(time.Minute)
		}
		step.Kind, step.At, step.Stamp, step.Draw = pick(random, l.Kinds), at, at, random.Uint64()
		if random.Float64() < l.Late {
			step.Stamp = at.Add(-leastLate - time.Duration(random.Int64N(int64((mostLate-leastLate)/100)))*100)
		}
		if i > 0 && random.Float64() < l.Ties {
			step.At, step.Stamp = steps[i-1].At, steps[i-1].Stamp
		}
		if step.At.Before(begin) {
			step.At = begin.UTC()
		}
		if i > 0 && step.At.Before(steps[i-1].At) {
			step.At = steps[i-1].At
		}
	}
	return steps
}

// Play schedules a plan for a tenant, from now on, and returns its steps.
func (s *Server) Play(tenantID string, l Life) ([]Step, error) {
	steps := l.Script(s.now())
	return steps, s.Schedule(tenantID, steps...)
}

// AddAlert raises one more alert in a tenant, as time does in a real one, and returns its id. It is there at once in
// every API and in the hunting tables.
func (s *Server) AddAlert(tenantID string) (alertID string, err error) {
	return s.Do(tenantID, Step{Kind: StepAddAlert})
}

// UpdateAlert changes an alert: it is assigned, taken into work or commented on.
func (s *Server) UpdateAlert(tenantID, alertID string) error {
	return s.do(tenantID, Step{Kind: StepUpdateAlert, ID: alertID})
}

// ResolveAlert resolves an alert with a verdict.
func (s *Server) ResolveAlert(tenantID, alertID string) error {
	return s.do(tenantID, Step{Kind: StepResolveAlert, ID: alertID})
}

// AddDevice adds a device to a tenant and returns its id.
func (s *Server) AddDevice(tenantID string) (deviceID string, err error) {
	return s.Do(tenantID, Step{Kind: StepAddDevice})
}

// RemoveDevice takes a device away.
func (s *Server) RemoveDevice(tenantID, deviceID string) error {
	return s.do(tenantID, Step{Kind: StepRemoveDevice, ID: deviceID})
}

// MergeDevice merges a device into another one; an empty one is drawn.
func (s *Server) MergeDevice(tenantID, deviceID, into string) error {
	return s.do(tenantID, Step{Kind: StepMergeDevice, ID: deviceID, Into: into})
}

// MergeIncident merges an incident into another one; an empty one is drawn.
func (s *Server) MergeIncident(tenantID, incidentID, into string) error {
	return s.do(tenantID, Step{Kind: StepMergeIncident, ID: incidentID, Into: into})
}

// do is Do without the id.
func (s *Server) do(tenantID string, step Step) error {
	_, err := s.Do(tenantID, step)
	return err
}
