package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// clock is one that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// newClock stands at a time until it is moved: far ahead, so that what runs by the
// database's own clock lies before it on whatever day the tests are run.
func newClock() *clock { return &clock{now: time.Date(2100, 1, 2, 3, 0, 0, 0, time.UTC)} }

// Now reads it.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// move moves it.
func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func testKeys(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o, c := fresh(t), newClock()
	o.Now = c.Now
	f := open(t, o)
	text := func(s string) gatehouse.Hash { return gatehouse.HashOf([]byte(s)) }
	first := gatehouse.Key{ID: "key_1", Name: "first", Prefix: "gh_1", Hash: text("one"), Scopes: []gatehouse.Scope{gatehouse.ScopeAdmin}, Bootstrap: true}
	first = must(f.s.AddKey(t.Context(), first))(t)
	again := first
	again.ID, again.Hash = "key_2", text("two")
	if _, err := f.s.AddKey(t.Context(), again); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second first key: got %v", err)
	}
	reader := gatehouse.Key{ID: "key_3", Name: "reader", Prefix: "gh_3", Hash: text("three"), Scopes: []gatehouse.Scope{gatehouse.ScopeRead}, Integrations: []string{f.integration}, Expires: c.Now().Add(time.Hour)}
	reader = must(f.s.AddKey(t.Context(), reader))(t)
	for name, bad := range map[string]gatehouse.Key{
		"taken id":   {ID: "key_3", Name: "x", Hash: text("x"), Scopes: reader.Scopes},
		"taken hash": {ID: "key_4", Name: "x", Hash: text("three"), Scopes: reader.Scopes},
		"no scope":   {ID: "key_5", Name: "x", Hash: text("y")},
	} {
		if _, err := f.s.AddKey(t.Context(), bad); !errors.Is(err, store.ErrExists) && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if diff := cmp.Diff([]gatehouse.Key{first, reader}, must(f.s.Keys(t.Context()))(t)); diff != "" {
		t.Errorf("keys (-want +got)\n%s", diff)
	}
	if got := must(f.s.KeyByHash(t.Context(), text("three")))(t); !cmp.Equal(got, reader) || !got.Live(c.Now()) || got.Live(reader.Expires) {
		t.Errorf("got %+v", got)
	}
	if _, err := f.s.KeyByHash(t.Context(), text("none")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	rotated := must(f.s.RotateKey(t.Context(), "key_3", store.KeyRotation{Hash: text("new"), Prefix: "gh_3b", OldUntil: c.Now().Add(time.Minute)}))(t)
	for _, known := range []string{"three", "new"} {
		if got := must(f.s.KeyByHash(t.Context(), text(known)))(t); got.ID != "key_3" || !cmp.Equal(got, rotated) {
			t.Errorf("%s: got %+v", known, got)
		}
	}
	must(0, f.s.TouchKey(t.Context(), rotated))(t)
	c.move(time.Minute)
	if _, err := f.s.KeyByHash(t.Context(), text("three")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old text is still taken: got %v", err)
	}
	used := must(f.s.Key(t.Context(), "key_3"))(t)
	if !used.LastUsed.Equal(c.Now().Add(-time.Minute)) {
		t.Errorf("last used %v", used.LastUsed)
	}
	c.move(-time.Second)
	must(0, f.s.TouchKey(t.Context(), used))(t)
	if got := must(f.s.Key(t.Context(), "key_3"))(t); !got.LastUsed.Equal(used.LastUsed) {
		t.Error("its use is written more than once a minute")
	}
	revoked := must(f.s.RevokeKey(t.Context(), "key_3"))(t)
	c.move(time.Hour)
	if got := must(f.s.RevokeKey(t.Context(), "key_3"))(t); revoked.Live(c.Now()) || !got.Revoked.Equal(revoked.Revoked) {
		t.Errorf("got %+v", got)
	}
	if _, err := f.s.RotateKey(t.Context(), "key_3", store.KeyRotation{Hash: text("more")}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a revoked key: got %v", err)
	}
}

func testAnswers(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	r := store.AnswerRequest{Key: "key_1", IdempotencyKey: "a", Fingerprint: gatehouse.HashOf([]byte("body"))}
	tokens := make(chan string, 8)
	var group sync.WaitGroup
	for range cap(tokens) {
		group.Go(func() {
			_, token, err := f.s.BeginAnswer(t.Context(), r)
			if err != nil && !errors.Is(err, store.ErrBusy) {
				t.Error(err)
			}
			if token != "" {
				tokens <- token
			}
		})
	}
	group.Wait()
	close(tokens)
	token, more := <-tokens, 0
	for range tokens {
		more++
	}
	if token == "" || more != 0 {
		t.Fatalf("%d others may run as well", more)
	}
	other := r
	other.Fingerprint = gatehouse.HashOf([]byte("another"))
	if _, _, err := f.s.BeginAnswer(t.Context(), other); !errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v", err)
	}
	other.Key = "key_2"
	if _, token, err := f.s.BeginAnswer(t.Context(), other); err != nil || token == "" {
		t.Errorf("another's key: got %v", err)
	}
	must(0, f.s.AbandonAnswer(t.Context(), r, token))(t)
	r.Hold = time.Nanosecond // whoever has it is over at once
	_, lost, err := f.s.BeginAnswer(t.Context(), r)
	must(lost, err)(t)
	r.Hold = 0
	_, token, err = f.s.BeginAnswer(t.Context(), r)
	must(token, err)(t)
	answer := store.Answer{Status: 202, ContentType: "application/json", Body: []byte("{}")}
	if err := f.s.FinishAnswer(t.Context(), r, lost, answer); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("got %v", err)
	}
	must(0, f.s.FinishAnswer(t.Context(), r, token, answer))(t)
	got, token, err := f.s.BeginAnswer(t.Context(), r)
	answer.Expires = got.Expires
	if err != nil || token != "" || !cmp.Equal(got, answer) || got.Expires.IsZero() {
		t.Errorf("got %+v, %q, %v", got, token, err)
	}
	r.IdempotencyKey, r.Keep, r.Hold = "short", time.Nanosecond, time.Nanosecond
	if _, _, err := f.s.BeginAnswer(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if n := must(f.s.TrimAnswers(t.Context()))(t); n != 1 {
		t.Errorf("%d forgotten", n)
	}
}
