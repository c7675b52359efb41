package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Hold renews a lease of ttl that was just given, with extend, three times within
// each ttl. The context that it returns ends with ctx, and when the lease is lost:
// when extend says so with [ErrLeaseLost], or when it has failed for so long that
// another may have it soon; then its cause is ErrLeaseLost. Whoever has done the work
// calls release, which ends the renewing and waits for it.
func Hold(ctx context.Context, ttl time.Duration, extend func(context.Context) error) (held context.Context, release func()) {
	held, lose := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { lose(renew(held, ttl, extend)) })
	return held, func() {
		lose(context.Canceled)
		renewing.Wait()
	}
}

// renew renews a lease until ctx ends, and returns why it does so no longer.
func renew(ctx context.Context, ttl time.Duration, extend func(context.Context) error) error {
	every := time.NewTicker(ttl / 3)
	defer every.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
		asked := time.Now()
		bounded, stop := context.WithDeadline(ctx, last.Add(ttl))
		err := extend(bounded)
		stop()
		switch {
		case err == nil:
			last = asked
		case errors.Is(err, ErrLeaseLost), time.Since(last) >= ttl*2/3:
			return ErrLeaseLost
		}
	}
}
