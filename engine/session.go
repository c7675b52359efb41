package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/plain"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Why a session ends early. None of these is a failure of a stream.
var (
	errStopped   = errors.New("the engine stops")
	errPaused    = errors.New("the integration is not active")
	errChanged   = errors.New("the settings of the integration have changed")
	errTakenOver = fmt.Errorf("%w: it has taken over", ErrBusy)
)

// errGaveWay ends an attempt that is to go on behind other streams.
var errGaveWay = errors.New("it gives way to other streams")

// session is the work on one integration from taking its lease to giving it
// back.
type session struct {
	*Engine

	integration string
	forced      bool               // read everything, due or not
	only        []gatehouse.Stream // read these alone; empty means all
	observe     func(Progress)
	log         *slog.Logger

	// soft ends after the page under way, hard at once.
	soft, hard  context.Context
	stop, abort context.CancelCauseFunc
	account     gatehouse.Integration
	expires     time.Time
	health      map[gatehouse.Stream]gatehouse.StreamHealth
	left        []Source // that are still to be read
	dueAt       map[gatehouse.Stream]time.Time
	next        time.Time     // when the first stream is due again
	again       time.Duration // what its job is told; read after done
	done        chan struct{}
	schedule    schedule
}

// newSession makes a session that has not begun.
func (e *Engine) newSession(integration string) *session {
	s := &session{
		Engine: e, integration: integration, observe: func(Progress) {}, done: make(chan struct{}),
		log: e.options.Log.With("integration", integration), schedule: schedule{now: e.options.Now, random: e.options.Random},
	}
	s.hard, s.abort = context.WithCancelCause(context.Background())
	s.soft, s.stop = context.WithCancelCause(s.hard)
	return s
}

// run takes the lease, works, and gives the lease back.
func (s *session) run(ctx context.Context) error {
	defer s.abort(context.Canceled)
	context.AfterFunc(s.soft, s.cutShort)
	ttl := s.options.Lease
	held, err := s.store.Lease(ctx, s.integration, s.holder, ttl)
	if err != nil {
		return err
	}
	if !held {
		return fmt.Errorf("engine: integration %s: %w", s.integration, ErrBusy)
	}
	if s.account, err = s.store.Integration(ctx, s.integration); err == nil {
		alive := make(chan struct{})
		go func() {
			defer close(alive)
			s.stayAlive(ttl)
		}()
		err = s.work()
		s.abort(context.Canceled)
		<-alive
	}
	if cause := context.Cause(s.soft); errors.Is(cause, errPaused) || errors.Is(cause, ErrBusy) || errors.Is(cause, ErrLeaseLost) {
		err = cause
	}
	if err := s.store.ReleaseLease(ctx, s.integration, s.holder); err != nil {
		s.log.Warn("the lease cannot be given back; it runs out by itself", "error", err)
	}
	return err
}

// stayAlive renews the lease until the session ends, and ends the session when
// the lease is lost or the integration is no longer active.
func (s *session) stayAlive(ttl time.Duration) {
	every := time.NewTicker(ttl / 3)
	defer every.Stop()
	for last := time.Now(); ; {
		select {
		case <-s.hard.Done():
			return
		case <-every.C:
		}
		started := time.Now()
		ctx, cancel := context.WithDeadline(s.hard, last.Add(ttl))
		held, err := s.store.Lease(ctx, s.integration, s.holder, ttl)
		cancel()
		switch {
		case err == nil && held:
			last = started
			s.stopUnlessCurrent()
		case err == nil:
			s.abort(errTakenOver)
			return
		case time.Since(last) >= ttl:
			s.abort(fmt.Errorf("%w: %w", ErrLeaseLost, err))
			return
		}
	}
}

// cutShort ends a session at once that has to end and has not done so in its grace.
func (s *session) cutShort() {
	grace := time.NewTimer(s.options.Grace)
	defer grace.Stop()
	select {
	case <-s.hard.Done():
	case <-grace.C:
		s.abort(context.Cause(s.soft))
	}
}

// stopUnlessCurrent ends the session of an integration that was paused or removed
// meanwhile, or whose settings have changed: the next one works with the new. A
// forced session, which has no next one, goes on with the settings that it has.
func (s *session) stopUnlessCurrent() {
	i, err := s.store.Integration(s.hard, s.integration)
	switch {
	case errors.Is(err, store.ErrNotFound):
		s.stop(errPaused)
	case err != nil:
	case i.State != gatehouse.IntegrationActive && i.State != s.account.State:
		s.stop(errPaused)
	case !s.forced && !i.Changed.Equal(s.account.Changed):
		s.stop(errChanged)
	}
}

// work connects and reads what is due.
func (s *session) work() error {
	switch {
	case s.account.State == gatehouse.IntegrationRemoving:
		return fmt.Errorf("engine: integration %s: %w", s.account.Name, store.ErrNotFound)
	case s.account.State != gatehouse.IntegrationActive && !s.forced:
		return errPaused
	}
	if err := s.recall(); err != nil {
		return err
	}
	c, err := s.connect()
	if c.Close != nil {
		defer c.Close()
	}
	s.expires = c.Expires
	sources := s.chosen(c.Sources)
	if err != nil {
		return s.notConnected(sources, err)
	}
	return s.readDue(sources)
}

// connect connects the integration. What cannot even say which streams there are fails
// for those that are known.
func (s *session) connect() (c Connection, err error) {
	err = s.guarded("", func() error {
		c, err = s.connector.Connect(s.soft, s.account)
		return err
	})
	if err != nil && len(c.Sources) == 0 {
		for stream := range s.health {
			c.Sources = append(c.Sources, Source{Stream: stream})
		}
	}
	return c, err
}

// recall reads how the streams fared.
func (s *session) recall() error {
	all, err := s.store.Health(s.hard, s.integration)
	if err != nil {
		return err
	}
	s.health = make(map[gatehouse.Stream]gatehouse.StreamHealth, len(all))
	for _, h := range all {
		s.health[h.Stream] = s.schedule.setRight(h)
	}
	return nil
}

// chosen are the sources that the session is about, with their defaults.
func (s *session) chosen(sources []Source) []Source {
	var chosen []Source
	for _, src := range sources {
		if len(s.only) > 0 && !slices.Contains(s.only, src.Stream) {
			continue
		}
		if src.Interval <= 0 {
			src.Interval = defaultInterval
		}
		if src.Reconcile <= 0 {
			src.Reconcile = defaultReconcile
		}
		if src.Next == "" {
			src.Next = gatehouse.SyncFull
		}
		chosen = append(chosen, src)
	}
	return chosen
}

// due says when each source is to be read; now for all when it is forced.
func (s *session) due(sources []Source) map[gatehouse.Stream]time.Time {
	next := make(map[gatehouse.Stream]time.Time, len(sources))
	for _, src := range sources {
		next[src.Stream] = time.Time{}
		if h := s.health[src.Stream]; !s.forced && !s.mended(h) {
			next[src.Stream] = h.NextAttempt
		}
	}
	return next
}

// mended tells whether the settings have changed since a stream has failed, or was off:
// that may have mended it. A limit stays what it is.
func (s *session) mended(h gatehouse.StreamHealth) bool {
	failed := h.State == gatehouse.StreamOff || !h.FailingSince.IsZero() && h.State != gatehouse.StreamThrottled
	return failed && s.account.Changed.After(h.LastAttempt)
}

// longestSession is after how long a session ends although there is more to read: the
// next one connects anew, and finds permissions that were granted meanwhile.
const longestSession = time.Hour

// readDue reads the due sources, one after another, until none is due. What a
// source costs in time may make another one due meanwhile; a forced session
// reads each of them once.
func (s *session) readDue(sources []Source) error {
	s.dueAt, s.left = s.due(sources), slices.Clone(sources)
	for began := s.options.Now(); s.forced || s.options.Now().Sub(began) < longestSession; {
		src := s.schedule.mostUrgent(s.left, s.dueAt)
		if src == nil {
			break
		}
		if s.soft.Err() != nil {
			return context.Cause(s.soft)
		}
		stream := src.Stream
		at, err := s.read(*src)
		if errors.Is(err, errGaveWay) {
			s.dueAt[stream] = s.options.Now() // behind those that are due
			continue
		}
		if err != nil {
			return err
		}
		s.dueAt[stream] = at
		if s.forced {
			s.left = slices.DeleteFunc(s.left, func(o Source) bool { return o.Stream == stream })
		}
	}
	s.next = earliest(sources, s.dueAt, s.options.Now().Add(defaultInterval))
	return nil
}

// waiting tells whether another source than one is due.
func (s *session) waiting(but gatehouse.Stream) bool {
	now := s.options.Now()
	return slices.ContainsFunc(s.left, func(o Source) bool { return o.Stream != but && !s.dueAt[o.Stream].After(now) })
}

// notConnected notes of every due stream that its account cannot be reached.
func (s *session) notConnected(sources []Source, err error) error {
	if s.soft.Err() != nil {
		return context.Cause(s.soft)
	}
	v := s.explain(err)
	s.log.Warn("the integration cannot be connected", "name", s.account.Name, "state", v.State, "reason", v.Reason, "mend", v.Mend)
	next := s.due(sources)
	now := s.options.Now()
	for _, src := range sources {
		if next[src.Stream].After(now) {
			continue
		}
		h := s.failing(s.healthOf(src), v)
		if err := s.keep(h); err != nil {
			return err
		}
		next[src.Stream] = h.NextAttempt
		s.tell(Progress{Integration: s.account, API: src.API, Run: gatehouse.SyncRun{Integration: s.integration, Stream: src.Stream}, Done: true, Err: err, Health: h})
	}
	s.next = earliest(sources, next, now.Add(longestPause))
	return nil
}

// explain says what an error means, whoever made it: at least that it came from
// upstream, and what it says itself.
func (s *session) explain(err error) Verdict {
	v, ours := storageVerdict(err)
	if p, ok := errors.AsType[*panicError](err); ok && !ours {
		v = Verdict{Owner: ownerGatehouse, Reason: p.Error(), Mend: "report it with the log, which has the stack", Anew: true}
	} else if !ours {
		v = s.connector.Explain(err)
	}
	v.State, v.Reason = cmp.Or(v.State, gatehouse.StreamUpstream), cmp.Or(v.Reason, plain.Short(err.Error()))
	return v
}

// keep stores how a stream fares.
func (s *session) keep(h gatehouse.StreamHealth) error {
	s.health[h.Stream] = h
	return s.insist("the health of "+string(h.Stream), func() error { return s.store.PutHealth(s.hard, h) })
}

// tell passes progress on to whoever listens.
func (s *session) tell(p Progress) {
	s.observe(p)
	s.options.Observe(p)
}
