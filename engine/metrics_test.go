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

// A sweep is no page.
func TestMetricsOfASweep(t *testing.T) {
	t.Parallel()
	s := openStore(t, sqlite(t))
	id, u, m := add(t, s, "contoso"), newUpstream(30), engine.NewMetrics(s)
	r := prometheus.NewPedanticRegistry()
	must(t, r.Register(m))
	e := engine.New(s, u, engine.Options{Observe: m.Observe})
	syncNow(t, e, id)
	delete(u.rows, "0007")
	syncNow(t, e, id)
	families, err := r.Gather()
	must(t, err)
	want := map[string]float64{"gatehouse_pages_total": 6, "gatehouse_rows_total": 59, "gatehouse_calls_total": 6, "gatehouse_events_total": 31, "gatehouse_runs_total": 2}
	for _, f := range families {
		sum := 0.0
		for _, one := range f.GetMetric() {
			sum += one.GetCounter().GetValue()
		}
		if n, counted := want[f.GetName()]; counted && sum != n {
			t.Errorf("%s is %v, want %v", f.GetName(), sum, n)
		}
		delete(want, f.GetName())
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
