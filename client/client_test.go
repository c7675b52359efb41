package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

const secret = "gh_0123456789abcdef_0123456789012345678901234567890123456789012"

// inside is a client of a handler in this process, so that time can be a test's own.
func inside(t testing.TB, o client.Options, h http.HandlerFunc) *client.Client {
	t.Helper()
	o.Key = gatehouse.NewSecret(secret)
	o.HTTPClient = &http.Client{Transport: client.InProcess(h)}
	c, err := client.New("http://localhost", o)
	must(t, err)
	return c
}

// What may pass is tried again when the server says, and not before.
func TestRepeats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, retryAfter int
		post               bool
		calls              int
		took               time.Duration
		fails              bool
	}{
		"too many requests":       {status: 429, retryAfter: 7, calls: 2, took: 7 * time.Second},
		"busy without a time":     {status: 503, calls: 2, took: 200 * time.Millisecond},
		"a wait that is too long": {status: 503, retryAfter: 3600, calls: 1, fails: true},
		"a fault":                 {status: 500, calls: 1, fails: true},
		"not there":               {status: 404, calls: 1, fails: true},
		"what cannot be repeated": {status: 503, post: true, calls: 1, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				client := inside(t, client.Options{}, func(w http.ResponseWriter, _ *http.Request) {
					if calls++; calls > 1 {
						_, _ = io.WriteString(w, `{"id":"x"}`)
						return
					}
					if c.retryAfter > 0 {
						w.Header().Set("Retry-After", fmt.Sprint(c.retryAfter))
					}
					w.Header().Set("Content-Type", "application/problem+json")
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, `{"code":"unavailable","title":"no","status":1}`)
				})
				begun := time.Now()
				var err error
				if c.post {
					_, err = client.Integrations.Pause(context.Background(), "x")
				} else {
					_, err = client.Actions.Get(context.Background(), "x")
				}
				if calls != c.calls || (err != nil) != c.fails || time.Since(begun) != c.took {
					t.Errorf("%d calls in %s, %v", calls, time.Since(begun), err)
				}
				var p *api.Problem
				if c.fails && (!errors.As(err, &p) || p.Status != c.status || p.Code != api.CodeUnavailable) {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// A submission whose answer broke off is sent again with the same key.
func TestLostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		c := inside(t, client.Options{}, func(w http.ResponseWriter, req *http.Request) {
			keys = append(keys, req.Header.Get("Idempotency-Key"))
			if len(keys) < 3 {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, `{"id":"act_1"}`)
		})
		a, err := c.Actions.Submit(context.Background(), api.NewAction{}, "")
		if err != nil || a.ID != "act_1" || len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[1] != keys[2] {
			t.Errorf("%q, %+v, %v", keys, a, err)
		}
	})
}

// An answer that breaks off is never taken for a whole one.
func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"broken JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"items":[{"id":"a"}`) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"items":[{"id":"a"}`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `<html>`) },
		"an empty one": func(http.ResponseWriter, *http.Request) {},
	} {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		transport := &http.Transport{DisableKeepAlives: true}
		over, err := client.New(server.URL, client.Options{HTTPClient: &http.Client{Transport: transport}, MaxRetries: -1})
		must(t, err)
		for way, c := range map[string]*client.Client{"network": over, "process": inside(t, client.Options{MaxRetries: -1}, h)} {
			n := 0
			var last error
			for _, err := range c.Devices.List(t.Context(), client.Query{}) {
				if last = err; err == nil {
					n++
				}
			}
			if last == nil || n > 0 {
				t.Errorf("%s over the %s: %d devices, %v", name, way, n, last)
			}
			var content strings.Builder
			if _, err := c.Actions.Result(t.Context(), "act_1", 1, &content); name == "cut off" && err == nil {
				t.Errorf("%s over the %s: a part passes for the whole: %q", name, way, content.String())
			}
		}
	}
}

// The key goes to the server that was named alone.
func TestKeyStaysHome(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "Bearer "+secret {
			t.Error("the key was not sent")
		}
		http.Redirect(w, req, other.URL+req.URL.Path, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{DisableKeepAlives: true}
	c, err := client.New(server.URL+"/v1/", client.Options{Key: gatehouse.NewSecret(secret), HTTPClient: &http.Client{Transport: transport}})
	must(t, err)
	_, err = c.Actions.Submit(t.Context(), api.NewAction{}, "")
	if err == nil || elsewhere.Load() > 0 || !strings.Contains(err.Error(), "not by Gatehouse") {
		t.Errorf("a redirect was followed %d times: %v", elsewhere.Load(), err)
	}
	for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", client.Options{Key: gatehouse.NewSecret(secret)})} {
		if strings.Contains(text, secret) {
			t.Errorf("the key is printed: %s", text)
		}
	}
	server.Close()
	if _, err := c.Identity(t.Context()); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a server that is away: %v", err)
	}
}

func TestServersThatAreRefused(t *testing.T) {
	t.Parallel()
	for server, ok := range map[string]bool{
		"https://gatehouse.example.com": true, "https://gatehouse.example.com/base/v1": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost": true,
		"http://gatehouse.example.com": false, "gatehouse.example.com": false, "ftp://x": false, "https://u:p@x": false, "https://x?key=1": false, "": false,
		"http://127.0.0.1.example.com": false,
	} {
		if _, err := client.New(server, client.Options{}); (err == nil) != ok {
			t.Errorf("%q: %v", server, err)
		}
	}
	if _, err := client.New("http://gatehouse.internal", client.Options{AllowHTTP: true}); err != nil {
		t.Error(err)
	}
}

// Who waits can stop.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inside(t, client.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"id":"act_1","state":"running"}`)
		})
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		a, err := c.Actions.Wait(ctx, "act_1", nil)
		if a.State != api.ActionRunning || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

// A handler in this process learns that nobody listens any more.
func TestInProcessHangsUp(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	transport := client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		<-req.Context().Done()
		close(gone)
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/x?y=z", http.NoBody)
	must(t, err)
	res, err := transport.RoundTrip(req)
	must(t, err)
	first := make([]byte, 6)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "first\n" {
		t.Errorf("%q, %v", first, err)
	}
	must(t, res.Body.Close())
	<-gone
}
