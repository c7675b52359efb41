package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/gatehouse-sec/gatehouse/respond"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Options say what the API stands on. Store, Backend and Responder are needed.
type Options struct {
	// Store is what is mirrored, with the keys and the audit log.
	Store *store.Store
	// Backend is the rest of the application.
	Backend Backend
	// Responder carries out response actions.
	Responder *respond.Responder
	// OIDC lets people in with tokens of an OpenID Connect issuer. Default: API keys
	// are the only way in.
	OIDC *OIDC
	// RatePerMinute is how many requests one key may make in a minute. Default:
	// 6,000. Less than 0 sets no limit.
	RatePerMinute int
	// MaxBody is the largest body of a request in bytes. Default: 1 MiB.
	MaxBody int64
	// Version is that of the API in the OpenAPI document. Default: "1.0.0".
	Version string
	// Log takes a line for each request. Default: nothing is told.
	Log *slog.Logger
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	o.RatePerMinute = cmp.Or(o.RatePerMinute, 6000)
	o.MaxBody = cmp.Or(max(o.MaxBody, 0), 1<<20)
	o.Version = cmp.Or(o.Version, "1.0.0")
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Server answers the REST API.
type Server struct {
	options   Options
	store     *store.Store
	backend   Backend
	responder *respond.Responder
	log       *slog.Logger
	now       func() time.Time

	mux    *http.ServeMux
	api    huma.API
	routes []route
	rates  *rates
	tokens *tokens // nil: no OpenID Connect
	quiet  anonymousAudit
	crowd  crowd
	pace   livePace

	document document
	hunting  hunting

	touching sync.Map        // ids of keys whose last use is being written
	behind   sync.WaitGroup  // what goes on behind an answer
	drained  context.Context //nolint:containedctx // it ends the answers that follow a feed
	drain    context.CancelFunc
}

// New makes the API. Nothing listens yet: serve [Server.Handler]. Close it when
// done.
func New(o Options) (*Server, error) {
	if o.Store == nil || o.Backend == nil || o.Responder == nil {
		return nil, errors.New("the server needs a store, a backend and a responder")
	}
	o = o.withDefaults()
	s := &Server{
		options: o, store: o.Store, backend: o.Backend, responder: o.Responder, log: o.Log, now: o.Now,
		pace: usualPace(), mux: http.NewServeMux(), rates: newRates(o.RatePerMinute, o.Now), tokens: newTokens(o.OIDC, o.Now),
	}
	s.drained, s.drain = context.WithCancel(context.Background())
	s.api = humago.New(gatedMux{s}, s.humaConfig())
	for _, resource := range resources() {
		resource(s)
	}
	if err := s.describe(); err != nil {
		return nil, err
	}
	s.mux.Handle("/", s.gate(route{scope: scopeAny, id: "unknown"}, s.unknown))
	return s, nil
}

// Handler answers every route.
func (s *Server) Handler() http.Handler { return s.mux }

// Drain ends the answers that would never end by themselves, such as those to who
// follows a feed.
func (s *Server) Drain() { s.drain() }

// Close drains, and waits for what goes on behind the answers that were given.
func (s *Server) Close() {
	s.drain()
	s.behind.Wait()
}
