package engine

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// queue is a queue that tells what it is asked for.
type queue struct{ asked []string }

func (*queue) Start(context.Context, func(context.Context, string) time.Duration) error { return nil }
func (*queue) Stop(context.Context) error                                               { return nil }

func (q *queue) Ensure(_ context.Context, ids []string) error {
	for _, id := range ids {
		q.asked = append(q.asked, "ensure "+id)
	}
	return nil
}

func (q *queue) Wake(_ context.Context, id string) error {
	q.asked = append(q.asked, "wake "+id)
	return nil
}

// Each scan makes the jobs of what is new and wakes what has changed, also the one that
// looks after the jobs of all.
func TestScan(t *testing.T) {
	t.Parallel()
	now := at(1)
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "x.db"), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	i, err := s.AddIntegration(t.Context(), gatehouse.Integration{Name: "contoso"})
	if err != nil {
		t.Fatal(err)
	}
	change := func() error { return s.UpdateIntegration(t.Context(), i) }
	set := func(state gatehouse.IntegrationState) func() error {
		return func() error { return s.SetIntegrationState(t.Context(), i.ID, state) }
	}
	q := &queue{}
	e := New(s, nil, Options{})
	e.jobs = q
	var known map[string]gatehouse.Integration
	for n, step := range []struct {
		do       func() error
		everyone bool
		want     []string
	}{
		{func() error { return nil }, true, []string{"ensure"}},
		{func() error { return nil }, false, nil},
		{change, false, []string{"wake"}},
		{change, true, []string{"wake", "ensure"}},
		{set(gatehouse.IntegrationPaused), true, nil},
		{set(gatehouse.IntegrationActive), false, []string{"wake"}},
		{func() error { return nil }, true, []string{"ensure"}},
	} {
		now, q.asked = now.Add(time.Second), nil
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if known, err = e.scanOnce(t.Context(), known, step.everyone); err != nil {
			t.Fatal(err)
		}
		for w := range step.want {
			step.want[w] += " " + i.ID
		}
		if !slices.Equal(q.asked, step.want) {
			t.Errorf("scan %d: asked for %v, want %v", n, q.asked, step.want)
		}
	}
}
