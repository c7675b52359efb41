package stream_test

import (
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestTimesAhead: a record whose time lies ahead of the clock does not use up the
// overlap in which late ones are looked for.
func TestTimesAhead(t *testing.T) {
	t.Parallel()
	for _, name := range []gatehouse.Stream{stream.Alerts, stream.Incidents} {
		entry, _ := stream.ByName(name)
		for _, d := range entry.Doors {
			clock := emulator.NewFakeClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			s := raise(t, emulator.Options{Clock: clock, NoLimits: true, Size: emulator.Size{Devices: 10, Alerts: 20, Events: -1}}, d.AnyOf)
			for _, skew := range []time.Duration{time.Hour, 6 * time.Hour, 10 * time.Hour} {
				now := clock.Now()
				if err := s.SetFaults(emulator.Faults{Skew: skew}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.AddAlert(s.tenant.TenantID); err != nil { // of the future
					t.Fatal(err)
				}
				if err := s.SetFaults(emulator.Faults{}); err != nil {
					t.Fatal(err)
				}
				m := s.mustRead(t, d, stream.Request{Now: clock.Now})
				if w := m.last.Watermark; w.After(now) || w.IsZero() {
					t.Errorf("%s through %s, %s ahead: the watermark %s is behind the clock's %s", name, d.API, skew, w, now)
				}
			}
		}
	}
}
