package engine_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-sec/gatehouse/engine"
)

// What belongs to integrations that are there no more spoils no metrics.
func TestMetricsOfTheRemoved(t *testing.T) {
	t.Parallel()
	s := openStore(t, sqlite(t))
	id, u := add(t, s, "contoso"), newUpstream(3)
	syncNow(t, engine.New(s, u, engine.Options{}), id)
	for _, gone := range []string{"one", "two"} {
		if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO mirrors (integration_id, stream) VALUES ($1, 'things')", gone); err != nil {
			t.Fatal(err)
		}
	}
	r := prometheus.NewPedanticRegistry()
	must(t, r.Register(engine.NewMetrics(s)))
	families, err := r.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() == "gatehouse_stream_records" && len(f.GetMetric()) != 1 {
			t.Errorf("got %v", f)
		}
	}
}
