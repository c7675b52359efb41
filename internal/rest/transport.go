package rest

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// wire is the last link before the network. It keeps redirects from being
// followed and query strings out of errors.
type wire struct{ next policy.Transporter }

var _ policy.Transporter = wire{}

// newWire wraps what the caller gave, or a client of our own. An *http.Client
// is copied and told to hand redirects back; any other transporter must do so by
// itself.
func newWire(t policy.Transporter) wire {
	switch t := t.(type) {
	case nil:
		return wire{noRedirects(http.Client{Transport: newTransport()})}
	case *http.Client:
		return wire{noRedirects(*t)}
	}
	return wire{t}
}

func noRedirects(c http.Client) *http.Client {
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// newTransport is the standard one with a bound on waiting for an answer:
// Microsoft lets a hunt run for 200 seconds.
func newTransport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		t = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	t = t.Clone()
	t.ResponseHeaderTimeout = 5 * time.Minute
	t.ReadBufferSize = 32 << 10
	return t
}

// Do sends the request. The standard client's errors quote the whole URL, which
// for a download is a secret; only the cause is kept.
func (w wire) Do(req *http.Request) (*http.Response, error) {
	resp, err := w.next.Do(req)
	if quoted, ok := errors.AsType[*url.Error](err); ok {
		err = quoted.Err
	}
	return resp, err
}
