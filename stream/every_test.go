package stream_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// truthOf lists the keys that a stream must have.
func truthOf(t testing.TB, s stage, name gatehouse.Stream) []string {
	t.Helper()
	switch name {
	case stream.ConfigurationScore, stream.ExposureScore, stream.SecureScores, stream.SecureScoreControls:
		return nil // the emulator counts them at most
	}
	of := "mde"
	if name == stream.Incidents {
		of = "xdr"
	}
	documents, err := s.Truth(s.tenant.TenantID).Documents(string(name), of)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for key := range documents {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// TestEveryStream reads every stream through every door with exactly the
// permission that the catalogue names.
func TestEveryStream(t *testing.T) {
	t.Parallel()
	for _, entry := range stream.All() {
		for _, d := range entry.Doors {
			for _, p := range d.AnyOf {
				t.Run(fmt.Sprintf("%s/%s/%s", entry.Name, d.API, p.Name), func(t *testing.T) {
					t.Parallel()
					s := raise(t, emulator.Options{Size: emulator.Size{Devices: 40, Alerts: 60}}, []gatehouse.Permission{p})
					once(t, s, entry, d)
				})
			}
		}
	}
}

// once reads a door twice: everything is there, in the fewest calls, and nothing
// differs the second time.
func once(t *testing.T, s stage, entry stream.Stream, d stream.Door) {
	t.Helper()
	first := s.mustRead(t, d, stream.Request{})
	if !first.complete || len(first.aside) > 0 {
		t.Errorf("complete %v, %d set aside", first.complete, len(first.aside))
	}
	keys := truthOf(t, s, entry.Name)
	if diff := cmp.Diff(keys, first.keys()); keys != nil && diff != "" || len(first.records) == 0 {
		t.Error("keys (-truth +mirror):\n", diff)
	}
	truth := s.Truth(s.tenant.TenantID)
	counts := map[gatehouse.Stream]int{
		stream.SecureScores: truth.SecureScores, stream.SecureScoreControls: truth.ControlProfiles, stream.ConfigurationScore: 1,
	}
	if want, ok := counts[entry.Name]; ok && len(first.records) != want {
		t.Errorf("%d records, want %d", len(first.records), want)
	}
	most := first.floor
	if d.API == gatehouse.APIXDR {
		most++ // without next links, only an empty page tells the end where the last one has a round number of rows
	}
	if d.API == gatehouse.APIGraph && len(entry.Doors) > 1 && entry.Name != stream.Alerts && entry.Name != stream.Incidents {
		most *= 2 // hunting counts before it reads
	}
	if first.calls > most || first.floor == 0 {
		t.Errorf("%d calls, the floor is %d", first.calls, first.floor)
	}
	second := s.mustRead(t, d, stream.Request{From: first.last})
	same(t, first, second)
	if v := s.Stats().Violations; len(v) > 0 {
		t.Error("violations:", v)
	}
}

// same fails when two readings do not say the same.
func same(t *testing.T, first, second mirror) {
	t.Helper()
	if diff := cmp.Diff(first.keys(), second.keys()); diff != "" {
		t.Error("keys (-first +second):\n", diff)
	}
	for key, a := range first.records {
		if b := second.records[key]; a.Content != b.Content || a.Common != b.Common {
			t.Errorf("%s differs:\n%s\n%s", key, a.Document, b.Document)
			return
		}
	}
}

// TestDoorsAgree reads what has two doors through both.
func TestDoorsAgree(t *testing.T) {
	t.Parallel()
	for _, entry := range stream.All() {
		if len(entry.Doors) < 2 {
			continue
		}
		t.Run(string(entry.Name), func(t *testing.T) {
			t.Parallel()
			var held []gatehouse.Permission
			for _, d := range entry.Doors {
				held = append(held, d.AnyOf[0])
			}
			s := raise(t, emulator.Options{Size: emulator.Size{Devices: 50, Alerts: 80}}, held)
			a := s.mustRead(t, entry.Doors[0], stream.Request{})
			b := s.mustRead(t, entry.Doors[1], stream.Request{})
			if diff := cmp.Diff(a.keys(), b.keys()); diff != "" {
				t.Fatal("keys:\n", diff)
			}
			none, different := gatehouse.Hash{}, 0
			for key, x := range a.records {
				if y := b.records[key]; x.Common != y.Common || x.Common == none {
					if different++; different < 3 {
						t.Errorf("%s differs:\n%s\n%s", key, x.Document, y.Document)
					}
				}
			}
			if different > 0 {
				t.Errorf("%d of %d differ", different, len(a.records))
			}
		})
	}
}
