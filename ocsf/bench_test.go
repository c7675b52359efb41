package ocsf

import (
	"encoding/json"
	"testing"
	"time"

	v2 "github.com/go-json-experiment/json"
)

// BenchmarkRatios measures, on the sample alert, each step against a typed
// round trip of the same bytes through encoding/json (decode and encode by
// reflection into the same Go type): 1 is as fast, 10 is ten times as fast.
func BenchmarkRatios(b *testing.B) {
	event := samples()[0].(*DetectionFinding)
	line := event.AppendJSON(nil)
	fields := (*plain)(event)
	var buf []byte
	steps := []struct {
		name string
		run  func()
	}{
		{"roundtrip-encoding-json", func() { roundTrip(b, line, json.Unmarshal, json.Marshal) }},
		{"roundtrip-json-v2", func() {
			roundTrip(b, line, func(d []byte, v any) error { return v2.Unmarshal(d, v) }, func(v any) ([]byte, error) { return v2.Marshal(v) })
		}},
		{"encode-encoding-json", func() { must(b, json.Marshal, fields) }},
		{"encode-json-v2", func() { must(b, func(v any) ([]byte, error) { return v2.Marshal(v) }, fields) }},
		{"AppendJSON", func() { buf = event.AppendJSON(buf[:0]) }},
		{"ValidateJSON", func() { sound(b, ValidateJSON(line)) }},
		{"Append-and-validate", func() {
			var v []Violation
			buf, v = Validator{}.Append(buf[:0], event)
			sound(b, v)
		}},
	}
	for _, s := range steps {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				s.run()
			}
			each := float64(b.Elapsed()) / float64(b.N)
			b.StopTimer()
			b.ReportMetric(pace(steps[0].run)/each, "x-roundtrip") // measured now: other loads come and go
		})
	}
}

// pace is the time of one run, in nanoseconds.
func pace(run func()) float64 {
	const n = 300
	run()
	start := time.Now()
	for range n {
		run()
	}
	return float64(time.Since(start)) / n
}

func roundTrip(b *testing.B, line []byte, unmarshal func([]byte, any) error, marshal func(any) ([]byte, error)) {
	var p plain
	if err := unmarshal(line, &p); err != nil {
		b.Fatal(err)
	}
	must(b, marshal, &p)
}

func must(b *testing.B, marshal func(any) ([]byte, error), v any) {
	if _, err := marshal(v); err != nil {
		b.Fatal(err)
	}
}

func sound(b *testing.B, v []Violation) {
	if len(v) > 0 {
		b.Fatal(v)
	}
}
