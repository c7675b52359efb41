package mcp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// Options are the settings of the MCP server.
type Options struct {
	// Version is what the server calls its own. Default: "dev".
	Version string
	// Scope is the widest scope whose tools are shown. Default: all that the key has.
	Scope api.Scope
	// Log takes what is worth telling. Default: nothing is told.
	Log *slog.Logger
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	o.Version = cmp.Or(o.Version, "dev")
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Server is the MCP server of one caller.
type Server struct {
	sdk   *sdk.Server
	tools []tool
}

// New asks the API who the caller is, and makes a server with the tools of the
// caller's scopes.
func New(ctx context.Context, c *client.Client, o Options) (*Server, error) {
	who, err := c.Identity(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := c.Actions.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return newServer(o, catalogueOf(kinds.Items), &session{c: c, who: who, most: o.Scope, now: o.Now}), nil
}

// newServer makes the server of a session from the tools that there are.
func newServer(o Options, all []tool, s *session) *Server {
	server := &Server{sdk: sdk.NewServer(
		&sdk.Implementation{Name: "gatehouse", Title: "Gatehouse for Microsoft Defender", Version: o.Version},
		&sdk.ServerOptions{
			Instructions: instructions(s.may(api.ScopeRespond)), Logger: o.Log, PageSize: 1000,
			Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}, Prompts: &sdk.PromptCapabilities{}},
		},
	)}
	for _, t := range all {
		if !s.may(t.scope) {
			continue
		}
		server.tools = append(server.tools, t)
		server.sdk.AddTool(t.described, s.handler(t))
	}
	for _, p := range prompts() {
		if s.may(p.scope) {
			server.sdk.AddPrompt(p.described(), p.handler())
		}
	}
	return server
}

// Tools are the names of the tools, in their order.
func (s *Server) Tools() []string {
	names := make([]string, len(s.tools))
	for i, t := range s.tools {
		names[i] = t.name
	}
	return names
}

// Run serves one client over a pair of streams, one message on each line, until
// the client hangs up or ctx ends. Neither is an error.
func (s *Server) Run(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	err := s.sdk.Run(ctx, &sdk.IOTransport{Reader: in, Writer: out})
	if err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
		return err
	}
	return nil
}

// session is who asks, and how.
type session struct {
	c    *client.Client
	who  api.Identity
	most api.Scope // empty: no bound
	now  func() time.Time
}

// may reports whether the caller has a scope, and wants to use it.
func (s *session) may(scope api.Scope) bool {
	order := []api.Scope{api.ScopeRead, api.ScopeRespond, api.ScopeAdmin}
	if s.most != "" && slices.Index(order, scope) > slices.Index(order, s.most) {
		return false
	}
	return slices.ContainsFunc(s.who.Scopes, func(have api.Scope) bool {
		return slices.Index(order, have) >= slices.Index(order, scope)
	})
}
