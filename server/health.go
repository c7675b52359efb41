package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
)

// pingTime is how long the database has to show a sign of life.
const pingTime = 3 * time.Second

// addHealthRoutes registers what load balancers ask.
func addHealthRoutes(s *Server) {
	addPlain(s, route{method: http.MethodGet, path: "/healthz", id: "alive"}, func(w http.ResponseWriter, _ *http.Request) {
		plainText(w, "alive")
	})
	addPlain(s, route{method: http.MethodGet, path: "/readyz", id: "ready"}, s.ready)
}

// ready answers whether the database can be read.
func (s *Server) ready(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), pingTime)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		s.log.WarnContext(ctx, "not ready", "error", err)
		out, _ := w.(*recorder)
		s.refuse(ctx, out, req, newProblem(api.CodeUnavailable, "the database cannot be read", ""))
		return
	}
	plainText(w, "ready")
}

// plainText answers one line.
func plainText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text + "\n")) // it is held back
}
