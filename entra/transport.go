package entra

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// defaultTimeout bounds one request to an authority.
const defaultTimeout = 30 * time.Second

// maxReply bounds what is read of a reply of an authority.
const maxReply = 1 << 20

// transport sends azidentity's requests. It refuses hosts outside the authority's,
// even if a discovery document names them, never follows a redirect (which would
// repeat the secret elsewhere), and reads replies whole and bounded.
type transport struct {
	client  *http.Client
	allowed Hosts
	guarded bool
}

var _ policy.Transporter = (*transport)(nil)

// newTransport copies the client, so that the caller's keeps its own ways.
func newTransport(client *http.Client, allowed Hosts, guarded bool) *transport {
	return &transport{client: withoutRedirects(client), allowed: allowed, guarded: guarded}
}

func withoutRedirects(client *http.Client) *http.Client {
	c := *cmp.Or(client, &http.Client{Timeout: defaultTimeout})
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// Do sends one request and notes how it went for [Credential.GetToken].
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.send(req)
	note(req.Context(), err)
	return resp, err
}

func (t *transport) send(req *http.Request) (*http.Response, error) {
	if t.guarded {
		if err := t.allowed.Allow(req.URL); err != nil {
			return nil, err
		}
	}
	resp, err := t.client.Do(req) //nolint:gosec // the host was checked above
	if err != nil {
		if _, broken := errors.AsType[*tls.CertificateVerificationError](err); broken {
			return nil, &finalError{err}
		}
		return nil, err
	}
	body, err := readReply(resp)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// readReply reads a bounded body and closes it.
func readReply(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return nil, fmt.Errorf("the reply of %s broke off: %w", resp.Request.URL.Host, err)
	}
	if len(body) > maxReply {
		return nil, &plainError{text: fmt.Sprintf("the reply of %s is longer than 1 MiB", resp.Request.URL.Host)}
	}
	return body, nil
}

// finalError marks an error that no retry mends, and keeps its chain.
type finalError struct{ error }

// Unwrap returns the error that was marked.
func (e *finalError) Unwrap() error { return e.error }

// NonRetriable tells azcore's pipelines not to repeat the request.
func (*finalError) NonRetriable() {}
