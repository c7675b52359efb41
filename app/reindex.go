package app

import (
	"context"
	"errors"
	"sync"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// reindex gives the records of mirrors that were filled by an older version the
// facets of this one, stream by stream, beside the work of the engine. What it does
// not come to the end of it does again at the next start.
func (a *App) reindex(ctx context.Context) {
	integrations, err := a.store.Integrations(ctx)
	if err != nil {
		a.options.Log.WarnContext(ctx, "mirrors cannot be indexed anew", "error", err)
		return
	}
	for _, i := range integrations {
		for _, s := range a.options.Streams {
			if ctx.Err() != nil {
				return
			}
			if err := a.reindexStream(ctx, i.ID, s.Name); err != nil && ctx.Err() == nil {
				a.options.Log.WarnContext(ctx, "a mirror cannot be indexed anew; filters may miss records of it", "integration", i.ID, "stream", s.Name, "error", err)
			}
		}
	}
}

// reindexStream indexes one stream, if its facets are those of another version.
// Records that are committed meanwhile have those of this one already.
func (a *App) reindexStream(ctx context.Context, integration string, name gatehouse.Stream) error {
	version := stream.Facets(name).Version
	held, err := a.store.FacetVersion(ctx, integration, name)
	if err != nil || held == version {
		return err
	}
	index := stream.NewIndexer(name)
	err = a.store.Reindex(ctx, integration, name, func(r gatehouse.Record) []gatehouse.Facet { return index.Facets(r.Document) })
	if err != nil {
		return err
	}
	err = a.store.SetFacetVersion(ctx, integration, name, version)
	if errors.Is(err, store.ErrNotFound) {
		return nil // it was never read
	}
	return err
}

// beside is what goes on beside the engine while the application runs.
type beside struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
}

// start begins to index anew what an older version has filled, and to run the
// hunts that are due.
func (b *beside) start(ctx context.Context, a *App) error {
	rest, err := a.REST()
	if err != nil {
		return err
	}
	ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, f := range []func(context.Context){a.reindex, rest.RunHunts} {
		b.group.Go(func() { f(ctx) })
	}
	return nil
}

// halt ends it and waits.
func (b *beside) halt() {
	if b.cancel != nil {
		b.cancel()
		b.group.Wait()
	}
}
