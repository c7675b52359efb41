package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-sec/gatehouse/mcp"
	"github.com/gatehouse-sec/gatehouse/server"
)

// OIDC says whose tokens let people in.
type OIDC = server.OIDC

// APIOptions say how the REST API is served.
type APIOptions struct {
	// Listen is the address, host:port, of the REST API while the application runs.
	// Default: it is not served, and [App.REST] answers in this process alone.
	Listen string
	// CertFile and KeyFile are the certificate and its key, in PEM. They are read
	// anew when they change. Default: plain HTTP, which is refused on an address that
	// other machines reach.
	CertFile, KeyFile string
	// BehindProxy tells that plain HTTP is right, since a proxy that speaks TLS
	// stands before the server.
	BehindProxy bool
	// OIDC lets people in with tokens of an OpenID Connect issuer. Default: API keys
	// are the only way in.
	OIDC *OIDC
	// RatePerMinute is how many requests one key may make in a minute. Default:
	// 6,000. Less than 0 sets no limit.
	RatePerMinute int
}

// Validate says what cannot be served so.
func (o APIOptions) Validate() error {
	if o.OIDC != nil {
		if err := o.OIDC.Validate(); err != nil {
			return err
		}
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return errors.New("TLS needs a certificate file and a key file: give both, or neither")
	}
	if o.Listen == "" || o.CertFile != "" || o.BehindProxy {
		return nil
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return fmt.Errorf("%q is not an address and a port: write 127.0.0.1:8080", o.Listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("plain HTTP on %s would carry API keys in the clear: give a certificate, or say that a proxy with TLS stands before it", o.Listen)
	}
	return nil
}

// REST returns the REST API, made at its first use. Its handler works in this
// process whether it is listened for or not.
func (a *App) REST() (*server.Server, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rest != nil {
		return a.rest, nil
	}
	o := a.options.API
	if o.OIDC != nil && o.OIDC.Client == nil && a.options.HTTPClient != nil {
		people := *o.OIDC
		people.Client = a.options.HTTPClient
		o.OIDC = &people
	}
	rest, err := server.New(server.Options{
		Store: a.store, Backend: backend{a}, Responder: a.responses.Responder, OIDC: o.OIDC, RatePerMinute: o.RatePerMinute,
		Log: a.options.Log, Now: a.options.Now,
	})
	a.rest = rest
	return rest, err
}

// APIAddr is where the REST API is served, as a URL without a path; empty when it
// is not.
func (a *App) APIAddr() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.apiServing.listener == nil {
		return ""
	}
	scheme := "http"
	if a.options.API.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + a.apiServing.listener.Addr().String()
}

// listenAPI serves the REST API, if that is wanted.
func (a *App) listenAPI(ctx context.Context) error {
	o := a.options.API
	if o.Listen == "" {
		return nil
	}
	if err := o.Validate(); err != nil {
		return err
	}
	rest, err := a.REST()
	if err != nil {
		return err
	}
	hs := &http.Server{
		Handler:           mcp.Beside(rest.Handler(), mcp.Options{Log: a.options.Log, Now: a.options.Now}),
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	hs.RegisterOnShutdown(rest.Drain)
	if o.CertFile != "" {
		pair := &keyPair{certFile: o.CertFile, keyFile: o.KeyFile, now: a.options.Now}
		if _, err := pair.get(nil); err != nil {
			return err
		}
		hs.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	}
	s, err := a.serve(ctx, o.Listen, hs)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.apiServing = s
	return nil
}
