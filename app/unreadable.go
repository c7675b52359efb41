package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-sec/gatehouse/store"
)

// unreadable tells how many actions and hunts wait for a version that can read them.
type unreadable struct {
	store *store.Store
	count *prometheus.Desc
}

var _ prometheus.Collector = unreadable{}

func newUnreadable(s *store.Store) unreadable {
	return unreadable{s, prometheus.NewDesc("gatehouse_set_aside", "Actions and hunts that are due and were set aside, because they cannot be read.", []string{"kind"}, nil)}
}

// Describe names the metric.
func (u unreadable) Describe(out chan<- *prometheus.Desc) { out <- u.count }

// Collect asks the store: the numbers are the same in every process.
func (u unreadable) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), pingTime)
	defer cancel()
	actions, hunts, err := u.store.Unreadable(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(u.count, err)
		return
	}
	out <- prometheus.MustNewConstMetric(u.count, prometheus.GaugeValue, float64(actions), "actions")
	out <- prometheus.MustNewConstMetric(u.count, prometheus.GaugeValue, float64(hunts), "hunts")
}
