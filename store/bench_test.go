package store_test

import (
	"context"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/store/storetest"
)

// BenchmarkCommitPage sets the rate of CommitPage against a bare insertion of
// the same rows into one table of the same database, in transactions of the
// same size, by the same way of writing many rows.
func BenchmarkCommitPage(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) store.Options{
		"sqlite": sqliteOptions,
		"postgres": func(t testing.TB) store.Options {
			address, err := pgtest.New(t, pgtest.Options{Durable: true}).Create(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			return store.Options{DatabaseURL: address}
		},
	} {
		b.Run(name, func(b *testing.B) {
			s, run := opened(b, fresh(b))
			for b.Loop() {
				r, err := storetest.Measure(context.Background(), s, run, storetest.Load{Rows: 50_000, Page: 2000, Size: 1300})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(r.Bare, "bare-rows/s")
				b.ReportMetric(r.Created, "created-rows/s")
				b.ReportMetric(r.Unchanged, "unchanged-rows/s")
				b.ReportMetric(r.Updated, "updated-rows/s")
				b.ReportMetric(r.Created/r.Bare, "created/bare")
			}
		})
	}
}
