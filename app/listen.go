package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Addr is where metrics and health are served, host:port; empty when they are
// not.
func (a *App) Addr() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.metricsServing.listener == nil {
		return ""
	}
	return a.metricsServing.listener.Addr().String()
}

// Handler serves three routes to whoever asks:
//
//   - /metrics is for Prometheus,
//   - /healthz answers 200 as long as the process lives,
//   - /readyz answers 200 when the database can be read, and 503 with the reason
//     when it cannot.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pingTime)
		defer cancel()
		if err := a.store.Ping(ctx); err != nil {
			a.options.Log.Warn("not ready", "error", err)
			answer(w, http.StatusServiceUnavailable, "the database cannot be read")
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	return mux
}

// pingTime is how long the database has to show a sign of life.
const pingTime = 3 * time.Second

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // who asked may be gone
}

// served is what listens at one address.
type served struct {
	listener net.Listener
	server   *http.Server
}

// serve answers at an address until [served.end].
func (a *App) serve(ctx context.Context, address string, hs *http.Server) (served, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return served{}, fmt.Errorf("listen on %s: %w: choose another address", address, err)
	}
	a.serving.Go(func() {
		run := func() error { return hs.Serve(l) }
		if hs.TLSConfig != nil {
			run = func() error { return hs.ServeTLS(l, "", "") }
		}
		if err := run(); !errors.Is(err, http.ErrServerClosed) {
			a.options.Log.Error("an address is no longer served", "address", address, "error", err)
		}
	})
	return served{l, hs}, nil
}

// end lets what is under way come to its end, or cuts it short when ctx ends.
func (s served) end(ctx context.Context) error {
	if s.server == nil {
		return nil
	}
	if err := s.server.Shutdown(ctx); err != nil {
		return s.server.Close()
	}
	return nil
}

// listen serves metrics and health, and the REST API, if that is wanted.
func (a *App) listen(ctx context.Context) error {
	if a.options.Listen != "" {
		s, err := a.serve(ctx, a.options.Listen, &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute})
		if err != nil {
			return err
		}
		a.mu.Lock()
		a.metricsServing = s
		a.mu.Unlock()
	}
	if err := a.listenAPI(ctx); err != nil {
		return errors.Join(err, a.unlisten(ctx))
	}
	return nil
}

// unlisten ends what listen began.
func (a *App) unlisten(ctx context.Context) error {
	a.mu.Lock()
	metrics, rest := a.metricsServing, a.apiServing
	a.mu.Unlock()
	err := errors.Join(rest.end(ctx), metrics.end(ctx))
	a.serving.Wait()
	return err
}
