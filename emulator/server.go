package emulator

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how to start an emulator. Every field has a default.
type Options struct {
	// Addr is the loopback address to listen on. Default: 127.0.0.1:0, a free port.
	Addr string
	// Seed decides everything that is generated and, unless Faults has its own, where faults strike. Default: 1.
	Seed uint64
	// Size is the size of the default tenant; it has no effect when Tenants is set.
	Size Size
	// Tenants are the tenants to emulate. Default: one, see Server.DefaultTenant.
	Tenants []TenantSpec
	// Clock is where time comes from. Default: SystemClock.
	Clock Clock
	// Faults are what goes wrong. Default: nothing.
	Faults Faults
	// ThrottleBody chooses the body of a 429. Default: both known ones in turn.
	ThrottleBody ThrottleBody
	// Actions say how machine actions go. Default: two seconds for each stage, and all goes well.
	Actions ActionRules
	// NoLimits turns the rate limits off, for measurements.
	NoLimits bool
	// Key is the RSA key of everything that is signed: tokens, and the certificate of DefaultTenant. It is for tests that
	// start many emulators, since making keys takes longer than all else. Default: a new key for each.
	Key *rsa.PrivateKey
	// OnCall sees every request after it was answered, from many goroutines at once. Default: nobody.
	OnCall func(Call)
	// Log is where the server's own errors go; failed handshakes are not among them. Default: nowhere.
	Log io.Writer
}

// Server is a running emulator. Its methods are safe for concurrent use.
type Server struct {
	clock        Clock
	seed         uint64
	throttleBody ThrottleBody
	noLimits     bool
	observe      func(Call)

	ca       *authority
	hosts    *hostTable
	dir      *directory
	firstApp string // client id of the first application of the first tenant
	access   func() TenantAccess
	entra    *signer
	outside  *signer
	router   *router
	names    map[string]string // routes by their names in lower case
	limits   *limiter
	plan     atomic.Pointer[plan]
	stats    *counters
	crew     *crew
	ids      *ids
	replays  replays
	dead     idSet     // tokens killed by a fault
	zips     sync.Pool // of *gzip.Writer, which are a megabyte each

	identityHeader string
	key            *rsa.PrivateKey // given; nil when each key is made

	listener net.Listener
	http     *http.Server
	client   *http.Client
	done     sync.WaitGroup
}

// Start listens on loopback and serves until Close.
func Start(o Options) (*Server, error) { return start(o, allRoutes()) }

// start starts with the given routes of the APIs.
func start(o Options, routes []route) (*Server, error) {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	s := &Server{
		clock: o.Clock, seed: o.Seed, throttleBody: o.ThrottleBody, noLimits: o.NoLimits, observe: o.OnCall,
		limits: &limiter{budgets: map[string]*budget{}, always: map[string]bool{}},
		stats:  newCounters(o.Seed), crew: newCrew(), ids: &ids{seed: o.Seed}, identityHeader: rand.Text(), key: o.Key,
	}
	s.entra, s.outside = newSigner("Entra ID", s.clock.Now, o.Key), newSigner("Outside issuer", s.clock.Now, o.Key)
	s.route(routes)
	if err := s.SetFaults(o.Faults); err != nil {
		return nil, err
	}
	if err := s.populate(o); err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	if err := s.listen(orText(o.Addr, "127.0.0.1:0"), o.Log); err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	return s, nil
}

// route takes the routes of the APIs and adds the emulator's own.
func (s *Server) route(routes []route) {
	routes = append(routes, s.loginRoutes()...)
	routes = append(routes, s.identityRoutes()...)
	s.router = newRouter(routes)
	s.names = map[string]string{}
	for i := range routes {
		s.names[strings.ToLower(routes[i].name())] = routes[i].name()
	}
}

// populate makes the tenants.
func (s *Server) populate(o Options) error {
	specs := o.Tenants
	if len(specs) == 0 {
		specs = []TenantSpec{defaultTenant(o.Size)}
	}
	if err := o.Actions.check(); err != nil {
		return err
	}
	dir, err := newDirectory(specs, o.Seed, s.now, o.Actions)
	if err != nil {
		return err
	}
	s.dir = dir
	if len(specs[0].Apps) > 0 {
		s.firstApp = specs[0].Apps[0].ClientID
	}
	s.access = sync.OnceValue(s.makeAccess)
	return nil
}

// listen opens the listener and starts to serve.
func (s *Server) listen(addr string, logTo io.Writer) error {
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if name != "localhost" && !isLoopback(name) {
		return fmt.Errorf("address %s is not loopback: the emulator issues tokens to whoever asks", addr)
	}
	if s.ca, err = newAuthority(); err != nil {
		return err
	}
	if s.listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", addr); err != nil {
		return err
	}
	s.hosts = newHostTable(s.Addr())
	s.client = s.newClient()
	if logTo == nil {
		logTo = io.Discard
	}
	s.http = &http.Server{
		Handler: http.HandlerFunc(s.serve), TLSConfig: serverTLS(s.ca, s.hosts), ReadHeaderTimeout: 30 * time.Second,
		ErrorLog: log.New(withoutHandshakes{logTo}, "emulator: ", 0),
	}
	s.done.Go(func() { _ = s.http.ServeTLS(s.listener, "", "") })
	return nil
}

// withoutHandshakes drops what the server logs of failed handshakes: they are a way to play a dead host.
type withoutHandshakes struct{ w io.Writer }

// Write passes a line on.
func (w withoutHandshakes) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "TLS handshake error") {
		return len(line), nil
	}
	return w.w.Write(line)
}

// newClient makes the client of Client.
func (s *Server) newClient() *http.Client {
	dialer := &net.Dialer{}
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, s.Addr())
		},
		TLSClientConfig: &tls.Config{RootCAs: s.ca.pool(), MinVersion: tls.VersionTLS12},
	}}
}

// now is the emulator's time: its clock, with the skew of the faults.
func (s *Server) now() time.Time { return s.clock.Now().Add(s.plan.Load().faults.Skew) }

// Addr is the address it listens on, such as 127.0.0.1:41234.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is its own base URL, for clients that cannot dial it under Microsoft's names: paths decide what it plays there.
func (s *Server) URL() string { return "https://" + s.Addr() }

// CA is the certificate of its certificate authority in PEM. It is a new one at each start.
func (s *Server) CA() []byte { return s.ca.pem() }

// Client dials the emulator for every host and trusts its certificate authority alone. It follows redirects like any
// client; there are none.
func (s *Server) Client() *http.Client { return s.client }

// Stats tells what has happened so far.
func (s *Server) Stats() Stats {
	st := s.stats.snapshot()
	st.FaultSeed = s.plan.Load().faults.Seed
	st.Overlaps, st.Handovers = s.crew.counts()
	return st
}

// Close stops it, breaks every connection, waits for its goroutines and frees the data.
func (s *Server) Close() error {
	err := s.http.Close()
	s.client.CloseIdleConnections()
	s.done.Wait()
	for _, t := range s.dir.tenants {
		if t.made.Load() {
			err = errors.Join(err, t.data().close())
		}
	}
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
