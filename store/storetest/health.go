package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testHealth(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin(alerts)
	f.commit(run, rec("a", "one", ""), rec("b", "one", ""), store.PageRecord{Document: []byte("?")})
	h := must(f.s.Health(t.Context(), f.integration))(t)
	if len(h) != 1 || h[0].State != gatehouse.StreamPending || h[0].Held != 2 || h[0].SetAside != 1 || h[0].Upstream != -1 || h[0].LastChange.IsZero() {
		t.Errorf("got %+v", h)
	}
	put := gatehouse.StreamHealth{Integration: f.integration, Stream: devices, State: gatehouse.StreamForbidden, Owner: "you", Reason: "r", Mend: "m", Lag: time.Minute, Upstream: 5, Calls: 2, Floor: 1}
	must(0, f.s.PutHealth(t.Context(), put))(t)
	h = must(f.s.Health(t.Context(), ""))(t)
	if len(h) != 2 || !cmp.Equal(h[1], put) {
		t.Errorf("got %+v", h)
	}
	f.spoil("UPDATE mirrors SET health = $1 WHERE stream = 'devices'")
	h = must(f.s.Health(t.Context(), f.integration))(t)
	if len(h) != 2 || h[1].Stream != devices || h[1].State != gatehouse.StreamPending || h[1].Owner != "" {
		t.Errorf("one that cannot be read: got %+v", h)
	}
	put.Integration = "nobody"
	if err := f.s.PutHealth(t.Context(), put); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
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
