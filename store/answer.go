package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Answer is what a request was answered with, kept for its repeat.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
	Expires     time.Time // until when it is kept
}

// AnswerRequest is a request that may be repeated.
type AnswerRequest struct {
	Key            string // id of the API key: another key's requests are others
	IdempotencyKey string
	Fingerprint    gatehouse.Hash // of all that was asked for
	// Hold is how long the request may take before another may try. Default 1 min, at
	// most 10.
	Hold time.Duration
	// Keep is how long the answer is kept. Default 24 h.
	Keep time.Duration
}

// BeginAnswer returns the answer to an earlier equal request, or a token: then
// the caller does the work and calls [Store.FinishAnswer] or
// [Store.AbandonAnswer] with it. Of several equal requests at once one gets the
// token and the others [ErrBusy]. It fails with [ErrConflict] when the
// idempotency key was used for another request.
func (s *Store) BeginAnswer(ctx context.Context, r AnswerRequest) (answer Answer, token string, err error) {
	if r.Hold <= 0 {
		r.Hold = time.Minute
	}
	if r.Keep <= 0 {
		r.Keep = 24 * time.Hour
	}
	err = s.write(ctx, "begin answer", func(tx *transaction) error {
		answer, token, err = tx.beginAnswer(ctx, r)
		return err
	})
	return answer, token, err
}

func (t *transaction) beginAnswer(ctx context.Context, r AnswerRequest) (answer Answer, token string, err error) {
	now, err := t.dialect.clock(ctx, t.Tx, micros(t.now))
	if err != nil {
		return answer, "", err
	}
	token = rand.Text()
	mine := []any{r.Key, r.IdempotencyKey, r.Fingerprint[:], token, leaseEnd(now, r.Hold), now + r.Keep.Microseconds()}
	n, err := t.exec(ctx, "INSERT INTO answers (key_id, idempotency_key, fingerprint, token, token_until, expires, status, content_type, body) VALUES ($1, $2, $3, $4, $5, $6, 0, '', $7) ON CONFLICT DO NOTHING",
		append(mine, []byte{})...)
	if err != nil || n == 1 {
		return answer, token, err
	}
	var digest []byte
	var holder string
	var until, expires int64
	err = t.QueryRowContext(ctx, "SELECT fingerprint, token, token_until, status, content_type, body, expires FROM answers WHERE key_id = $1 AND idempotency_key = $2"+t.dialect.lock(false), r.Key, r.IdempotencyKey).
		Scan(&digest, &holder, &until, &answer.Status, &answer.ContentType, &answer.Body, &expires)
	answer.Expires = moment(expires)
	over := expires <= now
	switch {
	case errors.Is(err, sql.ErrNoRows): // forgotten in between
		return Answer{}, "", fmt.Errorf("store: request %q: %w", r.IdempotencyKey, ErrBusy)
	case err != nil:
		return Answer{}, "", err
	case !over && hash(digest) != r.Fingerprint:
		return Answer{}, "", fmt.Errorf("store: request %q: %w", r.IdempotencyKey, ErrConflict)
	case !over && holder == "":
		return answer, "", nil
	case holder != "" && holds(until, now):
		return Answer{}, "", fmt.Errorf("store: request %q: %w", r.IdempotencyKey, ErrBusy)
	}
	err = t.expectOne(t.exec(ctx, "UPDATE answers SET fingerprint = $3, token = $4, token_until = $5, expires = $6, status = 0 WHERE key_id = $1 AND idempotency_key = $2", mine...))
	return Answer{}, token, err
}

// FinishAnswer keeps the answer of a request that [Store.BeginAnswer] gave a
// token for. It fails with [ErrLeaseLost] when another has taken it over.
func (s *Store) FinishAnswer(ctx context.Context, r AnswerRequest, token string, a Answer) error {
	return s.write(ctx, "finish answer", func(tx *transaction) error {
		n, err := tx.exec(ctx, "UPDATE answers SET token = '', status = $4, content_type = $5, body = $6 WHERE key_id = $1 AND idempotency_key = $2 AND token = $3",
			r.Key, r.IdempotencyKey, token, a.Status, a.ContentType, notNil(a.Body))
		if err == nil && n == 0 {
			err = fmt.Errorf("store: request %q: %w", r.IdempotencyKey, ErrLeaseLost)
		}
		return err
	})
}

// AbandonAnswer gives a token back without an answer: the next equal request is
// worked on anew.
func (s *Store) AbandonAnswer(ctx context.Context, r AnswerRequest, token string) error {
	return s.write(ctx, "abandon answer", func(tx *transaction) error {
		_, err := tx.exec(ctx, "DELETE FROM answers WHERE key_id = $1 AND idempotency_key = $2 AND token = $3", r.Key, r.IdempotencyKey, token)
		return err
	})
}

// TrimAnswers forgets the answers whose time is over and returns how many.
func (s *Store) TrimAnswers(ctx context.Context) (n int64, err error) {
	err = s.write(ctx, "trim answers", func(tx *transaction) error {
		now, err := s.dialect.clock(ctx, tx.Tx, micros(tx.now))
		if err != nil {
			return err
		}
		n, err = tx.exec(ctx, "DELETE FROM answers WHERE expires <= $1 AND token_until <= $1", now)
		return err
	})
	return n, err
}
