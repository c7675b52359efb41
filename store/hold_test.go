package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sec/gatehouse/store"
)

// TestHold holds a lease for as long as it is renewed, by a clock that the test has.
func TestHold(t *testing.T) {
	t.Parallel()
	const ttl = time.Minute
	gone := errors.New("the store is gone")
	for name, c := range map[string]struct {
		extend func(n int) error // the n-th time
		lost   time.Duration     // after this time; 0 when it is never lost
		times  int               // that it was renewed within 10 minutes
	}{
		"renewed":        {func(int) error { return nil }, 0, 29},
		"a short outage": {func(n int) error { return map[bool]error{true: gone}[n == 4] }, 0, 29},
		"taken over":     {func(n int) error { return map[bool]error{true: store.ErrLeaseLost}[n == 6] }, 2 * ttl, 6},
		"a long outage":  {func(n int) error { return map[bool]error{true: gone}[n > 3] }, ttl * 5 / 3, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				times, begun := 0, time.Now()
				held, release := store.Hold(t.Context(), ttl, func(context.Context) error { times++; return c.extend(times) })
				select {
				case <-held.Done():
					if got := time.Since(begun); got != c.lost || !errors.Is(context.Cause(held), store.ErrLeaseLost) {
						t.Errorf("lost after %s: %v", got, context.Cause(held))
					}
				case <-time.After(10*ttl - time.Second):
					if c.lost != 0 {
						t.Error("it is held still")
					}
				}
				release()
				if held.Err() == nil || times != c.times {
					t.Errorf("renewed %d times, want %d; %v", times, c.times, held.Err())
				}
			})
		})
	}
}

// TestHoldHangs gives up when the store takes the question and never answers.
func TestHoldHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		held, release := store.Hold(t.Context(), time.Minute, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		defer release()
		<-held.Done()
		if got := time.Since(begun); got != time.Minute || !errors.Is(context.Cause(held), store.ErrLeaseLost) {
			t.Errorf("given up after %s: %v", got, context.Cause(held))
		}
	})
}
