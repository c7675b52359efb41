package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
)

// stopWait is how long the engine may take to stop. It is less than the half
// minute that Kubernetes gives a process.
const stopWait = 20 * time.Second

func newServeCommand(p *program) *cobra.Command {
	f := &serveFlags{}
	cmd := withExits(&cobra.Command{
		Use: "serve", Short: "Mirror on schedule and serve the REST API, with metrics and health for those who watch",
		Long: `Mirror every active integration on schedule until Ctrl-C or a termination
signal, carry out response actions, and serve the REST API at --listen:

  /v1/...        integrations, devices, alerts, actions, hunts, events, audit
  /mcp           the same for agents, over streamable HTTP
  /docs          the routes, to read and to try; /openapi.json and /openapi.yaml
  /healthz       200 while this process lives
  /readyz        200 while the store answers

Every other route wants a key: Authorization: Bearer gh_... The first start makes
one with the scope admin and prints it once, on standard error, or writes it to
--admin-key-file, readable by you alone. Lost it? gatehouse keys add makes another
on this machine. --oidc-issuer lets people in with tokens of an OpenID Connect
issuer besides.

Plain HTTP is for this machine, or behind a proxy that speaks TLS: say so with
--behind-proxy. Else give --tls-cert and --tls-key; the files are read anew when
they change.

What a monitor needs is at --metrics-listen, without a key:

  /metrics       for Prometheus: each stream's state, lag, records, calls
  /healthz, /readyz

OpenTelemetry traces of sessions, runs, pages, calls and requests for tokens go
to a collector when OTEL_EXPORTER_OTLP_ENDPOINT names one (OTLP over HTTP).

Several processes on one PostgreSQL share the work, and take over from one that
dies. A stop waits for the pages under way; what is not done goes on from there
the next time.`,
		Example: `  gatehouse serve
  gatehouse serve --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key
  gatehouse serve --admin-key-file admin.key --log-level info
  gatehouse serve --database-url postgres://gatehouse@db.example/gatehouse
  gatehouse serve --oidc-issuer https://login.microsoftonline.com/TENANT/v2.0 \
    --oidc-audience api://gatehouse --oidc-role SOC.Analyst=respond`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), f) },
	})
	f.add(cmd.Flags())
	return cmd
}

// serve runs until ctx ends, which is how it is meant to end.
func (p *program) serve(ctx context.Context, f *serveFlags) error {
	o, err := f.options()
	if err == nil {
		err = p.wantKeyFile()
	}
	if err != nil {
		return err
	}
	err = p.useApp(ctx, true, o, func(a *app.App) error {
		return p.work(ctx, a, func() {
			p.sayf("mirroring on schedule; REST API on %s/v1, see %s/docs", a.APIAddr(), a.APIAddr())
			if a.Addr() != "" {
				p.sayf("metrics on http://%s/metrics", a.Addr())
			}
			p.firstKey(ctx, a, f.adminKeyFile)
		}, func() {})
	})
	if taken, ok := errors.AsType[*net.OpError](err); ok && taken.Op == "listen" {
		return fmt.Errorf("%w with --listen and --metrics-listen", err)
	}
	return err
}

// firstKey makes the first key of a new Gatehouse and shows it once. It is shown
// even to who wants no words: nobody could get in otherwise.
func (p *program) firstKey(ctx context.Context, a *app.App, file string) {
	key, text, made, err := a.Bootstrap(ctx, file)
	switch {
	case err != nil:
		p.warnf("the first key could not be made: %v", err)
	case made && file != "":
		p.sayf("first key %s with the scope admin is in %s", key.ID, file)
	case !made:
		p.noAdmin(ctx, a)
	default:
		fmt.Fprintf(p.stderr, "first key, with the scope admin, shown this once: %s\n", text.Reveal())
	}
}

// noAdmin says how to get in when no key can make another.
func (p *program) noAdmin(ctx context.Context, a *app.App) {
	keys, err := a.Store().Keys(ctx)
	admin := func(k gatehouse.Key) bool { return k.Live(p.now()) && k.Allows(gatehouse.ScopeAdmin) }
	if err == nil && !slices.ContainsFunc(keys, admin) {
		p.warnf("no key has the scope admin: gatehouse keys add NAME --scope admin makes one")
	}
}

// hostPort refuses what is not an address and a port.
func hostPort(flag, address, example string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return usagef("--%s %q is not an address and a port: write %s", flag, address, example)
	}
	return nil
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
