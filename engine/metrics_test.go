package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-sec/gatehouse"
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
	n := 0
	for name := range gathered(t, engine.NewMetrics(s)) {
		if strings.HasPrefix(name, "gatehouse_stream_records ") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d streams are told of", n)
	}
}

// The metrics of a stream are those of now, not of its last run: the lag grows while it
// fails, a paused integration is paused, and a stream that was left out is not there.
func TestMetricsOfNow(t *testing.T) {
	t.Parallel()
	s := openStore(t, sqlite(t))
	long := time.Now().Add(-2 * time.Hour)
	for name, state := range map[string]gatehouse.StreamState{"fails": gatehouse.StreamUpstream, "paused": gatehouse.StreamHealthy} {
		i, err := s.AddIntegration(t.Context(), gatehouse.Integration{Name: name, Streams: []gatehouse.Stream{"things"}})
		must(t, err)
		for _, stream := range []gatehouse.Stream{"things", "left out"} {
			must(t, s.PutHealth(t.Context(), gatehouse.StreamHealth{Integration: i.ID, Stream: stream, State: state, LastSuccess: long, Lag: time.Hour}))
		}
		if name == "paused" {
			must(t, s.SetIntegrationState(t.Context(), i.ID, gatehouse.IntegrationPaused))
		}
	}
	got := gathered(t, engine.NewMetrics(s))
	for _, name := range []string{"fails", "paused"} {
		lag := got["gatehouse_stream_lag_seconds integration="+name+" stream=things"]
		if lag < 3*3600 || lag > 3*3600+60 {
			t.Errorf("%s lags by %v", name, lag)
		}
	}
	if got["gatehouse_stream_state integration=paused state=paused stream=things"] != 1 || got["gatehouse_stream_state integration=fails state=upstream-error stream=things"] != 1 {
		t.Errorf("got %v", got)
	}
	for name := range got {
		if strings.Contains(name, "left out") {
			t.Errorf("got %s", name)
		}
	}
}

// gathered is what metrics say, by name and labels.
func gathered(t *testing.T, m *engine.Metrics) map[string]float64 {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	must(t, r.Register(m))
	families, err := r.Gather()
	must(t, err)
	all := map[string]float64{}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			name := f.GetName()
			for _, l := range one.GetLabel() {
				name += " " + l.GetName() + "=" + l.GetValue()
			}
			all[name] = one.GetCounter().GetValue() + one.GetGauge().GetValue()
		}
	}
	return all
}

// A sweep is no page.
func TestMetricsOfASweep(t *testing.T) {
	t.Parallel()
	s := openStore(t, sqlite(t))
	id, u, m := add(t, s, "contoso"), newUpstream(30), engine.NewMetrics(s)
	e := engine.New(s, u, engine.Options{Observe: m.Observe})
	syncNow(t, e, id)
	delete(u.rows, "0007")
	syncNow(t, e, id)
	got := gathered(t, m)
	for name, want := range map[string]float64{
		"pages_total stream=things": 6, "rows_total stream=things": 59, "calls_total api=mde stream=things": 6,
		"events_total kind=created stream=things": 30, "events_total kind=removed stream=things": 1, "runs_total state=healthy stream=things": 2,
	} {
		if n := got["gatehouse_"+name]; n != want {
			t.Errorf("%s is %v, want %v", name, n, want)
		}
	}
}
