package action_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
)

// marker is that of every test's action.
var marker = action.Marker("act_test", 1)

// stage is an emulator with one tenant, whose actions move when they are told to.
type stage struct {
	emulated.Tenant
	t testing.TB
}

func raise(t testing.TB, rules emulator.ActionRules) stage {
	t.Helper()
	if rules.Pace == 0 {
		rules.Pace = -1
	}
	o := emulator.Options{Size: emulator.Size{Devices: 60, Alerts: 20, Actions: -1}, Actions: rules}
	return stage{Tenant: emulated.Start(t, o), t: t}
}

// everything are all permissions that the catalogue names.
func everything() (all []gatehouse.Permission) {
	for _, a := range action.Catalogue() {
		for _, d := range a.Doors {
			all = append(all, append(slices.Clone(d.AnyOf), d.Follow...)...)
		}
	}
	return all
}

// hold makes clients whose application holds some permissions and no others.
func (s stage) hold(held ...gatehouse.Permission) action.Clients {
	s.t.Helper()
	s.Hold(s.t, held...)
	anew := emulated.SignIn(s.t, s.Addr(), s.CA(), s.TenantAccess) // a token says what was held when it was issued
	return action.Clients{
		Defender: anew.Defender(s.t, defender.Options{MaxRetries: -1}),
		Graph:    anew.Graph(s.t, graph.Options{MaxRetries: -1}),
	}
}

// device finds a device that can do every action, or one without a sensor.
func (s stage) device(c action.Clients, managed bool) string {
	s.t.Helper()
	for m, err := range c.Defender.Machines.List(s.t.Context(), nil) {
		if err != nil {
			s.t.Fatal(err)
		}
		able := strings.HasPrefix(m.OSPlatform, "Windows") && m.HealthStatus == "Active" && m.RbacGroupName != ""
		if onboarded := m.OnboardingStatus == "Onboarded"; onboarded && able && managed || !onboarded && !managed {
			return m.ID
		}
	}
	s.t.Fatal("there is no such device")
	return ""
}

// request finds a target for an action and fills in its parameters. What has to be
// there before is done.
func (s stage) request(a action.Action) action.Request {
	s.t.Helper()
	c, ctx := s.hold(everything()...), s.t.Context()
	r := action.Request{Comment: "because of alert 7", Marker: marker, Parameters: parametersOf(s.t, a)}
	switch a.Target {
	case action.Device:
		r.Target = s.device(c, a.Name != "contain")
	case action.MachineAction:
		started, err := c.Defender.MachineActions.RunAntiVirusScan(ctx, s.device(c, true), defender.ScanFull, "before")
		if err != nil {
			s.t.Fatal(err)
		}
		r.Target = started.ID
	case action.Alert:
		for alert, err := range c.Defender.Alerts.List(ctx, &defender.Query{Filter: "status eq 'New'", Top: 1}) {
			if err != nil {
				s.t.Fatal(err)
			}
			r.Target = alert.ID
		}
	case action.Incident:
		for i, err := range c.Graph.Incidents.List(ctx, nil) {
			if err != nil {
				s.t.Fatal(err)
			}
			if i.Status != "redirected" {
				r.Target = i.ID
			}
		}
	}
	if a.Name == "untag" {
		if _, err := c.Defender.Machines.Tag(ctx, r.Target, r.Parameters["tag"], defender.TagAdd); err != nil {
			s.t.Fatal(err)
		}
	}
	if r.Target == "" {
		s.t.Fatal("there is no target")
	}
	return r
}

// parametersOf fills in every parameter of an action.
func parametersOf(t testing.TB, a action.Action) map[string]string {
	t.Helper()
	given := map[string]string{}
	for _, p := range a.Parameters {
		switch p.Kind {
		case action.Enum:
			given[p.Name] = strings.ToLower(p.Values[len(p.Values)-1])
		case action.SHA1:
			given[p.Name] = strings.Repeat("AB", 20)
		case action.List:
			given[p.Name] = "Reception , Floor 3"
		case action.Text:
			given[p.Name] = "Reception"
		}
	}
	clean, err := a.Normalize(given)
	if err != nil {
		t.Fatal(err)
	}
	return clean
}

// finish lets Microsoft and the device do what was asked for.
func (s stage) finish(a action.Action, upstream string) {
	s.t.Helper()
	step := emulator.Step{Kind: emulator.StepFinishAction, ID: upstream, Status: "Succeeded"}
	switch {
	case a.Name == "investigate":
		step = emulator.Step{Kind: emulator.StepFinishInvestigation, ID: upstream}
	case a.Doors[0].Cancel == nil:
		return // done at once
	}
	if _, err := s.Do(s.TenantID, step); err != nil {
		s.t.Fatal(err)
	}
}

// accepted lists what the service took with our marker, or of actions that leave no
// comment all that it took.
func (s stage) accepted() []emulator.Accepted {
	s.t.Helper()
	all, err := s.Accepted(s.TenantID)
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(a emulator.Accepted) bool {
		return a.Comment != "" && !strings.HasSuffix(a.Comment, marker)
	})
}
