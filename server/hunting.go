package server

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// How hunts are run.
const (
	huntTime    = 10 * time.Minute // Microsoft gives up then, too
	huntLease   = time.Minute      // for how long a killed process holds its hunts up
	huntsAtOnce = 4                // a result may have 50 MB
	huntBatch   = 500              // rows in one transaction
	huntsDue    = 10 * time.Second // how often the schedules are looked at
	huntsKept   = 30 * 24 * time.Hour
	huntsNewest = 3 // runs of a saved hunt that are kept however old they are
)

// huntsWaiting is how many runs may wait for their place.
const huntsWaiting = 1000

// hunting bounds the hunts that run at once, and those that wait for it.
type hunting struct {
	places  chan struct{}
	waiting *atomic.Int64
	lease   time.Duration
}

func newHunting() hunting {
	return hunting{make(chan struct{}, huntsAtOnce), new(atomic.Int64), huntLease}
}

// execute runs a query and keeps what it finds.
func (s *Server) execute(ctx context.Context, r gatehouse.HuntRun, q HuntQuery) {
	select {
	case s.hunting.places <- struct{}{}:
		defer func() { <-s.hunting.places }()
	case <-ctx.Done():
	}
	r.State, r.Started = gatehouse.HuntRunning, s.now().UTC()
	err := ctx.Err()
	if err == nil {
		err = s.store.SaveHuntRun(ctx, r)
	}
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, huntTime)
		err = s.held(limited, &r, q)
		cancel()
	}
	r.State, r.Ended = gatehouse.HuntSucceeded, s.now().UTC()
	switch {
	case errors.Is(context.Cause(ctx), store.ErrLeaseLost):
		r.State, r.Error = gatehouse.HuntCancelled, "another process has taken the hunt over"
	case ctx.Err() != nil:
		r.State, r.Error = gatehouse.HuntCancelled, "the server was stopped: run it again"
	case err != nil:
		r.State, r.Error = gatehouse.HuntFailed, s.problem(ctx, err).Detail
		if r.Error == "" {
			r.Error = "a fault of Gatehouse: see its log"
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTime)
	defer cancel()
	if err := s.store.SaveHuntRun(end, r); err != nil {
		s.log.WarnContext(ctx, "how a hunt ended could not be kept", "run", r.ID, "error", err)
	}
}

// held runs a query and says all the time that somebody does.
func (s *Server) held(ctx context.Context, r *gatehouse.HuntRun, q HuntQuery) error {
	hold := func(ctx context.Context) error { return s.store.HoldHuntRun(ctx, r.ID, s.hunting.lease) }
	if err := hold(ctx); err != nil {
		return err
	}
	ctx, release := store.Hold(ctx, s.hunting.lease, hold)
	defer release()
	return s.hunt(ctx, r, q)
}

// hunt asks Microsoft and keeps the rows.
func (s *Server) hunt(ctx context.Context, r *gatehouse.HuntRun, q HuntQuery) error {
	found, err := s.ask(ctx, r.Integration, q)
	if err != nil {
		return err
	}
	r.API, r.Truncated = found.API, found.Truncated
	for _, c := range found.Columns {
		r.Columns = append(r.Columns, gatehouse.HuntColumn{Name: c.Name, Type: c.Type})
	}
	for from := 0; from < len(found.Rows); from += huntBatch {
		batch := found.Rows[from:min(from+huntBatch, len(found.Rows))]
		rows := make([]json.RawMessage, len(batch))
		for i, row := range batch {
			rows[i] = row
		}
		if err := s.store.AppendHuntRows(ctx, r.ID, rows); err != nil {
			return err
		}
	}
	return nil
}

// RunHunts runs saved hunts when they are due, and forgets every hour what is kept
// for a time, until ctx ends or the server drains.
// Any number of processes may do so on one database: each hunt runs in one of them.
func (s *Server) RunHunts(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.drained, cancel)()
	look := time.NewTicker(huntsDue)
	defer look.Stop()
	tidied := time.Time{}
	for {
		for s.runDue(ctx) {
		}
		if now := s.now(); now.Sub(tidied) > time.Hour {
			tidied = now
			s.tidy(ctx, now)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// tidy forgets old runs of hunts, and the answers that no repeat of a request gets
// any more.
func (s *Server) tidy(ctx context.Context, now time.Time) {
	if _, err := s.store.TrimHuntRuns(ctx, now.Add(-huntsKept), huntsNewest); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "old runs of hunts could not be forgotten", "error", err)
	}
	if _, err := s.store.TrimAnswers(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "old answers could not be forgotten", "error", err)
	}
}

// runDue runs the hunt that is longest due, and reports whether there was one.
func (s *Server) runDue(ctx context.Context) bool {
	h, fence, err := s.store.ClaimHunt(ctx, "server", s.hunting.lease)
	if err != nil || h == nil {
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the hunts that are due could not be read", "error", err)
		}
		return false
	}
	held, release := store.Hold(ctx, s.hunting.lease, func(ctx context.Context) error { return s.store.ExtendHunt(ctx, h.ID, fence, s.hunting.lease) })
	err = s.runScheduled(held, *h)
	lost := context.Cause(held)
	release()
	switch {
	case ctx.Err() == nil && errors.Is(lost, store.ErrLeaseLost):
		s.log.WarnContext(ctx, "another process has taken a scheduled hunt over", "hunt", h.ID)
		return true
	case err != nil && ctx.Err() == nil:
		s.log.WarnContext(ctx, "a scheduled hunt could not be run", "hunt", h.ID, "error", err)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTime)
	defer cancel()
	if err := s.store.ReleaseHunt(end, h.ID, fence, s.nextRun(end, *h)); err != nil {
		s.log.WarnContext(ctx, "a scheduled hunt could not be given back: it is run again when its lease ends", "hunt", h.ID, "error", err)
	}
	return ctx.Err() == nil
}

// nextRun is when a hunt runs next, as its settings are now: they may have been
// changed while it ran. The zero time means never.
func (s *Server) nextRun(ctx context.Context, h gatehouse.Hunt) time.Time {
	if now, err := s.store.Hunt(ctx, h.ID); err == nil {
		h = now
	}
	every, err := time.ParseDuration(h.Schedule)
	if err != nil || every < everyLeast || !h.Enabled {
		return time.Time{}
	}
	return s.now().Add(every).UTC()
}

// runScheduled runs a hunt in each of its integrations, one after another.
func (s *Server) runScheduled(ctx context.Context, h gatehouse.Hunt) error {
	all, err := s.store.Integrations(ctx)
	if err != nil {
		return err
	}
	for _, i := range integrationsOf(h, all) {
		if i.State != gatehouse.IntegrationActive {
			continue
		}
		id := "run_" + newToken()
		r, err := s.store.AddHuntRun(ctx, gatehouse.HuntRun{ID: id, Hunt: h.ID, Integration: i.ID, Query: h.Query, By: h.By, State: gatehouse.HuntQueued})
		if err != nil {
			return err
		}
		s.execute(ctx, r, HuntQuery{Text: h.Query, Scheduled: true})
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
