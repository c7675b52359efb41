package stream_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestFaults reads through what goes wrong: what a reading gives in the end is
// everything, and what it calls complete is.
func TestFaults(t *testing.T) {
	t.Parallel()
	faults := []emulator.Fault{
		{Kind: emulator.FaultServerError, Calls: []int{2, 5}},
		{Kind: emulator.FaultTruncatedBody, Calls: []int{1, 4}},
		{Kind: emulator.FaultCutBody, Calls: []int{2, 3}},
		{Kind: emulator.FaultDroppedConnection, Calls: []int{1, 3}},
		{Kind: emulator.FaultExpiredToken, Calls: []int{2, 4}},
		{Kind: emulator.FaultMalformedLink, Calls: []int{1}},
		{Kind: emulator.FaultExpiredLink, Calls: []int{1, 3}},
		{Kind: emulator.FaultEmptyDownload, Calls: []int{2}},
	}
	for _, name := range []gatehouse.Stream{stream.Alerts, stream.Devices, stream.Vulnerabilities} {
		for _, fault := range faults {
			t.Run(fmt.Sprintf("%s/%s", name, fault.Kind), func(t *testing.T) {
				t.Parallel()
				d := door(t, name, gatehouse.APIMDE)
				s := raise(t, emulator.Options{
					NoLimits: true, Size: emulator.Size{Devices: 30, Alerts: 60, PageSize: 12, Events: -1}, Faults: emulator.Faults{List: []emulator.Fault{fault}},
				}, d.AnyOf)
				through(t, s, name, d)
			})
		}
	}
}

// through reads until a reading is complete, as the engine does.
func through(t *testing.T, s stage, name gatehouse.Stream, d stream.Door) {
	t.Helper()
	held := mirror{records: map[string]gatehouse.PageRecord{}}
	for try := range 5 {
		_, err := s.read(t.Context(), d, stream.Request{From: held.last, Resumed: try > 0, Emit: held.take})
		if err == nil && held.complete {
			break
		}
		t.Logf("try %d: %v", try, err)
	}
	if diff := cmp.Diff(truthOf(t, s, name), held.keys()); diff != "" || !held.complete {
		t.Error("complete:", held.complete, "keys (-truth +mirror):\n", diff)
	}
}

// TestHeavyTenant cannot read its alerts with their evidence but one by one.
func TestHeavyTenant(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Alerts, gatehouse.APIMDE)
	s := raise(t, emulator.Options{NoLimits: true, Size: emulator.Size{Devices: 10, Alerts: 30}}, d.AnyOf)
	want := s.mustRead(t, d, stream.Request{})
	// The list fails until the page is so small that it is given up: twice for each
	// of three sizes, since every call is sent again once.
	if err := s.SetFaults(emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultServerError, Route: "GET /api/alerts", Calls: []int{1, 2, 3, 4, 5, 6}}}}); err != nil {
		t.Fatal(err)
	}
	got := s.mustRead(t, d, stream.Request{})
	if !got.complete || len(got.aside) > 0 {
		t.Errorf("complete %v, %d set aside", got.complete, len(got.aside))
	}
	same(t, want, got)
	if s.Stats().Requests["GET /api/alerts/{id}"] != len(want.records) {
		t.Errorf("requests: %v", s.Stats().Requests)
	}
}
