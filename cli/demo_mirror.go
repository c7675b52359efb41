package cli

import (
	"context"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// demoArrivals is how many alerts arrive while the demo watches.
const demoArrivals = 3

// demoName is what the demo calls its integration.
const demoName = "demo"

// demoMirror mirrors the tenant, sees new alerts arrive, and brings the server up
// if that is wanted.
func (p *program) demoMirror(ctx context.Context, s *sandbox, withServer bool) error {
	p.heading("All of it, mirrored", "gatehouse integrations add "+demoName+"\n$ gatehouse sync --once")
	p.config.data = s.path("mirror")
	o := app.Options{Log: p.quietLog(), API: app.APIOptions{Listen: "127.0.0.1:0"}}
	return p.useApp(ctx, true, o, func(a *app.App) error {
		n, err := p.newIntegration(demoName, &integrationFlags{api: &enumFlag{}, streams: &streamsFlag{}})
		if err != nil {
			return err
		}
		n.SkipCheck = true // the tour has begun with the check
		i, _, err := a.AddIntegration(ctx, n)
		if err != nil {
			return err
		}
		if err := p.demoSync(ctx, a, i); err != nil {
			return err
		}
		if err := p.demoArrive(ctx, s, a, i); err != nil {
			return err
		}
		p.heading("The same by hand", "")
		p.line(byHand)
		if !withServer {
			return nil
		}
		return p.demoServer(ctx, a, i)
	})
}

// demoSync reads every stream, with live progress.
func (p *program) demoSync(ctx context.Context, a *app.App, i gatehouse.Integration) error {
	board := p.newBoard(false)
	defer board.end()
	if !board.term.tty { // the lines belong to what is shown, in their place among the rest
		board.to = p.stdout
		if err := p.out.lines.flush(); err != nil {
			return err
		}
	}
	health, err := a.SyncOnce(ctx, i.ID, nil, board.show)
	board.end()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.heading("How each stream fares", "gatehouse status")
	return p.printStatus(ctx, statusOf([]gatehouse.Integration{i}, health))
}

// demoArrive lets alerts appear in the tenant and shows the events that they
// make.
func (p *program) demoArrive(ctx context.Context, s *sandbox, a *app.App, i gatehouse.Integration) error {
	after, err := a.Store().LastEvent(ctx)
	if err != nil {
		return err
	}
	p.heading("New alerts, as they arrive", fmt.Sprintf("gatehouse events --after %d --follow", after))
	for range demoArrivals {
		if _, err := s.server.AddAlert(s.lab.tenant.ID); err != nil {
			return err
		}
	}
	if _, err := a.SyncOnce(ctx, i.ID, []gatehouse.Stream{stream.Alerts}, nil); err != nil {
		return err
	}
	r := &eventReader{p: p, held: a.Store(), after: after, flags: &eventFlags{
		streams: &streamsFlag{streams: []gatehouse.Stream{stream.Alerts}}, kind: &enumFlag{}, format: &enumFlag{}, limit: &limitFlag{},
	}}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	return r.print(ctx)
}
