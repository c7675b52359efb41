package respond_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/respond"
	"github.com/gatehouse-sec/gatehouse/store"
)

// The callers of the tests.
var (
	alice = respond.Caller{ID: "key_alice", Kind: gatehouse.ActorKey, RequestID: "req_1"}
	bob   = respond.Caller{ID: "key_bob", Kind: gatehouse.ActorKey}
)

// stage is an emulator with one tenant, a mirror of its devices and a Responder
// at work.
type stage struct {
	*respond.Responder
	t           testing.TB
	emulator    *emulator.Server
	tenant      emulator.TenantAccess
	store       *store.Store
	integration gatehouse.Integration
	clients     action.Clients
	devices     []defender.Machine // that can do every action
}

// quick are options under which nothing takes long.
func quick() respond.Options {
	return respond.Options{Worker: "test", Pace: 10 * time.Millisecond, Settle: 400 * time.Millisecond, Call: 2 * time.Second, Lease: 2 * time.Second}
}

// raise builds a stage. The Responder works until the test ends.
func raise(t testing.TB, e emulator.Options, o respond.Options) *stage {
	t.Helper()
	s := build(t, e, store.Options{Path: t.TempDir() + "/gatehouse.db"})
	s.Responder = respond.New(s.store, s, o)
	s.work()
	return s
}

// work lets the Responder work until the test ends.
func (s *stage) work() {
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	s.t.Cleanup(func() { stop(); <-done })
}

// build makes emulator, mirror and clients.
func build(t testing.TB, e emulator.Options, o store.Options) *stage {
	t.Helper()
	if e.Size == (emulator.Size{}) {
		e.Size = emulator.Size{Devices: 60, Alerts: 20, Actions: -1}
	}
	if e.Actions == (emulator.ActionRules{}) {
		e.Actions.Pace = 20 * time.Millisecond
	}
	tenant := emulated.Start(t, e)
	tenant.Hold(t, everything()...)
	s := &stage{t: t, emulator: tenant.Server, tenant: tenant.TenantAccess, clients: action.Clients{
		Defender: tenant.Defender(t, defender.Options{MaxRetries: -1, MaxWait: -1}),
		Graph:    tenant.Graph(t, graph.Options{MaxRetries: -1, MaxWait: -1}),
	}}
	var err error
	if s.store, err = store.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	s.integration, err = s.store.AddIntegration(t.Context(), gatehouse.Integration{Name: "contoso", State: gatehouse.IntegrationActive})
	if err != nil {
		t.Fatal(err)
	}
	s.mirror()
	return s
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

// mirror puts the tenant's devices into the store. The first two get one name.
func (s *stage) mirror() {
	s.t.Helper()
	ctx := s.t.Context()
	run, err := s.store.BeginRun(ctx, s.integration.ID, "devices", gatehouse.SyncFull)
	if err != nil {
		s.t.Fatal(err)
	}
	page := store.Page{Run: run, Complete: true}
	for m, err := range s.clients.Defender.Machines.List(ctx, nil) {
		if err != nil {
			s.t.Fatal(err)
		}
		name := strings.ToLower(m.ComputerDNSName)
		facets := []gatehouse.Facet{{Name: "name", Value: name}}
		if len(page.Records) < 2 {
			facets = append(facets, gatehouse.Facet{Name: "name", Value: "twin"})
		}
		page.Records = append(page.Records, store.PageRecord{Key: m.ID, API: gatehouse.APIMDE, Document: m.Raw, Facets: facets})
		if strings.HasPrefix(m.OSPlatform, "Windows") && m.HealthStatus == "Active" && m.RbacGroupName != "" && m.OnboardingStatus == "Onboarded" {
			s.devices = append(s.devices, m)
		}
	}
	if _, err := s.store.CommitPage(ctx, page); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.store.EndRun(ctx, run, store.RunEnd{}); err != nil {
		s.t.Fatal(err)
	}
}

// Account is the one account there is.
func (s *stage) Account(context.Context, gatehouse.Integration) (respond.Account, error) {
	return respond.Account{Clients: s.clients, Held: everything()}, nil
}

// order asks for an action on some devices.
func (s *stage) order(name string, targets ...string) respond.Order {
	return respond.Order{
		Visible: []string{s.integration.ID}, Action: name, Targets: targets, Comment: "because of alert 7",
		IdempotencyKey: fmt.Sprintf("%s-%d-%s", name, len(targets), targets[0]),
	}
}

// submit takes an order in that must be taken.
func (s *stage) submit(o respond.Order) gatehouse.ResponseAction {
	s.t.Helper()
	a, _, err := s.Submit(s.t.Context(), alice, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// until follows an action until it is as wanted.
func (s *stage) until(id string, what string, want func(gatehouse.ResponseAction) bool) gatehouse.ResponseAction {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := s.store.Action(ctx, id)
		if err == nil && want(a) {
			return a
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("waited for %s in vain: %+v, %v", what, a, errors.Join(err, ctx.Err()))
		case <-tick.C:
		}
	}
}

// ended follows an action to its end.
func (s *stage) ended(id string) gatehouse.ResponseAction {
	s.t.Helper()
	return s.until(id, "the end", func(a gatehouse.ResponseAction) bool { return a.State.Ended() })
}

// begun lists what the service has begun with our marker for an action.
func (s *stage) begun(id string) []emulator.Accepted {
	s.t.Helper()
	all, err := s.emulator.AcceptedActions(s.tenant.TenantID)
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(a emulator.Accepted) bool { return !strings.Contains(a.Comment, id) })
}

// operations lists what the audit log says.
func (s *stage) operations() (list []string) {
	s.t.Helper()
	entries, err := s.store.Audit(s.t.Context(), store.AuditQuery{All: true, Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Operation+" "+e.Outcome)
	}
	if v, err := s.store.VerifyAudit(s.t.Context()); err != nil || !v.Sound() {
		s.t.Errorf("the audit log: %+v, %v", v, err)
	}
	return list
}
