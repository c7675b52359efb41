package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// note is what a handler has to say to the audit entry of its request.
type note struct {
	integration string
	target      string
	detail      any  // encoded as JSON; never a secret
	written     bool // the entry is written already, in the transaction of the change
}

// noteOf returns the note of the request.
func noteOf(ctx context.Context) *note {
	n, _ := ctx.Value(noteKey).(*note)
	if n == nil {
		return &note{}
	}
	return n
}

// audit writes what came of a request that changes something.
func (s *Server) audit(ctx context.Context, r route, status int, code string) error {
	n, c := noteOf(ctx), callerOf(ctx)
	if n.written {
		return nil
	}
	e := gatehouse.AuditEntry{
		Actor: c.id, ActorKind: c.kind, Operation: r.does, Integration: n.integration, Target: n.target,
		Outcome: outcome(status), RequestID: requestID(ctx),
	}
	detail := map[string]any{}
	if code != "" {
		detail["code"], detail["status"] = code, status
	}
	if n.detail != nil {
		detail["what"] = n.detail
	}
	if c.kind == gatehouse.ActorNobody {
		left, ok := s.quiet.may(s.now())
		if !ok {
			return nil
		}
		if left > 0 {
			detail["notWritten"] = left
		}
	}
	if len(detail) > 0 {
		text, err := json.Marshal(detail)
		if err != nil {
			return fmt.Errorf("audit of %s: %w", r.does, err)
		}
		e.Detail = text
	}
	_, err := s.store.AppendAudit(context.WithoutCancel(ctx), e)
	return err
}

// outcome is what the audit says of a status.
func outcome(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return "done"
	case status < http.StatusInternalServerError:
		return "refused"
	}
	return "failed"
}

// anonymousAuditPerMinute bounds the entries about requests of nobody: the log is
// kept for good, and anyone could fill it.
const anonymousAuditPerMinute = 60

// anonymousAudit counts the entries about nobody.
type anonymousAudit struct {
	mu      sync.Mutex
	since   time.Time
	written int
	left    int // out since the last entry
}

// may reports whether an entry may be written now, and how many were left out
// before it.
func (a *anonymousAudit) may(now time.Time) (left int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.since) >= time.Minute {
		a.since, a.written = now, 0
	}
	if a.written >= anonymousAuditPerMinute {
		a.left++
		return 0, false
	}
	a.written++
	left, a.left = a.left, 0
	return left, true
}
