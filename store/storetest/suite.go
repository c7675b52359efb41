package storetest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Run runs the suite. Fresh returns the options of a new and empty database
// each time; the suite opens, closes and opens it again.
func Run(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, func(testing.TB) store.Options){
		"pages":          testPages,
		"repeats":        testRepeats,
		"set aside":      testSetAside,
		"all or none":    testAllOrNone,
		"fence":          testFence,
		"sweep":          testSweep,
		"sweep cut":      testSweepCut,
		"sweep guard":    testSweepGuard,
		"spare":          testSpare,
		"events":         testEvents,
		"tail":           testTail,
		"records":        testRecords,
		"integrations":   testIntegrations,
		"unreadable":     testUnreadableIntegration,
		"removal":        testRemoval,
		"secrets":        testSecrets,
		"kept together":  testTogether,
		"cursors":        testCursors,
		"health":         testHealth,
		"runs":           testRuns,
		"reset":          testReset,
		"doors":          testDoors,
		"leases":         testLeases,
		"future lease":   testLeaseOfTheFuture,
		"future holders": testHoldersOfTheFuture,
		"last run":       testLastRun,
		"odd keys":       testOddKeys,
		"odd records":    testOddRecords,
		"removed health": testHealthOfTheRemoved,
		"keys":           testKeys,
		"unreadable key": testUnreadableKey,
		"answers":        testAnswers,
		"audit":          testAudit,
		"audit changed":  testAuditTampered,
		"actions":        testActions,
		"action list":    testActionList,
		"action workers": testActionWorkers,
		"hunts":          testHunts,
		"hunt runs":      testHuntRuns,
		"hunt runs left": testHuntRunsLeft,
		"points":         testPoints,
		"search":         testSearch,
		"search removed": testSearchRemoved,
		"search no text": testSearchNoText,
		"facets":         testFacets,
		"property":       testProperty,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh)
		})
	}
}

// fixture is an open store with an integration.
type fixture struct {
	t           testing.TB
	s           *store.Store
	integration string
}

const (
	alerts  = gatehouse.Stream("alerts")
	devices = gatehouse.Stream("devices")
)

// open opens a store, with an integration of its own when it is not the first one
// of its database, that is verified and closed at the end of the test.
func open(tb testing.TB, o store.Options, name ...string) *fixture {
	tb.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	f := &fixture{t: tb, s: s}
	tb.Cleanup(func() {
		if err := Verify(context.Background(), f.s); err != nil {
			tb.Error(err)
		}
		if err := f.s.Close(); err != nil {
			tb.Error(err)
		}
	})
	i, err := s.AddIntegration(context.Background(), gatehouse.Integration{Name: strings.Join(append([]string{"contoso"}, name...), " ")})
	if err != nil {
		tb.Fatal(err)
	}
	f.integration = i.ID
	return f
}

// must stops the test at an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// begin starts a run.
func (f *fixture) begin(stream gatehouse.Stream) gatehouse.SyncRun {
	f.t.Helper()
	return must(f.s.BeginRun(context.Background(), f.integration, stream, gatehouse.SyncFull))(f.t)
}

// commit commits a page.
func (f *fixture) commit(run gatehouse.SyncRun, records ...store.PageRecord) store.PageResult {
	f.t.Helper()
	return must(f.s.CommitPage(context.Background(), store.Page{Run: run, Records: records}))(f.t)
}

// finish commits the last page of a run.
func (f *fixture) finish(run gatehouse.SyncRun, records ...store.PageRecord) {
	f.t.Helper()
	must(f.s.CommitPage(context.Background(), store.Page{Run: run, Records: records, Complete: true}))(f.t)
}

// events reads the whole log.
func (f *fixture) events(filter store.EventFilter) []gatehouse.Event {
	f.t.Helper()
	var all []gatehouse.Event
	for e, err := range f.s.Events(context.Background(), 0, filter, 0) {
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// rec makes a record that says something, with noise.
func rec(key, says, noise string) store.PageRecord {
	document, err := json.Marshal(map[string]string{"id": key, "says": says, "lastSeen": noise})
	if err != nil {
		panic(err) // strings always encode
	}
	return store.PageRecord{Key: key, API: gatehouse.APIMDE, Document: document, Content: gatehouse.HashOf([]byte(key + "\x00" + says)), Whole: gatehouse.HashOf(document)}
}

// short writes an event as "kind key version".
func short(e gatehouse.Event) string {
	b, err := json.Marshal(e.Version)
	if err != nil {
		panic(err) // numbers always encode
	}
	return string(e.Kind) + " " + e.Key + " " + string(b)
}

// shorts writes events.
func shorts(events []gatehouse.Event) []string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = short(e)
	}
	return all
}
