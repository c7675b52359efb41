package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
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
	// HTTPClient reaches Microsoft, or an emulator that stands in for it.
	// Default: the SDKs' own.
	HTTPClient *http.Client
	// LookupHost asks DNS for a name when an integration is checked. Default: the
	// system's resolver, and with HTTPClient one that finds nothing wrong.
	LookupHost func(ctx context.Context, host string) error
	// UserAgent is put before ours. Default: none.
	UserAgent string
	// Workers is how many integrations are worked on at once. Default: 16.
	Workers int
	// PageRows is how many records are committed in one transaction. Default:
	// 1,000.
	PageRows int
	// Log takes what is worth telling. Default: nothing is told.
	Log *slog.Logger
	// Progress is told how each run goes. It must be safe for concurrent use and
	// must not block. Default: nobody is told.
	Progress func(Progress)
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
}

// Progress tells how a run of one stream goes.
type Progress = engine.Progress

// App is Gatehouse: a store, and the engine that fills it.
type App struct {
	options Options
	store   *store.Store
}

// New opens the store. It starts no work; [App.SyncOnce] and the methods about
// integrations can be used at once. Close it when done.
func New(ctx context.Context, o Options) (*App, error) { return nil, errNotYet }

// Close ends all work and closes the store.
func (a *App) Close() error { return errNotYet }

// Start begins to work on every active integration, and to listen.
func (a *App) Start(ctx context.Context) error { return errNotYet }

// Stop ends the work in good order: pages under way are committed, runs stay
// resumable. When ctx ends first it cuts them short, which loses nothing.
func (a *App) Stop(ctx context.Context) error { return errNotYet }

// Run starts, waits until ctx ends, and stops.
func (a *App) Run(ctx context.Context) error { return errNotYet }

// Addr is where metrics and health are served, host:port; empty when they are
// not.
func (a *App) Addr() string { return "" }

// Store gives access to what is mirrored.
func (a *App) Store() *store.Store { return a.store }

// NewIntegration describes an integration that is to be added.
type NewIntegration struct {
	// Integration says what it is called and which account it is. ID, State,
	// Created and Changed are filled in.
	Integration gatehouse.Integration
	// Secret is the credential itself, the client secret or the certificate file
	// whole, to be kept encrypted. Leave it empty when
	// Integration.Credential.Reference says where to read it.
	Secret entra.Secret
	// Password opens the certificate file, in the same way.
	Password entra.Secret
	// SkipCheck adds it without asking Microsoft anything.
	SkipCheck bool
	// Progress is told each step of the check. Default: nobody is.
	Progress func(step string)
}

// ErrCheckFailed says that an integration was not added since its check found an
// error; the report has the findings.
var ErrCheckFailed = errors.New("the check of the integration found errors")

// AddIntegration checks an account and, when the check finds no error, keeps it.
// The report is nil when the check was skipped or could not begin.
func (a *App) AddIntegration(ctx context.Context, n NewIntegration) (gatehouse.Integration, *check.Report, error) {
	return gatehouse.Integration{}, nil, errNotYet
}

// Pause stops work on an integration; what is mirrored stays.
func (a *App) Pause(ctx context.Context, idOrName string) error { return errNotYet }

// Resume takes up work again.
func (a *App) Resume(ctx context.Context, idOrName string) error { return errNotYet }

// Remove deletes an integration with all that is mirrored of it.
func (a *App) Remove(ctx context.Context, idOrName string) error { return errNotYet }

// SyncOnce reads the streams of an integration now, whether they are due or not,
// and returns how they fare. No streams means all of them. Progress may be nil.
// It fails with [engine.ErrBusy] when another process works on the integration;
// a stream that fails is no error but its health says so.
func (a *App) SyncOnce(ctx context.Context, idOrName string, streams []gatehouse.Stream, progress func(Progress)) ([]gatehouse.StreamHealth, error) {
	return nil, errNotYet
}

// Status returns how every stream of an integration fares, in the order of the
// catalogue, or of all integrations when idOrName is empty. Streams that were
// never read are pending. Paused integrations show their streams as paused.
func (a *App) Status(ctx context.Context, idOrName string) ([]gatehouse.StreamHealth, error) {
	return nil, errNotYet
}

// ErrBusy says that another process works on the integration just now.
var ErrBusy = engine.ErrBusy

// Handler serves /metrics, /healthz and /readyz.
func (a *App) Handler() http.Handler { return http.NotFoundHandler() }

var errNotYet = errors.New("not built yet")
