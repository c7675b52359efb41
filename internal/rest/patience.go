package rest

import (
	"context"
	"sync/atomic"
	"time"
)

// patienceKey finds what is left of a context's patience.
type patienceKey struct{}

// WithPatience returns a context whose calls wait for most in all: for room in a
// rate limit, for what Retry-After asks, and before they are sent again. What would
// have to wait longer ends at once, with the last answer or, where the limit is
// spent, with an Error that is ErrThrottled and says how long. The time that answers
// take is not counted.
func WithPatience(ctx context.Context, most time.Duration) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(most))
	return context.WithValue(ctx, patienceKey{}, left)
}

// patient reports whether the calls of a context may wait for d.
func patient(ctx context.Context, d time.Duration) bool {
	left, bounded := ctx.Value(patienceKey{}).(*atomic.Int64)
	return !bounded || int64(d) <= left.Load()
}

// waited takes from a context's patience what was waited since a time.
func waited(ctx context.Context, since time.Time) {
	if left, bounded := ctx.Value(patienceKey{}).(*atomic.Int64); bounded {
		left.Add(-int64(time.Since(since)))
	}
}
