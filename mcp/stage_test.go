package mcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/client"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/mcp"
)

// stage is a whole Gatehouse on an emulator, with a mirror of one tenant, its REST
// API and MCP on loopback.
type stage struct {
	t           testing.TB
	app         *app.App
	integration gatehouse.Integration
	rest        http.Handler
	url         string // without a path
}

// raise builds a stage, whose application has every permission but some.
func raise(t testing.TB, without ...string) *stage {
	t.Helper()
	tenant := emulated.Start(t, emulator.Options{
		Size:    emulator.Size{Devices: 40, Alerts: 15, VulnerabilityRows: 150},
		Actions: emulator.ActionRules{Pace: 20 * time.Millisecond},
	})
	tenant.HoldAll(t, without...)
	s := bare(t, tenant.Transport)
	s.connect("contoso", tenant.TenantAccess)
	if err := s.app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// bare builds a stage without a tenant, which reaches Microsoft by transport.
func bare(t testing.TB, transport *http.Client) *stage {
	t.Helper()
	s := &stage{t: t}
	var err error
	if s.app, err = app.New(context.Background(), app.Options{Data: t.TempDir(), HTTPClient: transport}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.app.Close() })
	s.serve()
	return s
}

// connect mirrors a tenant.
func (s *stage) connect(name string, tenant emulator.TenantAccess) {
	s.t.Helper()
	i, _, err := s.app.AddIntegration(context.Background(), app.NewIntegration{
		Integration: gatehouse.Integration{
			Name: name, Tenant: tenant.TenantID, ClientID: tenant.ClientID, Credential: gatehouse.Credential{Kind: gatehouse.CredentialClientSecret},
		},
		Secret: entra.NewSecret(tenant.Secret),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.integration = i
	s.sync()
}

// sync reads streams, as soon as nobody else does.
func (s *stage) sync(streams ...gatehouse.Stream) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); <-tick.C {
		_, err := s.app.SyncOnce(context.Background(), s.integration.ID, streams, nil)
		if err == nil {
			return
		}
		if !errors.Is(err, app.ErrBusy) {
			s.t.Fatal(err)
		}
	}
	s.t.Fatal("somebody else reads all the time")
}

// serve listens on loopback.
func (s *stage) serve() {
	s.t.Helper()
	rest, err := s.app.REST()
	if err != nil {
		s.t.Fatal(err)
	}
	s.rest = rest.Handler()
	hs := httptest.NewServer(mcp.Beside(s.rest, mcp.Options{Version: "test"}))
	s.t.Cleanup(hs.Close)
	s.url = hs.URL
}

// key makes an API key.
func (s *stage) key(scope gatehouse.Scope, integrations ...string) gatehouse.Secret {
	s.t.Helper()
	_, text, err := s.app.AddKey(context.Background(), app.NewKey{Name: "test " + string(scope), Scopes: []gatehouse.Scope{scope}, Integrations: integrations})
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// client is a client of the REST API over the network.
func (s *stage) client(key gatehouse.Secret) *client.Client {
	s.t.Helper()
	c, err := client.New(s.url, client.Options{Key: key})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// withKey sends a key with every request.
type withKey struct{ key string }

// RoundTrip sends a request.
func (w withKey) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	if w.key != "" {
		req.Header.Set("Authorization", "Bearer "+w.key)
	}
	return http.DefaultTransport.RoundTrip(req)
}

// dial connects the official client over streamable HTTP.
func (s *stage) dial(key gatehouse.Secret) (*agent, error) {
	c := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	session, err := c.Connect(context.Background(), &sdk.StreamableClientTransport{
		Endpoint: s.url + "/mcp", HTTPClient: &http.Client{Transport: withKey{key.Reveal()}}, MaxRetries: -1,
	}, nil)
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(func() { _ = session.Close() })
	return &agent{s.t, session}, nil
}

// agent is the official client, connected.
type agent struct {
	t testing.TB
	*sdk.ClientSession
}

// agent connects over streamable HTTP with a new key.
func (s *stage) agent(scope gatehouse.Scope, integrations ...string) *agent {
	s.t.Helper()
	a, err := s.dial(s.key(scope, integrations...))
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// stdio connects over a pair of pipes, as a command's standard input and output.
func (s *stage) stdio(scope gatehouse.Scope) *agent {
	s.t.Helper()
	server, err := mcp.New(context.Background(), s.client(s.key(scope)), mcp.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.pipe(server)
}

// pipe connects to a server over a pair of pipes.
func (s *stage) pipe(server *mcp.Server) *agent {
	s.t.Helper()
	inRead, inWrite := io.Pipe()
	outRead, outWrite := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- server.Run(context.Background(), inRead, outWrite) }()
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).
		Connect(context.Background(), &sdk.IOTransport{Reader: outRead, Writer: inWrite}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = session.Close()
		if err := <-done; err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	})
	return &agent{s.t, session}
}

// tools lists the names of the tools.
func (a *agent) tools() map[string]*sdk.Tool {
	a.t.Helper()
	all := map[string]*sdk.Tool{}
	for tool, err := range a.Tools(context.Background(), nil) {
		if err != nil {
			a.t.Fatal(err)
		}
		all[tool.Name] = tool
	}
	return all
}

// try calls a tool.
func (a *agent) try(name string, args map[string]any) (out map[string]any, failed bool) {
	a.t.Helper()
	res, err := a.CallTool(context.Background(), &sdk.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		a.t.Fatalf("%s: %v", name, err)
	}
	if len(res.Content) != 1 {
		a.t.Fatalf("%s has %d contents", name, len(res.Content))
	}
	text := res.Content[0].(*sdk.TextContent).Text
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		a.t.Fatalf("%s: %v: %s", name, err, text)
	}
	again, err := json.Marshal(res.StructuredContent)
	if err != nil || !sameJSON(string(again), text) {
		a.t.Errorf("%s says one thing as text and another as structured content", name)
	}
	return out, res.IsError
}

// call calls a tool that must succeed.
func (a *agent) call(name string, args map[string]any) map[string]any {
	a.t.Helper()
	out, failed := a.try(name, args)
	if failed {
		a.t.Fatalf("%s %v: %v", name, args, out)
	}
	return out
}

// refused calls a tool that must not succeed, and returns the code.
func (a *agent) refused(name string, args map[string]any) map[string]any {
	a.t.Helper()
	out, failed := a.try(name, args)
	if !failed {
		a.t.Fatalf("%s %v is not refused: %v", name, args, out)
	}
	problem, _ := out["error"].(map[string]any)
	if problem["code"] == nil || problem["detail"] == nil {
		a.t.Errorf("%s %v: %v has no code or no detail", name, args, out)
	}
	return problem
}

// sameJSON reports whether two texts are the same JSON.
func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

// column returns the values of a column of a table.
func column(out map[string]any, name string) (values []any) {
	columns, _ := out["columns"].([]any)
	rows, _ := out["rows"].([]any)
	for n, c := range columns {
		if c != name {
			continue
		}
		for _, row := range rows {
			values = append(values, row.([]any)[n])
		}
	}
	return values
}

// texts are the values that are texts.
func texts(values []any) (all []string) {
	for _, v := range values {
		if t, ok := v.(string); ok {
			all = append(all, t)
		}
	}
	return all
}

// host is the first label of a name.
func host(name string) string {
	h, _, _ := strings.Cut(name, ".")
	return h
}
