package app

import (
	"context"
	"strings"
	"sync"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/engine"
)

// workerName is the part of an engine's name that tells it from every other. The
// rest, host and process, is nobody's business but ours.
func workerName(holder string) string { return holder[strings.LastIndexByte(holder, '/')+1:] }

// readings know which route each stream has called last.
type readings struct {
	mu   sync.Mutex
	last map[place]defender.Operation
}

// place is one stream of one integration.
type place struct {
	integration string
	stream      gatehouse.Stream
}

// called notes a call. Downloads have no route.
func (r *readings) called(at place, op defender.Operation) {
	if op.Path == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[place]defender.Operation{}
	}
	r.last[at] = op
}

// lastCalled returns the route that a stream has called last.
func (r *readings) lastCalled(at place) (defender.Operation, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	op, ok := r.last[at]
	return op, ok
}

// asScheduled lets a source be read as scheduled work of this worker, and watches
// the calls that it makes.
func (c *accounts) asScheduled(i gatehouse.Integration, s *session, src *engine.Source) {
	read, at := src.Read, place{i.ID, src.Stream}
	if read == nil {
		return
	}
	src.Read = func(ctx context.Context, r engine.Request) error {
		ctx, end := s.run(ctx, at.stream, r.API, r)
		ctx, tokens := s.watching(defender.Scheduled(ctx, c.worker))
		ctx = defender.WithOnCall(ctx, func(call defender.Call) {
			c.readings.called(at, call.Operation)
			s.call(ctx, call, tokens)
		})
		err := read(ctx, r)
		end(err)
		return err
	}
}

// withBudget says in the progress of a run what its rate limit leaves.
func (c *accounts) withBudget(p Progress) Progress {
	op, ok := c.readings.lastCalled(place{p.Integration.ID, p.Run.Stream})
	if !ok || op.PerMinute <= 0 && op.PerHour <= 0 {
		return p
	}
	left, wait := c.budgetsOf(p.Integration).LeftScheduled(op)
	p.Budget = engine.Budget{Limited: true, Left: left, Wait: wait}
	return p
}

// budgetsOf returns what all clients of an application in a tenant share, for as
// long as this process lives.
func (c *accounts) budgetsOf(i gatehouse.Integration) *defender.Budgets {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := i.Tenant + " " + i.ClientID
	if c.budgets[key] == nil {
		c.budgets[key] = defender.NewBudgets()
	}
	return c.budgets[key]
}
