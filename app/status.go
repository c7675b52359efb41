package app

import (
	"context"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Status returns how every stream of an integration fares, in the order of the
// catalogue, or of all integrations, by name, when idOrName is empty. Streams
// that were never read are pending, those of a paused integration are paused, and
// those that nobody reads although they are due are degraded. Where the settings of
// an integration cannot be read, every stream says so. The lag is that of now.
func (a *App) Status(ctx context.Context, idOrName string) ([]gatehouse.StreamHealth, error) {
	integrations, err := a.integrations(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	type key struct {
		integration string
		stream      gatehouse.Stream
	}
	known := map[key]gatehouse.StreamHealth{}
	one := ""
	if idOrName != "" {
		one = integrations[0].ID
	}
	all, err := a.store.Health(ctx, one)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		known[key{h.Integration, h.Stream}] = h
	}
	now := a.options.Now()
	var status []gatehouse.StreamHealth
	for _, i := range integrations {
		for _, s := range a.accounts.streams(i) {
			h, ok := known[key{i.ID, s.Name}]
			if !ok {
				h = gatehouse.StreamHealth{Integration: i.ID, Stream: s.Name, State: gatehouse.StreamPending, Upstream: -1}
			}
			status = append(status, asOf(now, i, s.Interval, h))
		}
	}
	return status, nil
}

// integrations returns one integration, or all.
func (a *App) integrations(ctx context.Context, idOrName string) ([]gatehouse.Integration, error) {
	if idOrName == "" {
		return a.store.Integrations(ctx)
	}
	i, err := a.store.ListedIntegration(ctx, idOrName)
	return []gatehouse.Integration{i}, err
}

// asOf brings what was kept at the end of the last run up to the present.
func asOf(now time.Time, i gatehouse.Integration, interval time.Duration, h gatehouse.StreamHealth) gatehouse.StreamHealth {
	if !h.LastSuccess.IsZero() {
		h.Lag += max(now.Sub(h.LastSuccess), 0)
	}
	switch {
	case i.State == gatehouse.IntegrationUnreadable:
		return store.UnreadableStream(i, h)
	case i.State == gatehouse.IntegrationPaused:
		h.State, h.Owner, h.Reason, h.Mend = gatehouse.StreamPaused, you, "the integration is paused", "gatehouse integrations resume "+i.Name
	case h.State == gatehouse.StreamHealthy && now.Sub(h.NextAttempt) > interval:
		h.State, h.Owner = gatehouse.StreamDegraded, you
		h.Reason, h.Mend = "it is due since "+h.NextAttempt.UTC().Format(time.RFC3339)+" and nobody reads it", "look whether gatehouse serve runs, or run gatehouse sync"
	}
	return h
}
