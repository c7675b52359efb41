package rest

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
)

// What has certainly not left is told from what may have arrived.
func TestNotSent(t *testing.T) {
	t.Parallel()
	fails := func(err error) func(int, *http.Request) (*http.Response, error) {
		return func(int, *http.Request) (*http.Response, error) { return nil, err }
	}
	answers := func(status int) func(int, *http.Request) (*http.Response, error) {
		return func(int, *http.Request) (*http.Response, error) { return reply(status, "") }
	}
	tests := []struct {
		name   string
		answer func(int, *http.Request) (*http.Response, error)
		id     string
		login  error
		want   bool
	}{
		{"bad input", answers(200), "", nil, true},
		{"no token", answers(200), "x", errors.New("AADSTS7000222"), true},
		{"no connection", fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), "x", nil, true},
		{"a broken connection", fails(&net.OpError{Op: "write", Err: errors.New("reset")}), "x", nil, false},
		{"no answer", fails(errors.New("EOF")), "x", nil, false},
		{"500", answers(500), "x", nil, false},
		{"400", answers(400), "x", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _, cred := begin(t, tt.answer)
				cred.err = tt.login
				_, err := Get[thing](t.Context(), c, Request{Operation: opWrite, Vars: []string{tt.id}})
				if err == nil || NotSent(err) != tt.want {
					t.Errorf("%v", err)
				}
			})
		})
	}
	spent := Operation{Method: "POST", Path: "/api/things/{id}/act", PerMinute: 1}
	c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) }, func(o *Options) { o.MaxWait = -1 })
	_, err := Get[thing](t.Context(), c, Request{Operation: spent, Vars: []string{"x"}})
	wantErr(t, err, nil)
	if _, err = Get[thing](t.Context(), c, Request{Operation: spent, Vars: []string{"x"}}); !errors.Is(err, ErrThrottled) || !NotSent(err) {
		t.Errorf("a spent budget: %v", err)
	}
}
