package engine

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Metrics count what an engine does, and tell how every stream fares when they
// are read. Give [Metrics.Observe] to [Options.Observe] and register the value.
type Metrics struct {
	store *store.Store

	rows, pages, calls, events *prometheus.CounterVec
	runs                       *prometheus.CounterVec

	state, lag, held, success *prometheus.Desc
}

var _ prometheus.Collector = (*Metrics)(nil)

// NewMetrics makes metrics of which nothing is counted.
func NewMetrics(s *store.Store) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "gatehouse", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("gatehouse_stream_"+name, help, append([]string{"integration", "stream"}, labels...), nil)
	}
	return &Metrics{
		store:   s,
		rows:    counter("rows_total", "Records read, repeats included.", "stream"),
		pages:   counter("pages_total", "Pages committed.", "stream"),
		calls:   counter("calls_total", "Calls made upstream by pages that were committed.", "stream", "api"),
		events:  counter("events_total", "Events made, by kind; those of sweeps included.", "stream", "kind"),
		runs:    counter("runs_total", "Attempts at runs that have ended, by the state of the stream behind them.", "stream", "state"),
		state:   gauge("state", "1 for the state that the stream is in.", "state"),
		lag:     gauge("lag_seconds", "Age of the newest change that was read, or of the last reading where a list is read whole."),
		held:    gauge("records", "Records in the mirror that are not removed."),
		success: gauge("last_success_timestamp_seconds", "End of the last run that went well."),
	}
}

// Observe counts what it is told, by one engine alone. It is safe for concurrent
// use and does not block.
func (m *Metrics) Observe(p Progress) {
	stream := string(p.Run.Stream)
	if p.Page.Took > 0 { // a sweep is no page
		m.pages.WithLabelValues(stream).Inc()
		m.rows.WithLabelValues(stream).Add(float64(p.Page.Rows))
		m.calls.WithLabelValues(stream, string(p.API)).Add(float64(p.Page.Calls))
	}
	if p.Page != (PageProgress{}) {
		for kind, n := range map[gatehouse.EventKind]int64{
			gatehouse.EventCreated: p.Page.Created, gatehouse.EventUpdated: p.Page.Updated, gatehouse.EventRemoved: p.Page.Removed,
		} {
			m.events.WithLabelValues(stream, string(kind)).Add(float64(n))
		}
	}
	if p.Done {
		m.runs.WithLabelValues(stream, string(p.Health.State)).Inc()
	}
}

// counters are the metrics that grow.
func (m *Metrics) counters() []*prometheus.CounterVec {
	return []*prometheus.CounterVec{m.rows, m.pages, m.calls, m.events, m.runs}
}

// Describe names the metrics.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.counters() {
		c.Describe(out)
	}
	for _, d := range []*prometheus.Desc{m.state, m.lag, m.held, m.success} {
		out <- d
	}
}

// collectTimeout bounds the reading of the store for one collection.
const collectTimeout = 10 * time.Second

// Collect reads the metrics, those of the streams from the store: they are the
// same in every process.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range m.counters() {
		c.Collect(out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	all, err := m.store.Health(ctx, "")
	var integrations map[string]gatehouse.Integration
	if err == nil {
		integrations, err = m.integrations(ctx) // behind the health, so that none that is new is missing
	}
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.state, err)
		return
	}
	now := time.Now()
	for _, h := range all {
		i, there := integrations[h.Integration]
		if !there || len(i.Streams) > 0 && !slices.Contains(i.Streams, h.Stream) {
			continue // it was removed, or is left out by now
		}
		labels := []string{i.Name, string(h.Stream)}
		gauge := func(d *prometheus.Desc, v float64, more ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append(labels[:2:2], more...)...)
		}
		if i.State == gatehouse.IntegrationPaused {
			h.State = gatehouse.StreamPaused
		}
		gauge(m.state, 1, string(h.State))
		gauge(m.held, float64(h.Held))
		if !h.LastSuccess.IsZero() {
			gauge(m.lag, (h.Lag + max(now.Sub(h.LastSuccess), 0)).Seconds())
			gauge(m.success, float64(h.LastSuccess.UnixMilli())/1000)
		}
	}
}

// integrations are those that there are, by id.
func (m *Metrics) integrations(ctx context.Context) (map[string]gatehouse.Integration, error) {
	all, err := m.store.Integrations(ctx)
	by := make(map[string]gatehouse.Integration, len(all))
	for _, i := range all {
		by[i.ID] = i
	}
	return by, err
}
