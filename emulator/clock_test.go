package emulator

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestFakeClock(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	ctx, cancel := context.WithCancel(t.Context())
	ends := make(chan error)
	go func() { ends <- clock.Sleep(ctx, time.Hour) }()
	if err := clock.BlockUntil(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ends; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := clock.BlockUntil(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody sleeps, yet %v", err)
	}
	if err := clock.AutoAdvance().Sleep(t.Context(), time.Hour); err != nil || !clock.Now().Equal(epoch.Add(time.Hour)) {
		t.Errorf("%v, %v", err, clock.Now())
	}
}

func TestSystemClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := (SystemClock{}).Sleep(t.Context(), time.Minute); err != nil || (SystemClock{}).Now().Sub(start) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := (SystemClock{}).Sleep(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}
