package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/server"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// Options say where an application keeps its data and how it works. Either Data
// or DatabaseURL is needed.
type Options struct {
	// Data is the folder of the SQLite file gatehouse.db and of the key that
	// seals secrets. It is made when missing.
	Data string
	// DatabaseURL is the address of a PostgreSQL database, in place of the file.
	DatabaseURL string
	// Key is where the key lies that seals secrets: "env:NAME" or "file:PATH".
	// Default: a file beside the SQLite file; PostgreSQL has no default.
	Key string
	// Listen is the address, host:port, that metrics and health are served on
	// while the application runs. Default: none.
	Listen string
	// API says how the REST API is served. Default: it is not.
	API APIOptions
	// CredentialRefs are patterns of the references that a credential may be given
	// by over the REST API, as env:DEFENDER_* or file:/run/secrets/*. Default: none.
	CredentialRefs []string
	// HTTPClient reaches Microsoft, or an emulator that stands in for it.
	// Default: the SDKs' own.
	HTTPClient *http.Client
	// LookupHost asks DNS for a name when an integration is checked. Default: the
	// system's resolver, and with HTTPClient one that finds nothing wrong.
	LookupHost func(ctx context.Context, host string) error
	// UserAgent is put before ours. Default: none.
	UserAgent string
	// Streams are what is mirrored of an integration that does not say. Default:
	// [stream.All].
	Streams []stream.Stream
	// Workers is how many integrations are worked on at once. Default: 16.
	Workers int
	// PageRows is how many records are committed in one transaction. Default:
	// 1,000.
	PageRows int
	// Lease is how long an integration stays with a worker that shows no sign of
	// life. Default: 15 seconds.
	Lease time.Duration
	// Traces sends OpenTelemetry traces where the environment says so, by
	// OTEL_EXPORTER_OTLP_ENDPOINT and the other names that OpenTelemetry has for it.
	// Default: none are sent, whatever the environment says.
	Traces bool
	// Log takes what is worth telling. Default: nothing is told.
	Log *slog.Logger
	// Progress is told how each run goes. It must be safe for concurrent use and
	// must not block. Default: nobody is told.
	Progress func(Progress)
	// ApproveDangerous makes every dangerous response action wait for the approval of
	// a second key. An application that serves the REST API says so to every process on
	// the same data, local commands among them, until one that is told otherwise is
	// started.
	ApproveDangerous bool
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
}

// Progress tells how a run of one stream goes.
type Progress = engine.Progress

// ErrBusy says that another process works on the integration just now.
var ErrBusy = engine.ErrBusy

// ErrLeaseLost says that the database was out of reach for so long that another
// process may work on the integration now.
var ErrLeaseLost = engine.ErrLeaseLost

// App is Gatehouse: a store, and the engine that fills it.
type App struct {
	options   Options
	store     *store.Store
	engine    *engine.Engine
	accounts  *accounts
	responses *responses
	registry  *prometheus.Registry
	beside    beside

	mu             sync.Mutex
	rest           *server.Server // nil until its first use
	metricsServing served
	apiServing     served
	serving        sync.WaitGroup
	stopped        bool
}

// New opens the store. It starts no work; [App.SyncOnce] and the methods about
// integrations can be used at once. Close it when done.
func New(ctx context.Context, o Options) (*App, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	so := store.Options{DatabaseURL: o.DatabaseURL, Key: o.Key, Now: o.Now}
	if o.DatabaseURL == "" {
		so.Path = filepath.Join(o.Data, "gatehouse.db")
	}
	s, err := store.Open(ctx, so)
	if err != nil {
		return nil, err
	}
	a := &App{options: o, store: s, accounts: newAccounts(s, o), registry: prometheus.NewRegistry()}
	metrics := engine.NewMetrics(s)
	a.registry.MustRegister(metrics, newUnreadable(s), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	observe := func(p Progress) {
		metrics.Observe(p)
		a.accounts.tracing.page(p)
		o.Progress(a.accounts.withBudget(p))
	}
	a.engine = engine.New(s, a.accounts, engine.Options{
		Workers: o.Workers, PageRows: o.PageRows, Lease: o.Lease, Log: o.Log, Observe: observe, Now: o.Now,
	})
	a.accounts.worker = workerName(a.engine.Holder())
	if a.accounts.tracing, err = newTracing(ctx, o, a.accounts.worker); err != nil {
		return nil, errors.Join(fmt.Errorf("traces: %w", err), s.Close())
	}
	a.responses = newResponses(a)
	return a, nil
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() (Options, error) {
	if o.Data == "" && o.DatabaseURL == "" {
		return o, errors.New("neither a data folder nor a database address is given: set GATEHOUSE_DATA or GATEHOUSE_DATABASE_URL")
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if o.Streams == nil {
		o.Streams = stream.All()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LookupHost == nil && o.HTTPClient != nil {
		o.LookupHost = func(context.Context, string) error { return nil }
	}
	return o, nil
}

// Start begins to work on every active integration, and to listen. An App is
// started once.
func (a *App) Start(ctx context.Context) error {
	if err := a.listen(ctx); err != nil {
		return err
	}
	jobs, err := engine.NewRiver(ctx, a.store, engine.RiverOptions{DatabaseURL: a.options.DatabaseURL, Workers: a.options.Workers, Log: a.options.Log})
	if err != nil {
		return errors.Join(err, a.unlisten(ctx))
	}
	if err := a.engine.Start(ctx, jobs); err != nil {
		return errors.Join(err, jobs.Stop(ctx), a.unlisten(ctx))
	}
	if a.options.API.Listen != "" {
		if err := a.announce(ctx); err != nil {
			return errors.Join(err, a.Stop(ctx))
		}
	}
	a.responses.start(ctx)
	return a.beside.start(ctx, a)
}

// Stop ends the work in good order: pages under way are committed, runs stay
// resumable. When ctx ends first it cuts them short, which loses nothing. What
// is mirrored can still be read until [App.Close].
func (a *App) Stop(ctx context.Context) error {
	a.mu.Lock()
	stopped := a.stopped
	a.stopped = true
	a.mu.Unlock()
	if stopped {
		return nil
	}
	a.responses.halt()
	a.beside.halt()
	err := a.engine.Stop(ctx)
	return errors.Join(err, a.unlisten(ctx))
}

// stopTime is how long Run and Close let work come to a good end.
const stopTime = 10 * time.Second

// Run starts, waits until ctx ends, and stops.
func (a *App) Run(ctx context.Context) error {
	if err := a.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return a.Stop(stop)
}

// Close stops and closes the store.
func (a *App) Close() error {
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err := a.Stop(stop)
	a.mu.Lock()
	rest := a.rest
	a.mu.Unlock()
	if rest != nil {
		rest.Close()
	}
	a.accounts.close()
	return errors.Join(err, a.accounts.tracing.close(), a.store.Close())
}

// Store gives access to what is mirrored.
func (a *App) Store() *store.Store { return a.store }

// SyncOnce reads the streams of an integration now, whether they are due or not,
// and returns how they fare. No streams means all of them. Progress may be nil.
// It fails with [ErrBusy] when somebody else works on the integration, and with
// [ErrLeaseLost]; a stream that fails is no error, its health says so.
func (a *App) SyncOnce(ctx context.Context, idOrName string, streams []gatehouse.Stream, progress func(Progress)) ([]gatehouse.StreamHealth, error) {
	i, err := a.store.Integration(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	for _, name := range streams {
		if !a.accounts.knows(name) {
			return nil, fmt.Errorf("there is no stream %q: %w", name, store.ErrNotFound)
		}
	}
	var observe func(Progress)
	if progress != nil {
		observe = func(p Progress) { progress(a.accounts.withBudget(p)) }
	}
	if err := a.engine.Sync(ctx, i.ID, streams, observe); err != nil {
		return nil, err
	}
	return a.Status(ctx, i.ID)
}
