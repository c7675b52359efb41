package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// BenchmarkSaveAction sets a step of an action of 500 targets, of which one
// changes, against the same step of an action of one target: what is written is
// what has changed.
func BenchmarkSaveAction(b *testing.B) {
	for name, fresh := range databases() {
		b.Run(name, func(b *testing.B) {
			s, _ := opened(b, fresh(b))
			i, err := s.Integrations(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			one, many := newSteps(b, s, i[0].ID, 1), newSteps(b, s, i[0].ID, 500)
			var few, all time.Duration
			for b.Loop() {
				few += one.step(b)
				all += many.step(b)
			}
			b.ReportMetric(float64(all.Microseconds())/float64(b.N), "µs/step-of-500")
			b.ReportMetric(float64(few.Microseconds())/float64(b.N), "µs/step-of-1")
			b.ReportMetric(float64(all)/float64(few), "500/1")
		})
	}
}

// steps is an action in the hands of a worker.
type steps struct {
	store *store.Store
	a     gatehouse.ResponseAction
	fence int64
	n     int
}

// newSteps makes an action with as many targets, each with an answer of Microsoft
// of the usual size, and claims it.
func newSteps(tb testing.TB, s *store.Store, integration string, targets int) *steps {
	tb.Helper()
	ctx := context.Background()
	a := gatehouse.ResponseAction{
		ID: fmt.Sprintf("act_%d", targets), Integration: integration, Name: "scan", Comment: "because", IdempotencyKey: fmt.Sprint(targets),
		Key: "key_1", State: gatehouse.ActionRunning, Parameters: json.RawMessage(`{"type":"quick"}`),
	}
	for n := range targets {
		a.Targets = append(a.Targets, gatehouse.ActionTarget{
			N: n + 1, ID: fmt.Sprintf("%040d", n), Name: "host.contoso.example", State: gatehouse.ActionRunning, UpstreamID: fmt.Sprintf("up-%d", n),
			Result: json.RawMessage(`{"id":"` + strings.Repeat("x", 900) + `"}`),
		})
	}
	if _, _, err := s.CreateAction(ctx, a, time.Unix(1, 0), nil); err != nil {
		tb.Fatal(err)
	}
	claimed, fence, err := s.ClaimAction(ctx, "bench", time.Hour)
	if err != nil || claimed == nil {
		tb.Fatal(claimed, err)
	}
	return &steps{store: s, a: *claimed, fence: fence}
}

// step changes one target as a poll does, and saves the action.
func (s *steps) step(tb testing.TB) time.Duration {
	tb.Helper()
	t := &s.a.Targets[s.n%len(s.a.Targets)]
	s.n++
	t.Reason, t.Next = fmt.Sprint("look ", s.n), time.Unix(int64(s.n), 0)
	begun := time.Now()
	if err := s.store.SaveAction(context.Background(), s.a, s.fence, time.Unix(1, 0), nil); err != nil {
		tb.Fatal(err)
	}
	return time.Since(begun)
}
