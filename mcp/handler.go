package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// Handler serves MCP over streamable HTTP, on top of the handler of the REST API,
// which it calls in this process with the key of each request. It keeps nothing
// between two requests.
func Handler(rest http.Handler, o Options) http.Handler {
	h := &handler{o: o.withDefaults(), transport: client.InProcess(rest)}
	h.streamable = sdk.NewStreamableHTTPHandler(serverOf, &sdk.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, Logger: h.o.Log, MaxRequestBodyBytes: maxRequest,
		// A page of another site cannot send the key, which no browser adds by itself;
		// and a proxy on this machine passes the host on by which it is known outside.
		DisableLocalhostProtection:   true,
		PropagateRequestCancellation: true,
	})
	return h
}

// Beside serves MCP at /mcp and all else by the handler of the REST API: what
// listens for both.
func Beside(rest http.Handler, o Options) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/mcp", Handler(rest, o))
	mux.Handle("/", rest)
	return mux
}

// maxRequest is the largest request in bytes.
const maxRequest = 1 << 20

// handler serves MCP over HTTP.
type handler struct {
	o          Options
	transport  http.RoundTripper
	streamable http.Handler

	mu    sync.Mutex
	tools []tool // nil until the catalogue of actions was read
}

type serverKey struct{}

// serverOf is the server that was made for a request.
func serverOf(req *http.Request) *sdk.Server {
	s, _ := req.Context().Value(serverKey{}).(*Server)
	if s == nil {
		return nil
	}
	return s.sdk
}

// ServeHTTP answers a request of whoever has a key.
func (h *handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	asking, all, err := h.session(req)
	if err != nil {
		refuse(w, err)
		return
	}
	body, err := takeBody(w, req)
	if err != nil {
		refuse(w, err)
		return
	}
	s := newServer(h.o, wanted(all, body), asking)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	h.streamable.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), serverKey{}, s)))
}

// bodyTime is how long a body may take to arrive.
const bodyTime = 30 * time.Second

// takeBody reads the body whole while a clock runs: who sends a letter now and
// then holds nothing up.
func takeBody(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	conn := http.NewResponseController(w)
	if err := conn.SetReadDeadline(time.Now().Add(bodyTime)); err == nil {
		defer func() { _ = conn.SetReadDeadline(time.Time{}) }() // the connection may be gone
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	req.Body = io.NopCloser(bytes.NewReader(body))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, &api.Problem{Status: http.StatusRequestEntityTooLarge, Code: api.CodeTooLarge, Title: "The body is too large", Mend: "send less at once"}
	}
	if err != nil {
		return nil, &api.Problem{Status: http.StatusBadRequest, Code: api.CodeBadRequest, Title: "The body broke off, or took too long"}
	}
	return body, nil
}

// wanted are the tools that a request is about: one for a call, which is most of
// them and costs a third so; else all.
func wanted(all []tool, body []byte) []tool {
	var message struct {
		Method string `json:"method"`
		Params struct {
			Name string `json:"name"`
		} `json:"params"`
	}
	if json.Unmarshal(body, &message) != nil || message.Method != "tools/call" {
		return all
	}
	n := slices.IndexFunc(all, func(t tool) bool { return t.name == message.Params.Name })
	if n < 0 {
		return nil
	}
	return all[n : n+1]
}

// session finds out who sends a request, and which tools there are.
func (h *handler) session(req *http.Request) (*session, []tool, error) {
	key, ok := bearer(req)
	if !ok {
		return nil, nil, &api.Problem{
			Type: "urn:gatehouse:problem:" + string(api.CodeUnauthenticated), Title: "No valid key", Status: http.StatusUnauthorized,
			Code: api.CodeUnauthenticated, Mend: "send an API key that lives: Authorization: Bearer gh_…",
		}
	}
	c, err := client.New("http://localhost", client.Options{
		Key: gatehouse.NewSecret(key), HTTPClient: &http.Client{Transport: h.transport}, UserAgent: "gatehouse-mcp", MaxRetries: -1,
	})
	if err != nil {
		return nil, nil, err
	}
	who, err := c.Identity(req.Context())
	if err != nil {
		return nil, nil, err
	}
	all, err := h.catalogue(req.Context(), c)
	return &session{c: c, who: who, most: h.o.Scope, now: h.o.Now}, all, err
}

// catalogue returns the tools. They follow from the catalogue of actions, which
// is the same for everybody and stays the same while the process lives.
func (h *handler) catalogue(ctx context.Context, c *client.Client) ([]tool, error) {
	h.mu.Lock()
	all := h.tools
	h.mu.Unlock()
	if all != nil {
		return all, nil
	}
	kinds, err := c.Actions.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	all = catalogueOf(kinds.Items)
	h.mu.Lock()
	h.tools = all
	h.mu.Unlock()
	return all, nil
}

// bearer is the key of a request.
func bearer(req *http.Request) (string, bool) {
	scheme, key, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	key = strings.TrimSpace(key)
	return key, strings.EqualFold(scheme, "bearer") && key != ""
}

// refuse answers with the problem that kept a request out.
func refuse(w http.ResponseWriter, err error) {
	p := problemOf(err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.WriteHeader(p.GetStatus())
	text, _ := json.Marshal(p) //nolint:errchkjson // all that it holds can be written
	_, _ = w.Write(text)       // whoever asked may be gone
}

// problemOf is the problem that an error is, or the one that stands for it.
func problemOf(err error) *api.Problem {
	var p *api.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &api.Problem{Status: http.StatusServiceUnavailable, Code: api.CodeUnavailable, Title: "It took too long", Detail: err.Error(), Mend: "ask for less, or again"}
	}
	return &api.Problem{Status: http.StatusBadGateway, Code: api.CodeUnavailable, Title: "Gatehouse cannot be reached", Detail: err.Error(), Mend: "look whether the server runs and its URL is right"}
}
