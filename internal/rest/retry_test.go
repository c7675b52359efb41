package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	body429Numeric = `{"error":{"code":"429","message":"API calls quota exceeded! maximum allowed 45 per 00:01:00","target":"0a1b"}}`
	body429Named   = `{"error":{"code":"TooManyRequests","message":"slow down","target":"0a1b"}}`
)

func TestRetries(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	fail := func(status int, body string, header ...string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return reply(status, body, header...) }
	}
	breaks := func(err error) func() (*http.Response, error) {
		return func() (*http.Response, error) { return nil, err }
	}
	tests := []struct {
		name     string
		first    func() (*http.Response, error)
		op       Operation
		want     error
		calls    int
		min, max time.Duration // before the last call
	}{
		{"429 in numbers", fail(429, body429Numeric, "Retry-After", "7"), opThing, nil, 2, 7 * time.Second, 7 * time.Second},
		{"429 by name", fail(429, body429Named, "Retry-After", "7"), opThing, nil, 2, 7 * time.Second, 7 * time.Second},
		{"429 of a write", fail(429, body429Named, "Retry-After", "7"), opWrite, nil, 2, 7 * time.Second, 7 * time.Second},
		{"429 longer than azcore's longest delay", fail(429, body429Named, "Retry-After", "240"), opThing, nil, 2, 4 * time.Minute, 4 * time.Minute},
		{"429 longer than MaxWait", fail(429, body429Named, "Retry-After", "301"), opThing, ErrThrottled, 1, 0, 0},
		{"429 without a time", fail(429, ""), opThing, nil, 2, 100 * time.Millisecond, time.Second},
		{"429 with a date", fail(429, "", "Date", "Mon, 04 May 2026 10:00:00 GMT", "Retry-After", "Mon, 04 May 2026 10:00:09 GMT"), opThing, nil, 2, 9 * time.Second, 9 * time.Second},
		{"500", fail(500, `{"error":{"code":"InternalServerError"}}`), opThing, nil, 2, 100 * time.Millisecond, time.Second},
		{"503 with a time", fail(503, "", "Retry-After", "3"), opThing, nil, 2, 3 * time.Second, 3 * time.Second},
		{"503 longer than MaxWait", fail(503, "", "Retry-After", "400"), opThing, nil, 1, 0, 0},
		{"500 of a write", fail(500, ""), opWrite, nil, 1, 0, 0},
		{"502 of a write", fail(502, ""), opWrite, nil, 1, 0, 0},
		{"503 of a write that says when", fail(503, "", "Retry-After", "3"), opWrite, nil, 1, 0, 0},
		{"504 of a write", fail(504, ""), opWrite, nil, 1, 0, 0},
		{"408 of a write", fail(408, ""), opWrite, nil, 1, 0, 0},
		{"an answer to a write that breaks off", func() (*http.Response, error) {
			return replyFrom(201, broken(`{"id":`))
		}, opWrite, ErrTruncated, 1, 0, 0},
		{"an answer to a read that breaks off", func() (*http.Response, error) {
			return replyFrom(200, broken(`{"id":`))
		}, opThing, nil, 2, 100 * time.Millisecond, time.Second},
		{"400", fail(400, ""), opThing, nil, 1, 0, 0},
		{"connection reset", breaks(errors.New("reset")), opThing, nil, 2, 100 * time.Millisecond, time.Second},
		{"connection reset of a write", breaks(errors.New("reset")), opWrite, ErrUnreachable, 1, 0, 0},
		{"no connection for a write", breaks(dial), opWrite, nil, 2, 100 * time.Millisecond, time.Second},
		{"a broken handshake of a write", breaks(&net.OpError{Op: "read", Err: errors.New("handshake")}), opWrite, ErrUnreachable, 1, 0, 0},
		{"no such host", breaks(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}), opThing, ErrUnreachable, 1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s, _ := begin(t, func(n int, r *http.Request) (*http.Response, error) {
					if r.Body != nil {
						sent := make([]byte, 64)
						if k, _ := r.Body.Read(sent); string(sent[:k]) != `{"a":"b"}` {
							t.Errorf("call %d carries body %q", n, sent[:k])
						}
					}
					if n == 1 {
						return tt.first()
					}
					return reply(200, `{"id":"x"}`)
				})
				start := time.Now()
				_, err := Get[thing](t.Context(), c, Request{Operation: tt.op, Vars: []string{"x"}, Body: map[string]string{"a": "b"}})
				took := time.Since(start)
				if tt.calls == 1 && err == nil || tt.want != nil && !errors.Is(err, tt.want) || tt.calls == 2 && err != nil {
					t.Errorf("got error %v, want %v", err, tt.want)
				}
				if len(s.seen) != tt.calls || took < tt.min || took > tt.max {
					t.Errorf("%d calls in %s, want %d in %s to %s", len(s.seen), took, tt.calls, tt.min, tt.max)
				}
			})
		})
	}
}

func TestThrottleHoldsBackTheWholeRoute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return reply(429, body429Named, "Retry-After", "30")
			}
			return reply(200, `{"id":"x"}`)
		}, func(o *Options) { o.MaxRetries = -1 })
		start := time.Now()
		_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
		wantErr(t, err, ErrThrottled)
		_, err = Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"y"}})
		wantErr(t, err, nil)
		if got := s.arrived[1].Sub(start); got != 30*time.Second {
			t.Errorf("the next call of the route left after %s", got)
		}
	})
}

func TestRefusedTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	refused := `{"error":{"code":"Unauthorized","message":"token expired"}}`
	tests := []struct {
		name          string
		body          string
		refusals      int
		want          error
		calls, tokens int
	}{
		{"fresh token helps", refused, 1, nil, 2, 2},
		{"fresh token is refused too", refused, 9, ErrUnauthorized, 2, 2},
		{"no licence", `{"error":{"code":"Unauthorized","message":"Unauthorized request - reason of failure: No Tvm license"}}`, 9, ErrUnlicensed, 1, 1},
		{"inactive", `{"error":{"code":"Unauthorized","message":"Unauthorized request - reason of failure: Account mode is inactive"}}`, 9, ErrUnlicensed, 1, 1},
		{"no body", "", 1, nil, 2, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, s, cred := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
				if n <= tt.refusals {
					return reply(401, tt.body)
				}
				return reply(200, `{"id":"x"}`)
			})
			_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
			wantErr(t, err, tt.want)
			if len(s.seen) != tt.calls || len(cred.asked) != tt.tokens {
				t.Fatalf("%d calls, %d tokens", len(s.seen), len(cred.asked))
			}
			if tt.tokens == 1 {
				return
			}
			if a, b := s.seen[0].Header.Get("Authorization"), s.seen[1].Header.Get("Authorization"); a == b || b == "" {
				t.Errorf("second call has token %q after %q", b, a)
			}
			if !strings.Contains(cred.asked[1].Claims, "nbf") || cred.asked[0].Claims != "" {
				t.Errorf("claims %q: a cache would return the same token", cred.asked[1].Claims)
			}
		})
	}
}

func TestTokenIsKeptAndRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, cred := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) })
		for range 13 {
			_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
			wantErr(t, err, nil)
			pauseFor(10 * time.Minute)
		}
		if len(cred.asked) != 3 || cred.asked[0].Scopes[0] != "https://api.securitycenter.microsoft.com/.default" {
			t.Errorf("asked %d times: %v", len(cred.asked), cred.asked)
		}
	})
}

func TestCredentialErrorIsNotRetried(t *testing.T) {
	t.Parallel()
	c, s, cred := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{}`) })
	cred.err = errors.New("AADSTS7000222: expired")
	_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
	wantErr(t, err, cred.err)
	if len(s.seen) != 0 || len(cred.asked) != 1 {
		t.Errorf("%d calls, %d tokens", len(s.seen), len(cred.asked))
	}
}

func TestCancelledCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(503, "") })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := Get[thing](ctx, c, Request{Operation: opThing, Vars: []string{"x"}})
		wantErr(t, err, context.DeadlineExceeded)
	})
}

func TestObserver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls []Call
		c, _, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return reply(429, "", "Retry-After", "5")
			}
			return reply(200, `{"id":"x"}`)
		}, func(o *Options) { o.OnCall = func(c Call) { calls = append(calls, c) } })
		_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
		wantErr(t, err, nil)
		if len(calls) != 2 || calls[0].StatusCode != 429 || calls[1].Attempt != 2 || calls[1].Waited != 5*time.Second ||
			calls[1].Operation.String() != "GET /api/things/{id}" {
			t.Errorf("%+v", calls)
		}
	})
}

func TestVariablesOfAPath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		vars []string
		want string // empty: an error
	}{
		{[]string{"da1_-2"}, "/api/things/da1_-2"},
		{[]string{"a/../b?c#d%"}, "/api/things/a%2F..%2Fb%3Fc%23d%25"},
		{[]string{"{id}"}, "/api/things/%7Bid%7D"},
		{[]string{"müller"}, "/api/things/m%C3%BCller"},
		{[]string{""}, ""},
		{[]string{".."}, ""},
		{[]string{"a\nb"}, ""},
		{nil, ""},
		{[]string{"a", "b"}, ""},
	}
	for _, tt := range tests {
		c, s, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) })
		_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: tt.vars})
		if tt.want == "" {
			if err == nil || len(s.seen) != 0 {
				t.Errorf("%q: %v and %d calls", tt.vars, err, len(s.seen))
			}
			continue
		}
		if err != nil || s.seen[0].URL.EscapedPath() != tt.want {
			t.Errorf("%q: %v, %v", tt.vars, err, s.seen)
		}
	}
}
