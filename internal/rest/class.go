package rest

import (
	"context"
	"strings"
)

// scheduledKey finds the worker of a context whose calls are scheduled work.
type scheduledKey struct{}

// Scheduled returns a context whose calls are scheduled work, which can wait: of
// each rate limit they leave a fifth, and at least one call, to those that somebody
// waits for. Without it a call may spend all that is left.
//
// The worker names whoever does the work. It is sent along in User-Agent, as
// "worker/NAME"; what is no letter, digit, dot, dash or underscore is left out of
// it. Default: nobody is named.
func Scheduled(ctx context.Context, worker string) context.Context {
	return context.WithValue(ctx, scheduledKey{}, strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune("._-", r):
			return r
		}
		return -1
	}, worker))
}

// class says who a call is made for.
type class int

const (
	interactive class = iota // somebody waits for it
	scheduled                // it can wait
)

// classOf returns the class of the calls of a context.
func classOf(ctx context.Context) class {
	if _, ok := ctx.Value(scheduledKey{}).(string); ok {
		return scheduled
	}
	return interactive
}

// workerOf returns the product that names the worker of a context, with a blank
// before it; empty when there is none.
func workerOf(ctx context.Context) string {
	if name, _ := ctx.Value(scheduledKey{}).(string); name != "" {
		return " worker/" + name
	}
	return ""
}

// reservedOneIn is the part of each rate limit that scheduled work leaves alone.
const reservedOneIn = 5

// share is what scheduled work may spend of a limit: never nothing.
func share(limit int) int {
	if limit <= 1 {
		return limit
	}
	return limit - max(1, limit/reservedOneIn)
}
