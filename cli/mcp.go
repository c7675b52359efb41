package cli

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/mcp"
)

func newMCPCommand(p *program) *cobra.Command {
	cmd := withExits(&cobra.Command{
		Use: "mcp", Short: "Let an agent work with Gatehouse, over standard input and output",
		Long: `Serve the Model Context Protocol on standard input and output, for an agent that
starts this command. It ends when the agent hangs up. Set it up in the agent as

  {"mcpServers": {"gatehouse": {"command": "gatehouse", "args": ["mcp"]}}}

With --server and an API key the tools ask that server; they are those of the
key's scopes. Without, they read the mirror of this machine, and only with --scope
respond they act: this command then carries them out, as "gatehouse serve"
does.

Agents that speak streamable HTTP need no command: "gatehouse serve" has them at
/mcp, each with an API key of its own.`,
		Example: `  gatehouse mcp
  gatehouse mcp --scope respond
  gatehouse mcp --server https://gatehouse.example.com --api-key-file agent.key`,
		Args: wants(),
	}, exitSignIn, exitPermission)
	scope := addEnum(cmd, "scope", "the widest `SCOPE` whose tools the agent gets. Default: that of the API key, and read on the mirror of this machine",
		[]api.Scope{api.ScopeRead, api.ScopeRespond})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.useService(cmd.Context(), func(s *service) error { return s.serveAgent(cmd.Context(), api.Scope(scope.value)) })
	}
	return cmd
}

// serveAgent serves one agent until it hangs up or ctx ends.
func (s *service) serveAgent(ctx context.Context, scope api.Scope) error {
	if s.local != nil && scope == "" {
		scope = api.ScopeRead
	}
	o := mcp.Options{Scope: scope, Log: s.p.log, Now: s.p.now}
	if info, ok := debug.ReadBuildInfo(); ok {
		o.Version = info.Main.Version
	}
	server, err := mcp.New(ctx, s.Client, o)
	if err != nil {
		return err
	}
	if s.local != nil && scope == api.ScopeRespond {
		s.workHere(ctx)
	}
	in, err := s.p.stdin.open("what the agent says")
	if err != nil {
		return err
	}
	s.p.sayf("serving an agent on standard input and output, with %d tools", len(server.Tools()))
	return server.Run(ctx, io.NopCloser(in), unclosed{s.p.stdout})
}

// unclosed is standard output, which is not ours to close.
type unclosed struct{ io.Writer }

// Close does nothing.
func (unclosed) Close() error { return nil }
