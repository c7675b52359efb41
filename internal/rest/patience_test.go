package rest

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// Who waits for an answer waits for a bounded time, whatever is in its way, and is
// told when to come back where that is known.
func TestPatience(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	op := opThing
	op.PerMinute = 2
	for name, tt := range map[string]struct {
		answer func() (*http.Response, error)
		calls  int           // before the one that is looked at
		want   error         // of that one
		after  time.Duration // that it says
		least  time.Duration // that it takes
	}{
		"the limit is spent":        {func() (*http.Response, error) { return reply(200, `{"id":"x"}`) }, 2, ErrThrottled, time.Minute, 0},
		"throttled for long":        {func() (*http.Response, error) { return reply(429, body429Named, "Retry-After", "40") }, 0, ErrThrottled, 40 * time.Second, 0},
		"away for long":             {func() (*http.Response, error) { return reply(503, "", "Retry-After", "40") }, 0, nil, 40 * time.Second, 0},
		"throttled for short, ever": {func() (*http.Response, error) { return reply(429, body429Named, "Retry-After", "2") }, 0, ErrThrottled, 2 * time.Second, 4 * time.Second},
		"no connection":             {func() (*http.Response, error) { return nil, refused }, 0, ErrUnreachable, 0, 2 * time.Second},
		"5xx":                       {func() (*http.Response, error) { return reply(500, "") }, 0, nil, 0, 2 * time.Second},
		"answers that break off":    {func() (*http.Response, error) { return replyFrom(200, broken(`{"id":`)) }, 0, ErrTruncated, 0, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return tt.answer() }, func(o *Options) { o.MaxRetries = 20 })
				operation := opThing
				if tt.calls > 0 {
					operation = op
				}
				for range tt.calls {
					_, err := Get[thing](t.Context(), c, Request{Operation: operation, Vars: []string{"x"}})
					wantErr(t, err, nil)
				}
				start := time.Now()
				_, err := Get[thing](WithPatience(t.Context(), 5*time.Second), c, Request{Operation: operation, Vars: []string{"x"}})
				if took := time.Since(start); took < tt.least || took > 5*time.Second {
					t.Errorf("it took %s", took)
				}
				var e *Error
				if err == nil || tt.want != nil && !errors.Is(err, tt.want) || errors.As(err, &e) && e.RetryAfter != tt.after {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// The patience of a context is for all its calls together: a list of many pages has
// no more of it than one call.
func TestPatienceIsForAllCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
			if n%2 == 1 {
				return reply(503, "", "Retry-After", "2")
			}
			return reply(200, `{"id":"x"}`)
		})
		ctx, start := WithPatience(t.Context(), 5*time.Second), time.Now()
		for range 2 {
			_, err := Get[thing](ctx, c, Request{Operation: opThing, Vars: []string{"x"}})
			wantErr(t, err, nil)
		}
		if _, err := Get[thing](ctx, c, Request{Operation: opThing, Vars: []string{"x"}}); err == nil || time.Since(start) != 4*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

// An export does not begin a file again when that would take more patience than
// there is.
func TestPatienceWithFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newExporter(1, func(int, int, string) (*http.Response, error) { return reply(200, "") })
		c, _, _ := begin(t, e.answer)
		start := time.Now()
		_, err := ids(Export[thing](WithPatience(t.Context(), time.Second), c, Exporting{Request: Request{Operation: opExport}}))
		if took := time.Since(start); !errors.Is(err, ErrEmptyDownload) || took > time.Second || e.tries[0] < 2 {
			t.Errorf("%v after %s and %d tries", err, took, e.tries[0])
		}
	})
}
