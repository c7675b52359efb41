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
