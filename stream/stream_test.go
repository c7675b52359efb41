package stream_test

import (
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestLastSeen reads the time however it is written: a device that hunting does not
// look back to must not be taken for one that is gone.
func TestLastSeen(t *testing.T) {
	t.Parallel()
	devices, _ := stream.ByName(stream.Devices)
	hunting := door(t, stream.Devices, gatehouse.APIGraph)
	old := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for document, want := range map[string]time.Time{
		`{"lastSeen":"2026-03-02T09:00:00.0000000Z"}`: old,
		`{"Timestamp":"2026-03-02T10:00:00+01:00"}`:   old,
		`{"lastSeen":"2026-03-02T09:00:00"}`:          old,
		`{"lastSeen":"2026-03-02T09:00:00.0000000"}`:  old,
		`{"Timestamp":"2026-03-02 09:00:00"}`:         old,
		`{"lastSeen":null,"Timestamp":"2026-03-02"}`:  old.Truncate(24 * time.Hour),
		`{"lastSeen":"0001-01-01T00:00:00Z"}`:         {},
		`{"lastSeen":"never"}`:                        {},
		`{"lastSeen":5}`:                              {},
		`{}`:                                          {},
		`[]`:                                          {},
	} {
		if got := devices.LastSeen([]byte(document)); !got.Equal(want) {
			t.Errorf("%s: %s", document, got)
		}
		if got := devices.Shows(hunting, []byte(document), old.Add(40*24*time.Hour)); got != want.IsZero() {
			t.Errorf("%s: hunting shows it: %v", document, got)
		}
	}
}
