package stream_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestFollowsALife follows a tenant for a day through every door that has more than
// full readings: with what is published up to six hours late, with ties, and with
// changes at the moment of a poll, nothing is missing and nothing is old.
func TestFollowsALife(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		for _, entry := range stream.All() {
			if entry.Mode == stream.Snapshot {
				continue
			}
			for _, d := range entry.Doors {
				if entry.Mode == stream.Export && d.API == gatehouse.APIGraph {
					continue // read whole each time
				}
				t.Run(fmt.Sprintf("%s/%s/%d", entry.Name, d.API, seed), func(t *testing.T) {
					t.Parallel()
					follow(t, entry, d, seed+1)
				})
			}
		}
	}
}

// follow reads one door again and again while the tenant lives.
func follow(t *testing.T, entry stream.Stream, d stream.Door, seed uint64) {
	t.Helper()
	size := emulator.Size{Devices: 25, Alerts: 40, PageSize: 25, Events: -1}
	if entry.Mode == stream.Export {
		size.PageSize = 0 // small pages of so many rows are more calls than Microsoft allows
	}
	clock := emulator.NewFakeClock(time.Now().Add(-26 * time.Hour))
	s := raise(t, emulator.Options{
		Clock: clock, NoLimits: true, Seed: seed, Size: size,
	}, d.AnyOf)
	if _, err := s.Play(s.tenant.TenantID, emulator.Life{Seed: seed, Steps: 250, Span: 20 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	mode := gatehouse.SyncIncremental
	if entry.Mode == stream.Export {
		mode = gatehouse.SyncDelta
	}
	held := s.mustRead(t, d, stream.Request{Now: clock.Now})
	for range 10 {
		clock.Advance(2*time.Hour + 36*time.Minute)
		s.connect()
		before := held.last.Watermark
		held.complete = false
		if _, err := s.read(t.Context(), d, stream.Request{Mode: mode, From: held.last, Now: clock.Now, Emit: held.take}); err != nil {
			t.Fatal(err)
		}
		if held.last.Watermark.Before(before) {
			t.Errorf("the watermark went from %s back to %s", before, held.last.Watermark)
		}
	}
	s.connect()
	fresh := s.mustRead(t, d, stream.Request{Now: clock.Now})
	for key := range held.records {
		// What is taken away shows in a full reading only, but for vulnerabilities.
		if _, there := fresh.records[key]; !there && mode == gatehouse.SyncIncremental {
			delete(held.records, key)
		}
	}
	if mode == gatehouse.SyncIncremental && len(fresh.records) == 0 {
		t.Fatal("there is nothing")
	}
	same(t, fresh, held)
}

// TestUpdatesWhilePaging changes the tenant between the pages of one reading.
func TestUpdatesWhilePaging(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Alerts, gatehouse.APIMDE)
	s := raise(t, emulator.Options{NoLimits: true, Size: emulator.Size{Devices: 25, Alerts: 80, PageSize: 10}}, d.AnyOf)
	var steps []emulator.Step
	for call := 1; call <= 8; call++ {
		for n, kind := range []emulator.StepKind{emulator.StepAddAlert, emulator.StepUpdateAlert, emulator.StepRemoveAlert} {
			steps = append(steps, emulator.Step{Kind: kind, Draw: uint64(call*10 + n), Route: "GET /api/alerts", Call: call})
		}
	}
	if err := s.Schedule(s.tenant.TenantID, steps...); err != nil {
		t.Fatal(err)
	}
	held := s.mustRead(t, d, stream.Request{})
	held.complete = false
	if _, err := s.read(t.Context(), d, stream.Request{Mode: gatehouse.SyncIncremental, From: held.last, Emit: held.take}); err != nil {
		t.Fatal(err)
	}
	fresh := s.mustRead(t, d, stream.Request{From: held.last})
	if !fresh.complete {
		t.Error("a list that stands still is not read to its end")
	}
	late := maps.Clone(fresh.records)
	for key := range held.records {
		delete(late, key)
	}
	if len(late) > 0 {
		t.Errorf("%d alerts were only found by the second full reading", len(late))
	}
	if diff := cmp.Diff(truthOf(t, s, stream.Alerts), fresh.keys()); diff != "" {
		t.Error("keys:\n", diff)
	}
}

// TestShrinksWhilePaging: where a list shrinks while it is read, a record can slip
// past; then nothing may be removed, or the list is read until it stands still.
func TestShrinksWhilePaging(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Devices, gatehouse.APIMDE)
	for seed := range uint64(6) {
		s := raise(t, emulator.Options{NoLimits: true, Seed: seed + 1, Size: emulator.Size{Devices: 60, Alerts: -1, PageSize: 10, Events: -1}}, d.AnyOf)
		before := s.mustRead(t, d, stream.Request{})
		var steps []emulator.Step
		for call := 1; call <= 4; call++ {
			steps = append(steps, emulator.Step{Kind: emulator.StepRemoveDevice, Draw: seed*10 + uint64(call), Route: "GET /api/machines", Call: call})
		}
		if err := s.Schedule(s.tenant.TenantID, steps...); err != nil {
			t.Fatal(err)
		}
		from := before.last
		from.Moved = time.Now() // as the store says of what was committed
		m := s.mustRead(t, d, stream.Request{From: from})
		for _, key := range truthOf(t, s, stream.Devices) {
			if _, ok := m.records[key]; !ok && m.complete {
				t.Errorf("seed %d: %s is there, and a complete reading has not seen it", seed, key)
			}
		}
	}
}
