package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
)

// ActionsService submits response actions and follows them.
type ActionsService struct{ c *Client }

// ActionQuery says which actions to list.
type ActionQuery struct {
	Integrations []string // ids or names; none: all that the key may see
	States       []string // any of these; none: any
	Actions      []string // any of these, as isolate; none: any
	Target       string   // id of a target; empty: any
	Since        time.Time
	Limit        int // of a page; 0: the server's default
	Cursor       string
}

func (q ActionQuery) values() url.Values {
	v := url.Values{}
	for name, list := range map[string][]string{"integration": q.Integrations, "state": q.States, "action": q.Actions} {
		for _, text := range list {
			v.Add(name, text)
		}
	}
	for name, text := range map[string]string{"target": q.Target, "cursor": q.Cursor} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if !q.Since.IsZero() {
		v.Set("since", q.Since.UTC().Format(time.RFC3339Nano))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Kinds is the catalogue of response actions.
func (s *ActionsService) Kinds(ctx context.Context) (api.ActionKinds, error) {
	return get[api.ActionKinds](ctx, s.c, nil, "action-kinds")
}

// NewKey makes an idempotency key. Keep it to repeat a submission whose answer
// was lost.
func NewKey() string { return rand.Text() }

// Submit submits an action. The same idempotency key gives the same action,
// however often it is sent; an empty one is made.
func (s *ActionsService) Submit(ctx context.Context, a api.NewAction, idempotencyKey string) (api.Action, error) {
	if idempotencyKey == "" {
		idempotencyKey = NewKey()
	}
	return call[api.Action](ctx, s.c, request{
		method: http.MethodPost, path: pathOf("actions"), body: a, header: map[string]string{"Idempotency-Key": idempotencyKey},
	})
}

// Page reads one page of the actions, the newest first.
func (s *ActionsService) Page(ctx context.Context, q ActionQuery) (api.Actions, error) {
	return get[api.Actions](ctx, s.c, q.values(), "actions")
}

// List yields actions, the newest first. It ends at the first error.
func (s *ActionsService) List(ctx context.Context, q ActionQuery) iter.Seq2[api.Action, error] {
	return func(yield func(api.Action, error) bool) {
		for {
			page, err := s.Page(ctx, q)
			if err != nil {
				yield(api.Action{}, err)
				return
			}
			for _, a := range page.Items {
				if !yield(a, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Cursor = page.Next
		}
	}
}

// Get shows an action.
func (s *ActionsService) Get(ctx context.Context, id string) (api.Action, error) {
	return get[api.Action](ctx, s.c, nil, "actions", id)
}

// Approve lets an action go on that another key has submitted.
func (s *ActionsService) Approve(ctx context.Context, id, note string) (api.Action, error) {
	return s.decide(ctx, id, "approve", api.Decision{Note: note})
}

// Deny ends an action that waits for approval.
func (s *ActionsService) Deny(ctx context.Context, id, note string) (api.Action, error) {
	return s.decide(ctx, id, "deny", api.Decision{Note: note})
}

// Cancel ends what was not sent yet, and asks Microsoft to cancel the rest.
func (s *ActionsService) Cancel(ctx context.Context, id, comment string) (api.Action, error) {
	return s.decide(ctx, id, "cancel", api.CancelAction{Comment: comment})
}

func (s *ActionsService) decide(ctx context.Context, id, verb string, body any) (api.Action, error) {
	return call[api.Action](ctx, s.c, request{method: http.MethodPost, path: pathOf("actions", id, verb), body: body})
}

// Wait follows an action until it has ended, or waits for approval, or ctx ends.
// Each state is told to changed once, when it is not nil.
func (s *ActionsService) Wait(ctx context.Context, id string, changed func(api.Action)) (api.Action, error) {
	var last time.Time
	for wait := 200 * time.Millisecond; ; wait = min(wait*3/2, 5*time.Second) {
		a, err := s.Get(ctx, id)
		if err != nil {
			return a, err
		}
		if changed != nil && !a.Changed.Equal(last) {
			changed(a)
		}
		last = a.Changed
		if a.State.Ended() || a.State == api.ActionWaiting {
			return a, nil
		}
		if err := pause.For(ctx, wait); err != nil {
			return a, fmt.Errorf("action %s is %s: %w", id, a.State, err)
		}
	}
}

// Result writes what an action brought for one of its targets, such as an
// investigation package. Targets are numbered from 1.
func (s *ActionsService) Result(ctx context.Context, id string, target int, w io.Writer) (int64, error) {
	res, err := s.c.send(ctx, request{
		method: http.MethodGet, path: pathOf("actions", id, "targets", strconv.Itoa(target), "result"), header: map[string]string{"Accept": "*/*"},
	})
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	n, err := io.Copy(w, res.Body)
	if err != nil {
		return n, fmt.Errorf("the result of %s broke off after %d bytes: %w", id, n, err)
	}
	return n, nil
}

// Events reads the changes of the states of actions after a number.
func (s *ActionsService) Events(ctx context.Context, after int64, q ActionQuery) (api.ActionEvents, error) {
	v := url.Values{"after": {strconv.FormatInt(after, 10)}}
	for _, i := range q.Integrations {
		v.Add("integration", i)
	}
	return get[api.ActionEvents](ctx, s.c, v, "action-events")
}
