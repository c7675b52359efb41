package rest

import (
	"context"
	"sync/atomic"
)

// observerKey finds the observer of a context.
type observerKey struct{}

// WithOnCall returns a context whose every request is told to f, beside
// Options.OnCall: so the calls of one piece of work can be counted on a client
// that does other work at the same time. Observers of outer contexts are told
// too. f must be safe for concurrent use when the context is used so.
func WithOnCall(ctx context.Context, f func(Call)) context.Context {
	if outer, ok := ctx.Value(observerKey{}).(func(Call)); ok {
		inner := f
		f = func(c Call) {
			inner(c)
			outer(c)
		}
	}
	return context.WithValue(ctx, observerKey{}, f)
}

// report counts a request that left and tells everybody who wants to know.
func report(ctx context.Context, calls *atomic.Int64, onCall func(Call), c Call) {
	calls.Add(1)
	if onCall != nil {
		onCall(c)
	}
	if f, ok := ctx.Value(observerKey{}).(func(Call)); ok {
		f(c)
	}
}
