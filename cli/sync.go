package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
)

func newSyncCommand(p *program) *cobra.Command {
	var once bool
	var streams *streamsFlag
	cmd := withExits(&cobra.Command{
		Use: "sync", Short: "Mirror every account, once or from now on",
		Long: `Read what is new from Microsoft into the mirror. With --once, read every stream
now, or those of --stream, whether due or not, print how each fares, and end. Without it, mirror
on schedule until Ctrl-C, which loses nothing: what was under way goes on from
there the next time.

Progress goes to standard error: rows, rows a second, calls to Microsoft beside
the fewest that could do, how many more the rate limit allows now, and the time
left where Microsoft says how many rows there are. With --once the exit status is
3 when a stream fails, or is read but needs a person.

OpenTelemetry traces of sessions, runs, pages, calls and requests for tokens go
to a collector when OTEL_EXPORTER_OTLP_ENDPOINT names one (OTLP over HTTP).`,
		Example: `  gatehouse sync --once
  gatehouse sync --once --stream alerts,incidents --integration contoso
  gatehouse sync`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.wantKeyFile(); err != nil {
				return err
			}
			if once {
				return p.syncOnce(cmd.Context(), streams.streams)
			}
			if len(streams.streams) > 0 || p.config.integration != "" {
				return usagef("--stream and --integration need --once: the schedule covers every stream of every active integration")
			}
			return p.syncOn(cmd.Context())
		},
	}, exitFindings)
	cmd.Flags().BoolVar(&once, "once", false, "read every stream once, print how each fares, and end")
	streams = addStreams(cmd, "with --once, only this stream")
	return cmd
}

// syncOnce reads every integration that is meant, one after the other.
func (p *program) syncOnce(ctx context.Context, streams []gatehouse.Stream) error {
	return p.useApp(ctx, false, app.Options{Log: p.quietLog(), Traces: true}, func(a *app.App) error {
		meant, err := p.activeIntegrations(ctx, a)
		if err != nil {
			return err
		}
		board := p.newBoard(len(meant) > 1)
		defer board.end()
		var health []gatehouse.StreamHealth
		var busy []string
		for _, i := range meant {
			fared, err := syncOne(ctx, a, i, streams, board)
			switch {
			case errors.Is(err, app.ErrBusy):
				busy = append(busy, i.Name)
			case err != nil:
				return err
			}
			health = append(health, fared...)
		}
		board.end()
		if len(busy) == len(meant) {
			return fmt.Errorf("another process mirrors %s just now, or was killed some seconds ago: gatehouse status says how far it is", listed(busy))
		}
		if len(busy) > 0 {
			p.warnf("left to the process that mirrors them just now: %s", listed(busy))
		}
		return p.printStatus(ctx, statusOf(meant, health))
	})
}

// syncOne reads one integration, with a line on the board for each stream.
func syncOne(ctx context.Context, a *app.App, i gatehouse.Integration, streams []gatehouse.Stream, board *board) ([]gatehouse.StreamHealth, error) {
	before, err := a.Store().Health(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	board.expect(before)
	health, err := a.SyncOnce(ctx, i.ID, streams, board.show)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.Name, err)
	}
	if len(streams) > 0 {
		health = slices.DeleteFunc(health, func(h gatehouse.StreamHealth) bool { return !slices.Contains(streams, h.Stream) })
	}
	return health, ctx.Err()
}

// quietLog leaves out the warnings that the board shows in a line of its own,
// unless more than warnings are asked for.
func (p *program) quietLog() *slog.Logger {
	if p.config.logLevel == "warn" {
		return newLogger(p.stderr, "error")
	}
	return p.log
}

// activeIntegrations are those that --integration names, or all that are not
// paused.
func (p *program) activeIntegrations(ctx context.Context, a *app.App) ([]gatehouse.Integration, error) {
	all, err := a.Store().Integrations(ctx)
	if err != nil {
		return nil, err
	}
	if name := p.config.integration; name != "" || len(all) == 0 {
		i, err := integrationNamed(all, name)
		if err == nil && i.State == gatehouse.IntegrationPaused {
			err = usagef("%s is paused: gatehouse integrations resume %s takes it up again", i.Name, i.Name)
		}
		return []gatehouse.Integration{i}, err
	}
	var active []gatehouse.Integration
	for _, i := range all {
		switch i.State {
		case gatehouse.IntegrationActive:
			active = append(active, i)
		case gatehouse.IntegrationUnreadable:
			p.warnf("%s is left out, since its settings cannot be read: gatehouse status says why", i.Name)
		}
	}
	if len(active) == 0 {
		if slices.ContainsFunc(all, func(i gatehouse.Integration) bool { return i.State == gatehouse.IntegrationUnreadable }) {
			return nil, usagef("no integration can be worked on: gatehouse status says why")
		}
		return nil, usagef("%w", errNothingActive)
	}
	return active, nil
}

// syncOn mirrors on schedule until ctx ends, which is how it is meant to end.
func (p *program) syncOn(ctx context.Context) error {
	board := p.newBoard(true)
	defer board.end()
	return p.useApp(ctx, false, app.Options{Progress: board.show, Log: p.quietLog(), Traces: true}, func(a *app.App) error {
		if _, err := p.activeIntegrations(ctx, a); err != nil {
			return err
		}
		return p.work(ctx, a, func() { p.sayf("mirroring on schedule; Ctrl-C stops it") }, board.end)
	})
}
