package emulator

import "net/http"

// Options say how to start an emulator. Every field has a default.
type Options struct {
	// Addr is the loopback address to listen on. Default: 127.0.0.1:0, a free port.
	Addr string
	// Seed makes everything that is generated. Default: 1.
	Seed uint64
	// Size is the size of the default tenant; it has no effect when Tenants is set.
	Size Size
	// Tenants are the tenants to emulate. Default: one, see Server.DefaultTenant.
	Tenants []TenantSpec
}

// Server is a running emulator.
type Server struct{}

// Start listens on loopback and serves until Close.
func Start(o Options) (*Server, error) { return &Server{}, nil }

// Addr is the address it listens on, such as 127.0.0.1:41234.
func (s *Server) Addr() string { return "" }

// CA is the certificate of its certificate authority in PEM.
func (s *Server) CA() []byte { return nil }

// Client dials the emulator for every host and trusts its certificate authority.
func (s *Server) Client() *http.Client { return nil }

// Close stops it and waits for its goroutines.
func (s *Server) Close() error { return nil }
