package stream_test

import (
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestOpenActionsBesideAnOldOne: an action that does not end for weeks does not hide the others that have not ended.
func TestOpenActionsBesideAnOldOne(t *testing.T) {
	t.Parallel()
	d := door(t, stream.MachineActions, gatehouse.APIMDE)
	clock := emulator.NewFakeClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := raise(t, emulator.Options{Clock: clock, NoLimits: true, Size: emulator.Size{Devices: 12, Alerts: -1, Events: -1}}, append(d.AnyOf,
		gatehouse.Permission{Resource: gatehouse.ResourceMDE, Name: "Machine.Isolate"}))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.SetActionRules(s.tenant.TenantID, emulator.ActionRules{Pace: -1}))
	devices := s.Truth(s.tenant.TenantID).Devices
	isolate := func(device string) string {
		t.Helper()
		must(s.SetOnboarding(s.tenant.TenantID, device, "Onboarded"))
		s.connect()
		a, err := s.clients.Defender.MachineActions.Isolate(t.Context(), device, defender.IsolationFull, "wait")
		must(err)
		_, err = s.Do(s.tenant.TenantID, emulator.Step{Kind: emulator.StepAdvanceAction, ID: a.ID}) // it has begun
		must(err)
		return a.ID
	}
	held := s.mustRead(t, d, stream.Request{Now: clock.Now})
	poll := func() {
		t.Helper()
		s.connect()
		held.complete = false
		_, err := s.read(t.Context(), d, stream.Request{Mode: gatehouse.SyncIncremental, From: held.last, Now: clock.Now, Emit: held.take})
		must(err)
	}
	isolate(devices[0])
	poll()
	clock.Advance(20 * 24 * time.Hour)
	second := isolate(devices[1])
	poll()
	clock.Advance(10*24*time.Hour + time.Hour) // the first is a month old, the second is not
	isolate(devices[2])
	poll()
	clock.Advance(time.Hour)
	_, err := s.Do(s.tenant.TenantID, emulator.Step{Kind: emulator.StepFinishAction, ID: second, Status: "Succeeded"})
	must(err)
	poll()
	if got := stream.ActionOf(held.records[second].Document); got.Status != "Succeeded" {
		t.Errorf("the mirror still has %q", got.Status)
	}
}
