package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/gatehouse-sec/gatehouse/api"
)

// How the live feed goes.
const (
	livePoll = 500 * time.Millisecond // how often the end of the log is looked at
	livePage = 100                    // changes that are in memory for one reader
)

// livePace is how long things take in a live feed.
type livePace struct {
	// beat is how often a comment shows that the connection lives, and how often it is
	// asked whether the reader's key still does.
	beat time.Duration
	// write is how long a reader may take to fetch what is sent.
	write time.Duration
}

// usualPace is that of every server; tests have their own.
func usualPace() livePace { return livePace{beat: 15 * time.Second, write: 20 * time.Second} }

// liveQuery asks to follow the feed.
type liveQuery struct {
	FeedQuery
	After       int64  `query:"after" minimum:"-1" default:"-1" doc:"Changes behind this number. Absent: those that come next."`
	LastEventID string `header:"Last-Event-ID" doc:"Goes before after: what a browser sends when it connects again."`
}

// followEvents answers with changes as they come. A reader that is too slow is cut
// off: it comes back with the last number that it has read, and has lost nothing.
func (s *Server) followEvents(ctx context.Context, q *liveQuery) (*huma.StreamResponse, error) {
	f, err := s.newFeed(ctx, q.FeedQuery)
	if err != nil {
		return nil, err
	}
	after, err := s.begin(ctx, q)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/event-stream")
		hc.SetHeader("Cache-Control", "no-store")
		hc.SetHeader("X-Accel-Buffering", "no") // a proxy that gathers would hold changes back
		ctx, cancel := context.WithCancel(hc.Context())
		defer cancel()
		defer context.AfterFunc(s.drained, cancel)()
		f.follow(ctx, newEventWriter(hc, s.pace.write), after)
	}}, nil
}

// begin is the number that a live feed begins behind.
func (s *Server) begin(ctx context.Context, q *liveQuery) (int64, error) {
	switch {
	case q.LastEventID != "":
		n, err := strconv.ParseInt(q.LastEventID, 10, 64)
		if err != nil || n < 0 {
			return 0, invalid("header.Last-Event-ID", "it is not the number of a change", "send the id of the last change that was read, or none")
		}
		return n, nil
	case q.After >= 0:
		return q.After, nil
	}
	return s.store.LastEvent(ctx)
}

// follow writes changes until ctx ends, the reader is gone, or its key is.
func (f feed) follow(ctx context.Context, w *eventWriter, after int64) {
	if w.comment("gatehouse") != nil {
		return
	}
	poll, beat := time.NewTicker(livePoll), time.NewTicker(f.pace.beat)
	defer poll.Stop()
	defer beat.Stop()
	for asked := time.Now(); ; {
		if now := time.Now(); now.Sub(asked) >= f.pace.beat {
			asked = now
			if !f.still(ctx, callerOf(ctx)) {
				_ = w.problem(unauthenticated()) // the connection ends anyhow
				return
			}
		}
		page, err := f.page(ctx, after, livePage)
		if err != nil {
			if ctx.Err() == nil {
				_ = w.problem(f.problem(ctx, err)) // the connection ends anyhow
			}
			return
		}
		if len(page.Items) > 0 {
			if w.events(page.Items) != nil {
				return
			}
		}
		more := len(page.Items) == livePage
		after = page.Next
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if w.comment("alive") != nil {
				return
			}
		case <-poll.C:
		}
	}
}

// eventWriter writes server-sent events, each batch within its time.
type eventWriter struct {
	hc   huma.Context
	most time.Duration // to send one batch
	body bytes.Buffer
}

func newEventWriter(hc huma.Context, most time.Duration) *eventWriter {
	return &eventWriter{hc: hc, most: most}
}

// comment writes a line that readers pass over.
func (w *eventWriter) comment(text string) error {
	fmt.Fprintf(&w.body, ": %s\n\n", text)
	return w.send()
}

// problem tells why the feed ends.
func (w *eventWriter) problem(p *api.Problem) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.body, "event: problem\ndata: %s\n\n", text)
	return w.send()
}

// events writes changes.
func (w *eventWriter) events(all []api.Event) error {
	for _, e := range all {
		text, err := json.Marshal(e) // on one line
		if err != nil {
			return err
		}
		fmt.Fprintf(&w.body, "id: %d\nevent: %s\ndata: %s\n\n", e.Number, e.Kind, text)
	}
	return w.send()
}

// send sends what was gathered.
func (w *eventWriter) send() error {
	defer w.body.Reset()
	out := w.hc.BodyWriter()
	if rw, ok := out.(http.ResponseWriter); ok {
		_ = http.NewResponseController(rw).SetWriteDeadline(time.Now().Add(w.most)) // where there is a connection
	}
	if _, err := out.Write(w.body.Bytes()); err != nil {
		return err
	}
	if f, ok := out.(http.Flusher); ok {
		f.Flush()
	}
	return nil
}
