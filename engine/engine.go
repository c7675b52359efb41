package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// ErrBusy says that another process works on the integration just now.
var ErrBusy = errors.New("another process works on the integration")

// ErrLeaseLost says that the database did not renew the right to work on an
// integration before it ran out. Another process may have it now; what was read is
// kept.
var ErrLeaseLost = errors.New("the lease of the integration could not be renewed before it ran out, so that another process may go on: try again")

// Options say how an engine works. The zero value is useful.
type Options struct {
	// Workers is how many integrations are worked on at once. Default: 16.
	Workers int
	// PageRows is how many records are committed in one transaction. Default:
	// 1,000.
	PageRows int
	// Lease is how long an integration stays with a worker that shows no sign of
	// life. Default: 15 seconds.
	Lease time.Duration
	// Scan is how often the list of integrations is looked at for new ones.
	// Default: 5 seconds.
	Scan time.Duration
	// Grace is how long a session that has to end may go on to finish the page
	// under way. Default: 5 seconds.
	Grace time.Duration
	// Slice is for how long a reading that can be interrupted keeps the other streams
	// of its integration waiting. Default: 30 seconds.
	Slice time.Duration
	// KeepRuns is how many ended runs of each stream are remembered. Default: 200.
	KeepRuns int
	// Guard may refuse a sweep. Default: [store.DefaultGuard].
	Guard store.Guard
	// Observe is told how each run goes. It must be safe for concurrent use and
	// must not block. Default: nobody is told.
	Observe func(Progress)
	// Log takes what is worth telling. Default: nothing is told.
	Log *slog.Logger
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
	// Random gives numbers in [0, 1) that spread the work. Default: random ones.
	Random func() float64
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	orDuration := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	orInt := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	orInt(&o.Workers, 16)
	orInt(&o.PageRows, 1000)
	orInt(&o.KeepRuns, 200)
	orDuration(&o.Lease, 15*time.Second)
	orDuration(&o.Scan, 5*time.Second)
	orDuration(&o.Grace, 5*time.Second)
	orDuration(&o.Slice, 30*time.Second)
	if o.Observe == nil {
		o.Observe = func(Progress) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = mathrand.Float64
	}
	return o
}

// Engine works on integrations. Make one with [New].
type Engine struct {
	options   Options
	store     *store.Store
	connector Connector
	holder    string // names this engine in leases
	slots     chan struct{}

	mu       sync.Mutex
	sessions map[string]*session // under way, by integration
	jobs     Jobs                // nil while the engine is not started
	stopping bool
	work     sync.WaitGroup
	scan     context.CancelFunc
}

// New makes an engine. It does nothing until [Engine.Start] or [Engine.Sync].
func New(s *store.Store, c Connector, o Options) *Engine {
	o = o.withDefaults()
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Engine{
		options: o, store: s, connector: c, slots: make(chan struct{}, o.Workers), sessions: map[string]*session{},
		holder: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8]),
	}
}

// Holder is the name under which the engine holds its leases.
func (e *Engine) Holder() string { return e.holder }

// Start takes jobs until [Engine.Stop]. An engine is started once.
func (e *Engine) Start(ctx context.Context, jobs Jobs) error {
	e.mu.Lock()
	if e.jobs != nil || e.stopping {
		e.mu.Unlock()
		return errors.New("engine: it was started before: make a new one")
	}
	e.jobs = jobs
	e.mu.Unlock()
	if err := jobs.Start(ctx, e.handle); err != nil {
		return fmt.Errorf("engine: start the job queue: %w", err)
	}
	scan, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		cancel()
		return nil
	}
	e.scan = cancel
	e.work.Go(func() { e.scanIntegrations(scan) })
	return nil
}

// Stop ends all work in good order: pages under way are committed, and runs can
// be resumed by whoever comes next. When ctx ends first the work is cut short,
// which loses nothing either. It returns when no goroutine is left.
func (e *Engine) Stop(ctx context.Context) error {
	e.mu.Lock()
	e.stopping = true
	for _, s := range e.sessions {
		s.stop(errStopped)
	}
	jobs, scan := e.jobs, e.scan
	e.mu.Unlock()
	if scan != nil {
		scan()
	}
	done := make(chan struct{})
	go func() {
		e.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		e.mu.Lock()
		for _, s := range e.sessions {
			s.abort(errStopped)
		}
		e.mu.Unlock()
		<-done
	}
	if jobs == nil {
		return nil
	}
	return jobs.Stop(ctx)
}

// Sync works on an integration now, outside of every schedule, and returns when
// it is done. No streams means all. It fails with [ErrBusy] when somebody else
// works on the integration, with [ErrLeaseLost], and with the error of the store; a
// stream that cannot be read is no error, its health says so.
func (e *Engine) Sync(ctx context.Context, integration string, streams []gatehouse.Stream, observe func(Progress)) error {
	s := e.newSession(integration)
	s.forced, s.only = true, streams
	if observe != nil {
		s.observe = observe
	}
	if !e.enter(s) {
		return fmt.Errorf("engine: integration %s: %w", integration, ErrBusy)
	}
	defer e.leave(s)
	stop := context.AfterFunc(ctx, func() { s.stop(context.Cause(ctx)) })
	defer stop()
	return s.run(context.WithoutCancel(ctx))
}

// Wake lets the work on an integration begin at once, for example when it is new
// or no longer paused.
func (e *Engine) Wake(ctx context.Context, integration string) error {
	e.mu.Lock()
	jobs := e.jobs
	e.mu.Unlock()
	if jobs == nil {
		return nil
	}
	return jobs.Wake(ctx, integration)
}

// enter notes that a session is under way; false when there is one already.
func (e *Engine) enter(s *session) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping || e.sessions[s.integration] != nil {
		return false
	}
	e.sessions[s.integration] = s
	e.work.Add(1)
	return true
}

// leave ends what enter began.
func (e *Engine) leave(s *session) {
	e.mu.Lock()
	delete(e.sessions, s.integration)
	e.mu.Unlock()
	close(s.done)
	e.work.Done()
}

// The pauses of handle.
const (
	attend     = 3 * time.Second  // how long a job waits for its session to end
	comeBack   = 10 * time.Second // when a job looks again at a session that goes on
	noSlot     = time.Second      // when a job asks again for a free worker
	afterError = 5 * time.Second  // when a job tries again after the store failed

	whilePaused = time.Minute // when a job looks again at a paused integration, unless it is woken
)

// handle is a job: it begins the session of an integration, or looks after it,
// and says when to come back. Negative means never.
func (e *Engine) handle(ctx context.Context, integration string) time.Duration {
	e.mu.Lock()
	busy := e.sessions[integration] != nil
	e.mu.Unlock()
	if busy {
		return comeBack
	}
	attended := time.NewTimer(attend)
	defer attended.Stop()
	select {
	case e.slots <- struct{}{}:
	case <-attended.C:
		return noSlot
	case <-ctx.Done():
		return noSlot
	}
	s := e.newSession(integration)
	if !e.enter(s) {
		<-e.slots
		return comeBack
	}
	go func() {
		defer func() { <-e.slots }()
		defer e.leave(s)
		// The session outlives the job that began it: it has a lease.
		s.again = e.outcome(s, s.run(context.WithoutCancel(ctx)))
	}()
	select {
	case <-s.done:
		return s.again
	case <-attended.C:
		return comeBack
	case <-ctx.Done():
		return noSlot
	}
}

// outcome says when an integration is worked on again.
func (e *Engine) outcome(s *session, err error) time.Duration {
	switch {
	case err == nil:
		return min(max(s.next.Sub(e.options.Now()), time.Second), longestSnooze)
	case errors.Is(err, store.ErrNotFound):
		return -1
	case errors.Is(err, ErrBusy):
		return max(e.options.Lease/2, time.Second)
	case errors.Is(err, errStopped), errors.Is(err, errChanged):
		return time.Second
	case errors.Is(err, errPaused):
		return whilePaused
	default:
		e.options.Log.Warn("work on an integration was cut short", "integration", s.integration, "error", err)
		return afterError
	}
}

// scanIntegrations looks for integrations that have no job yet, or that were changed,
// by whatever process, until ctx ends.
func (e *Engine) scanIntegrations(ctx context.Context) {
	const everyoneIn = 60 // scans, one makes sure that every integration has its job
	var known map[string]gatehouse.Integration
	tick := time.NewTicker(e.options.Scan)
	defer tick.Stop()
	for n := 0; ; n++ {
		everyone := n%everyoneIn == 0
		if everyone {
			e.work.Go(func() { e.finishRemovals(ctx) })
		}
		seen, err := e.scanOnce(ctx, known, everyone)
		if err == nil {
			known = seen
		} else if ctx.Err() == nil {
			e.options.Log.Warn("the list of integrations cannot be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// removalLease is for how long one engine is alone in ending a removal. Whoever asked
// for it may still be at it: to do it twice does no harm.
const removalLease = 5 * time.Minute

// finishRemovals removes what is left of integrations whose removal broke off.
func (e *Engine) finishRemovals(ctx context.Context) {
	all, err := e.store.Integrations(ctx)
	if err != nil {
		return // the scan tells of it
	}
	for _, i := range all {
		if i.State != gatehouse.IntegrationRemoving {
			continue
		}
		held, err := e.store.Lease(ctx, i.ID, e.holder, removalLease)
		if err == nil && held {
			err = e.store.RemoveIntegration(ctx, i.ID)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
			e.options.Log.Warn("an integration is not removed to the end yet", "name", i.Name, "error", err)
		}
	}
}

// scanOnce wakes the integrations that have changed since the last scan, makes the jobs
// of those that are new, or of everyone, and returns what it has seen.
func (e *Engine) scanOnce(ctx context.Context, known map[string]gatehouse.Integration, everyone bool) (map[string]gatehouse.Integration, error) {
	all, err := e.store.Integrations(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]gatehouse.Integration, len(all))
	var jobless []string
	for _, i := range all {
		seen[i.ID] = i
		was, old := known[i.ID]
		if i.State != gatehouse.IntegrationActive {
			continue
		}
		if old && (was.State != i.State || !was.Changed.Equal(i.Changed)) {
			if err := e.jobs.Wake(ctx, i.ID); err != nil {
				return nil, err
			}
		}
		if !old || everyone {
			jobless = append(jobless, i.ID)
		}
	}
	return seen, e.jobs.Ensure(ctx, jobless)
}
