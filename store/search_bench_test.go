package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// benchDevices is how many devices the benchmark of searches mirrors.
const benchDevices = 100_000

// deviceFacets are facets as devices have them.
func deviceFacets(r *rand.Rand, i int) []gatehouse.Facet {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	day := func(back int) string {
		return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Add(-time.Duration(r.IntN(back*86400)) * time.Second).Format("2006-01-02T15:04:05Z")
	}
	health := "active"
	if r.IntN(10) == 0 {
		health = pick("inactive", "impairedcommunication", "nosensordata")
	}
	facets := []gatehouse.Facet{
		{Name: "name", Value: fmt.Sprintf("pc-%05d.%s.contoso.com", i, pick("emea", "apac", "us"))},
		{Name: "os", Value: pick("windows10", "windows10", "windows11", "windows11", "windows11", "windowsserver2022", "linux", "macos")},
		{Name: "health", Value: health},
		{Name: "risk", Value: pick("none", "none", "none", "none", "low", "low", "medium", "high")},
		{Name: "exposure", Value: pick("low", "medium", "high")},
		{Name: "group", Value: fmt.Sprintf("group %02d", r.IntN(40))},
		{Name: "lastseen", Value: day(30)},
		{Name: "firstseen", Value: day(900)},
		{Name: "ip", Value: fmt.Sprintf("10.%d.%d.%d", r.IntN(16), r.IntN(256), r.IntN(256))},
		{Name: "onboarding", Value: "onboarded"},
	}
	for range r.IntN(3) {
		facets = append(facets, gatehouse.Facet{Name: "tag", Value: fmt.Sprintf("tag %d", r.IntN(200))})
	}
	return facets
}

// benchQueries are the questions that are asked, as a list in a console does.
func benchQueries(r *rand.Rand, integrations []string) map[string]store.SearchQuery {
	is := func(name, value string) store.Condition {
		return store.Condition{Name: name, Op: store.OpEqual, Values: []string{value}}
	}
	all := map[string]store.SearchQuery{
		"no filter, by key":                     {},
		"no filter, newest first":               {Sort: "lastseen", Descending: true},
		"risk high, newest first":               {Sort: "lastseen", Descending: true, Where: []store.Condition{is("risk", "high")}},
		"os, health and exposure, newest first": {Sort: "lastseen", Descending: true, Where: []store.Condition{is("os", "windows11"), is("health", "active"), is("exposure", "high")}},
		"os and health, without a sort":         {Where: []store.Condition{is("os", "windows11"), is("health", "inactive")}},
		"seen on two days, by name":             {Sort: "name", Where: []store.Condition{{Name: "lastseen", Op: store.OpGreaterOrEqual, Values: []string{"2026-11-10"}}, {Name: "lastseen", Op: store.OpLess, Values: []string{"2026-11-12"}}}},
		"one of 40 groups, by name":             {Sort: "name", Where: []store.Condition{is("group", fmt.Sprintf("group %02d", r.IntN(40)))}},
		"group, os and risk, by name":           {Sort: "name", Where: []store.Condition{is("group", fmt.Sprintf("group %02d", r.IntN(40))), is("os", "linux"), is("risk", "high")}},
		"health, os and risk, all rare":         {Sort: "lastseen", Where: []store.Condition{is("health", "nosensordata"), is("os", "macos"), is("risk", "high")}},
		"one tag, newest first":                 {Sort: "lastseen", Descending: true, Where: []store.Condition{is("tag", fmt.Sprintf("tag %d", r.IntN(200)))}},
		"one name":                              {Where: []store.Condition{is("name", fmt.Sprintf("pc-%05d.us.contoso.com", r.IntN(benchDevices)))}},
		"names that begin so":                   {Sort: "name", Where: []store.Condition{{Name: "name", Op: store.OpPrefix, Values: []string{fmt.Sprintf("pc-%03d", r.IntN(1000))}}}},
		"seen on one day, risk high, by name":   {Sort: "name", Where: []store.Condition{{Name: "lastseen", Op: store.OpGreaterOrEqual, Values: []string{"2026-11-10"}}, {Name: "lastseen", Op: store.OpLess, Values: []string{"2026-11-11"}}, is("risk", "high")}},
		"not active, newest first":              {Sort: "lastseen", Descending: true, Where: []store.Condition{{Name: "health", Op: store.OpNotEqual, Values: []string{"active"}}}},
		"risk medium or high, by group":         {Sort: "group", Where: []store.Condition{{Name: "risk", Op: store.OpIn, Values: []string{"medium", "high"}}}},
		"names that hold a rare text":           {Sort: "name", Where: []store.Condition{{Name: "name", Op: store.OpContains, Values: []string{fmt.Sprintf("%05d.", r.IntN(benchDevices))}}}},
		"names that hold a common text":         {Sort: "lastseen", Descending: true, Where: []store.Condition{{Name: "name", Op: store.OpContains, Values: []string{"apac"}}}},
	}
	for name, q := range all {
		q.Integrations, q.Stream, q.Limit, q.Documents = integrations, "devices", 50, true
		all[name] = q
	}
	return all
}

// fillDevices mirrors devices with facets and returns how long it took.
func fillDevices(b *testing.B, s *store.Store, run gatehouse.SyncRun, r *rand.Rand) time.Duration {
	b.Helper()
	document := slices.Repeat([]byte("x"), 1300)
	began := time.Now()
	for from := 0; from < benchDevices; from += 2000 {
		page := store.Page{Run: run}
		for i := from; i < from+2000; i++ {
			d := append(fmt.Appendf(nil, "%08d", i), document...)
			page.Records = append(page.Records, store.PageRecord{Key: gatehouse.HashOf(d).String()[:40], Document: d, Facets: deviceFacets(r, i)})
		}
		if _, err := s.CommitPage(context.Background(), page); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

// BenchmarkSearch asks for lists of 50 of 100,000 devices, half of them from
// somewhere in the middle, and prints the median and the 99th percentile of all
// and of each question.
func BenchmarkSearch(b *testing.B) {
	for name, fresh := range databases() {
		b.Run(name, func(b *testing.B) {
			s, run := opened(b, fresh(b))
			r := rand.New(rand.NewPCG(1, 2))
			took := fillDevices(b, s, run, r)
			b.Logf("%.0f devices with facets written a second", benchDevices/took.Seconds())
			times := map[string][]time.Duration{}
			for b.Loop() {
				for name, q := range benchQueries(r, []string{run.Integration}) {
					for range 2 {
						began := time.Now()
						for found, err := range s.Search(context.Background(), q) {
							if err != nil {
								b.Fatal(err)
							}
							q.After = &found.Position
						}
						times[name], times["all"] = append(times[name], time.Since(began)), append(times["all"], time.Since(began))
					}
				}
			}
			for name, t := range times {
				slices.Sort(t)
				b.Logf("%-40s p50 %7.2f ms, p99 %7.2f ms", name, float64(t[len(t)/2].Microseconds())/1000, float64(t[len(t)*99/100].Microseconds())/1000)
			}
			b.ReportMetric(float64(times["all"][len(times["all"])*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(times["all"][len(times["all"])/2].Microseconds())/1000, "p50-ms")
		})
	}
}
