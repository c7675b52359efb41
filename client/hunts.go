package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
)

// HuntsService runs advanced hunting queries, now and on a schedule.
type HuntsService struct{ c *Client }

// List returns the saved hunts.
func (s *HuntsService) List(ctx context.Context) ([]api.Hunt, error) {
	list, err := get[api.Hunts](ctx, s.c, nil, "hunts")
	return list.Items, err
}

// Get shows a saved hunt.
func (s *HuntsService) Get(ctx context.Context, id string) (api.Hunt, error) {
	return get[api.Hunt](ctx, s.c, nil, "hunts", id)
}

// Save saves a hunt.
func (s *HuntsService) Save(ctx context.Context, h api.NewHunt) (api.Hunt, error) {
	return call[api.Hunt](ctx, s.c, request{method: http.MethodPost, path: pathOf("hunts"), body: h, header: map[string]string{"Idempotency-Key": NewKey()}})
}

// Change replaces a saved hunt.
func (s *HuntsService) Change(ctx context.Context, id string, h api.NewHunt) (api.Hunt, error) {
	return call[api.Hunt](ctx, s.c, request{method: http.MethodPut, path: pathOf("hunts", id), body: h})
}

// Remove deletes a saved hunt.
func (s *HuntsService) Remove(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, s.c, request{method: http.MethodDelete, path: pathOf("hunts", id)})
	return err
}

// RunSaved runs a saved hunt now, once in each of its integrations.
func (s *HuntsService) RunSaved(ctx context.Context, id string) ([]api.HuntRun, error) {
	list, err := call[api.HuntRuns](ctx, s.c, request{method: http.MethodPost, path: pathOf("hunts", id, "runs"), header: map[string]string{"Idempotency-Key": NewKey()}})
	return list.Items, err
}

// Run runs a query now, once in each of its integrations.
func (s *HuntsService) Run(ctx context.Context, h api.RunHunt) ([]api.HuntRun, error) {
	list, err := call[api.HuntRuns](ctx, s.c, request{method: http.MethodPost, path: pathOf("hunt-runs"), body: h, header: map[string]string{"Idempotency-Key": NewKey()}})
	return list.Items, err
}

// Runs reads a page of the runs of a saved hunt, or of all when it is empty, the
// newest first.
func (s *HuntsService) Runs(ctx context.Context, hunt, cursor string) (api.HuntRuns, error) {
	v := url.Values{}
	for name, text := range map[string]string{"hunt": hunt, "cursor": cursor} {
		if text != "" {
			v.Set(name, text)
		}
	}
	return get[api.HuntRuns](ctx, s.c, v, "hunt-runs")
}

// GetRun shows a run.
func (s *HuntsService) GetRun(ctx context.Context, id string) (api.HuntRun, error) {
	return get[api.HuntRun](ctx, s.c, nil, "hunt-runs", id)
}

// WaitRun follows a run until it has ended or ctx ends. It returns the run as it
// was seen last.
func (s *HuntsService) WaitRun(ctx context.Context, id string) (api.HuntRun, error) {
	for wait := 100 * time.Millisecond; ; wait = min(wait*3/2, 5*time.Second) {
		run, err := s.GetRun(ctx, id)
		if err != nil || run.State != "queued" && run.State != "running" {
			return run, err
		}
		if err := pause.For(ctx, wait); err != nil {
			return run, fmt.Errorf("run %s is %s: %w", id, run.State, err)
		}
	}
}

// Rows reads a page of the rows that a run has found.
func (s *HuntsService) Rows(ctx context.Context, run, cursor string, limit int) (api.HuntRows, error) {
	v := url.Values{}
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return get[api.HuntRows](ctx, s.c, v, "hunt-runs", run, "rows")
}

// AllRows yields the rows that a run has found. It ends at the first error.
func (s *HuntsService) AllRows(ctx context.Context, run string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for cursor := ""; ; {
			page, err := s.Rows(ctx, run, cursor, 1000)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range page.Items {
				if !yield(row, nil) {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
		}
	}
}
