package storetest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// noise is a text of so many bytes that nothing makes shorter.
func noise(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	r := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // the same each time
	var b strings.Builder
	for range n {
		b.WriteByte(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// Keys of any shape are kept, and one that no index takes is set aside: it holds up
// neither its page nor, since no record can have it, the removal of what is gone.
func testOddKeys(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	odd := []string{" ", "'; DROP TABLE records; --", "a|b%7C", "Ω\u202e🦊", "\u00e9", "e\u0301", "%", "_", "\\", "\r\n", noise(store.MaxKey)}
	run := f.begin(alerts)
	for _, key := range odd {
		f.commit(run, rec(key, "one", ""))
	}
	f.finish(run, rec("gone", "one", ""))
	must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
	for _, key := range odd {
		if r := must(f.s.Record(t.Context(), f.integration, alerts, key))(t); r.Key != key || r.Version != 1 {
			t.Errorf("%q: got %+v", key, r)
		}
	}
	run = f.begin(alerts)
	for _, long := range []int{store.MaxKey + 1, 10_000, 100_000} {
		got := f.commit(run, rec(noise(long), "one", ""), rec(odd[0], "one", ""))
		if got.SetAside != 1 || got.Unchanged != 1 {
			t.Errorf("a key of %d bytes: got %+v", long, got)
		}
	}
	var again []store.PageRecord
	for _, key := range odd {
		again = append(again, rec(key, "one", ""))
	}
	f.finish(run, again...)
	if swept := must(f.s.FinishSweep(t.Context(), run, nil))(t); swept.Removed != 1 {
		t.Errorf("got %+v", swept)
	}
}

// A document of many megabytes is kept as it is, and a record that goes and returns
// again and again has one event for each time.
func testOddRecords(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	heavy := rec("heavy", noise(5<<20), "")
	f.commit(run, heavy, rec("light", "one", ""))
	if r := must(f.s.Record(t.Context(), f.integration, alerts, "heavy"))(t); !bytes.Equal(r.Document, heavy.Document) {
		t.Errorf("%d bytes of %d are held", len(r.Document), len(heavy.Document))
	}
	f.finish(run)
	must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
	for round := range 3 {
		run := f.begin(alerts)
		f.finish(run, heavy)
		swept := must(f.s.FinishSweep(t.Context(), run, nil))(t)
		must(f.s.EndRun(t.Context(), run, store.RunEnd{}))(t)
		back := f.commit(f.begin(alerts), heavy, rec("light", "one", ""))
		if swept.Removed != 1 || back.Created != 1 || back.Unchanged != 1 {
			t.Errorf("round %d: got %+v and %+v", round, swept, back)
		}
	}
	if got := len(f.events(store.EventFilter{})); got != 2+3*2 {
		t.Errorf("%d events", got)
	}
}

// A clock that was set back leaves no integration to a holder that is long gone.
func testLeaseOfTheFuture(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	if !must(f.s.Lease(t.Context(), f.integration, "one", 15*time.Second))(t) {
		t.Fatal("the lease was not given")
	}
	set := func(ahead time.Duration) {
		must(f.s.DB().ExecContext(t.Context(), "UPDATE leases SET until = until + $1", ahead.Microseconds()))(t)
	}
	if set(time.Minute); must(f.s.Lease(t.Context(), f.integration, "two", 15*time.Second))(t) {
		t.Error("a lease was taken away")
	}
	if set(10 * time.Hour); !must(f.s.Lease(t.Context(), f.integration, "two", 15*time.Second))(t) {
		t.Error("the clock was set back by ten hours, and for ten hours nobody may work")
	}
}

// What is said of an integration that is being removed leaves nothing behind.
func testHealthOfTheRemoved(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	must(f.s.DB().ExecContext(t.Context(), "UPDATE integrations SET state = $1", gatehouse.IntegrationRemoving))(t)
	err := f.s.PutHealth(t.Context(), gatehouse.StreamHealth{Integration: f.integration, Stream: devices})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if h := must(f.s.Health(t.Context(), ""))(t); len(h) != 0 {
		t.Errorf("got %+v", h)
	}
}
