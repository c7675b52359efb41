package entra

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// EmulatorClient returns an HTTP client for which the emulator stands in for
// every host: it dials addr whatever the URL names, and trusts the emulator's own
// certificate authority (PEM) and no other. The URLs, the TLS names and so every
// check of hosts, audiences and clouds stay exactly Microsoft's. The address must
// be a loopback one with a port, since tokens and secrets go there.
func EmulatorClient(addr string, caPEM []byte) (*http.Client, error) {
	target, err := netip.ParseAddrPort(strings.Replace(strings.TrimSpace(addr), "localhost:", "127.0.0.1:", 1))
	if err != nil || !target.Addr().IsLoopback() || target.Port() == 0 {
		return nil, fmt.Errorf("emulator address %s is not a loopback address with a port: give one such as 127.0.0.1:8443", quoteHarmless(addr))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(caPEM) {
		return nil, errors.New("the emulator's CA file holds no PEM certificate: give the file that the emulator wrote")
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: nil, // a proxy would see what is meant for this machine alone
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, target.String())
			},
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     time.Minute,
			TLSHandshakeTimeout: 10 * time.Second,
			// Microsoft gives a hunt 200 seconds. A download, once begun, may take
			// as long as its context allows.
			ResponseHeaderTimeout: 5 * time.Minute,
		},
	}, nil
}
