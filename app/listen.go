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
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
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

// listen serves the handler, if that is wanted.
func (a *App) listen(ctx context.Context) error {
	if a.options.Listen == "" {
		return nil
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", a.options.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address", a.options.Listen, err)
	}
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	a.mu.Lock()
	a.listener, a.server = l, server
	a.mu.Unlock()
	a.serving.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.options.Log.Error("metrics and health are no longer served", "error", err)
		}
	})
	return nil
}

// unlisten ends what listen began.
func (a *App) unlisten(ctx context.Context) error {
	a.mu.Lock()
	server := a.server
	a.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Shutdown(ctx)
	if err != nil {
		err = server.Close()
	}
	a.serving.Wait()
	return err
}
