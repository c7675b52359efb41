package server

import (
	"context"
	"net/http"

	"github.com/gatehouse-sec/gatehouse"
)

// Local returns the API for commands on the machine of the mirror, called as a
// person without a key: who can open the mirror can read and change all of it, and
// a key would keep nobody out. Everything else holds as for anyone: the audit log
// names the person, and nobody approves what they asked for themselves.
//
// It must never be listened for: call it in this process.
func (s *Server) Local(person string) http.Handler {
	c := &caller{kind: gatehouse.ActorLocal, id: person, name: person, scopes: []gatehouse.Scope{gatehouse.ScopeAdmin}, all: true}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.mux.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), localKey, c)))
	})
}

// localCaller is who calls in this process; nil when the request came over a
// network, which cannot bring a context along.
func localCaller(ctx context.Context) *caller {
	c, _ := ctx.Value(localKey).(*caller)
	return c
}
