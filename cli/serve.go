package cli

import (
	"context"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/app"
)

// stopWait is how long the engine may take to stop. It is less than the half
// minute that Kubernetes gives a process.
const stopWait = 20 * time.Second

func newServeCommand(p *program) *cobra.Command {
	var listen string
	cmd := withExits(&cobra.Command{
		Use: "serve", Short: "Mirror on schedule, with metrics and health for those who watch",
		Long: `Mirror every active integration on schedule until Ctrl-C or a termination
signal, and serve what a monitor needs:

  /metrics   for Prometheus: each stream's state, lag, records, calls
  /healthz   200 while this process lives
  /readyz    200 while the store answers

OpenTelemetry traces of sessions, runs, pages and calls go to a collector when
OTEL_EXPORTER_OTLP_ENDPOINT names one (OTLP over HTTP).

Several processes on one PostgreSQL share the work, and take over from one that
dies. A stop waits for the pages under way; what is not done goes on from there
the next time.`,
		Example: `  gatehouse serve
  gatehouse serve --listen 0.0.0.0:9464 --log-level info
  gatehouse serve --database-url postgres://gatehouse@db.example/gatehouse`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), listen) },
	})
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:9464", "`ADDRESS` and port of metrics and health")
	return cmd
}

// serve runs until ctx ends, which is how it is meant to end.
func (p *program) serve(ctx context.Context, listen string) error {
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return usagef("--listen %q is not an address and a port: write 127.0.0.1:9464", listen)
	}
	return p.useApp(ctx, true, app.Options{Listen: listen, Traces: true}, func(a *app.App) error {
		return p.work(ctx, a, func() { p.sayf("mirroring on schedule; metrics on http://%s/metrics", a.Addr()) }, func() {})
	})
}

// work runs the engine until ctx ends, and stops it in good order: the pages
// under way are committed.
func (p *program) work(ctx context.Context, a *app.App, started, ending func()) error {
	if err := a.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	started()
	<-ctx.Done()
	ending()
	p.sayf("stopping")
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer cancel()
	if err := a.Stop(patience); err != nil {
		return err
	}
	p.sayf("stopped")
	return nil
}
